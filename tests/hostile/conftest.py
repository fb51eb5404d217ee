"""Hands the whole corpus in to one course, grades it in one batch, and keeps what can be asked about it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hostile import (
    cases_damage,
    cases_files,
    cases_judging,
    cases_limits,
    cases_metadata,
    cases_pages,
    cases_values,
)
from hostile_corpus import (
    BREACH,
    ENVIRONMENT_SECRET,
    FULL,
    NAME,
    NEIGHBOUR_SECRET,
    POINTS,
    RIGHT,
    TRACE,
    WRITTEN,
    Hand,
    make_course,
)
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder import grading
from autograder.course import Course
from autograder.sandbox.wall import probe

MODULES = (
    cases_metadata,
    cases_files,
    cases_judging,
    cases_limits,
    cases_values,
    cases_pages,
    cases_damage,
)
CASES = {case.name: case for module in MODULES for case in module.CASES}

_JOBS = 2
_HONEST_EVERY = 40
_NOTEBOOK_SECONDS = 300  # the longest wait for the next result, before the batch counts as hanging


@dataclass
class Corpus:
    """The corpus after grading and feedback. Names of students are names of cases, or `honest-N`."""

    course: Course
    honest: list[str]
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    written: dict[str, tuple[float | None, bool]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    side_effects: list[str] = field(default_factory=list)
    pages: dict[str, list[Path]] = field(default_factory=dict)

    def graded_notebook(self, student: str) -> Path:
        return self.course.autograded(student, NAME) / f"{NAME}.ipynb"

    def outputs(self, student: str) -> list[dict[str, Any]]:
        """All outputs in a student's graded notebook."""
        if not self.graded_notebook(student).exists():
            return []
        notebook = nbformat.read(self.graded_notebook(student), as_version=4)
        return [output for cell in notebook.cells for output in cell.get("outputs", [])]

    def breaches(self, student: str) -> list[str]:
        """What an attack said that it reached."""
        return re.findall(rf"{BREACH}.{{0,200}}", "\n".join(map(str, self.outputs(student))))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """The graded corpus. Takes minutes, once a session."""
    probe()  # without walls, none of this may run
    with pytest.MonkeyPatch.context() as patch, _listener() as heard:
        patch.setenv("AUTOGRADER_TEST_TOKEN", ENVIRONMENT_SECRET)
        course = make_course(tmp_path_factory.mktemp("hostile") / "course")
        students = _hand_in(course, heard.places)
        made = Corpus(course, [name for name in students if name.startswith("honest")])
        before = _traces(course)
        _grade(made, students)
        _feedback(made)
        made.side_effects += _differences(before, _traces(course)) + heard.said + _processes()
        _read_gradebook(made, students)
        yield made
    shutil.rmtree(course.root, ignore_errors=True)


# ---- handing in --------------------------------------------------------------------------------------


def _hand_in(course: Course, places: dict[str, Any]) -> list[str]:
    """Fill `submitted/`; the names of the students in the order of grading, honest ones in between."""
    release = (course.release(NAME) / f"{NAME}.ipynb").read_text(encoding="utf-8")
    thought = f"{RIGHT[WRITTEN]} {NEIGHBOUR_SECRET}"
    students: list[str] = []

    def hand(name: str) -> Hand:
        students.append(name)
        folder = course.submitted(name, NAME)
        folder.mkdir(parents=True)
        return Hand(course.root, folder, release, places)

    for number, case in enumerate(CASES.values()):
        if number % _HONEST_EVERY == 0:
            honest = hand(f"honest-{number // _HONEST_EVERY + 1}")
            honest.write(honest.notebook({**RIGHT, WRITTEN: thought}))
        case.hand_in(hand(case.name))
    last = hand("honest-last")
    last.write(last.notebook({**RIGHT, WRITTEN: thought}))
    return students


# ---- grading -----------------------------------------------------------------------------------------


class Hung(BaseException):
    """The batch gave no result for too long."""


def _grade(corpus: Corpus, students: list[str]) -> None:
    """Grade all in one batch. If a submission ends the batch, note it, and go on with those after it."""
    left = list(students)
    while left:
        clock = _Clock(left)
        try:
            with _alarm(_NOTEBOOK_SECONDS) as again:
                for graded in grading.grade(corpus.course, NAME, left, jobs=_JOBS):
                    corpus.seconds[graded.student] = clock.done(graded.student)
                    if graded.failure:
                        corpus.stops.append(f"{graded.student}: {graded.failure}")
                    again()
            return
        except (Exception, SystemExit, Hung) as problem:
            guilty = _student_in(problem) or next(name for name in left if name not in corpus.seconds)
            corpus.stops.append(f"{guilty} ended the batch: {type(problem).__name__}: {problem}")
            left = [name for name in left if name not in corpus.seconds and name != guilty]


class _Clock:
    """How long each submission took. Workers take them in order, each the next one when it is free."""

    def __init__(self, students: list[str]):
        now = time.monotonic()
        self._waiting = list(students)
        self._started = {self._waiting.pop(0): now for _ in range(min(_JOBS, len(students)))}

    def done(self, student: str) -> float:
        now = time.monotonic()
        if self._waiting:
            self._started[self._waiting.pop(0)] = now
        return now - self._started.get(student, now)  # what was known before has not begun here


