"""Writes scores into nbgrader's own gradebook, through nbgrader's own models, many in one transaction.

So formgrader, manual grading, late penalties and `nbgrader export` go on as they are known. A manual grade
or comment is never touched.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader import api
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy import create_engine, event, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import load_only, selectinload
from sqlalchemy.pool import NullPool

from ..course import Course
from ..errors import CourseError
from ..fingerprint import KEPT
from .engine import Assignment
from .judge import CellResult, NotebookResult
from .notebook import AuthorNotebook
from .record import untouched_answers

_COMMENT_NO_RESPONSE = "No response."  # nbgrader's word for an untouched answer

_MOST_WAITING = 50  # submissions of one transaction
_LONGEST_WAIT = 2.0  # seconds until what is done is in the gradebook
_BUSY_MILLISECONDS = 60_000  # how long SQLite waits for another program that writes
_LOCK = 20140621  # any number, the same for all graders
_TRIES = 5  # for a transaction that another grader's has crossed


@dataclass(frozen=True)
class _Waiting:
    student: str
    timestamp: datetime | None
    results: Sequence[NotebookResult]


class GradebookWriter:
    """The gradebook of a course, open for the results of one assignment, which must be in it already.

    Results wait until there are enough for a transaction, or with `whole` all for a single one. The
    block's end writes those that are left, also when it ends by an exception. Raises CourseError when the
    database can't be reached or written.
    """

    def __init__(self, course: Course, assignment: Assignment, whole: bool = False):
        self._course = course
        self._authored = {notebook.name: notebook for notebook in assignment.notebooks}
        self._name = assignment.name
        self._book = open_gradebook(course)
        self._whole = whole
        self._waiting: list[_Waiting] = []
        self._since = time.monotonic()
        self._changes = self._changes_by_others()

    def add(self, student: str, timestamp: str | None, results: Sequence[NotebookResult]) -> None:
        """Take over one student's results. `timestamp` is nbgrader's text of when they were handed in."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(_Waiting(student, parse_utc(timestamp) if timestamp else None, results))
        if self._whole:
            return
        if len(self._waiting) >= _MOST_WAITING or time.monotonic() - self._since > _LONGEST_WAIT:
            self.flush()

    def flush(self) -> None:
        """Write what waits, as one transaction."""
        if self._waiting:
            in_one_transaction(self._book, lambda: self._write(self._waiting))
            self._waiting = []

    def was_alone(self) -> bool:
        """Whether it is certain that no other program has written into this gradebook since it was opened
        here. Only a file of SQLite's can say so."""
        return self._changes is not None and self._changes == self._changes_by_others()

    def _changes_by_others(self) -> tuple[DBAPIConnection, int] | None:
        url = self._book.engine.url
        if url.get_backend_name() != "sqlite" or not Path(url.database or "").is_file():
            return None
        count = self._book.db.scalar(text("PRAGMA data_version"))  # counts for this one connection
        return self._book.db.connection().connection.driver_connection, count

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.flush()
        finally:
            self._book.close()

    def _write(self, batch: Sequence[_Waiting]) -> None:
        database = self._book.db
        assignment = self._book.find_assignment(self._name)
        rows = self._submissions(assignment, [waiting.student for waiting in batch])
        for waiting in batch:
            submission = rows[waiting.student]
            same = waiting.timestamp is not None and waiting.timestamp == submission.timestamp
            if waiting.timestamp is not None:
                submission.timestamp = waiting.timestamp
            notebooks = {row.notebook_id: row for row in submission.notebooks}
            for result in waiting.results:
                authored = next(n for n in assignment.notebooks if n.name == result.name)
                row = notebooks.get(authored.id)
                if row is None:
                    row = SubmittedNotebook(notebook_id=authored.id)
                    submission.notebooks.append(row)
                set_scores(row, authored, self._authored[result.name], result, same)
        database.flush()
        with database.no_autoflush:  # penalties do not change what is asked for here
            for submission in rows.values():
                self._set_late_penalty(submission)

    def _submissions(
        self, assignment: api.Assignment, names: Sequence[str]
    ) -> dict[str, SubmittedAssignment]:
        """The rows of the submissions of these students, made where there are none."""
        database = self._book.db
        known = set(database.scalars(select(Student.id).where(Student.id.in_(names))))
        database.add_all(Student(id=name) for name in dict.fromkeys(names) if name not in known)
        notebooks = selectinload(SubmittedAssignment.notebooks).load_only(
            SubmittedNotebook.notebook_id, SubmittedNotebook.late_submission_penalty
        )
        query = (
            select(SubmittedAssignment)
            .where(SubmittedAssignment.assignment_id == assignment.id)
            .where(SubmittedAssignment.student_id.in_(names))
            .options(
                # without the sums, each of which is a query of its own over all grades
                load_only(
                    SubmittedAssignment.student_id,
                    SubmittedAssignment.timestamp,
                    SubmittedAssignment.extension,
                ),
                notebooks.selectinload(SubmittedNotebook.grades).load_only(
                    Grade.cell_id, Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade
                ),
                notebooks.selectinload(SubmittedNotebook.comments).load_only(
                    Comment.cell_id, Comment.auto_comment
                ),
            )
        )
        rows = {row.student_id: row for row in database.scalars(query)}
        for name in names:
            if name not in rows:
                rows[name] = SubmittedAssignment(assignment=assignment, student_id=name)
                database.add(rows[name])
        return rows

    def _set_late_penalty(self, submission: SubmittedAssignment) -> None:
        """What nbgrader's AssignLatePenalties does, with the course's own plugin for it."""
        late = submission.total_seconds_late
        if late <= 0:
            for row in submission.notebooks:
                row.late_submission_penalty = None
            return
        rules = AssignLatePenalties(config=self._course.config)
        rules.init_plugin()
        plugin: LateSubmissionPlugin = rules.plugin_inst
        for row in submission.notebooks:
            score = self._book.db.scalar(
                select(SubmittedNotebook.score).where(SubmittedNotebook.id == row.id)
            )
            penalty = plugin.late_submission_penalty(submission.student_id, score, late)
            row.late_submission_penalty = None if penalty is None else min(max(penalty, 0.0), score)


