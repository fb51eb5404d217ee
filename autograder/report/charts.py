"""The charts of the report, as SVG text that stands in the page itself."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .render import percent
from .statistics import BROKEN, KNOWN, OTHER, OUTCOMES, PARTLY, RIGHT, UNTOUCHED, WAITING, Spread

_WIDTH = 4.6  # inches: on a phone the page shrinks a chart, and its text must stay readable
_BLUE, _DARK = "#006BA4", "#333333"
#: Colour and, as the second cue, hatching of each outcome.
_LOOKS = {
    RIGHT: (_BLUE, ""),
    PARTLY: ("#A2C8EC", "////"),
    KNOWN: ("#FFBC79", "...."),
    OTHER: ("#FF800E", "\\\\\\\\"),
    BROKEN: ("#898989", "xxxx"),
    UNTOUCHED: ("#E3E3E3", ""),
    WAITING: ("#FFFFFF", "----"),
}
_WIDE_ENOUGH = 0.06  # of the whole bar: then its percent fits into a segment
_LONGEST_NAME = 20  # characters
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@dataclass(frozen=True)
class Chart:
    """A chart: `svg`, its `title` for those who don't see it, and what it shows in words."""

    svg: str
    title: str
    words: str


def distribution(spread: Spread, possible: float) -> Chart:
    """How many students have which share of the points."""
    figure, axes = _figure(2.6)
    bars = axes.bar(range(10), spread.counts, width=0.9, align="edge", color=_BLUE)
    axes.bar_label(bars, [str(count) if count else "" for count in spread.counts], padding=2)
    axes.set_xticks(range(0, 11, 2), [f"{step * 10}" for step in range(0, 11, 2)])
    axes.set_xlabel(f"percent of the {possible:g} points")
    axes.set_ylabel("students")
    axes.margins(y=0.15)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return Chart(
        _svg(figure, "distribution"), "How many students have which share of the points?", _in_words(spread)
    )


def _in_words(spread: Spread) -> str:
    most = max(spread.counts)
    steps = [f"{10 * step} to {10 * step + 10}" for step, count in enumerate(spread.counts) if count == most]
    low = sum(spread.counts[:5])
    where = steps[0] if len(steps) == 1 else f"{', '.join(steps[:-1])} and {steps[-1]}"
    each = " each" if len(steps) > 1 else ""
    return (
        f"The tallest {'bars are' if each else 'bar is'} at {where} percent, with "
        f"{_students(most)}{each}. {_students(low)} of {spread.students} "
        f"{'has' if low == 1 else 'have'} less than half of the points."
    )


def _students(number: int) -> str:
    return f"{number} student{'' if number == 1 else 's'}"


def outcomes(table: pd.DataFrame) -> Chart:
    """What became of the answers, one bar an exercise; `table` as `exercise_table` gives it."""
    shares = table[[f"share {outcome}" for outcome in OUTCOMES]].set_axis(list(OUTCOMES), axis=1)
    met = [outcome for outcome in OUTCOMES if shares[outcome].any()]
    figure, axes = _figure(0.32 * len(table) + 1.0 + 0.22 * ((len(met) + 1) // 2))
    left = pd.Series(0.0, index=shares.index)
    for outcome in met:
        colour, hatch = _LOOKS[outcome]
        axes.barh(
            range(len(table)),
            shares[outcome] * 100,
            left=left * 100,
            color=colour,
            hatch=hatch,
            edgecolor=_DARK,
            linewidth=0.4,
            label=outcome,
        )
        _write_shares(axes, shares[outcome], left)
        left += shares[outcome]
    axes.set_yticks(range(len(table)), [_short(str(name)) for name in table.index], parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("percent of the students")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, handlelength=2.4, handleheight=1.1)
    return Chart(_svg(figure, "outcomes"), "What became of the answers to each exercise?", _extremes(shares))


def _write_shares(axes: Axes, shares: pd.Series, left: pd.Series) -> None:
    for row, (share, start) in enumerate(zip(shares, left, strict=True)):
        if share >= _WIDE_ENOUGH:
            label = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            axes.text(
                (start + share / 2) * 100,
                row,
                f"{share * 100:.0f}",
                ha="center",
                va="center",
                size=8,
                bbox=label,
            )


def _extremes(shares: pd.DataFrame) -> str:
    graded = shares[shares[WAITING] == 0]
    if graded.empty:
        return "No exercise is graded for every student yet."
    right = graded[RIGHT]
    said = (
        f"The largest share of right answers is {percent(right.max())}, in {_named(right, right.max())}; the "
        f"smallest is {percent(right.min())}, in {_named(right, right.min())}."
    )
    untouched = graded[UNTOUCHED]
    most = untouched.max()
    if most > 0:
        said += f" Left untouched most often: {_named(untouched, most)}, by {percent(most)} of the students."
    return said


def _named(shares: pd.Series, value: float) -> str:
    names: Sequence[str] = [str(name) for name, share in shares.items() if share == value]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=2)
    return figure, axes


def _svg(figure: Figure, salt: str) -> str:
    """The figure as an `svg` element. `salt` keeps the ids of several figures on one page apart."""
    file = io.StringIO()
    # text stays text: small, and sharp at every size
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif"}):
        figure.savefig(file, format="svg", transparent=True, metadata=_NO_METADATA)
    text = file.getvalue()
    # the page names the chart; its numbers, read out one by one, would help nobody
    return text[text.index("<svg") :].replace("<svg ", '<svg aria-hidden="true" ', 1)
