"""What passes between the grader and the sandbox: frames of JSON that hold plain data.

Never pickle: a frame can say what a value is, but can't make the reader run anything. Both sides use
this module; the reading side trusts nothing that it reads.
"""

from __future__ import annotations

import builtins
import datetime as dt
import json
import math
import numbers
import socket
import struct
import time
from collections.abc import Callable, Mapping, Set, ValuesView
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ..check.charts import Chart, Series, as_chart
from .limits import LIMITS

_HEAD = struct.Struct(">I")


class WireError(Exception):
    """The other side went away, was too slow, or sent something that is no frame of ours."""


# ---- frames ------------------------------------------------------------------------------------------


def send(channel: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one message. Raises WireError when nobody reads it within the channel's time-out."""
    body = json.dumps(message).encode()
    try:
        channel.sendall(_HEAD.pack(len(body)) + body)
    except OSError as problem:
        raise WireError(f"can't send: {problem}") from None


def receive(channel: socket.socket, seconds: float | None = None) -> dict[str, Any]:
    """The next message, at the latest after `seconds`. Raises WireError."""
    end = None if seconds is None else time.monotonic() + seconds
    (size,) = _HEAD.unpack(_read(channel, _HEAD.size, end))
    if size > LIMITS.message:
        raise WireError("the message is too large")
    try:
        message = json.loads(_read(channel, size, end))
    except (ValueError, RecursionError):
        raise WireError("the message is damaged") from None
    if not isinstance(message, dict):
        raise WireError("the message is damaged")
    return message


def _read(channel: socket.socket, size: int, end: float | None) -> bytes:
    read = bytearray()
    while len(read) < size:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise WireError("time limit")
        channel.settimeout(left)
        try:
            piece = channel.recv(min(size - len(read), 1 << 20))
        except TimeoutError:
            raise WireError("time limit") from None
        except OSError as problem:
            raise WireError(str(problem)) from None
        if not piece:
            raise WireError("the process ended")
        read += piece
    return bytes(read)


_ARRAYS = (np.ndarray, pd.api.extensions.ExtensionArray)

# ---- values to plain data ----------------------------------------------------------------------------


def pack(value: Any, depth: int = 0) -> dict[str, Any]:
    """`value` as plain data: a dict with a tag `t` and, mostly, a content `v`."""
    if depth > LIMITS.depth:
        return {"t": "opaque", "v": "too deeply nested"}
    for packer in (_pack_scalar, _pack_pandas, _pack_collection):
        if (packed := packer(value, depth)) is not None:
            return packed
    if (chart := as_chart(value)) is not None:
        return {"t": "chart", "v": _pack_chart(chart, depth)}
    if isinstance(value, type(math)):
        return {"t": "module"}
    if callable(value):
        return {"t": "function"}
    return {"t": "opaque", "v": type(value).__name__}


def _pack_scalar(value: Any, _: int) -> dict[str, Any] | None:
    if value is None or value is pd.NA or value is pd.NaT or value is ...:
        return {"t": next(tag for tag, single in _SINGLE.items() if single is value)}
    if isinstance(value, (bool, np.bool_)):
        return {"t": "bool", "v": bool(value)}
    if isinstance(value, (np.timedelta64, dt.timedelta)):
        return {"t": "span", "v": pd.Timedelta(value).isoformat()}
    if isinstance(value, (int, np.integer)):
        return {"t": "int", "v": str(int(value))[:400]}
    if isinstance(value, (numbers.Real, Decimal)):
        return {"t": "float", "v": repr(float(value))}
    if isinstance(value, str):
        return {"t": "str", "v": str(value)[: LIMITS.items]}
    if isinstance(value, (np.datetime64, dt.datetime)):
        return {"t": "time", "v": pd.Timestamp(value).isoformat()}
    if isinstance(value, dt.date):
        return {"t": "date", "v": value.isoformat()}
    if isinstance(value, pd.Period):
        return {"t": "period", "v": str(value), "freq": value.freqstr}
    return None


def _pack_pandas(value: Any, depth: int) -> dict[str, Any] | None:
    if isinstance(value, (pd.Series, pd.DataFrame, pd.Index, *_ARRAYS)) and value.size > LIMITS.items:
        return {"t": "opaque", "v": f"{type(value).__name__} with {value.size} values"}
    if isinstance(value, pd.Index):
        return {"t": "index", "v": _pack_all(value, depth), "names": _pack_all(value.names, depth)}
    if isinstance(value, pd.Series):
        return {
            "t": "series",
            "v": _pack_all(value, depth),
            "index": pack(value.index, depth + 1),
            "name": pack(value.name, depth + 1),
            "dtype": str(value.dtype),
        }
    if isinstance(value, pd.DataFrame):
        columns = [value.iloc[:, place] for place in range(value.shape[1])]
        return {
            "t": "frame",
            "v": [_pack_all(column, depth) for column in columns],
            "index": pack(value.index, depth + 1),
            "columns": pack(value.columns, depth + 1),
            "dtypes": [str(column.dtype) for column in columns],
        }
    if isinstance(value, _ARRAYS):
        return {"t": "array", "v": _pack_all(value.ravel(), depth), "shape": list(value.shape)}
    return None


def _pack_collection(value: Any, depth: int) -> dict[str, Any] | None:
    tags = {list: "list", tuple: "tuple", range: "list"}
    for kind, tag in tags.items():
        if isinstance(value, kind):
            return {"t": tag, "v": _pack_all(value, depth)}
    if isinstance(value, Set):
        return {"t": "set", "v": _pack_all(value, depth)}
    if isinstance(value, Mapping):
        return {"t": "dict", "v": [[pack(k, depth + 1), pack(v, depth + 1)] for k, v in value.items()]}
    if isinstance(value, ValuesView):
        return {"t": "list", "v": _pack_all(value, depth)}
    return None


def _pack_all(values: Any, depth: int) -> list[dict[str, Any]]:
    return [pack(value, depth + 1) for _, value in zip(range(LIMITS.items), values, strict=False)]


def _pack_chart(chart: Chart, depth: int) -> dict[str, Any]:
    series = [
        {"mark": s.mark, "label": s.label, "points": [_pack_all(p, depth) for p in s.points[:50_000]]}
        for s in chart.series[:200]
    ]
    texts = {name: getattr(chart, name) for name in ("title", "xlabel", "ylabel")}
    lists = {name: list(getattr(chart, name))[:200] for name in ("legend", "texts")}
    return {**texts, **lists, "series": series, "bars_from_zero": bool(chart.bars_from_zero)}


# ---- plain data to values ----------------------------------------------------------------------------


class Opaque:
    """Stands for a value that can't be carried. Every use of it is an error that says so."""

    def __init__(self, type_name: str):
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<a value of type {self.type_name}>"

    def __getattr__(self, name: str) -> Any:
        raise TypeError(f"a value of type {self.type_name} can't be checked")

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"a value of type {self.type_name} can't be compared")

    __hash__ = None  # type: ignore[assignment]


