"""Charts: what is drawn and written decides, not how it was drawn."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from autograder.check.charts import as_chart
from autograder.check.keys import Asked, Key, compare, seal

mpl.use("agg")
TABLE = pd.DataFrame({"year": [2011, 2012, 2013], "eia": [3.0, 2.0, 1.0], "opec": [3.5, 2.5, 1.5]})
NEEDS = Asked(decimals=1, needs=("title", "xlabel", "ylabel", "legend"), mentions={"ylabel": ("barrel",)})


@pytest.fixture(autouse=True)
def _close_figures() -> Any:
    yield
    plt.close("all")


def with_pandas() -> Any:
    return TABLE.plot(x="year", y=["eia", "opec"], title="t", xlabel="Year", ylabel="Barrels")


def with_matplotlib() -> Any:
    _, axes = plt.subplots()
    axes.plot(TABLE["year"], TABLE["opec"], label="OPEC")
    axes.plot(TABLE["year"], TABLE["eia"], label="EIA")
    axes.set(title="t", xlabel="Year", ylabel="barrels a day")
    axes.legend()
    axes.axvline(2012)
    return axes


def with_labels_at_the_lines() -> Any:
    axes = with_matplotlib()
    axes.get_legend().remove()
    axes.text(2013, 1.5, "OPEC")
    axes.text(2013, 1.0, "EIA")
    return axes


def line_key() -> Key:
    return seal("x", with_pandas(), NEEDS, "salt")


@pytest.mark.parametrize("draw", [with_pandas, with_matplotlib, with_labels_at_the_lines])
def test_one_chart_drawn_in_several_ways(draw: Any) -> None:
    axes = draw()
    assert compare(line_key(), axes).message == "x: right. You have a chart with 2 lines."
    assert compare(line_key(), axes.figure).right


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda axes: axes.set_title(""), "It needs a title."),
        (lambda axes: axes.set_ylabel("a lot"), "y-axis label that names barrel"),
        (lambda axes: axes.get_legend().remove(), "It needs a legend."),
        (lambda axes: axes.lines[0].remove(), "What is drawn is not what is asked."),
        (lambda axes: axes.plot([2011, 2012], [1, 2]), "What is drawn is not what is asked."),
    ],
)
def test_what_a_chart_lacks(change: Any, message: str) -> None:
    axes = with_matplotlib()
    change(axes)
    assert message in compare(line_key(), axes).message


def test_bars_have_names_whatever_drew_them() -> None:
    counts = pd.Series({"US": 24, "EU": 9})
    key = seal("x", counts.plot.bar(), Asked(needs=()), "salt")
    _, axes = plt.subplots()
    axes.bar(["EU", "US"], [9, 24])
    assert compare(key, axes).right
    _, axes = plt.subplots()
    axes.barh(["EU", "US"], [9, 24])
    assert compare(key, axes).right


def test_bars_that_do_not_start_at_zero_mislead() -> None:
    counts = pd.Series({"US": 24, "EU": 9})
    key = seal("x", counts.plot.bar(), Asked(needs=()), "salt")
    axes = counts.plot.bar()
    axes.set_ylim(5, 30)
    assert "Bars must start at zero" in compare(key, axes).message


@pytest.mark.parametrize("make", [lambda: plt.subplots(), lambda: plt.plot([1, 2]), lambda: None])
def test_what_beginners_keep_instead_of_the_axes(make: Any) -> None:
    value = make()
    chart = as_chart(value)
    lines_have_axes = isinstance(value, list)
    assert (chart is not None) == lines_have_axes
