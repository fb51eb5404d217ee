"""The report's statistics, against a textbook and against a class whose every point is known."""

from __future__ import annotations

import json
import math
import statistics as plain
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from autograder.report import statistics as figures
from autograder.report.page import Report, make_report

if TYPE_CHECKING:
    from conftest import GradedClass

# Seven questions answered in 30 departments: Chatterjee and Price, Regression Analysis by Example (Wiley
# 1977), section 3.7; the data set `attitude` of R.
ATTITUDE = {
    "rating": "43 63 71 61 81 43 58 71 72 67 64 67 69 68 77 81 74 65 65 50 50 64 53 40 63 66 78 48 85 82",
    "complaints": "51 64 70 63 78 55 67 75 82 61 53 60 62 83 77 90 85 60 70 58 40 61 66 37 54 77 75 57 85 82",
    "privileges": "30 51 68 45 56 49 42 50 72 45 53 47 57 83 54 50 64 65 46 68 33 52 52 42 42 66 58 44 71 39",
    "learning": "39 54 69 47 66 44 56 55 67 47 58 39 42 45 72 72 69 75 57 54 34 62 50 58 48 63 74 45 71 59",
    "raises": "61 63 76 54 71 54 66 70 71 62 58 59 55 59 79 60 79 55 75 64 43 66 63 50 66 88 80 51 77 64",
    "critical": "92 73 86 84 83 49 68 66 83 80 67 74 63 77 77 54 79 80 85 78 64 80 80 57 75 76 78 83 74 78",
    "advance": "45 47 48 35 47 34 35 41 31 41 34 41 25 35 46 36 63 60 46 52 33 41 37 49 33 72 49 38 55 39",
}
# The column r.drop that R's package psych prints for it: `alpha(attitude)` (Revelle, An introduction to the
# psych package).
R_DROP = {
    "rating": 0.67,
    "complaints": 0.74,
    "privileges": 0.56,
    "learning": 0.71,
    "raises": 0.79,
    "critical": 0.27,
    "advance": 0.46,
}


def test_item_rest_correlation_as_in_the_textbook() -> None:
    data = pd.DataFrame({name: [int(n) for n in row.split()] for name, row in ATTITUDE.items()})
    assert figures.item_rest(data).round(2).to_dict() == R_DROP


def test_item_rest_is_missing_where_nothing_varies() -> None:
    same_for_all = pd.DataFrame({"a": [1, 1, 1], "b": [0, 1, 1], "c": [1, 0, 1]})
    found = figures.item_rest(same_for_all)
    assert math.isnan(found["a"])
    assert found["b"] == pytest.approx(-0.5)
    assert figures.item_rest(same_for_all[["b"]]).isna().all()
    tenths = pd.DataFrame({"a": [0, 1, 2], "b": [0.1, 0.3, 0.2], "c": [0.7, 0.5, 0.6]})
    assert math.isnan(figures.item_rest(tenths)["a"])  # b + c is the same, but for what floats lose


def test_spread_counts_every_share_once_and_on_the_right_side_of_an_edge() -> None:
    spread = figures.spread(pd.Series([0.0, 0.3 - 0.2, 0.1 + 0.2, 0.95, 1.0, 1.1, np.nan]))
    assert spread.counts == (1, 1, 0, 1, 0, 0, 0, 0, 0, 3)
    assert spread.students == 6


# ---- a class of 300 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(graded_class: GradedClass) -> Report:
    return make_report(graded_class.course, graded_class.assignment)


@pytest.fixture(scope="module")
def known(graded_class: GradedClass) -> pd.DataFrame:
    """What an honest teacher gives: one row a student, one column an exercise."""
    rows = {pupil.name: pupil.points_by_exercise for pupil in graded_class.pupils}
    return pd.DataFrame.from_dict(rows, orient="index")


