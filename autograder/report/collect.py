"""Reads what grading left behind: points from nbgrader's gradebook, findings from the graded notebooks.

The findings stand in the notebooks' metadata (see `grade/record.py`). They were written by the grader from
the author's notebook, so a student can't forge them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from ..course import Course
from ..errors import CourseError
from ..grade.gradebook import open_gradebook
from ..grade.notebook import read_author_notebook
from ..grade.record import METADATA


@dataclass(frozen=True)
class Exercise:
    """One exercise: an answer cell and the cells that bring its points.

    `label` is unique in the assignment: the answer's grade_id, with its notebook before it where the
    assignment has several. `waits_for_person` says that a person grades at least a part of it.
    """

    label: str
    notebook: str
    answer: str
    graded: tuple[str, ...]
    points: float
    waits_for_person: bool


@dataclass(frozen=True)
class Failure:
    """One test that an answer did not pass: the message to the student, the hint of the known mistake (or
    ""), and in words what the student has (or "")."""

    message: str
    hint: str
    has: str


@dataclass(frozen=True)
class Answer:
    """One student's answer to one exercise. `score` is None while a person has still to grade it.

    `error` is what its cell stopped with, or ""; `code` the answer's text where a test failed, or "".
    """

    score: float | None
    untouched: bool = False
    error: str = ""
    failures: tuple[Failure, ...] = ()
    code: str = ""


@dataclass
class Submission:
    """One graded submission: the answers by label of the exercise, and the notes on how it was read.

    `penalty` are the points that nbgrader takes off for lateness. `pages` are, by notebook, the ids that
    the formgrader's pages have.
    """

    student: str
    name: str
    penalty: float = 0.0
    answers: dict[str, Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)


@dataclass
class Results:
    """All that is known of one graded assignment. Students are in the order of their ids.

    `missing` are students of the gradebook who handed in nothing, `waiting` those whose submission is not
    graded yet, `unknown` those whose graded notebook holds no findings of this grader.
    """

    assignment: str
    exercises: list[Exercise]
    submissions: list[Submission]
    missing: list[str]
    waiting: list[str]
    unknown: list[str]


def graded_assignments(course: Course) -> list[str]:
    """The assignments of which at least one submission has been graded, in order."""
    found = []
    for name in course.assignments():
        place = course.autograded("*", name)
        if any(place.parent.parent.glob(f"*/{name}/*.ipynb")):
            found.append(name)
    return found


def collect(course: Course, name: str) -> Results:
    """The results of one assignment. Raises CourseError where nothing has been graded yet."""
    course.check_assignment(name)
    nothing = f"Nothing of {name} has been graded yet. Run `autograder grade {name}` first."
    if name not in graded_assignments(course):
        raise CourseError(nothing)
    with open_gradebook(course) as book:
        try:
            book.find_assignment(name)
        except MissingEntry:
            raise CourseError(nothing) from None
        exercises = list(_exercises(course, name, _most_points(book, name)))
        records = _records(book, name)
        students = {student.id: _full_name(student) for student in book.students}
    results = _Collector(course, name, exercises, records, students).results()
    if not results.submissions:
        raise CourseError(nothing)
    return results


def _full_name(student: Student) -> str:
    return ", ".join(part for part in (student.last_name, student.first_name) if part)


# ---- the author's notebooks --------------------------------------------------------------------------


def _exercises(course: Course, name: str, most: dict[tuple[str, str], float]) -> Iterator[Exercise]:
    """The exercises in the notebooks' order. What a cell is worth, the gradebook says (`most`)."""
    paths = sorted(course.source(name).glob("*.ipynb"))
    for path in paths:
        author = read_author_notebook(path, nbformat.read(path, as_version=4))
        for answer, all_cells in author.exercises.items():
            cells = [cell for cell in all_cells if cell.points]
            points = sum(most.get((author.name, str(cell.grade_id)), cell.points) for cell in cells)
            if points:
                yield Exercise(
                    answer if len(paths) == 1 else f"{author.name}/{answer}",
                    author.name,
                    answer,
                    tuple(str(cell.grade_id) for cell in cells),
                    points,
                    any(cell.role != "test" for cell in cells),
                )


# ---- the gradebook -----------------------------------------------------------------------------------


@dataclass
class _Record:
    """What the gradebook has of one submission: scores by (notebook, cell), None where there is none yet."""

    penalty: float = 0.0
    scores: dict[tuple[str, str], float | None] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def is_graded(self) -> bool:
        return any(score is not None for score in self.scores.values())


