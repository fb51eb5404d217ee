"""Grades single notebooks as nbgrader asks for them, and keeps the workers running for the next one.

nbgrader's commands and the formgrader's button come with one notebook after the other. Starting workers
for each would take longer than grading it.
"""

from __future__ import annotations

import atexit
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from .author.build import load_assignment
from .check.keys import dump
from .course import Course
from .fingerprint import fingerprint
from .grade.batch import Workers
from .grade.cache import Cache
from .grade.engine import Assignment, Outcome, tasks_of
from .grade.judge import NotebookResult
from .grade.notebook import AuthorNotebook
from .grading import Cached
from .sandbox.wall import NoSandbox

_KEPT_SECONDS = 60.0  # without a notebook to grade, until the workers end and give their memory back


@dataclass(frozen=True)
class _Opened:
    """An assignment with a worker. `mark` is equal only where nothing of the assignment has changed."""

    mark: tuple[Any, ...]
    assignment: Assignment
    workers: Cached
    stack: ExitStack


class Standby:
    """Grades one notebook at a time, of any course."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._timer: threading.Timer | None = None
        atexit.register(self.close)

    def grade(
        self, course: Course, name: str, student: str, notebook: str
    ) -> tuple[AuthorNotebook, NotebookResult]:
        """Run and judge one notebook that a student handed in to the assignment `name`. Nothing is recorded
        but in the cache. Raises CourseError, NoSandbox, and RuntimeError for a notebook that can't be graded.
        """
        with self._lock:
            try:
                opened, outcome = self._try_twice(course, name, student, notebook)
            finally:
                self._close_later()
        if outcome.result is None:
            raise RuntimeError(f"{name} of {student} could not be graded: {outcome.failure}")
        author = next(n for n in opened.assignment.notebooks if n.name == notebook)
        return author, outcome.result

    def _try_twice(self, course: Course, name: str, student: str, notebook: str) -> tuple[_Opened, Outcome]:
        kept = self._opened
        opened = self._open(course, name)
        try:
            return opened, _graded(opened, course, student, notebook)
        except NoSandbox:
            if opened is not kept:
                raise
        self._close()  # the workers were ended from outside since the last notebook
        opened = self._open(course, name)
        return opened, _graded(opened, course, student, notebook)

    def _open(self, course: Course, name: str) -> _Opened:
        """The assignment as its author has it now; with the workers that run, if it is still the same."""
        if self._timer:
            self._timer.cancel()
        with ExitStack() as stack:
            assignment = stack.enter_context(load_assignment(course, name))
            mark = _mark(course, assignment)
            if self._opened and self._opened.mark == mark:
                return self._opened
            self._close()
            workers = stack.enter_context(Workers(assignment, jobs=1))
            cached = Cached(workers, assignment, Cache(course.root, assignment), force=True)
            self._opened = _Opened(mark, assignment, cached, stack.pop_all())
            return self._opened

    def _close_later(self) -> None:
        self._timer = threading.Timer(_KEPT_SECONDS, self.close)
        self._timer.daemon = True
        self._timer.start()

    def _close(self) -> None:
        if self._opened:
            self._opened.stack.close()
            self._opened = None

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            self._close()


def _mark(course: Course, assignment: Assignment) -> tuple[Any, ...]:
    files = [path for path in assignment.files.rglob("*") if path.is_file()]
    keys = dump(assignment.keys, hidden=True)
    return course.root, assignment.name, assignment.notebooks, keys, fingerprint(files, assignment.files)


def _graded(opened: _Opened, course: Course, student: str, notebook: str) -> Outcome:
    name = opened.assignment.name
    tasks = tasks_of(course.submitted(student, name), student, opened.assignment)
    (outcome,) = opened.workers.grade(task for task in tasks if task.notebook == notebook)
    return outcome