@pytest.fixture(scope="module")
def worth(graded_class: GradedClass) -> pd.Series:
    """The points of each exercise that grades itself, by the author's notebook."""
    name = graded_class.assignment
    source = graded_class.course.source(name) / f"{name}.ipynb"
    marks = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(source.read_text("utf-8"))["cells"]]
    tests = {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade") and not mark["solution"]}
    return pd.Series({grade_id.removesuffix("_check"): float(points) for grade_id, points in tests.items()})


def test_scores_of_a_known_class(report: Report, known: pd.DataFrame, worth: pd.Series) -> None:
    table = report.students
    assert table["score"].to_dict() == known.sum(axis=1).to_dict()
    assert set(table["possible"]) == {worth.sum()}

    shares = [points / worth.sum() for points in known.sum(axis=1)]
    spread = report.spread
    assert spread is not None
    assert spread.students == len(known)
    assert spread.mean == pytest.approx(plain.fmean(shares))
    quartiles = plain.quantiles(shares, n=4, method="inclusive")
    assert [spread.lower_quartile, spread.median, spread.upper_quartile] == pytest.approx(quartiles)
    tenths = Counter(min(9, int(10 * points // worth.sum())) for points in known.sum(axis=1))
    assert spread.counts == tuple(tenths[step] for step in range(10))


def test_difficulty_and_discrimination_of_a_known_class(
    report: Report, known: pd.DataFrame, worth: pd.Series
) -> None:
    table = report.exercises.loc[list(worth.index)]
    assert table["points"].to_dict() == worth.to_dict()
    assert table["mean_share"].to_dict() == pytest.approx((known.mean() / worth).to_dict())
    for name in worth.index:
        item = known[name].to_numpy()
        rest = known.sum(axis=1).to_numpy() - item
        covariance = ((item - item.mean()) * (rest - rest.mean())).mean()
        expected = covariance / (item.std() * rest.std())
        assert table.loc[name, "item_rest"] == pytest.approx(expected)
        assert 0.1 < expected < 0.9  # a class in which nothing goes with anything would prove little


def test_untouched_and_broken_answers_of_a_known_class(
    report: Report, graded_class: GradedClass, worth: pd.Series
) -> None:
    pupils, table = graded_class.pupils, report.exercises
    for name in worth.index:
        untouched = sum(pupil.kinds[name] == "untouched" for pupil in pupils)
        right = sum(pupil.kinds[name] == "right" for pupil in pupils)
        assert table.loc[name, "untouched"] == pytest.approx(untouched / len(pupils))
        assert table.loc[name, "share right"] == pytest.approx(right / len(pupils))
    stopped = _stopped(graded_class)
    assert sum(stopped.values()) > 100
    for name in worth.index:
        assert table.loc[name, "broken"] == pytest.approx(stopped[name] / len(pupils))
    assert report.stopped.groupby("exercise")["students"].sum().to_dict() == stopped


def _stopped(graded_class: GradedClass) -> Counter[str]:
    """How many answers show an error as their output, counted in the graded notebooks."""
    found: Counter[str] = Counter()
    for pupil in graded_class.pupils:
        folder = graded_class.course.autograded(pupil.name, graded_class.assignment)
        for cell in json.loads((folder / f"{graded_class.assignment}.ipynb").read_text("utf-8"))["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            errors = [out for out in cell.get("outputs", []) if out["output_type"] == "error"]
            found[name] += bool(errors) and name in pupil.kinds
    return +found


def test_every_known_mistake_is_counted(report: Report, graded_class: GradedClass) -> None:
    expected = Counter(
        (exercise, hint) for pupil in graded_class.pupils for exercise, hint in pupil.hints.items()
    )
    rows = {(row.exercise, row.hint): row.students for row in report.known.itertuples()}
    assert rows == dict(expected)
    assert report.known["share"].sum() == pytest.approx(expected.total() / len(graded_class.pupils))
    assert report.unlike == []  # every wrong answer of this class is one that has a hint


def test_who_may_need_help_is_told_by_the_rule_alone(
    report: Report, graded_class: GradedClass, worth: pd.Series
) -> None:
    exercises = len(worth) + 1  # and a written one
    expected = {
        pupil.name
        for pupil in graded_class.pupils
        if pupil.points / worth.sum() < 1 / 2
        or [*pupil.kinds.values(), "" if pupil.wrote else "untouched"].count("untouched") / exercises >= 1 / 3
    }
    assert 0 < len(expected) < len(graded_class.pupils)
    assert set(report.students.index[report.students["may_need_help"]]) == expected


def test_written_answers_wait_until_all_are_graded(report: Report, graded_class: GradedClass) -> None:
    wrote = sum(pupil.wrote for pupil in graded_class.pupils)
    assert report.students["waiting"].sum() == wrote
    row = report.exercises.loc["fair_word"]
    assert row["graded"] == len(graded_class.pupils) - wrote
    assert math.isnan(row["mean_share"])
    assert math.isnan(row["item_rest"])
