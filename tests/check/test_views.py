"""One plain form for every value that says the same thing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.check.views import describe, numbers_in, readings, view


@pytest.mark.parametrize("value", [75, 75.0, np.int64(75), np.float32(75), Decimal(75), np.array(75)])
def test_a_number_is_a_number(value: Any) -> None:
    assert readings(view(value), 2) == {"n7500"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "truth"),
        (np.bool_(False), "truth"),
        (None, "missing"),
        (float("nan"), "missing"),
        (pd.NA, "missing"),
        (pd.NaT, "missing"),
        ("text", "text"),
        (dt.date(2014, 6, 21), "date"),
        (pd.Timestamp("2014-06-21"), "date"),
        (np.datetime64("2014-06-21"), "date"),
        (pd.Timedelta(days=5), "duration"),
        ([1, 2], "list"),
        (np.array([1, 2]), "list"),
        ({"a": 1}, "mapping"),
        (pd.Series([1]), "mapping"),
        (pd.DataFrame({"a": [1], "b": [2], "c": [3]}), "table"),
        (len, "function"),
        (..., "unanswered"),
        (object(), "other"),
    ],
)
def test_kinds(value: Any, kind: str) -> None:
    assert view(value).kind == kind


SAME_MAPPING = [
    {2012: 1.5, 2013: 2.5},
    pd.Series({2012: 1.5, 2013: 2.5}),
    pd.Series({2013: 2.5, 2012: 1.5}, name="share"),
    pd.Series({2012: 1.5, 2013: 2.5}).to_frame(),
    pd.DataFrame({"year": [2012, 2013], "share": [1.5, 2.5]}),
    {np.int64(2012): np.float64(1.5), 2013.0: Decimal("2.5")},
]


@pytest.mark.parametrize("value", SAME_MAPPING)
def test_series_dict_and_frame_with_the_same_content_are_one_answer(value: Any) -> None:
    assert readings(view(value, "mapping"), 1) == readings(view(SAME_MAPPING[0], "mapping"), 1)


@pytest.mark.parametrize(
    "value", [[2013, 2014], (2014, 2013), {2013, 2014}, pd.Series([2013, 2014]), pd.Index([2014, 2013])]
)
def test_lists_without_order(value: Any) -> None:
    assert readings(view(value, "list"), 0) == {"list(n2013;n2014)"}


def test_order_counts_only_if_asked() -> None:
    there, back = view([1, 2]), view([2, 1])
    assert readings(there, 0) == readings(back, 0)
    assert readings(there, 0, ordered=True) != readings(back, 0, ordered=True)


@pytest.mark.parametrize(
    ("number", "grids"), [(0.25, {2, 3}), (0.249, {2}), (0.2500000001, {2, 3}), (-0.25, {-3, -2})]
)
def test_a_number_on_the_edge_may_be_rounded_both_ways(number: float, grids: set[int]) -> None:
    assert readings(view(number), 1) == {f"n{grid}" for grid in grids}


def test_text_ignores_case_and_spaces() -> None:
    assert view("  Sunday ").content == view("sunday").content


def test_a_table_ignores_the_order_of_its_columns_and_keeps_an_index_with_meaning() -> None:
    table = pd.DataFrame({"b": [1, 2], "a": ["x", "y"], "c": [0, 0]})
    assert readings(view(table), 0) == readings(view(table[["a", "c", "b"]]), 0)
    assert readings(view(table), 0) == readings(view(table.set_index("a")), 0)
    assert readings(view(table), 0) != readings(view(table.assign(b=[1, 3])), 0)


def test_numbers_in_a_sentence() -> None:
    assert numbers_in("From 2011 to 2013 it fell by 52.1 % (-52.1), from 2,537 barrels.") == [
        *(2011, 2013, 52.1, 52.1, 2537)
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (57, "57"),
        (-53.33646027, "-53.3365"),
        (2104199.0, "2104199"),
        (0.00012345, "0.0001234"),
        ("57", "the text '57'"),
        ([1, 2], "2 values: 1, 2"),
        (pd.Series({"US": np.int64(24)}), "1 labelled value (US: 24)"),
        (pd.DataFrame({"a": [1, 2], "b": [1, 2], "c": [1, 2]}), "a table of 2 rows and 3 columns"),
        (pd.Timedelta(days=5), "a length of time (5 days 00:00:00)"),
    ],
)
def test_what_a_student_has_in_words(value: Any, words: str) -> None:
    assert describe(value) == words
