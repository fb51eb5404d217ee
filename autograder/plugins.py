"""What takes the place of nbgrader's own parts in its commands and behind the formgrader's buttons.

`nbgrader_course.use` names them in a course's configuration.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter, NotebookExporter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import default
from traitlets.config import Config

from . import grading
from .author.build import load_assignment
from .course import Course
from .grade.gradebook import record_notebook
from .grade.record import graded_notebook
from .report.feedback import feedback_page
from .report.feedback_model_answers import with_model_answers
from .report.feedback_points import read_points
from .standby import Standby

_standby = Standby()


def know_assignment(assignment: str, **_: Any) -> None:
    """Record the assignment in the gradebook if it is not there as its author has it now."""
    course = Course(Path.cwd())
    with load_assignment(course, assignment) as known:
        grading.know_assignment(course, known)


class Grade(NotebookExporter):
    """Takes the place of nbgrader's two passes over a submitted notebook.

    In the first pass (sanitise) the submission is assembled, run, judged and recorded; the second
    (autograde) finds the graded notebook and leaves it to the preprocessors that are named for it.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, dict[str, Any]]:
        course = Course(Path.cwd())  # nbgrader works in the course's root
        found = resources["nbgrader"]
        student, name = found["student"], found["assignment"]
        if not Path(filename).resolve().is_relative_to(course.submitted(student, name).resolve()):
            return super().from_filename(filename, resources, **kw)
        author, result = _standby.grade(course, name, student, found["notebook"])
        record_notebook(course, name, student, author, result)
        return super().from_notebook_node(graded_notebook(author, result), resources, **kw)


class FeedbackPage(Exporter):
    """Makes the page that a student gets back, as HTML text: what `generate_feedback` writes.

    Points and comments come from the gradebook. Preprocessors are not needed.
    """

    output_mimetype = "text/html"

    @default("file_extension")
    def _html(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, dict[str, Any]]:
        graded, resources = super().from_notebook_node(nb, resources, **kw)
        found = resources["nbgrader"]
        assignment, name = found["assignment"], found["notebook"]
        points = read_points(found["db_url"], assignment, name, found["student"])
        folder = _folder(self.config, "release_directory", assignment)
        return feedback_page(graded, name, assignment, points, folder, self.config), resources


class ShowModelAnswers(NbGraderPreprocessor):
    """Shows the grader, in formgrader and nowhere else, the model answers to what a person grades."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        # only the formgrader's page of one submission has this; nbgrader's own feedback pages, which are made
        # by the same exporter in courses that don't use ours, have `nbgrader` instead
        if "submission_id" in resources and "nbgrader" not in resources:
            folder = _folder(self.config, "source_directory", resources["assignment_id"])
            with_model_answers(nb, folder / f"{resources['notebook_id']}.ipynb", self.config)
        return nb, resources


def _folder(config: Config, kind: str, assignment: str) -> Path:
    """The author's folder of an assignment, of the kind that nbgrader's setting `kind` names."""
    course = CourseDirectory(config=config)
    return Path(course.format_path(getattr(course, kind), ".", assignment))