def unpack(packed: Any, function: Callable[..., Any] | None = None) -> Any:
    """The value that `pack` made plain; `function` stands in for a function.

    Raises WireError for anything that `pack` does not make.
    """
    try:
        return _unpack(packed, function)
    except WireError:
        raise
    except Exception as problem:
        raise WireError(f"a value could not be read ({type(problem).__name__})") from None


def _unpack(packed: dict[str, Any], function: Callable[..., Any] | None = None) -> Any:
    tag: str = packed["t"]
    content: Any = packed.get("v")
    if tag in _SINGLE:
        return _SINGLE[tag]
    if tag in _SCALARS:
        return _SCALARS[tag](content)
    if tag == "period":
        return pd.Period(content, freq=packed["freq"])
    if tag in _COLLECTIONS:
        return _COLLECTIONS[tag](_unpack(item) for item in content)
    if tag == "dict":
        return {_unpack(key): _unpack(item) for key, item in content}
    if tag == "index":
        return _index(content, [_unpack(name) for name in packed["names"]])
    if tag == "series":
        name = _unpack(packed["name"])
        return _series(content, packed["dtype"], index=_unpack(packed["index"]), name=name)
    if tag == "frame":
        return _frame(packed)
    if tag == "array":
        return _array([_unpack(item) for item in content], [int(length) for length in packed["shape"]])
    if tag == "chart":
        return _chart(content)
    if tag == "function" and function is not None:
        return function
    return Opaque(str(content or tag)[:100])


