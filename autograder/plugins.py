"""What a course's `nbgrader_config.py` names, so that nbgrader's own commands and the formgrader's buttons
use this package.

    c.GenerateAssignment.preprocessors = [..., "autograder.plugins.SealAnswers"]
    c.Autograde.pre_convert_hook = "autograder.plugins.know_assignment"
    c.Autograde.exporter_class = "autograder.plugins.Grade"
    c.Autograde.sanitize_preprocessors = []
    c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.AssignLatePenalties"]
    c.GenerateFeedback.preprocessors = [..., "autograder.plugins.PageStyle"]
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from .author.build import gather, load_assignment, save_to_gradebook
from .course import Course
from .grade.batch import Workers
from .grade.engine import tasks_of
from .grade.notebook import read_author_notebook
from .grade.record import graded_notebook, record_scores


class SealAnswers(NbGraderPreprocessor):
    """Adds the tables and the sealed keys to a release: the last step of generate_assignment."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        course = Course(Path.cwd())  # nbgrader works in the course's root
        name = resources["nbgrader"]["assignment"]
        source = course.source(name) / f"{resources['nbgrader']['notebook']}.ipynb"
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            files = Path(folder) / "files"
            gather(course, name, (read_author_notebook(source, nb),), files)
            added = [path for path in files.rglob("*") if path.is_file()]
            outputs = {str(path.relative_to(files)): path.read_bytes() for path in added}
        resources["outputs"] = {**(resources.get("outputs") or {}), **outputs}
        return nb, resources


def know_assignment(assignment: str, **_: Any) -> None:
    """Record the assignment in the gradebook if it is not there, as in a fresh copy of the course."""
    course = Course(Path.cwd())
    with Gradebook(course.db_url, course.directory().course_id) as book:
        known = assignment in {known.name for known in book.assignments}
    if not known:
        save_to_gradebook(course, assignment)


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
        with ExitStack() as stack:
            assignment = stack.enter_context(load_assignment(course, name))
            workers = stack.enter_context(Workers(assignment, jobs=1))
            tasks = tasks_of(course.submitted(student, name), student, assignment)
            (outcome,) = workers.grade(task for task in tasks if task.notebook == found["notebook"])
            if outcome.result is None:
                raise RuntimeError(f"{name} of {student} could not be graded: {outcome.failure}")
            notebook = next(n for n in assignment.notebooks if n.name == found["notebook"])
            with Gradebook(course.db_url, course.directory().course_id) as book:
                record_scores(book, name, student, notebook, outcome.result)
                book.db.commit()
            return super().from_notebook_node(graded_notebook(notebook, outcome.result), resources, **kw)


_PAGE_STYLE = """
.rendered_html th, .rendered_html td { padding: 3px 10px 3px 0; vertical-align: top }
.rendered_html th, .rendered_html td { border-bottom: 1px solid #ddd }
summary { display: list-item; cursor: pointer }
img { max-width: 100%; height: auto }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
.anchor-link { display: none }
div.nbgrader_cell .panel-heading { height: auto; overflow: hidden }
@media (max-width: 600px) {
  #notebook-container, .panel-body { padding: 4px }
  .rendered_html table { display: block; overflow-x: auto }
}
"""


class PageStyle(NbGraderPreprocessor):
    """Makes feedback pages readable on a phone: the last step of generate_feedback."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        resources["inlining"]["css"].append(_PAGE_STYLE)
        return nb, resources
