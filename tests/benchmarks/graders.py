"""The graders that are compared, each with the same class and the same checks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from classes import Pupil, make_class
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.fingerprint import KEPT

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
# nbgrader starts the program `alembic`, which stands beside Python
ENVIRONMENT = {"PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])}
_START = "gradebook-before.db"


@dataclass(frozen=True)
class Grader:
    """One way to grade the class. `reset` puts all back as it was before the first run; `scores` reads what
    the last run gave, by student. `submissions` is how many a run grades."""

    name: str
    submissions: int
    folder: Path
    command: Sequence[str | Path]
    reset: Callable[[], None]
    scores: Callable[[], Mapping[str, float]] | None
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)
    good: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Class:
    """A course whose students have handed in, and what an honest teacher gives them."""

    course: Course
    assignment: str
    pupils: list[Pupil]

    @property
    def notebooks(self) -> list[Path]:
        folders = [self.course.submitted(pupil.name, self.assignment) for pupil in self.pupils]
        return [folder / f"{self.assignment}.ipynb" for folder in folders]


def new_class(assignment: str, folder: Path, size: int) -> Class:
    """A class of `size` students in a fresh course in `folder`."""
    course, pupils = make_class(Course(ROOT), assignment, folder, size)
    keep_start(folder)
    return Class(course, assignment, pupils)


def keep_start(course: Path) -> None:
    """Keep the gradebook as it is now, for `as_at_start`."""
    shutil.copyfile(course / "gradebook.db", course / _START)


def as_at_start(course: Path) -> None:
    """Take away all that grading has left in a course."""
    for left in ("autograded", "feedback", f"{KEPT}/results", f"{KEPT}/runs"):
        shutil.rmtree(course / left, ignore_errors=True)
    for book in course.glob("gradebook.db*"):
        book.unlink()
    shutil.copyfile(course / _START, course / "gradebook.db")


def hand_in_again(of: Class) -> None:
    """Let the first student hand in once more, with another remark in an answer."""
    path = of.notebooks[0]
    raw = json.loads(path.read_text(encoding="utf-8"))
    cells = (c for c in raw["cells"] if c["cell_type"] == "code" and c["metadata"]["nbgrader"]["solution"])
    answer = next(cells)
    answer["source"] = f"{''.join(answer['source'])}\n# {len(''.join(answer['source']))}"
    path.write_text(json.dumps(raw), encoding="utf-8")


def gradebook_scores(course: Path, assignment: str) -> dict[str, float]:
    """By student: the points that tests gave. Who has none at all is left out."""
    found: dict[str, float] = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        for submission in book.assignment_submissions(assignment):
            given = [grade.auto_score for notebook in submission.notebooks for grade in notebook.grades]
            if any(score is not None for score in given):
                found[submission.student.id] = sum(score or 0.0 for score in given)
    return found


# ---- this engine, and the floor ----------------------------------------------------------------------


def ours(of: Class, jobs: int, *more: str) -> Grader:
    """`autograder grade` with the sandbox and the judge; nothing kept from earlier runs."""
    root = of.course.root
    command = ["grade", of.assignment, "--jobs", str(jobs), *more]
    return Grader(
        f"autograder grade, {jobs} {'job' if jobs == 1 else 'jobs'}",
        len(of.pupils),
        root,
        [PROGRAMS / "autograder", *command],
        lambda: as_at_start(root),
        lambda: gradebook_scores(root, of.assignment),
    )


def switched(of: Class) -> Grader:
    """nbgrader's own command in a course that uses this engine: one notebook after the other."""
    return replace(
        ours(of, 1),
        name="nbgrader autograde, switched over",
        command=[PROGRAMS / "nbgrader", "autograde", of.assignment],
    )


def floor(of: Class) -> Grader:
    """Only the code cells in a warm fork, one notebook after the other."""
    program = Path(__file__).with_name("floor.py")
    return Grader(
        "the floor, 1 process",
        len(of.pupils),
        of.course.root,
        [sys.executable, program, of.course.release(of.assignment), *of.notebooks],
        lambda: None,
        None,
    )


# ---- stock nbgrader ----------------------------------------------------------------------------------


