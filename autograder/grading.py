"""Grades what was handed in to an assignment: the whole way, from folders to gradebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from .author.build import load_assignment, save_to_gradebook
from .author.keys import solved
from .course import Course
from .errors import CourseError
from .grade.batch import Workers
from .grade.engine import Assignment, Outcome, Task, tasks_of
from .grade.judge import CellResult, NotebookResult
from .grade.record import record


@dataclass
class Graded:
    """One submission after grading: its score, the score that can be reached without a person, and notes.

    `failure` says why there is no result, where the grading itself failed."""

    student: str
    score: float
    possible: float
    notes: list[str] = field(default_factory=list)
    failure: str = ""


def grade(
    course: Course,
    name: str,
    students: Sequence[str],
    jobs: int | None = None,
    walls: bool = True,
    tell: Callable[[str], object] = print,
) -> Iterator[Graded]:
    """Grade the submissions of `students` and record each as soon as it is done.

    `tell` is called with each thing that the instructor should know of the author's notebooks.
    Raises CourseError or NoSandbox before the first one, for anything that concerns all of them.
    """
    with load_assignment(course, name, walls) as assignment:
        save_to_gradebook(course, name)
        with (
            Workers(assignment, jobs, walls) as workers,
            Gradebook(course.db_url, course.directory().course_id) as book,
        ):
            for trouble in _trouble(assignment, workers):
                tell(trouble)
            for student, outcomes in _by_student(course, assignment, students, workers):
                yield _record(course, assignment, student, outcomes, book)


def _trouble(assignment: Assignment, workers: Workers) -> Iterator[str]:
    """The tests that the author's own answers don't pass, so that nobody can. Where there are sealed keys,
    the build has looked already."""
    if assignment.keys:
        return
    tasks = [Task(notebook.name, notebook.name, solved(notebook)) for notebook in assignment.notebooks]
    for outcome in workers.grade(tasks):
        author = next(notebook for notebook in assignment.notebooks if notebook.name == outcome.label)
        for cell in outcome.result.cells if outcome.result else []:
            points = author.by_id[cell.grade_id].points if cell.grade_id in author.by_id else 0.0
            if cell.score is not None and cell.score < points:
                yield (
                    f"{author.name}.ipynb, {cell.grade_id}: the author's own answer gets {cell.score:g} of "
                    f"{points:g} points ({cell.message}). If the answer is right, this test can't be judged "
                    "from outside: it may read source text, patch, or use the kernel. Let it call the answer "
                    "and look at what it gives."
                )


def _by_student(
    course: Course, assignment: Assignment, students: Sequence[str], workers: Workers
) -> Iterator[tuple[str, list[Outcome]]]:
    """The outcomes of each student's notebooks, when all of them are there."""

    def tasks() -> Iterator[Task]:
        for student in students:
            yield from tasks_of(course.submitted(student, assignment.name), student, assignment)

    parts: dict[str, list[Outcome]] = {}
    for outcome in workers.grade(tasks()):
        student, _ = outcome.label
        parts.setdefault(student, []).append(outcome)
        if len(parts[student]) == len(assignment.notebooks):
            yield student, parts.pop(student)


def _record(
    course: Course, assignment: Assignment, student: str, outcomes: list[Outcome], book: Gradebook
) -> Graded:
    possible = sum(c.points for n in assignment.notebooks for c in n.cells if c.role == "test")
    failure = next((outcome.failure for outcome in outcomes if outcome.failure), "")
    results = [_result(assignment, outcome) for outcome in outcomes]
    score = record(course, assignment, student, results, book)
    notes = [note for result in results for note in result.notes]
    return Graded(student, score, possible, notes, failure)


def _result(assignment: Assignment, outcome: Outcome) -> NotebookResult:
    """The result of one notebook; where grading failed, one without scores that says so."""
    if outcome.result is not None:
        return outcome.result
    _, name = outcome.label
    author = next(notebook for notebook in assignment.notebooks if notebook.name == name)
    cells = [CellResult(cell.grade_id, cell.released) for cell in author.cells]
    return NotebookResult(name, cells, [f"this notebook could not be graded: {outcome.failure}"])


def students_to_grade(course: Course, name: str, student: str | None = None) -> list[str]:
    """Who handed in. Raises CourseError when nobody, or not `student`, did."""
    course.check_assignment(name)
    found = course.students(name)
    if student is not None and student not in found:
        raise CourseError(f"{student} has handed in nothing: there is no {course.submitted(student, name)}.")
    if not found:
        raise CourseError(
            f"Nobody has handed in {name}: there is no {course.submitted('STUDENT', name)}. "
            "Collect with `nbgrader collect`, or put the folders there."
        )
    return found if student is None else [student]


def generate_feedback(course: Course, name: str) -> None:
    """nbgrader's feedback pages for everybody who was graded."""
    directory = course.directory(assignment_id=name, student_id="*", notebook_id="*")
    converter = GenerateFeedback(coursedir=directory, config=course.config)
    converter.force = True
    converter.start()
