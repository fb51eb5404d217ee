"""What the gradebook says of each student and assignment, with nbgrader's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from ..course import Course
from ..errors import CourseError
from ..grade.gradebook import open_gradebook, shown
from ..grade.notebook import read_author_notebook

State = Literal["graded", "to grade", "not graded", "missing"]


@dataclass(frozen=True)
class Student:
    """A row of nbgrader's student table; what is not known is empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


@dataclass(frozen=True)
class ExerciseMark:
    """One exercise of one student: the sums over the cells that are graded for it, in points.

    `auto_score` and `manual_score` are None where no program, or no person, has given points. `waiting`
    says that a person has still to grade it. `comment` is a person's.
    """

    notebook: str
    exercise: str
    max_score: float
    score: float = 0.0
    auto_score: float | None = None
    manual_score: float | None = None
    extra_credit: float = 0.0
    waiting: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Mark:
    """One assignment of one student, in points.

    `state`: "graded"; "to grade" (a person has still to grade something); "not graded" (handed in, and the
    grader has not been there); "missing" (nothing was handed in). `score` is `raw_score` less the late
    penalty, and never below 0, as in `nbgrader export`. `reviews` counts the cells that were graded again
    after a person had given points.
    """

    student: Student
    assignment: str
    state: State
    max_score: float
    exercises: tuple[ExerciseMark, ...]
    raw_score: float = 0.0
    penalty: float = 0.0
    timestamp: str = ""
    reviews: int = 0

    @property
    def score(self) -> float:
        return max(0.0, self.raw_score - self.penalty)

    @property
    def waiting(self) -> int:
        """How many exercises a person has still to grade."""
        return sum(exercise.waiting for exercise in self.exercises)


def read_marks(course: Course, names: Sequence[str] = ()) -> list[Mark]:
    """The marks of all students in the assignments `names` (default: all in the gradebook), in order.

    Raises CourseError when an assignment is not in the gradebook, or there is nobody in it.
    """
    _check_gradebook(course)
    with open_gradebook(course) as book:
        known = sorted(assignment.name for assignment in book.assignments)
        for name in names:
            if name not in known:
                raise CourseError(
                    f"{shown(course.db_url)}: the gradebook has no assignment {name!r}. It has: "
                    f"{', '.join(known) or 'none'}. Grade first: autograder grade {name}"
                )
        students = sorted(book.students, key=lambda student: student.id)
        marks = [
            mark
            for name in (names or known)
            for mark in _marks_of(course, book, name, [*map(_student, students)])
        ]
    if not marks:
        where = shown(course.db_url)
        raise CourseError(f"{where}: the gradebook has no grades. Grade first: autograder grade A")
    return marks


def _check_gradebook(course: Course) -> None:
    path = Path(course.db_url.removeprefix("sqlite:///"))
    if course.db_url.startswith("sqlite:///") and not path.exists():
        raise CourseError(f"There is no gradebook {path}. Grade first: autograder grade A")


def _student(row: Any) -> Student:
    texts = (row.first_name, row.last_name, row.email, row.lms_user_id)
    return Student(row.id, *((text or "").strip() for text in texts))


def _marks_of(course: Course, book: Gradebook, name: str, students: list[Student]) -> Iterator[Mark]:
    """One mark a student of the gradebook, and one for each who handed in and is not in it yet."""
    assignment = book.find_assignment(name)
    exercises = _exercises(course, name)
    empty = tuple(_empty(assignment, exercises))
    handed_in = set(course.students(name))
    unknown = [Student(student) for student in sorted(handed_in - {s.id for s in students})]
    for student in [*students, *unknown]:
        try:
            submission = book.find_submission(name, student.id)
        except MissingEntry:
            state: State = "not graded" if student.id in handed_in else "missing"
            yield Mark(student, name, state, assignment.max_score, empty)
            continue
        yield _mark(student, submission, exercises)


