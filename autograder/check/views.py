"""Views: one plain form for every value that says the same thing.

`75`, `75.0` and `np.int64(75)` are one number; a Series, a dict and a one-column DataFrame with the
same content are one mapping. Answers are compared by their views, never by their Python types.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Iterable, Iterator, Mapping, Set, ValuesView
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from .charts import Chart, as_chart

#: What a student is told that they have, by kind of view.
KINDS = {
    "number": "a number",
    "text": "text",
    "truth": "True or False",
    "date": "a date",
    "duration": "a length of time",
    "missing": "a missing value",
    "list": "a list of values",
    "mapping": "labelled values (a Series or a dict)",
    "table": "a table (a DataFrame)",
    "chart": "a chart (matplotlib Axes)",
    "function": "a function",
    "sentence": "a sentence (text)",
    "unanswered": "no answer yet",
    "other": "something else",
}

_AT_MOST = 16  # readings of one value that lies on a rounding edge; more are never needed


@dataclass(frozen=True)
class View:
    """A value without its Python type.

    `kind` is a key of `KINDS`. `content` is, by kind: a number; normalised text; a bool; an ISO date;
    days; None; a tuple of views; a tuple of (view, view) pairs; (column names, rows of views); a `Chart`;
    the function itself; or the name of the type.
    """

    kind: str
    content: Any


def view(value: Any, wanted: str | None = None) -> View:
    """The view of `value`, read as the kind `wanted` where the value allows that reading."""
    if wanted == "list" and (items := _items(value)) is not None:
        return View("list", tuple(view(item) for item in items))
    if wanted == "mapping" and (pairs := _pairs(value)) is not None:
        return View("mapping", tuple((view(label), view(item)) for label, item in pairs))
    if wanted == "chart" and (chart := as_chart(value)) is not None:
        return View("chart", chart)
    if wanted == "sentence" and isinstance(value, str):
        return View("sentence", str(value))
    return _natural(value)


def _natural(value: Any) -> View:
    if value is ... or value is NotImplemented:
        return View("unanswered", None)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    for read in (_scalar, _collection):
        if (found := read(value)) is not None:
            return found
    if (chart := as_chart(value)) is not None:
        return View("chart", chart)
    if callable(value):
        return View("function", value)
    return View("other", getattr(value, "type_name", type(value).__name__))


def _scalar(value: Any) -> View | None:
    if isinstance(value, (bool, np.bool_)):
        return View("truth", bool(value))
    if value is None or value is pd.NA or value is pd.NaT:
        return View("missing", None)
    if isinstance(value, (np.datetime64, dt.datetime, dt.date)):
        return _date(value)
    if isinstance(value, (np.timedelta64, dt.timedelta)):
        return View("duration", pd.Timedelta(value) / pd.Timedelta(days=1))
    if isinstance(value, pd.Period):
        return View("text", str(value))
    if isinstance(value, numbers.Integral):
        return View("number", int(value))
    if isinstance(value, (numbers.Real, Decimal)):
        number = float(value)
        return View("missing", None) if math.isnan(number) else View("number", number)
    if isinstance(value, str):
        return View("text", " ".join(value.split()).casefold())
    return None


def _date(value: Any) -> View:
    moment = pd.Timestamp(value)
    if moment is pd.NaT:
        return View("missing", None)
    at_midnight = moment == moment.normalize()
    return View("date", moment.date().isoformat() if at_midnight else moment.isoformat())


def _collection(value: Any) -> View | None:
    if isinstance(value, pd.DataFrame):
        return View("table", _table(value))
    if isinstance(value, (pd.Series, Mapping)):
        return view(value, "mapping")
    if _items(value) is not None:
        return view(value, "list")
    return None


def _items(value: Any) -> Iterable[Any] | None:
    """The values of anything list-like, or None."""
    if isinstance(value, (list, tuple, range, Set, ValuesView, pd.Index, pd.Series)):
        return list(value)
    if isinstance(value, (np.ndarray, pd.api.extensions.ExtensionArray)) and value.ndim == 1:
        return list(value)
    if isinstance(value, pd.DataFrame) and value.shape[1] == 1:
        return list(value.iloc[:, 0])
    return None


def _pairs(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """The (label, value) pairs of anything that labels its values, or None."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, pd.Series):
        return list(zip(value.index, value, strict=True))
    if isinstance(value, pd.DataFrame):
        if value.shape[1] == 1:
            return _pairs(value.iloc[:, 0])
        if value.shape[1] == 2 and isinstance(value.index, pd.RangeIndex):
            return list(zip(value.iloc[:, 0], value.iloc[:, 1], strict=True))
    return None


def _table(frame: pd.DataFrame) -> tuple[tuple[str, ...], tuple[tuple[View, ...], ...]]:
    """(column names in alphabetical order, rows): an index with meaning counts as columns."""
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    names = [" ".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in frame.columns]
    order = sorted(range(len(names)), key=lambda i: names[i])
    rows = tuple(tuple(view(row[i]) for i in order) for row in frame.itertuples(index=False, name=None))
    return tuple(names[i] for i in order), rows


# ---- readings: the texts that stand for a view at a given number of decimals -------------------------


