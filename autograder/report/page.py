"""The instructor's page on one assignment, and its tables as CSV files beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from ..course import Course
from . import statistics as figures
from .charts import distribution, outcomes
from .collect import Results, collect
from .integrity import differences
from .mistakes import MOST_SHOWN, Unlike, known_mistakes, stopped_answers, unlike_answers
from .render import render
from .tables import unlike_table, write_csv

FOLDER, PAGE = "reports", "report.html"
FORMGRADER = "http://localhost:8888"

_MOST_FREQUENT = 8  # known mistakes that stand before all others
_MOST_NAMES = 8  # students that are named in one row


@dataclass(frozen=True)
class Report:
    """One assignment's results with all that is computed from them; tables as `statistics` and `mistakes`
    describe them."""

    results: Results
    answers: pd.DataFrame
    exercises: pd.DataFrame
    students: pd.DataFrame
    known: pd.DataFrame
    stopped: pd.DataFrame
    unlike: list[Unlike]
    differences: dict[str, list[str]]

    @property
    def spread(self) -> figures.Spread | None:
        """The spread of the students' shares; None while no exercise is graded for everybody."""
        known = self.students["share"].notna().any()
        return figures.spread(self.students["share"]) if known else None


def make_report(course: Course, name: str) -> Report:
    """Read and compute everything. Raises CourseError where nothing has been graded yet."""
    results = collect(course, name)
    answers = figures.answer_table(results)
    return Report(
        results,
        answers,
        figures.exercise_table(answers),
        figures.student_table(results, answers),
        known_mistakes(results),
        stopped_answers(results),
        unlike_answers(course, results),
        differences(course, name, [submission.student for submission in results.submissions]),
    )


def write_report(course: Course, report: Report, formgrader: str = FORMGRADER) -> Path:
    """Write the page and its tables into `reports/ASSIGNMENT/`; the path of the page.

    `formgrader` is the address of the Jupyter server whose formgrader the page links to.
    """
    name = report.results.assignment
    folder = course.root / FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(report.answers, folder / "scores.csv")
    exercises = report.exercises.rename(columns=lambda column: column.replace(" ", "_"))
    write_csv(exercises.reset_index(), folder / "exercises.csv")
    write_csv(report.known, folder / "mistakes.csv")
    write_csv(unlike_table(report.unlike), folder / "unlike.csv")
    write_csv(report.students.reset_index(), folder / "students.csv")
    page = folder / PAGE
    write_page(page, render("report.html.j2", _context(report, Links(formgrader, name))))
    return page


def write_page(path: Path, text: str) -> None:
    """Write a page as UTF-8. What is no text in it, a student's half a letter, becomes a question mark."""
    path.write_text(text, encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Links:
    """Addresses of nbgrader's formgrader for one assignment, on the Jupyter server at `server`."""

    server: str
    assignment: str

    def notebook(self, notebook: str) -> str:
        """The list of all submissions of a notebook, where one after the other can be graded."""
        return self._url("gradebook", self.assignment, notebook)

    def submission(self, page: str) -> str:
        """One submission of one notebook, by the gradebook's id of it."""
        return self._url("submissions", page)

    def student(self, student: str) -> str:
        """One student's submission, with its notebooks."""
        return self._url("manage_students", student, self.assignment)

    def _url(self, *parts: str) -> str:
        return "/".join([self.server.rstrip("/"), "formgrader", *(quote(part, safe="") for part in parts)])


# ---- what the page shows -----------------------------------------------------------------------------


def _context(report: Report, links: Links) -> dict[str, Any]:
    results, spread = report.results, report.spread
    counting = figures.counting(report.answers)
    possible = float(report.students["possible"].max())
    return {
        "title": f"Report on {results.assignment}",
        "made": datetime.now().astimezone(),
        "results": results,
        "links": links,
        "spread": spread,
        "possible": possible,
        "all_points": sum(exercise.points for exercise in results.exercises),
        "untouched": float(report.answers["untouched"].mean()),
        "not_counting": [label for label in report.exercises.index if label not in counting],
        "distribution": distribution(spread, possible) if spread else None,
        "outcomes": outcomes(report.exercises),
        "exercises": list(report.exercises.reset_index().itertuples()),
        "enough": len(results.submissions) >= figures.FEWEST_FOR_CORRELATION,
        "fewest": figures.FEWEST_FOR_CORRELATION,
        "low_correlation": figures.LOW_CORRELATION,
        "known": _by_exercise(report.known),
        "known_first": list(_most_frequent(report.known).itertuples()),
        "stopped": list(report.stopped.itertuples()),
        "unlike": _unlike(report.unlike),
        "help": list(_help(report)),
        "notes": _notes(report),
        "most_names": _MOST_NAMES,
        "to_grade": (to_grade := list(_to_grade(report))),
        "waiting": sum(len(exercise.waiting) for exercise in to_grade),
    }


def _by_exercise(table: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): list(rows.itertuples()) for name, rows in table.groupby("exercise", sort=False)}


def _most_frequent(known: pd.DataFrame) -> pd.DataFrame:
    return known.sort_values("students", ascending=False, kind="stable").head(_MOST_FREQUENT)


def _unlike(groups: list[Unlike]) -> dict[str, tuple[list[Unlike], int]]:
    """By exercise: the groups that the page shows, and how many more there are."""
    found: dict[str, list[Unlike]] = {}
    for group in groups:
        found.setdefault(group.exercise, []).append(group)
    return {
        name: (all_of_it[:MOST_SHOWN], max(0, len(all_of_it) - MOST_SHOWN))
        for name, all_of_it in found.items()
    }


def _help(report: Report) -> Iterable[Any]:
    """The students who may need help, those with the fewest points first."""
    table = report.students[report.students["may_need_help"]]
    return table.sort_values(["share", "untouched"], ascending=[True, False]).reset_index().itertuples()


def _notes(report: Report) -> list[tuple[str, list[str]]]:
    """The notes on how notebooks were read and run, and on what differs in them from the release, each with
    the students it is about; the most frequent first."""
    found: dict[str, list[str]] = {}
    for submission in report.results.submissions:
        notes = [*submission.notes, *report.differences.get(submission.student, [])]
        for note in dict.fromkeys(notes):
            found.setdefault(note, []).append(submission.student)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


@dataclass(frozen=True)
class ToGrade:
    """An exercise that a person has still to grade: for whom, as (student, id of the formgrader's page)."""

    exercise: str
    notebook: str
    points: float
    waiting: list[tuple[str, str]]


def _to_grade(report: Report) -> Iterable[ToGrade]:
    for exercise in report.results.exercises:
        waiting = [
            (submission.student, submission.pages[exercise.notebook])
            for submission in report.results.submissions
            if submission.answers[exercise.label].score is None
        ]
        if waiting:
            yield ToGrade(exercise.label, exercise.notebook, exercise.points, waiting)
