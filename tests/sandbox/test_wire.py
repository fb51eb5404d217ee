"""What passes between sandbox and grader is plain data, and survives the way."""

from __future__ import annotations

import datetime as dt
import json
import socket
import struct
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

from autograder.check.views import readings, view
from autograder.sandbox import wire


def sent(value: Any) -> Any:
    """`value` after the way through text."""
    return wire.unpack(json.loads(json.dumps(wire.pack(value))))


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 0, -7, 10**30, 1.5, float("inf"), "é\n", [1, [2, "x"]], (1, 2), {1, 2}),
        {"a": 1, 2: [None]},
        dt.date(2014, 6, 21),
        pd.Timestamp("2014-06-21 12:00"),
        pd.Timedelta(days=5),
        ...,
    ],
)
def test_values(value: Any) -> None:
    assert sent(value) == value


def test_missing_values_keep_their_kind() -> None:
    assert sent(pd.NA) is pd.NA
    assert sent(pd.NaT) is pd.NaT
    assert np.isnan(sent(float("nan")))


def test_pandas() -> None:
    frame = pd.DataFrame(
        {
            "year": [2011, 2012],
            "x": [1.5, np.nan],
            "name": ["a", None],
            "day": pd.to_datetime(["2014-06-21"] * 2),
        }
    )
    assert_frame_equal(sent(frame), frame)
    indexed = frame.set_index(["year", "name"])
    assert_frame_equal(sent(indexed), indexed)
    assert_series_equal(sent(frame["x"]), frame["x"])
    counts = frame["name"].value_counts()
    assert_series_equal(sent(counts), counts)
    assert sent(frame.groupby("year").size()).to_dict() == {2011: 1, 2012: 1}
    assert_frame_equal(sent(pd.DataFrame()), pd.DataFrame())


SAME_VIEW = [
    *(5, 5.5, np.int64(5), np.float32(5), Decimal("5.5"), Fraction(1, 2), True, np.bool_(False), "x", None),
    *(
        pd.NA,
        pd.NaT,
        float("nan"),
        dt.date(2014, 6, 21),
        dt.datetime(2014, 6, 21, 5),
        np.datetime64("2014-06-21"),
    ),
    *(pd.Timestamp("2014-06-21"), pd.Timedelta(days=5), np.timedelta64(5, "D"), pd.Period("2012-10", "M")),
    *([1, "a"], (1, 2), {1, 2}, range(3), np.array([1.5, 2]), np.array(["a"]), np.array([[1, 2], [3, 4]])),
    *({"a": [1, 2]}, {1: {2: 3}}, {(1, "a"): 2}, {"a": 1}.keys(), {"a": 1}.values(), pd.Index(["a"])),
    *(
        pd.Series([1, None]),
        pd.Series(["a"]).values,
        pd.Series(["b", "a"]).unique(),
        pd.Series(["a"]).str.len(),
    ),
    pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
    pd.Series(["a", "b"], dtype="category"),
    pd.Series([1, 2], index=pd.period_range("2012-10", periods=2, freq="M")),
    pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2014-06-21", None])}),
    pd.DataFrame({"a": [1, 2]}).groupby("a").size(),
    pd.crosstab(pd.Series(["a", "b"]), pd.Series(["x", "x"])),
]


@pytest.mark.parametrize("value", SAME_VIEW, ids=lambda value: f"{type(value).__name__} {value!r:.20}")
def test_check_sees_the_same_in_class_and_when_grading(value: Any) -> None:
    for wanted in (None, "list", "mapping"):
        assert readings(view(sent(value), wanted), 2) == readings(view(value, wanted), 2)


def test_arrays() -> None:
    array = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(sent(array), array)
    days = np.array(["2014-06-21"], dtype="datetime64[D]")
    np.testing.assert_array_equal(sent(days), days)
    for texts in (pd.Series(["a", "b"]).values, pd.Series(["a", "b"]).unique(), np.array(["a", "b"], object)):
        assert list(sent(texts)) == ["a", "b"]
    assert list(sent(pd.Series(["a"], dtype="category").unique())) == ["a"]


def test_what_can_not_be_carried_fails_kindly_when_used() -> None:
    found = sent(object())
    assert isinstance(found, wire.Opaque)
    with pytest.raises(TypeError, match="a value of type object can't be compared"):
        _ = found == 1


def test_an_object_that_lies_is_only_data() -> None:
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    found = sent(Liar(3))
    assert type(found) is int
    assert found != 4


@pytest.mark.parametrize(
    "packed",
    [
        {"t": "int", "v": "x"},
        {"t": "frame", "v": [], "index": {"t": "evil"}},
        {"t": "series", "v": 3, "index": None, "name": None, "dtype": "int64"},
        {"v": 1},
        [],
        {"t": "array", "v": [], "shape": [1000000000]},
    ],
)
def test_what_pack_does_not_make_is_refused(packed: Any) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack(packed)


def test_frames_that_are_none_are_refused() -> None:
    for raw in (b"", struct.pack(">I", 2**31), struct.pack(">I", 3) + b"{]}", struct.pack(">I", 2) + b"[]"):
        ours, theirs = socket.socketpair()
        theirs.sendall(raw)
        theirs.close()
        with pytest.raises(wire.WireError):
            wire.receive(ours, 5)
        ours.close()


@pytest.mark.parametrize(
    ("name", "kind"), [("ValueError", ValueError), ("SystemExit", RuntimeError), ("NoSuch", RuntimeError)]
)
def test_a_remote_error_has_the_type_of_the_students(name: str, kind: type) -> None:
    problem = wire.remote_error(name, "text")
    assert type(problem) is kind
    assert problem.remote_name == name  # type: ignore[attr-defined]
