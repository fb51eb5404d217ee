"""Lays out a new assignment that builds and verifies at once, as a model to change."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat

from ..course import Course
from ..errors import CourseError
from .answers import FILE

_TEMPLATE = Path(__file__).with_name("template")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_BESIDE = ("README*", "LICENSE*", "data", ".*")  # what may lie in a folder that becomes a course

CONFIG = """\
c = get_config()
from autograder.nbgrader_course import use
use(c)
c.CourseDirectory.course_id = {course_id!r}
c.ClearSolutions.code_stub = {{"python": "# Replace the dots with your answer."}}
c.ClearSolutions.text_stub = "*Write your answer here.*"
"""


def check_name(name: str) -> None:
    """Raises CourseError for what can't be the name of an assignment."""
    if not _NAME.fullmatch(name):
        raise CourseError(
            f"{name!r} can't be the name of an assignment. Use letters, digits, _ and -, such as 07_bread."
        )


def new_assignment(course: Course, name: str, title: str = "") -> Path:
    """Make `source/NAME` with a notebook, its answers and a table; the new folder.

    Raises CourseError for a name that can't be one, and where there is something already.
    """
    check_name(name)
    folder = course.source(name)
    for place in (folder, course.release(name)):
        if place.exists():
            raise CourseError(f"{place} is there already. Choose another name.")
    notebook = nbformat.read(_TEMPLATE / "assignment.ipynb", as_version=4)
    heading = notebook.cells[0]
    heading.source = heading.source.replace("TITLE", title.strip() or _title(name), 1)
    (folder / "data").mkdir(parents=True)
    shutil.copyfile(_TEMPLATE / "bread.csv", folder / "data" / "bread.csv")
    answers = (_TEMPLATE / FILE).read_text(encoding="utf-8").replace("NAME", name, 1)
    (folder / FILE).write_text(answers, encoding="utf-8")
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def new_course(folder: Path) -> Course:
    """Make a course in a folder that has nothing yet, but perhaps tables and a README.

    Raises CourseError where there is more.
    """
    allowed = {path for pattern in _BESIDE for path in folder.glob(pattern)}
    others = sorted(path.name for path in folder.iterdir() if path not in allowed)
    if others:
        raise CourseError(
            f"{folder} is no course, and not empty ({', '.join(others[:3])}). Do this in an empty folder, or "
            "make this one a course first with a nbgrader_config.py: see notebooks/guides/your_own_course.md"
        )
    course_id = re.sub(r"\W+", "_", folder.name).strip("_") or "course"
    (folder / "nbgrader_config.py").write_text(CONFIG.format(course_id=course_id), encoding="utf-8")
    (folder / "source").mkdir()
    return Course(folder)


def _title(name: str) -> str:
    """A title from a name: `07_bread_prices` gives "Bread prices"."""
    words = re.sub(r"[_-]+", " ", re.sub(r"^\d+[_-]", "", name)).strip()
    return words[:1].upper() + words[1:]
