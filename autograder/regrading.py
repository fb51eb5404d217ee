"""Grades again after a change of tests, keys or tolerances: first says whose points move, then writes.

Only what the change touches is run (see `grade.cache`). Manual grades and comments stay, late penalties
follow the new scores. All is written in one transaction and can be undone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from .author.build import load_assignment
from .course import Course
from .errors import CourseError
from .fingerprint import KEPT
from .grade.batch import Workers, jobs_for
from .grade.cache import Cache
from .grade.engine import Assignment
from .grade.gradebook import GradebookWriter, in_one_transaction, open_gradebook
from .grade.judge import CellResult, NotebookResult
from .grade.record import graded_text, read_timestamp, write_folder
from .grading import Cached, know_assignment, results_by_student


@dataclass(frozen=True)
class Move:
    """The points of one test of one student that move, out of `points`, and what the test says now.

    `before` is None where the gradebook has no score for it yet. With `manual`, a person's grade stands in
    its place, so that the move shows only if that is taken back.
    """

    student: str
    test: str
    before: float | None
    after: float
    points: float
    why: str
    manual: bool


@dataclass
class Regrade:
    """What grading again changes. `results` are of the students of whom anything changes, points or words."""

    moves: list[Move] = field(default_factory=list)
    results: dict[str, list[NotebookResult]] = field(default_factory=dict)
    graded: int = 0
    not_graded_yet: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def regrade(
    course: Course, name: str, jobs: int | None = None, walls: bool = True, dry_run: bool = False
) -> Regrade:
    """Grade again all whom the gradebook has for an assignment; write what changes, unless `dry_run`.

    Raises CourseError or NoSandbox; then nothing is written.
    """
    course.check_assignment(name)
    found = Regrade()
    with load_assignment(course, name, walls) as assignment:
        scores = _recorded_scores(course, name)
        students = course.students(name)
        found.not_graded_yet = [student for student in students if student not in scores]
        students = [student for student in students if student in scores]
        if not students:
            raise CourseError(f"Nobody is graded yet for {name}. Run `autograder grade {name}` first.")
        jobs = jobs or jobs_for(len(students) * len(assignment.notebooks))
        with Workers(assignment, jobs, walls) as workers:
            cached = Cached(workers, assignment, Cache(course.root, assignment))
            for student, results, failure in results_by_student(course, assignment, students, cached):
                found.graded += 1
                if failure:
                    found.failures[student] = failure
                    continue
                found.moves += _moves(assignment, student, results, scores[student])
                if _differs(course, assignment, student, results):
                    found.results[student] = results
        found.moves.sort(key=lambda move: (move.student, move.test))
        if found.results and not dry_run:
            _apply(course, assignment, found.results)
    return found


def _recorded_scores(course: Course, name: str) -> dict[str, dict[str, tuple[float | None, bool]]]:
    """By student and test cell: the score by itself, and whether a person's grade stands in its place."""
    with open_gradebook(course) as book:
        return {
            submission.student_id: {
                f"{notebook.name}/{grade.name}": (grade.auto_score, grade.manual_score is not None)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in _submissions(book, name)
        }


def _submissions(book: Gradebook, name: str) -> list[Any]:
    known = any(assignment.name == name for assignment in book.assignments)
    return list(book.assignment_submissions(name)) if known else []


def _moves(
    assignment: Assignment,
    student: str,
    results: Sequence[NotebookResult],
    recorded: dict[str, tuple[float | None, bool]],
) -> Iterator[Move]:
    for notebook in assignment.notebooks:
        result = next(result for result in results if result.name == notebook.name)
        for cell, found in zip(notebook.cells, result.cells, strict=True):
            if cell.role != "test":
                continue
            before, manual = recorded.get(f"{notebook.name}/{cell.grade_id}", (None, False))
            after = found.score or 0.0
            if before != after:
                yield Move(student, str(cell.grade_id), before, after, cell.points, _why(found), manual)


def _why(found: CellResult) -> str:
    return " ".join(found.message.split()) or ("passed" if found.score else "failed")


def _differs(course: Course, assignment: Assignment, student: str, results: Sequence[NotebookResult]) -> bool:
    """Whether the graded notebooks differ from those that were written before, in points or in words."""
    folder = course.autograded(student, assignment.name)
    for notebook in assignment.notebooks:
        result = next(result for result in results if result.name == notebook.name)
        path = folder / f"{notebook.name}.ipynb"
        if not path.is_file() or path.read_text(encoding="utf-8") != graded_text(notebook, result):
            return True
    return False


# ---- writing and undoing -----------------------------------------------------------------------------


def _apply(course: Course, assignment: Assignment, results: dict[str, list[NotebookResult]]) -> None:
    _remember(course, assignment.name, list(results))
    know_assignment(course, assignment)
    with GradebookWriter(course, assignment, whole=True) as writer:
        for student, found in results.items():
            writer.add(student, read_timestamp(course.submitted(student, assignment.name)), found)
    for student, found in results.items():
        write_folder(course, assignment, student, found)


def _undo_folder(course: Course, name: str) -> Path:
    return course.root / KEPT / "undo" / name


def _remember(course: Course, name: str, students: Sequence[str]) -> None:
    """Keep what the gradebook and the folders have of these students, for `undo`."""
    folder = _undo_folder(course, name) / datetime.now().strftime("%Y-%m-%dT%H-%M-%S.%f")
    with open_gradebook(course) as book:
        cells = [cell for notebook in book.find_assignment(name).notebooks for cell in notebook.grade_cells]
        known = [row for row in _submissions(book, name) if row.student_id in students]
        record = {
            "max_scores": {cell.id: cell.max_score for cell in cells},
            "grades": {
                g.id: [g.auto_score, g.manual_score, g.needs_manual_grade]
                for s in known
                for n in s.notebooks
                for g in n.grades
            },
            "comments": {c.id: c.auto_comment for s in known for n in s.notebooks for c in n.comments},
            "penalties": {n.id: n.late_submission_penalty for s in known for n in s.notebooks},
        }
    folder.mkdir(mode=0o700, parents=True)
    for student in students:
        if (graded := course.autograded(student, name)).is_dir():
            shutil.copytree(graded, folder / "autograded" / student)
    (folder / "gradebook.json").write_text(json.dumps(record), encoding="utf-8")  # last: now it is whole


def undo(course: Course, name: str) -> list[str]:
    """Bring back what the last `regrade` of an assignment has changed; the students concerned.

    Manual grades and comments that were given since stay. Raises CourseError when there is nothing to undo.
    """
    course.check_assignment(name)
    whole = sorted(_undo_folder(course, name).glob("*/gradebook.json"))
    if not whole:
        raise CourseError(f"There is no regrade of {name} to undo.")
    folder = whole[-1].parent
    record = json.loads(whole[-1].read_text(encoding="utf-8"))
    with open_gradebook(course) as book:
        in_one_transaction(book, lambda: _bring_back(book, name, record))
    students = sorted(path.name for path in (folder / "autograded").glob("*"))
    for student in students:
        graded = course.autograded(student, name)
        shutil.rmtree(graded, ignore_errors=True)
        shutil.copytree(folder / "autograded" / student, graded)
    shutil.rmtree(folder)
    return students


def _bring_back(book: Gradebook, name: str, record: dict[str, dict[str, Any]]) -> None:
    for cell in (cell for notebook in book.find_assignment(name).notebooks for cell in notebook.grade_cells):
        cell.max_score = record["max_scores"].get(cell.id, cell.max_score)
    for notebook in (notebook for row in _submissions(book, name) for notebook in row.notebooks):
        if notebook.id not in record["penalties"]:
            continue
        notebook.late_submission_penalty = record["penalties"][notebook.id]
        for grade in notebook.grades:
            if grade.id in record["grades"]:
                grade.auto_score, manual, needed = record["grades"][grade.id]
                if grade.manual_score == manual:  # else a person has graded it since
                    grade.needs_manual_grade = needed
        for comment in notebook.comments:
            if comment.id in record["comments"]:
                comment.auto_comment = record["comments"][comment.id]