def set_scores(
    row: SubmittedNotebook,
    known: api.Notebook,
    authored: AuthorNotebook,
    result: NotebookResult,
    same: bool = False,
) -> None:
    """Set the scores and comments of one notebook in its rows, which are made where there are none.

    `known` is the notebook as the gradebook has it. As in nbgrader, a person looks again at what a person has
    graded; but with `same`, the rows are of this very submission, and only at what has another score now.
    """
    grades = {grade.cell_id: grade for grade in row.grades}
    comments = {comment.cell_id: comment for comment in row.comments}
    untouched = untouched_answers(authored, result)
    found = {cell.grade_id: cell for cell in result.cells if cell.grade_id}
    for cell in (*known.grade_cells, *known.task_cells):
        grade = grades.get(cell.id)
        if grade is None:
            grade = Grade(cell_id=cell.id)
            row.grades.append(grade)
        role = authored.by_id[cell.name].role if cell.name in found else None
        if role in ("test", "written"):
            before, grade.auto_score = grade.auto_score, _auto_score(found[cell.name], role, untouched)
            if grade.manual_score is None:
                grade.needs_manual_grade = grade.auto_score is None
            elif not same or grade.auto_score != before:
                grade.needs_manual_grade = True
    for cell in (*known.solution_cells, *known.task_cells):
        comment = comments.get(cell.id)
        if comment is None:
            comment = Comment(cell_id=cell.id)
            row.comments.append(comment)
        if cell.name in found and authored.by_id[cell.name].role != "task":
            comment.auto_comment = _COMMENT_NO_RESPONSE if cell.name in untouched else None


def _auto_score(cell: CellResult, role: str, untouched: set[str]) -> float | None:
    """The score of a test or a written answer; None where a person has to give it."""
    if role == "test":
        return cell.score or 0.0
    return 0.0 if cell.grade_id in untouched else None  # a person grades what was written


def holds_assignment(course: Course, assignment: Assignment) -> bool:
    """Whether the gradebook has the assignment as it is now: the same cells, points and tests."""
    with open_gradebook(course) as book:
        try:
            found = book.find_assignment(assignment.name)
        except MissingEntry:
            return False
        known = {notebook.name: notebook for notebook in found.notebooks}
        return set(known) == {notebook.name for notebook in assignment.notebooks} and all(
            _graded_cells(notebook) == {(c.name, c.max_score) for c in (*row.grade_cells, *row.task_cells)}
            and _tests(notebook) <= {(c.name, c.source) for c in row.source_cells}
            for notebook in assignment.notebooks
            for row in [known[notebook.name]]
        )