def _most_points(book: Gradebook, name: str) -> dict[tuple[str, str], float]:
    assignment = book.find_assignment(name)
    cells = [
        (notebook.name, cell)
        for notebook in assignment.notebooks
        for cell in (*notebook.grade_cells, *notebook.task_cells)
    ]
    return {(notebook, cell.name): cell.max_score for notebook, cell in cells}


def _records(book: Gradebook, name: str) -> dict[str, _Record]:
    """One record a student who handed in. One query: a class of thousands has a record for every cell."""
    query = (
        book.db.query(
            SubmittedAssignment.student_id,
            Notebook.name,
            SubmittedNotebook.id,
            SubmittedNotebook.late_submission_penalty,
            BaseCell.name,
            Grade.auto_score,
            Grade.manual_score,
            Grade.score,
        )
        .select_from(SubmittedAssignment)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .filter(Assignment.name == name)
    )
    records: dict[str, _Record] = {}
    for student, notebook, page, penalty, cell, automatic, manual, score in query:
        record = records.setdefault(student, _Record())
        if notebook not in record.pages:
            record.pages[notebook] = page
            record.penalty += penalty or 0.0
        given = automatic is not None or manual is not None
        record.scores[notebook, cell] = float(score) if given else None
    return records


# ---- the graded notebooks ----------------------------------------------------------------------------


class _Collector:
    """Puts the gradebook's records and the graded notebooks of one assignment together."""

    def __init__(
        self,
        course: Course,
        name: str,
        exercises: list[Exercise],
        records: dict[str, _Record],
        students: dict[str, str],
    ):
        self._name, self._exercises, self._records, self._students = name, exercises, records, students
        self._directory = course.directory()

    def results(self) -> Results:
        graded = sorted(student for student, record in self._records.items() if record.is_graded)
        unknown: list[str] = []
        submissions = [self._submission(student, unknown) for student in graded]
        return Results(
            self._name,
            self._exercises,
            submissions,
            missing=sorted(set(self._students) - set(self._records)),
            waiting=sorted(set(self._records) - set(graded)),
            unknown=list(dict.fromkeys(unknown)),
        )

    def _submission(self, student: str, unknown: list[str]) -> Submission:
        record = self._records[student]
        found = Submission(student, self._students.get(student, ""), record.penalty, pages=record.pages)
        cells: dict[str, dict[str, dict[str, Any]]] = {}
        for notebook in dict.fromkeys(exercise.notebook for exercise in self._exercises):
            read = _read(self._path(student, notebook))
            if read is None or METADATA not in read["metadata"]:
                unknown.append(student)
                continue
            found.notes += read["metadata"][METADATA].get("notes", [])
            marked = [(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell) for cell in read["cells"]]
            cells[notebook] = {grade_id: cell for grade_id, cell in marked if grade_id}
        for exercise in self._exercises:
            found.answers[exercise.label] = _answer(exercise, record, cells.get(exercise.notebook, {}))
        return found

    def _path(self, student: str, notebook: str) -> Path:
        folder = self._directory.format_path(self._directory.autograded_directory, student, self._name)
        return Path(folder) / f"{notebook}.ipynb"


def _read(path: Path) -> dict[str, Any] | None:
    """A graded notebook as plain JSON; None where there is none, or what is there is none."""
    try:
        notebook = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(notebook, dict) and {"cells", "metadata"} <= notebook.keys()
    return notebook if whole else None


def _answer(exercise: Exercise, record: _Record, cells: dict[str, dict[str, Any]]) -> Answer:
    scores = [record.scores.get((exercise.notebook, cell)) for cell in exercise.graded]
    given = [score for score in scores if score is not None]
    score = sum(given) if len(given) == len(scores) or not exercise.waits_for_person else None
    about = _facts(cells, exercise.answer)
    failures = tuple(_failures(exercise, cells))
    error = about.get("error", "")
    return Answer(
        score,
        untouched=about.get("untouched", False),
        error="" if error == "missing" else error,
        failures=failures,
        code=_source(cells.get(exercise.answer, {})) if failures else "",
    )


def _failures(exercise: Exercise, cells: dict[str, dict[str, Any]]) -> Iterator[Failure]:
    for cell in exercise.graded:
        facts = _facts(cells, cell)
        if cell != exercise.answer and facts.get("message") and not facts.get("score"):
            yield Failure(facts["message"], facts.get("hint", ""), facts.get("has", ""))


def _facts(cells: dict[str, dict[str, Any]], grade_id: str) -> dict[str, Any]:
    facts: dict[str, Any] = cells.get(grade_id, {}).get("metadata", {}).get(METADATA, {})
    return facts


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
