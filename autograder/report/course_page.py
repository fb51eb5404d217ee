"""The instructor's page on the whole course: all graded assignments side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..course import Course
from ..errors import CourseError
from . import statistics as figures
from .collect import graded_assignments
from .page import FOLDER, FORMGRADER, Report, make_report, write_page, write_report
from .render import render
from .tables import write_csv

PAGE = "index.html"

_HARDEST = 12  # exercises that the page names
_MOST_STUDENTS = 200  # rows that stand open on the page


def write_course_report(course: Course, formgrader: str = FORMGRADER) -> Path:
    """Write the page of every graded assignment, and the course's page with its tables into `reports/`; the
    path of the course's page. Raises CourseError where nothing has been graded yet."""
    names = graded_assignments(course)
    if not names:
        raise CourseError("Nothing has been graded yet. Run `autograder grade A` first.")
    overview = Overview()
    for name in names:  # one after the other: the answers of a large class fill memory
        report = make_report(course, name)
        write_report(course, report, formgrader)
        overview.add(report)
    return overview.write(course.root / FOLDER)


@dataclass(frozen=True)
class _Row:
    """One assignment on the course's page."""

    name: str
    submissions: int
    missing: int
    median: float
    untouched: float
    may_need_help: int
    waiting: int


class Overview:
    """The figures of several assignments, each added by its report."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._students: list[pd.DataFrame] = []
        self._exercises: list[pd.DataFrame] = []

    def add(self, report: Report) -> None:
        results, students, spread = report.results, report.students, report.spread
        self._rows.append(
            _Row(
                results.assignment,
                len(results.submissions),
                len(results.missing),
                spread.median if spread else np.nan,
                float(report.answers["untouched"].mean()),
                int(students["may_need_help"].sum()),
                int(students["waiting"].sum()),
            )
        )
        self._students.append(students.assign(assignment=results.assignment).reset_index())
        graded = report.exercises[report.exercises.index.isin(figures.counting(report.answers))]
        self._exercises.append(graded.assign(assignment=results.assignment).reset_index())

    @property
    def students(self) -> pd.DataFrame:
        """One row a student and assignment: as `student_table` gives it, with `assignment`."""
        return pd.concat(self._students, ignore_index=True)

    @property
    def hardest(self) -> pd.DataFrame:
        """The exercises with the lowest mean share of the points, the hardest first."""
        exercises = pd.concat(self._exercises, ignore_index=True)
        return exercises.sort_values("mean_share", kind="stable").head(_HARDEST)

    @property
    def shares(self) -> pd.DataFrame:
        """One row a student, one column an assignment: the share of the points; missing where nothing was
        handed in."""
        matrix = self.students.pivot(index="student", columns="assignment", values="share")
        return matrix[[row.name for row in self._rows]]

    def write(self, folder: Path) -> Path:
        """Write the page and its tables into `folder`; the path of the page."""
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(pd.DataFrame(self._rows), folder / "assignments.csv")
        first = self.students.columns.drop("assignment")
        write_csv(self.students[["assignment", *first]], folder / "students.csv")
        page = folder / PAGE
        write_page(page, render("report_course.html.j2", self._context()))
        return page

    def _context(self) -> dict[str, Any]:
        students = _student_rows(self.students, self.shares)
        return {
            "title": "Report on the course",
            "made": datetime.now().astimezone(),
            "rows": self._rows,
            "hardest": list(self.hardest.itertuples()),
            "students": students[:_MOST_STUDENTS],
            "more_students": students[_MOST_STUDENTS:],
        }


@dataclass(frozen=True)
class _StudentRow:
    """One student: shares by assignment (missing: NaN), and in how many assignments help may be needed."""

    student: str
    name: str
    shares: Sequence[float]
    may_need_help: int


def _student_rows(students: pd.DataFrame, shares: pd.DataFrame) -> list[_StudentRow]:
    groups = students.groupby("student")
    names, help_needed = groups["name"].first(), groups["may_need_help"].sum()
    return [
        _StudentRow(str(student), str(names[student]), list(row), int(help_needed[student]))
        for student, row in zip(shares.index, shares.to_numpy(), strict=True)
    ]
