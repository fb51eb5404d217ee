"""Builds `release/` from `source/`: nbgrader's own conversion, the tables, and the sealed keys.

`nbgrader generate_assignment` and the formgrader's button make the same release, because the course's
configuration names a preprocessor `SealAnswers`, which adds what stands beside the notebooks here.
"""

from __future__ import annotations

import filecmp
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.utils import find_all_files

from ..check import KEYS_FILE
from ..check.keys import Key, dump
from ..course import Course
from ..errors import CourseError
from ..fingerprint import fingerprint
from ..grade.engine import Assignment
from ..grade.notebook import AuthorNotebook, read_author_notebook
from . import keys as sealing
from . import keystore
from .answers import FILE, read_answers
from .proofread import TABLE, proofread


@contextmanager
def load_assignment(course: Course, name: str, walls: bool = True) -> Iterator[Assignment]:
    """The assignment as its author wrote it, with full keys, and its course files in a folder that goes
    away with the block. Raises CourseError for anything the author has to mend."""
    _look_through(course, name)
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        files = Path(folder) / "files"
        notebooks = tuple(_notebooks(course, name, Path(folder) / "released"))
        keys = gather(course, name, notebooks, files, walls)
        yield Assignment(name, notebooks, keys, files)


def _look_through(course: Course, name: str) -> None:
    """Raises CourseError for what can be seen without running anything: all of it at once."""
    course.check_assignment(name)
    source = course.source(name)
    problems = []
    try:
        read_answers(source / FILE)
    except CourseError as problem:
        problems.append(str(problem))
    try:
        proofread(source, course.data, course.config, answered=(source / FILE).exists())
    except CourseError as problem:
        problems.append(str(problem))
    if problems:
        raise CourseError("\n".join(problems))


def gather(
    course: Course, name: str, notebooks: tuple[AuthorNotebook, ...], files: Path, walls: bool = True
) -> dict[str, Key]:
    """Fill the folder `files` with what stands beside the released notebooks; the full keys."""
    files.mkdir()
    _copy_files(course, name, files)
    for notebook in notebooks:
        _copy_tables(course, notebook, files)
    path = course.source(name) / FILE
    exercises = read_answers(path)
    authored = [*course.source(name).glob("*.ipynb"), *header_and_footer(course), path]
    authored = [file for file in authored if file.exists()]
    mark = fingerprint([*authored, *(p for p in files.rglob("*") if p.is_file())], files)
    keys = keystore.find(course.root, mark)
    if keys is None:
        keys = sealing.seal_all(Assignment(name, notebooks, {}, files), exercises, path, walls)
        keystore.keep(course.root, mark, keys)
    if keys:
        (files / KEYS_FILE).write_text(dump(keys, hidden=False), encoding="utf-8")
    return keys


def header_and_footer(course: Course) -> list[Path]:
    """The notebooks that nbgrader puts around every notebook of the course."""
    settings = course.config.IncludeHeaderFooter
    return [course.root / str(settings[kind]) for kind in ("header", "footer") if settings.get(kind)]


def _copy_files(course: Course, name: str, files: Path) -> None:
    """The author's other files (pictures, modules), by nbgrader's own rule of what is left out."""
    source = course.source(name)
    ignored = [*course.directory().ignore, "*.ipynb", FILE]
    for found in find_all_files(str(source), ignored):
        place = files / Path(found).relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, place)


def _copy_tables(course: Course, notebook: AuthorNotebook, files: Path) -> None:
    """The tables that a notebook names, for example in `pd.read_csv("data/oil_exports.csv")`."""
    named = {table for cell in notebook.cells for table in TABLE.findall(cell.source)}
    for table in sorted(named):
        place = files / "data" / table
        if place.exists():
            continue  # the assignment brings a table of its own
        if not (course.data / table).is_file():
            continue  # `proofread` has said so, where it matters
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(course.data / table, place)


def _notebooks(course: Course, name: str, folder: Path) -> Iterator[AuthorNotebook]:
    """The assignment's notebooks, each beside its released form as nbgrader makes it."""
    authored = folder / "authored"
    convert(course, name, folder, skip=("SaveCells", "SealAnswers"), keep=authored)
    for source in sorted(course.source(name).glob("*.ipynb")):
        released = nbformat.read(folder / name / source.name, as_version=4)
        try:
            yield read_author_notebook(authored / source.name, released)
        except ValueError as problem:
            raise CourseError(str(problem)) from None


def convert(
    course: Course, name: str, folder: Path, skip: tuple[str, ...] = (), keep: Path | None = None
) -> None:
    """nbgrader's generate_assignment into `folder`, without the preprocessors named in `skip`.

    Without SaveCells it leaves the gradebook alone. The new folder `keep` gets the notebooks as they are
    before solutions are taken out: with the course's header and footer, and with the tests that nbgrader
    writes itself.
    """
    config = deepcopy(course.config)
    config.CourseDirectory.update(
        release_directory=str(folder), assignment_id=name, student_id=".", notebook_id="*"
    )
    converter = GenerateAssignment(coursedir=course.directory(**config.CourseDirectory), config=config)
    converter.force = True
    converter.preprocessors = [p for p in converter.preprocessors if _class_name(p) not in skip]
    if keep:
        keep.mkdir(parents=True)
        names = [_class_name(preprocessor) for preprocessor in converter.preprocessors]
        place = names.index("ClearSolutions") if "ClearSolutions" in names else 0
        converter.preprocessors.insert(place, _keeper(keep))
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


def _keeper(folder: Path) -> Callable[[Any, Any], tuple[Any, Any]]:
    """A preprocessor that writes each notebook into `folder` and leaves it as it is."""

    def keep(notebook: Any, resources: Any) -> tuple[Any, Any]:
        nbformat.write(notebook, folder / f"{resources['nbgrader']['notebook']}.ipynb")
        return notebook, resources

    return keep


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
    _look_through(course, name)
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
            if "CourseError: " in text:  # our own, which may have several lines
                return text.rpartition("CourseError: ")[2].strip()
            said = re.findall(r"^[A-Za-z_][\w.]*: (.+)", text, re.MULTILINE)
            if text.startswith("Traceback") and said:
                return str(said[-1])
        return self._said[0] if self._said else ""