_SINGLE = {"none": None, "NA": pd.NA, "NaT": pd.NaT, "dots": ...}
_SCALARS: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "time": pd.Timestamp,
    "date": dt.date.fromisoformat,
    "span": pd.Timedelta,
}
_COLLECTIONS: dict[str, Callable[[Any], Any]] = {"list": list, "tuple": tuple, "set": set}
_DTYPES = {"str", "object", "bool", "boolean", "category", "string"}


def _array(values: list[Any], shape: list[int]) -> np.ndarray:
    """Numbers and marks in an array of their own type, all else in one of objects."""
    kinds = {type(value) for value in values}
    if len(kinds) == 1 and kinds <= {int, float, bool}:
        return np.array(values).reshape(shape)
    if kinds == {pd.Timestamp}:
        return np.array(values, dtype="datetime64[ns]").reshape(shape)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def _index(content: list[Any], names: list[Any]) -> pd.Index:
    values = [_unpack(item) for item in content]
    if len(names) > 1:
        return pd.MultiIndex.from_tuples(values, names=names)
    if values == list(range(len(values))) and all(type(value) is int for value in values):
        return pd.RangeIndex(len(values), name=names[0])
    return pd.Index(values, name=names[0])


def _series(content: list[Any], dtype: str, **labels: Any) -> pd.Series:
    values = [_unpack(item) for item in content]
    if dtype in _DTYPES or dtype.lower().startswith(("int", "uint", "float", "datetime64", "timedelta64")):
        try:
            return pd.Series(values, dtype=dtype, **labels)
        except (TypeError, ValueError):
            pass  # the values don't fit the type they claim: pandas finds one that they fit
    return pd.Series(values, **labels)


def _frame(packed: dict[str, Any]) -> pd.DataFrame:
    index = _unpack(packed["index"])
    columns = [
        _series(column, dtype, index=index)
        for column, dtype in zip(packed["v"], packed["dtypes"], strict=True)
    ]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=index)
    frame.columns = _unpack(packed["columns"])
    return frame


def _chart(content: dict[str, Any]) -> Chart:
    series = tuple(
        Series(str(s["mark"]), str(s["label"]), tuple((_unpack(x), _unpack(y)) for x, y in s["points"]))
        for s in content["series"]
    )
    return Chart(
        title=str(content["title"]),
        xlabel=str(content["xlabel"]),
        ylabel=str(content["ylabel"]),
        legend=tuple(map(str, content["legend"])),
        texts=tuple(map(str, content["texts"])),
        series=series,
        bars_from_zero=bool(content["bars_from_zero"]),
    )


_ENDS_OF_LOOPS = ("StopIteration", "StopAsyncIteration")  # a test's loop would end as if all were well


def remote_error(name: str, text: str) -> Exception:
    """The exception that a student's function stopped with, of the same type if that type is Python's own."""
    kind = getattr(builtins, name, None)
    known = isinstance(kind, type) and issubclass(kind, Exception) and name not in _ENDS_OF_LOOPS
    try:
        problem: Exception = kind(text) if known and kind is not None else RuntimeError(text)
    except TypeError:  # a few types want more than a text
        problem = RuntimeError(text)
    problem.remote_name = name  # type: ignore[attr-defined]
    return problem
