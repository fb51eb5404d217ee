"""Switches any nbgrader course over to this engine, from its `nbgrader_config.py`:

c = get_config()
from autograder.nbgrader_course import use
use(c)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import HasTraits
from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

_PLUGINS = "autograder.plugins"


def use(config: Config) -> None:
    """Let nbgrader's commands, and the formgrader's buttons, grade with this engine.

    Put it below the course's own settings. The preprocessors that the course names for releases stay. What it
    names for grading and feedback is replaced: student code runs in a sandbox, and nbgrader executes nothing.
    """
    _add(config, CourseDirectory, "ignore", "answers.toml")  # the author's answers never reach a release
    _add(config, GenerateAssignment, "preprocessors", f"{__name__}.SealAnswers")
    config.Autograde.pre_convert_hook = f"{_PLUGINS}.know_assignment"
    config.Autograde.exporter_class = f"{_PLUGINS}.Grade"
    config.Autograde.sanitize_preprocessors = []
    config.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.AssignLatePenalties"]
    # feedback: one page a notebook, made from the graded notebook and the gradebook
    config.GenerateFeedback.exporter_class = f"{_PLUGINS}.FeedbackPage"
    config.GenerateFeedback.preprocessors = []
    # formgrader shows graders the model answers; what students wrote is shown, never run
    _add(config, HTMLExporter, "preprocessors", f"{_PLUGINS}.ShowModelAnswers")
    config.HTMLExporter.sanitize_html = True


def _add(config: Config, program: type[HasTraits], setting: str, value: str) -> None:
    """Add a value to a list, once: programs may read the same configuration twice and merge what they read,
    so the list is given whole and not appended to."""
    usual = program.class_traits()[setting].default()
    chosen = config[program.__name__].get(setting, usual)
    if isinstance(chosen, LazyConfigValue):  # the course appends to the usual list
        chosen = chosen.get_value(usual)
    config[program.__name__][setting] = [*(known for known in chosen if known != value), value]


class SealAnswers(NbGraderPreprocessor):
    """Adds the tables and the sealed keys to a release: the last step of generate_assignment."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        from .author.build import load_assignment
        from .course import Course

        course = Course(Path.cwd())  # nbgrader works in the course's root
        with load_assignment(course, resources["nbgrader"]["assignment"]) as assignment:
            added = [path for path in assignment.files.rglob("*") if path.is_file()]
            files = {str(path.relative_to(assignment.files)): path.read_bytes() for path in added}
        resources["outputs"] = {**(resources.get("outputs") or {}), **files}
        return nb, resources