def stock(of: Class, folder: Path) -> Grader:
    """`nbgrader autograde` as it comes, in a course of its own with the same files."""
    source = folder / "source" / of.assignment
    shutil.copytree(of.course.release(of.assignment), source)  # the tables and the sealed keys
    shutil.copyfile(_author(of), source / f"{of.assignment}.ipynb")
    shutil.copytree(of.course.root / "submitted", folder / "submitted")
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "stock"\n')
    _must(folder, PROGRAMS / "nbgrader", "generate_assignment", of.assignment)
    keep_start(folder)
    return Grader(
        "nbgrader autograde",
        len(of.pupils),
        folder,
        [PROGRAMS / "nbgrader", "autograde", of.assignment],
        lambda: as_at_start(folder),
        lambda: gradebook_scores(folder, of.assignment),
        good=(0, 1),  # 1: a submission ended its kernel, and is not graded
    )


def _author(of: Class) -> Path:
    return of.course.source(of.assignment) / f"{of.assignment}.ipynb"


def _must(folder: Path, *command: str | Path) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{(done.stderr or done.stdout)[-3000:]}")


# ---- otter-grader ------------------------------------------------------------------------------------

_OTTER = "otter-grader==7.0.0"
_LOOP = """for notebook in "$@"; do
    student=$(basename "$notebook" .ipynb)
    "$OTTER" run --no-logo -a autograder.zip -o "results/$student" "$notebook" ||
        echo "no result of $student" >&2  # a submission ended its kernel
done"""
_TEST = """OK_FORMAT = False
from otter.test_files import test_case

name = {name!r}


@test_case(points={points!r})
def test(env):
    exec({source!r}, env)
"""


def otter(of: Class, folder: Path, cache: Path) -> Grader:
    """`otter run`, once for each submission, with the same checks as test files.

    Raises RuntimeError when otter-grader can't be installed.
    """
    program = _install_otter(cache) / "otter"
    (folder / "tests").mkdir(parents=True)
    author = nbformat.read(_author(of), as_version=4)
    tests = [cell for cell in author.cells if _is_test(cell)]
    for cell in tests:
        mark = cell.metadata["nbgrader"]
        text = _TEST.format(name=mark["grade_id"], points=mark["points"], source=cell.source)
        (folder / "tests" / f"{mark['grade_id']}.py").write_text(text, encoding="utf-8")
    release = of.course.release(of.assignment)
    shutil.copytree(release / "data", folder / "data")
    shutil.copyfile(release / "checks.json", folder / "checks.json")
    files = ["checks.json", *(f"data/{path.name}" for path in sorted((folder / "data").iterdir()))]
    _must(folder, program, "generate", "-t", "tests", "-o", "autograder.zip", *files)
    notebooks = [
        _for_otter(path, pupil.name, folder) for path, pupil in zip(of.notebooks, of.pupils, strict=True)
    ]

    def reset() -> None:
        shutil.rmtree(folder / "results", ignore_errors=True)
        for pupil in of.pupils:
            (folder / "results" / pupil.name).mkdir(parents=True)

    return Grader(
        "otter run",
        len(of.pupils),
        folder,
        ["sh", "-c", _LOOP, "otter", *notebooks],
        reset,
        lambda: _otter_scores(folder / "results"),
        {"PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]]), "OTTER": str(program)}
        | {"PYTHONPATH": str(ROOT)},  # for autograder.check
    )


def _install_otter(cache: Path) -> Path:
    """The programs of an environment with otter-grader and our versions of what answers use."""
    from importlib.metadata import version

    place = cache / _OTTER.replace("==", "-")
    if not (place / "bin" / "otter").exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _must(place.parent, sys.executable, "-m", "venv", "--clear", place)
        same = [f"{name}=={version(name)}" for name in ("pandas", "numpy", "matplotlib", "ipykernel")]
        _must(place.parent, place / "bin" / "python", "-m", "pip", "install", "--quiet", _OTTER, *same)
    return place / "bin"


def _is_test(cell: nbformat.NotebookNode) -> bool:
    mark = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and mark.get("grade") and not mark.get("solution"))


def _for_otter(submitted: Path, student: str, folder: Path) -> Path:
    """A submission as it would be with otter: `grader.check` in place of each test cell."""
    notebook = nbformat.read(submitted, as_version=4)
    for cell in notebook.cells:
        if _is_test(cell):
            cell.source = f'grader.check("{cell.metadata["nbgrader"]["grade_id"]}")'
    first = nbformat.v4.new_code_cell("import otter\ngrader = otter.Notebook()")
    notebook.cells.insert(0, first)
    path = folder / "submissions" / f"{student}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def _otter_scores(results: Path) -> dict[str, float]:
    found = {}
    for path in results.glob("*/results.json"):
        tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
        found[path.parent.name] = sum(test.get("score", 0.0) for test in tests)
    return found