def readings(seen: View, decimals: int, ordered: bool = False) -> set[str]:
    """The texts that stand for `seen`, rounded to `decimals`.

    Mostly one. A number on a rounding edge has two (2.5 may be written as 2 or 3), so that an honest way
    of rounding never decides about an answer.
    """
    if seen.kind == "number":
        return {f"n{grid}" for grid in _grid(seen.content, decimals)}
    if seen.kind == "duration":
        return {f"d{grid}" for grid in _grid(seen.content, decimals)}
    if seen.kind == "list":
        parts = (readings(item, decimals, ordered) for item in seen.content)
        return {_joined("list", combo, ordered) for combo in _combinations(parts)}
    if seen.kind == "mapping":
        pairs = (pair_readings(label, item, decimals, ordered) for label, item in seen.content)
        return {_joined("map", combo, ordered) for combo in _combinations(pairs)}
    if seen.kind == "table":
        columns, rows = seen.content
        parts = (row_readings(row, decimals, ordered) for row in rows)
        return {"|".join(columns) + _joined("rows", c, ordered) for c in _combinations(parts)}
    if seen.kind == "chart":
        series = (readings(mark, decimals, ordered=True) for mark in chart_marks(seen.content))
        return {_joined("chart", combo, False) for combo in _combinations(series)}
    if seen.kind == "function":
        return {"function"}  # one function where another kind is asked is like any other
    return {f"{seen.kind}:{seen.content}"}


def pair_readings(label: View, item: View, decimals: int, ordered: bool = False) -> set[str]:
    """The readings of one labelled value. Labels are compared exactly."""
    return {f"{key}={text}" for key in readings(label, 6) for text in readings(item, decimals, ordered)}


def row_readings(row: tuple[View, ...], decimals: int, ordered: bool = False) -> set[str]:
    """The readings of one row of a table."""
    cells = (readings(cell, decimals, ordered) for cell in row)
    return {_joined("row", combo, ordered=True) for combo in _combinations(cells)}


def chart_marks(chart: Chart) -> list[View]:
    """What is drawn, one view a series of marks: kind of mark, then the points in the order of x."""
    marks = []
    for series in chart.series:
        points = [(view(x), view(y)) for x, y in series.points]
        drawn = [View("list", pair) for pair in points if pair[1].kind != "missing"]
        drawn.sort(key=lambda point: sorted(readings(point, 6, ordered=True))[0])
        marks.append(View("list", (View("text", series.mark), *drawn)))
    return marks


def _grid(number: float, decimals: int) -> set[int]:
    """The whole numbers of units in the last decimal that `number` may be rounded to."""
    if isinstance(number, int):
        return {number * 10**decimals}
    if math.isinf(number):
        return {int(math.copysign(10**18, number))}
    scaled = number * 10**decimals
    edge = max(1e-6, abs(scaled) * 1e-12)
    return {math.floor(scaled + 0.5 - edge), math.floor(scaled + 0.5 + edge)}


def _combinations(parts: Iterable[set[str]]) -> Iterator[tuple[str, ...]]:
    for count, combo in enumerate(product(*(sorted(part) for part in parts))):
        if count == _AT_MOST:
            return
        yield combo


def _joined(kind: str, texts: Iterable[str], ordered: bool) -> str:
    return f"{kind}({';'.join(texts if ordered else sorted(texts))})"


# ---- numbers inside a sentence -----------------------------------------------------------------------

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


def numbers_in(sentence: str) -> list[float]:
    """The numbers in a sentence, without signs ("fell by 52.1 %" and "-52.1 %" say one thing)."""
    return [float(found.replace(",", "")) for found in _NUMBER.findall(sentence)]


# ---- words for what a student has --------------------------------------------------------------------


def describe(value: Any) -> str:
    """A short phrase that says what `value` is, for feedback."""
    seen = view(value)
    if seen.kind == "unanswered":
        return "`...`"
    if seen.kind == "number":
        return _figure(seen.content)
    if seen.kind in ("truth", "missing", "date"):
        return str(value)
    if seen.kind == "text":
        return f"the text {short(str(value))!r}"
    if seen.kind == "duration":
        return f"a length of time ({value})"
    if seen.kind == "list":
        return f"{_count(len(seen.content), 'value')}: {_some(value)}"
    if seen.kind == "mapping":
        pairs = [f"{_plain(label)}: {_plain(item)}" for label, item in _pairs(value) or ()]
        return f"{_count(len(pairs), 'labelled value')} ({_first(pairs)})"
    if seen.kind == "table":
        rows, columns = value.shape
        return f"a table of {_count(rows, 'row')} and {_count(columns, 'column')}"
    if seen.kind == "chart":
        return f"a chart with {seen.content.summary()}"
    if seen.kind == "function":
        return "a function"
    return f"a value of type {seen.content}"


def _figure(number: float) -> str:
    """A number with as many decimals as help: 4, and more only for small ones."""
    if isinstance(number, int) or math.isinf(number):
        return str(number)
    text = f"{number:.4f}" if abs(number) >= 0.01 else f"{number:.4g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _plain(value: Any) -> str:
    """A value as a beginner would write it: NumPy's wrappers are left out."""
    seen = view(value)
    if seen.kind == "number":
        return _figure(seen.content)
    return short(str(value), 30)


def _some(value: Any) -> str:
    return _first([_plain(item) for item in _items(value) or ()])


def _first(texts: list[str], most: int = 6) -> str:
    return ", ".join(texts[:most]) + (", ..." if len(texts) > most else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def short(text: str, most: int = 60) -> str:
    """`text`, cut off with dots where it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 3] + "..."