def _graded_cells(notebook: AuthorNotebook) -> set[tuple[str, float]]:
    graded = [cell for cell in notebook.cells if cell.role in ("test", "task")]
    graded += [cell for cell in notebook.cells if cell.role == "written" and cell.points]
    return {(str(cell.grade_id), cell.points) for cell in graded}


def _tests(notebook: AuthorNotebook) -> set[tuple[str, str]]:
    return {(str(cell.grade_id), cell.source) for cell in notebook.cells if cell.role == "test"}


def record_notebook(
    course: Course, name: str, student: str, authored: AuthorNotebook, result: NotebookResult
) -> None:
    """Write the scores of one notebook of a submission that the gradebook has already."""

    def write() -> None:
        row = book.find_submission_notebook(authored.name, name, student)
        set_scores(row, row.notebook, authored, result)

    with open_gradebook(course) as book:
        in_one_transaction(book, write)


# ---- the database ------------------------------------------------------------------------------------


def open_gradebook(course: Course) -> Gradebook:
    """nbgrader's gradebook, which waits for other programs that write. Raises CourseError."""
    with _told(course):
        book = Gradebook(course.db_url, course.directory().course_id)
    if book.engine.dialect.name == "sqlite":
        event.listen(book.engine, "connect", _wait_for_others)
        book.db.remove()
        book.engine.dispose()
    return book


@contextmanager
def alone(course: Course) -> Iterator[None]:
    """Keep other graders of the same gradebook out until the block ends: two that begin at once must not
    both make its tables and the assignment. Raises CourseError."""
    with ExitStack() as stack:
        with _told(course):
            url = make_url(course.db_url)
            if url.get_backend_name() == "postgresql":  # also for graders on other machines
                connection = stack.enter_context(create_engine(url, poolclass=NullPool).begin())
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if url.get_backend_name() != "postgresql":
            folder = course.root / KEPT
            folder.mkdir(mode=0o700, exist_ok=True)
            fcntl.flock(stack.enter_context((folder / "gradebook.lock").open("a")), fcntl.LOCK_EX)
        yield


@contextmanager
def _told(course: Course) -> Iterator[None]:
    """Raises CourseError for what goes wrong in the block with the address of the gradebook."""
    try:
        yield
    except (SQLAlchemyError, ImportError, ValueError) as problem:
        raise CourseError(
            f"The gradebook {shown(course.db_url)} can't be opened ({_first_line(problem)}). "
            "See `c.CourseDirectory.db_url` in nbgrader_config.py. `autograder doctor` says what to do."
        ) from None


def _wait_for_others(connection: DBAPIConnection, _: object) -> None:
    connection.cursor().execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def in_one_transaction(book: Gradebook, write: Callable[[], None]) -> None:
    """Call `write` and commit: all of it is in the gradebook, or nothing. Raises CourseError.

    Where another program has written the same rows meanwhile, it is done again with those.
    """
    for left in reversed(range(_TRIES)):
        try:
            write()
            book.db.commit()
            book.db.expunge_all()  # else the rows of all submissions stay in memory
            return
        except (IntegrityError, OperationalError) as problem:
            book.db.rollback()
            book.db.expunge_all()
            if not left:
                raise CourseError(
                    f"The gradebook could not be written ({_first_line(problem)}). Nothing is half recorded. "
                    "See that the database runs and that no other program holds it; then give the same "
                    "command again: what was graded is kept."
                ) from None
            time.sleep(random.uniform(0.05, 0.5))


def _first_line(problem: Exception) -> str:
    if type(problem) in (ArgumentError, ValueError):
        return "it is no address of a database"  # their texts may show the password
    return str(getattr(problem, "orig", None) or problem).strip().partition("\n")[0]


def shown(db_url: str) -> str:
    """The address of a database without its password."""
    try:
        url = make_url(db_url)
    except (ArgumentError, ValueError):
        return "of this course"
    if "@" in (url.host or ""):  # the end of a password that is not written as it must be
        return "of this course"
    return url.difference_update_query(["password"]).render_as_string(hide_password=True)