@contextmanager
def _alarm(seconds: int) -> Iterator[Any]:
    """Raises `Hung` when the yielded function was not called for so long."""

    def ring(*_: Any) -> None:
        raise Hung(f"nothing came for {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield lambda: signal.alarm(seconds)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _student_in(problem: BaseException) -> str | None:
    """The student whose submission was at work when `problem` arose."""
    found, trace = None, problem.__traceback__
    while trace:
        found = trace.tb_frame.f_locals.get("student", found)
        trace = trace.tb_next
    return found if isinstance(found, str) else None


# ---- feedback ----------------------------------------------------------------------------------------


def _feedback(corpus: Corpus) -> None:
    """Feedback for all with this repository's configuration, and for some as a stock course makes it."""
    try:
        with _alarm(_NOTEBOOK_SECONDS):
            grading.generate_feedback(corpus.course, NAME)
            for students in ("honest-1", "page-*"):
                _stock_feedback(corpus.course, students)
    except (Exception, Hung) as problem:
        corpus.stops.append(f"feedback ended: {type(problem).__name__}: {problem}")
    made: dict[float, str] = {}
    for student in (*CASES, *corpus.honest):
        folders = (corpus.course.root / name / student / NAME for name in ("feedback", "feedback_stock"))
        corpus.pages[student] = [page for folder in folders for page in folder.glob("*.html")]
        for page in corpus.pages[student][:1]:
            made[page.stat().st_mtime] = student
    for earlier, later in zip(sorted(made), sorted(made)[1:], strict=False):
        corpus.seconds[made[later]] = corpus.seconds.get(made[later], 0.0) + later - earlier


def _stock_feedback(course: Course, students: str) -> None:
    """Pages as a course without any configuration makes them, where no setting of ours helps."""
    config = Config()
    config.CourseDirectory.update(
        root=str(course.root), feedback_directory="feedback_stock", assignment_id=NAME, student_id=students
    )
    converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
    converter.force = True
    converter.start()


# ---- what the gradebook says -------------------------------------------------------------------------


def _read_gradebook(corpus: Corpus, students: list[str]) -> None:
    with Gradebook(corpus.course.db_url, corpus.course.directory().course_id) as book:
        known = {student.id for student in book.students}
        corpus.side_effects += [f"a student in the gradebook: {name}" for name in known - set(students)]
        corpus.side_effects += [f"an assignment: {a.name}" for a in book.assignments if a.name != NAME]
        submissions = book.assignment_submissions(NAME)
        if len(submissions) != len({submission.student.id for submission in submissions}):
            corpus.side_effects.append("a submission is recorded twice")
        for submission in submissions:
            grades = {grade.name: grade for notebook in submission.notebooks for grade in notebook.grades}
            scores = {name: grades[f"{name}_check"] for name in POINTS}
            student = submission.student.id
            corpus.scores[student] = {name: grade.auto_score for name, grade in scores.items()}
            corpus.written[student] = (grades[WRITTEN].auto_score, grades[WRITTEN].needs_manual_grade)
            if {name: grade.max_score for name, grade in scores.items()} != POINTS or len(grades) != 7:
                corpus.side_effects.append(f"{student}: other grade cells or points than the author's")
            if any(grade.manual_score is not None for grade in grades.values()):
                corpus.side_effects.append(f"{student}: a manual score that nobody gave")
            if submission.score > FULL:
                corpus.side_effects.append(f"{student}: more than all points")


# ---- traces outside ----------------------------------------------------------------------------------


def _traces(course: Course) -> dict[str, str]:
    """What must not change: the course but for grades and pages, and places where attacks leave files."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(course.root):
        if Path(folder) == course.root:
            made_by_grading = {"autograded", "feedback", "feedback_stock", ".autograder"}
            folders[:] = [name for name in folders if name not in made_by_grading]
        for name in (*files, *folders):
            path = Path(folder, name)
            if name != "gradebook.db":
                found[str(path)] = _mark(path)
    personal = (Path.home() / name for name in (".bashrc", ".profile", ".bash_login", ".ssh/authorized_keys"))
    found |= {str(path): _mark(path) for path in personal if path.exists()}
    places = [course.root.parent, Path.home(), Path.cwd(), Path("/")]
    places += [Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "/usr", "/usr/lib")]
    for place in places:
        found |= {str(path): "there" for path in place.glob(f"{TRACE}*")}
    return found


def _mark(path: Path) -> str:
    status = path.lstat()
    mark = f"{status.st_mode} {status.st_size} {status.st_mtime_ns if not path.is_dir() else ''}"
    if stat.S_ISREG(status.st_mode) and status.st_size < 1 << 20:
        mark += hashlib.blake2b(path.read_bytes()).hexdigest()
    return mark


def _differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [
        f"changed: {path}" for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    ]


def _processes() -> list[str]:
    """Processes that an attack left behind."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                said = (folder / "comm").read_text() + (folder / "cmdline").read_text()
            except OSError:
                continue
            if TRACE in said:
                found.append(f"a process is left: {said!r}")
    return found


@dataclass
class _Heard:
    places: dict[str, Any]
    said: list[str] = field(default_factory=list)


@contextmanager
def _listener() -> Iterator[_Heard]:
    """Listens where attacks try to connect to: a port and a socket in the file system."""
    port = socket.create_server(("127.0.0.1", 0))
    local = socket.socket(socket.AF_UNIX)
    name = f"/tmp/autograder-{os.getpid()}.sock"
    local.bind(name)
    local.listen()
    heard = _Heard({"@PORT@": port.getsockname()[1], "@SOCKET@": name})

    def wait(server: socket.socket) -> None:
        try:
            server.accept()
            heard.said.append(f"somebody connected to {server.getsockname()}")
        except OSError:
            pass

    for server in (port, local):
        threading.Thread(target=wait, args=(server,), daemon=True).start()
    try:
        yield heard
    finally:
        for server in (port, local):
            server.close()
        os.unlink(name)