def _mark(student: Student, submission: Any, exercises: dict[tuple[str, str], str]) -> Mark:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    found = tuple(_exercise_marks(submission, exercises))
    ungraded = any(_without_points(grade) and not _for_a_person(grade) for grade in grades)
    waiting = any(exercise.waiting for exercise in found)
    return Mark(
        student,
        submission.name,
        "not graded" if ungraded else "to grade" if waiting else "graded",
        submission.max_score,
        found,
        submission.score,
        submission.late_submission_penalty,
        submission.timestamp.isoformat(sep=" ", timespec="seconds") if submission.timestamp else "",
        sum(grade.needs_manual_grade and grade.manual_score is not None for grade in grades),
    )


def _without_points(grade: Any) -> bool:
    return grade.auto_score is None and grade.manual_score is None


def _for_a_person(grade: Any) -> bool:
    """Whether a person gives the points: for a task, a text, or code that is answer and grade in one."""
    cell = grade.cell
    answers = {answer.name for answer in cell.notebook.solution_cells}
    return cell.type == "TaskCell" or cell.cell_type == "markdown" or cell.name in answers


def _exercise_marks(submission: Any, exercises: dict[tuple[str, str], str]) -> Iterator[ExerciseMark]:
    """The marks of one submission, in the notebooks' order, one for each exercise."""
    parts: dict[tuple[str, str], list[Any]] = {}
    comments: dict[tuple[str, str], list[str]] = {}
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            key = (notebook.name, grade.cell.name)
            parts.setdefault((notebook.name, exercises.get(key, grade.cell.name)), []).append(grade)
        for comment in notebook.comments:
            if comment.manual_comment:
                key = (notebook.name, comment.cell.name)
                comments.setdefault(key, []).append(comment.manual_comment.strip())
    for (notebook_name, exercise), grades in sorted(parts.items(), key=_order(exercises)):
        yield ExerciseMark(
            notebook_name,
            exercise,
            max_score=sum(grade.cell.max_score for grade in grades),
            score=sum(grade.score for grade in grades),
            auto_score=_sum(grade.auto_score for grade in grades),
            manual_score=_sum(grade.manual_score for grade in grades),
            extra_credit=sum(grade.extra_credit or 0.0 for grade in grades),
            waiting=any(_without_points(grade) and _for_a_person(grade) for grade in grades),
            comment=" ".join(comments.get((notebook_name, exercise), [])),
        )


def _sum(scores: Iterator[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) if known else None


def _order(exercises: dict[tuple[str, str], str]) -> Any:
    """A sorting key that puts exercises in the order of the author's notebooks, then others by name."""
    places = {(notebook, exercise): n for n, ((notebook, _), exercise) in enumerate(exercises.items())}
    return lambda item: (item[0][0], places.get(item[0], len(places)), item[0][1])


def _empty(assignment: Any, exercises: dict[tuple[str, str], str]) -> Iterator[ExerciseMark]:
    """The exercises of an assignment that somebody did not hand in."""
    worth: dict[tuple[str, str], float] = {}
    for notebook in assignment.notebooks:
        for cell in [*notebook.grade_cells, *notebook.task_cells]:
            key = (notebook.name, exercises.get((notebook.name, cell.name), cell.name))
            worth[key] = worth.get(key, 0.0) + cell.max_score
    for (notebook_name, exercise), points in sorted(worth.items(), key=_order(exercises)):
        yield ExerciseMark(notebook_name, exercise, points)


def _exercises(course: Course, name: str) -> dict[tuple[str, str], str]:
    """By notebook and grade_id of what is graded: the exercise, named as its answer cell; in order.

    Empty where the source is gone. Then every graded cell stands for itself.
    """
    found: dict[tuple[str, str], str] = {}
    for path in sorted(course.source(name).glob("*.ipynb")):
        author = read_author_notebook(path, nbformat.read(path, as_version=4))
        for answer, cells in author.exercises.items():
            found |= {(path.stem, str(cell.grade_id)): answer for cell in cells}
    return found
