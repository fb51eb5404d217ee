"""Grades in the form that other programs take: Canvas, Moodle, and a plain table.

A grade that is not final is never passed on by accident: what a person has still to grade is left out,
unless it is asked for, and every file comes with remarks that count what was left out and say what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from ..course import Course
from ..errors import CourseError
from .marks import Mark, read_marks
from .platforms import canvas, moodle
from .sheet import Sheet, Wishes, counted, harmless, identifier, number, some

__all__ = ["FILES", "Wishes", "export"]

Platform = Literal["canvas", "moodle", "csv"]
FILES = {"canvas": "grades_canvas.csv", "moodle": "grades_moodle.csv", "csv": "grades_by_exercise.csv"}


def export(course: Course, to: Platform, names: Sequence[str] = (), wishes: Wishes | None = None) -> Sheet:
    """The grades of the assignments `names` (default: all in the gradebook) for a platform.

    Raises CourseError when there is nothing to export, or a roster can't be used.
    """
    wishes = wishes or Wishes()
    marks = read_marks(course, names)
    for name in wishes.columns:
        if name not in {mark.assignment for mark in marks}:
            raise CourseError(f"--column names {name!r}, which is not exported.")
    remarks = list(_remarks(marks, wishes))
    if to == "csv":
        return Sheet(table(marks, wishes), remarks)
    if all(wishes.points(mark) is None for mark in marks):
        raise CourseError("\n".join(["There is no grade to export.", *remarks]))
    file = (canvas if to == "canvas" else moodle)(marks, wishes)
    return Sheet(file.rows, [*remarks, *file.remarks])


# ---- the plain table ---------------------------------------------------------------------------------

TABLE = (
    *("assignment", "student_id", "last_name", "first_name", "email", "state"),
    *("notebook", "exercise", "exercise_score", "exercise_max_score"),
    *("auto_score", "manual_score", "extra_credit", "waiting"),
    *("timestamp", "raw_score", "late_submission_penalty", "score", "max_score"),
)


def table(marks: Iterable[Mark], wishes: Wishes) -> list[list[str]]:
    """One row a student and exercise. The last five columns are those of `nbgrader export`: they are about
    the whole assignment and the same in all of its rows. A score is empty where it is not final."""
    rows = [list(TABLE)]
    for mark in marks:
        student, points = mark.student, wishes.points(mark)
        who = [identifier(student.id), *map(harmless, (student.last_name, student.first_name))]
        graded = mark.state in ("graded", "to grade")
        whole = [mark.raw_score, mark.penalty] if graded and points is not None else [None, None]
        for exercise in mark.exercises:
            has_points = (graded and not exercise.waiting) or points is not None
            rows.append(
                [
                    *(mark.assignment, *who, identifier(student.email), mark.state),
                    *(exercise.notebook, exercise.exercise),
                    *(number(exercise.score if has_points else None, 4), number(exercise.max_score, 4)),
                    *(number(exercise.auto_score, 4), number(exercise.manual_score, 4)),
                    *(number(exercise.extra_credit or None, 4), "yes" if exercise.waiting else "no"),
                    *(mark.timestamp, number(whole[0], 4), number(whole[1], 4)),
                    *(number(points, 4), number(mark.max_score, 4)),
                ]
            )
    return rows


# ---- what the instructor should know -----------------------------------------------------------------


def _remarks(marks: Sequence[Mark], wishes: Wishes) -> Iterator[str]:
    for name in dict.fromkeys(mark.assignment for mark in marks):
        here = [mark for mark in marks if mark.assignment == name]
        yield from _waiting(name, [mark for mark in here if mark.state == "to grade"], wishes)
        yield from _ungraded(name, [mark for mark in here if mark.state == "not graded"])
        yield from _missing(name, [mark for mark in here if mark.state == "missing"], wishes)
        if reviews := sum(mark.reviews for mark in here):
            yield (
                f"{name}: {counted(reviews, 'answer')} graded again after a person had given points. The "
                "person's points count. Look at them in the formgrader."
            )


def _waiting(name: str, marks: list[Mark], wishes: Wishes) -> Iterator[str]:
    if marks:
        answers = counted(sum(mark.waiting for mark in marks), "written answer")
        done = (
            "exported with the points so far (--partial)"
            if wishes.partial
            else "left without a score. Grade them in the formgrader, or add --partial for the points so far"
        )
        yield f"{name}: {counted(len(marks), 'submission')} with {answers} to grade: {done}."


def _ungraded(name: str, marks: list[Mark]) -> Iterator[str]:
    if marks:
        yield (
            f"{name}: {counted(len(marks), 'submission')} not graded yet ({_some(marks)}): left without a "
            f"score. Run: autograder grade {name}"
        )


def _missing(name: str, marks: list[Mark], wishes: Wishes) -> Iterator[str]:
    if marks:
        done = (
            "exported as 0 (--zero-missing)"
            if wishes.zero_missing
            else "left without a score. Add --zero-missing to export 0"
        )
        yield f"{name}: {counted(len(marks), 'student')} handed in nothing ({_some(marks)}): {done}."


def _some(marks: Sequence[Mark]) -> str:
    return some([mark.student.id for mark in marks])
