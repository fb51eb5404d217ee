"""Builds `release/` from `source/`: nbgrader's own conversion, the tables, and the sealed keys.

`nbgrader generate_assignment` and the formgrader's button make the same release, because the course's
configuration names `autograder.plugins.SealAnswers`, which calls `course_files` below.
"""

from __future__ import annotations

import filecmp
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.utils import find_all_files

from ..check import KEYS_FILE
from ..check.keys import Key, dump
from ..course import Course
from ..errors import CourseError
from ..grade.engine import Assignment
from ..grade.notebook import AuthorNotebook, read_author_notebook
from . import keys as sealing
from . import keystore
from .answers import FILE, read_answers

_TABLE = re.compile(r"data/([\w.-]+\.csv)")


@contextmanager
def load_assignment(course: Course, name: str, walls: bool = True) -> Iterator[Assignment]:
    """The assignment as its author wrote it, with full keys, and its course files in a folder that goes
    away with the block. Raises CourseError for anything the author has to mend."""
    course.check_assignment(name)
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        files = Path(folder) / "files"
        notebooks = tuple(_notebooks(course, name, Path(folder) / "released"))
        keys = gather(course, name, notebooks, files, walls)
        yield Assignment(name, notebooks, keys, files)


def gather(
    course: Course, name: str, notebooks: tuple[AuthorNotebook, ...], files: Path, walls: bool = True
) -> dict[str, Key]:
    """Fill the folder `files` with what stands beside the released notebooks; the full keys."""
    files.mkdir()
    _copy_files(course, name, files)
    for notebook in notebooks:
        _copy_tables(course, course.source(name) / f"{notebook.name}.ipynb", notebook, files)
    path = course.source(name) / FILE
    exercises = read_answers(path)
    authored = [*course.source(name).glob("*.ipynb"), *([path] if path.exists() else [])]
    mark = keystore.fingerprint([*authored, *(p for p in files.rglob("*") if p.is_file())])
    keys = keystore.find(course.root, mark)
    if keys is None:
        keys = sealing.seal_all(Assignment(name, notebooks, {}, files), exercises, path, walls)
        keystore.keep(course.root, mark, keys)
    if keys:
        (files / KEYS_FILE).write_text(dump(keys, hidden=False), encoding="utf-8")
    return keys


def _copy_files(course: Course, name: str, files: Path) -> None:
    """The author's other files (pictures, modules), by nbgrader's own rule of what is left out."""
    source = course.source(name)
    ignored = [*course.directory().ignore, "*.ipynb", FILE]
    for found in find_all_files(str(source), ignored):
        place = files / Path(found).relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, place)


def _copy_tables(course: Course, path: Path, notebook: AuthorNotebook, files: Path) -> None:
    """The tables that a notebook names, for example in `pd.read_csv("data/oil_exports.csv")`."""
    named = {table for cell in notebook.cells for table in _TABLE.findall(cell.source)}
    for table in sorted(named):
        place = files / "data" / table
        if place.exists():
            continue  # the assignment brings a table of its own
        if not (course.data / table).is_file():
            raise CourseError(
                f"{path} reads data/{table}, and there is no {course.data / table}. "
                "Put the table there, or mend the name."
            )
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(course.data / table, place)


def _notebooks(course: Course, name: str, folder: Path) -> Iterator[AuthorNotebook]:
    """The assignment's notebooks, each beside its released form as nbgrader makes it."""
    convert(course, name, folder, skip=("SaveCells", "SealAnswers"))
    for source in sorted(course.source(name).glob("*.ipynb")):
        released = nbformat.read(folder / name / source.name, as_version=4)
        try:
            yield read_author_notebook(source, released)
        except ValueError as problem:
            raise CourseError(str(problem)) from None


def convert(course: Course, name: str, folder: Path, skip: tuple[str, ...] = ()) -> None:
    """nbgrader's generate_assignment into `folder`, without the preprocessors named in `skip`.

    Without SaveCells it leaves the gradebook alone.
    """
    config = deepcopy(course.config)
    config.CourseDirectory.update(
        release_directory=str(folder), assignment_id=name, student_id=".", notebook_id="*"
    )
    converter = GenerateAssignment(coursedir=course.directory(**config.CourseDirectory), config=config)
    converter.force = True
    converter.preprocessors = [p for p in converter.preprocessors if _class_name(p) not in skip]
    converter.no_database = "SaveCells" in skip
    records = _Errors()
    converter.log = logging.getLogger("autograder.build")
    converter.log.addHandler(records)
    try:
        converter.start()
    except Exception as problem:
        said = records.first() or str(problem)
        where = "" if str(course.source(name)) in said else f"{course.source(name)}: "
        raise CourseError(f"{where}{said}") from None
    finally:
        converter.log.removeHandler(records)


def build(course: Course, name: str) -> None:
    """Make `release/NAME` anew. The old release is replaced only when the new one is whole."""
    with _fresh_release(course, name) as fresh:
        release = course.release(name)
        shutil.rmtree(release, ignore_errors=True)
        release.parent.mkdir(exist_ok=True)
        shutil.copytree(fresh, release)


def outdated(course: Course, name: str) -> list[str]:
    """The files of `release/NAME` that differ from a fresh build, each with what is the matter."""
    with _fresh_release(course, name) as fresh:
        release = course.release(name)
        now, new = _relative_files(release), _relative_files(fresh)
        found = [f"{path}: missing" for path in new - now]
        found += [f"{path}: should not be there" for path in now - new]
        found += [
            f"{path}: differs"
            for path in now & new
            if not filecmp.cmp(release / path, fresh / path, shallow=False)
        ]
        return sorted(found)


@contextmanager
def _fresh_release(course: Course, name: str) -> Iterator[Path]:
    course.check_assignment(name)
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        convert(course, name, Path(folder), skip=("SaveCells",))
        yield Path(folder) / name


def save_to_gradebook(course: Course, name: str) -> None:
    """Record the assignment's cells and points in the gradebook, as generate_assignment does."""
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        convert(course, name, Path(folder), skip=("SealAnswers",))


def _relative_files(folder: Path) -> set[Path]:
    hidden = {".ipynb_checkpoints", "__pycache__"}
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder) for path in files if not hidden & set(path.parts)}


def _class_name(preprocessor: object) -> str:
    if isinstance(preprocessor, str):
        return preprocessor.rpartition(".")[2]
    return getattr(preprocessor, "__name__", type(preprocessor).__name__)


class _Errors(logging.Handler):
    """Keeps what nbgrader says went wrong: its exceptions only say that something did."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())

    def first(self) -> str:
        """What the first traceback says that went wrong, without the exception's name; else the first
        message."""
        for text in self._said:
            said = re.findall(r"^[A-Za-z_][\w.]*: (.+)", text, re.MULTILINE)
            if text.startswith("Traceback") and said:
                return str(said[-1])
        return self._said[0] if self._said else ""
