"""What the gradebook says of one notebook of one submission: points, comments, the late penalty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Query, Session
from sqlalchemy.pool import NullPool

from ..errors import CourseError
from ..grade.gradebook import shown


@dataclass(frozen=True)
class CellPoints:
    """The points of one graded cell. `score` is with a person's points and the extra credit in it.

    `by_person`: a person gave the points. `waits`: nobody has given any yet."""

    score: float
    possible: float
    extra: float = 0.0
    by_person: bool = False
    waits: bool = False


@dataclass(frozen=True)
class Total:
    """The points of one notebook: before the late penalty, that penalty, and how many there are."""

    raw: float = 0.0
    penalty: float = 0.0
    possible: float = 0.0

    @property
    def score(self) -> float:
        """As nbgrader counts it: a penalty never makes points fall below 0."""
        return max(0.0, self.raw - self.penalty)


@dataclass(frozen=True)
class Points:
    """The points of one notebook's cells, and the comments of persons, by grade_id.

    `notebooks` has the totals of all notebooks of the submission, by name."""

    student: str
    handed_in: datetime | None
    cells: Mapping[str, CellPoints] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    notebooks: Mapping[str, Total] = field(default_factory=dict)


def read_points(db_url: str, assignment: str, notebook: str, student: str) -> Points:
    """The points of one notebook of a submission. Raises CourseError where the gradebook has none."""
    with Session(_engine(db_url)) as db:
        submission = _of(db.query(SubmittedAssignment, Student), assignment, student)
        found = submission.join(Student, SubmittedAssignment.student_id == Student.id).first()
        if found is None:
            raise CourseError(
                f"{shown(db_url)}: the gradebook has no {assignment} of {student}. "
                f"Grade it first: autograder grade {assignment} --student {student}"
            )
        submitted, person = found
        name = " ".join(part for part in (person.first_name, person.last_name) if part)
        return Points(
            f"{name} ({student})" if name else student,
            submitted.timestamp,
            _cells(db, assignment, notebook, student),
            _comments(db, assignment, notebook, student),
            _totals(db, assignment, student),
        )


@cache  # nbgrader's Gradebook looks at all tables whenever it is opened; a class of hundreds would feel that
def _engine(db_url: str) -> Engine:
    return create_engine(db_url, poolclass=NullPool)  # no connection stays open


def _of(query: Query[Any], assignment: str, student: str) -> Query[Any]:
    """The rows of `query` that belong to one submission."""
    return (
        query.select_from(SubmittedAssignment)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == assignment, SubmittedAssignment.student_id == student)
    )


def _notebooks_of(query: Query[Any], assignment: str, student: str) -> Query[Any]:
    return (
        _of(query, assignment, student)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
    )


def _cells(db: Session, assignment: str, notebook: str, student: str) -> dict[str, CellPoints]:
    columns = (BaseCell.name, Grade.score, Grade.max_score, Grade.extra_credit)
    query = db.query(*columns, Grade.auto_score, Grade.manual_score)
    rows = (
        _notebooks_of(query, assignment, student)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .filter(Notebook.name == notebook)
    )
    return {
        cell: CellPoints(
            float(score or 0.0),
            float(possible or 0.0),
            float(extra or 0.0),
            by_person=manual is not None,
            waits=automatic is None and manual is None,
        )
        for cell, score, possible, extra, automatic, manual in rows
    }


def _comments(db: Session, assignment: str, notebook: str, student: str) -> dict[str, str]:
    rows = (
        _notebooks_of(db.query(BaseCell.name, Comment.manual_comment), assignment, student)
        .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Comment.cell_id == BaseCell.id)
        .filter(Notebook.name == notebook)
    )
    return {cell: comment for cell, comment in rows if comment and comment.strip()}


def _totals(db: Session, assignment: str, student: str) -> dict[str, Total]:
    columns = (
        SubmittedNotebook.score,
        SubmittedNotebook.late_submission_penalty,
        SubmittedNotebook.max_score,
    )
    rows = _notebooks_of(db.query(Notebook.name, *columns), assignment, student).order_by(Notebook.name)
    return {
        name: Total(float(score or 0.0), float(penalty or 0.0), float(possible or 0.0))
        for name, score, penalty, possible in rows
    }
