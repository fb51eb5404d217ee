"""Charts as plain data: what is drawn and what is written on a matplotlib `Axes`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MARKS = {
    "line": ("line", "lines"),
    "bar": ("set of bars", "sets of bars"),
    "point": ("set of points", "sets of points"),
}


@dataclass(frozen=True)
class Series:
    """One series of marks: `mark` is a key of `MARKS`, `points` are (x or category, y) pairs."""

    mark: str
    label: str
    points: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class Chart:
    """What a reader sees of one `Axes`. Texts are empty where nothing is written."""

    title: str = ""
    xlabel: str = ""
    ylabel: str = ""
    legend: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    bars_from_zero: bool = True

    def written(self, part: str) -> str:
        """The text of a part: title, xlabel, ylabel, legend (or labels beside every series)."""
        if part == "legend":
            return ", ".join(self.legend) or self._direct_labels()
        return {"title": self.title, "xlabel": self.xlabel, "ylabel": self.ylabel}[part]

    def _direct_labels(self) -> str:
        names = [series.label for series in self.series]
        beside = " ".join(self.texts)
        return ", ".join(names) if names and all(n and n in beside for n in names) else ""

    def summary(self) -> str:
        """For feedback: "2 lines", "1 set of bars", "nothing drawn"."""
        counts = {mark: sum(s.mark == mark for s in self.series) for mark in MARKS}
        parts = [f"{number} {MARKS[mark][number > 1]}" for mark, number in counts.items() if number]
        return " and ".join(parts) or "nothing drawn"


def as_chart(value: Any) -> Chart | None:
    """`value` as a chart: an Axes, a Figure with one Axes, or an array that holds one; else None."""
    if isinstance(value, Chart):
        return value
    if "matplotlib.axes" not in sys.modules:  # without matplotlib there is no chart to read
        return None
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if isinstance(value, Figure):
        return _read(value.axes[0]) if len(value.axes) == 1 else None
    if isinstance(value, Axes):
        return _read(value)
    if type(value).__name__ == "ndarray" and value.size == 1:
        return as_chart(value.item())
    if isinstance(value, Sequence) and not isinstance(value, str):
        owners = [getattr(artist, "axes", None) for artist in value]
        if owners and all(isinstance(owner, Axes) and owner is owners[0] for owner in owners):
            return _read(owners[0])
    return None


def _read(axes: Any) -> Chart:
    legend = axes.get_legend()
    bars = _bars(axes)
    low, high = sorted(axes.get_ylim() if not _horizontal(axes) else axes.get_xlim())
    return Chart(
        title=_title(axes),
        xlabel=axes.get_xlabel().strip(),
        ylabel=axes.get_ylabel().strip(),
        legend=tuple(text.get_text() for text in legend.get_texts()) if legend else (),
        texts=tuple(text.get_text() for text in axes.texts),
        series=(*_lines(axes), *bars, *_points(axes)),
        bars_from_zero=not bars or low <= 0 <= high,
    )


def _title(axes: Any) -> str:
    titles = [axes.get_title(loc=place) for place in ("center", "left", "right")]
    over = axes.figure.get_suptitle() if hasattr(axes.figure, "get_suptitle") else ""
    return " ".join(part for part in (*titles, over) if part).strip()


def _lines(axes: Any) -> list[Series]:
    found = []
    for line in axes.lines:
        if line.get_transform() != axes.transData:  # a helper line such as axvline, not data
            continue
        mark = "point" if line.get_linestyle() in ("None", " ", "") else "line"
        points = zip(line.get_xdata(orig=True), line.get_ydata(orig=True), strict=True)
        found.append(Series(mark, _label(line), tuple(points)))
    return found


def _horizontal(axes: Any) -> bool:
    return any(getattr(c, "orientation", None) == "horizontal" for c in axes.containers)


def _bars(axes: Any) -> list[Series]:
    found = []
    for container in axes.containers:
        if type(container).__name__ != "BarContainer":
            continue
        flat = container.orientation == "horizontal"
        axis = axes.yaxis if flat else axes.xaxis
        points = []
        for bar in container.patches:
            middle = bar.get_y() + bar.get_height() / 2 if flat else bar.get_x() + bar.get_width() / 2
            points.append((_category(axis, middle), bar.get_width() if flat else bar.get_height()))
        found.append(Series("bar", _label(container), tuple(points)))
    return found


def _category(axis: Any, position: float) -> Any:
    """The name under a bar where the axis has names, else the bar's position."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedLocator

    formatter = axis.get_major_formatter()
    if isinstance(formatter, StrCategoryFormatter):
        return formatter(round(position))
    if isinstance(axis.get_major_locator(), FixedLocator):
        places = [float(place) for place in axis.get_majorticklocs()]
        names = dict(zip(places, formatter.format_ticks(places), strict=True))
        nearest = min(names, key=lambda place: abs(place - position), default=position + 1)
        if abs(nearest - position) < 0.5:
            return _number_or_text(names[nearest])
    return round(float(position), 6)


def _number_or_text(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return text


def _points(axes: Any) -> list[Series]:
    from matplotlib.collections import PathCollection

    groups = [group for group in axes.collections if isinstance(group, PathCollection)]
    found = []
    for group in groups:
        places = np.asarray(group.get_offsets())
        found.append(Series("point", _label(group), tuple((float(x), float(y)) for x, y in places)))
    return found


def _label(artist: Any) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else label
