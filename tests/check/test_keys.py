"""Sealed keys: right answers pass, mistakes are recognised, and the answer is nowhere to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.check.keys import (
    OVER_100,
    SIGN,
    TIMES_100,
    Asked,
    Key,
    add_mistake,
    compare,
    dump,
    load,
    mistake_of,
    seal,
    seal_function,
    slips,
)


def key_of(answer: Any, **asked: Any) -> Key:
    return seal("x", answer, Asked(**asked), "salt")


@pytest.mark.parametrize("answer", [-53.3, -53.336, np.float64(-53.34), -53.26])
def test_a_number_passes_at_the_decimals_asked(answer: float) -> None:
    assert compare(key_of(-53.336, decimals=1), answer).right


@pytest.mark.parametrize("answer", [-53, -53.2, 53.3, "-53.3", None, [-53.3], True, pd.Series([-53.3])])
def test_all_else_fails(answer: Any) -> None:
    assert not compare(key_of(-53.336, decimals=1), answer).right


def test_a_whole_number_is_exact() -> None:
    assert compare(key_of(75), 75.0).right
    assert not compare(key_of(75), 75.4).right


def test_decimals_must_be_said_where_they_matter() -> None:
    with pytest.raises(ValueError, match="decimals"):
        key_of(1.5)
    with pytest.raises(ValueError, match="decimals"):
        key_of({"a": 1.5})


@pytest.mark.parametrize(
    ("answer", "hint"),
    [(53.336, SIGN), (-5333.6, TIMES_100), (-0.53336, OVER_100), (-53, "Rounded too much")],
)
def test_slips_that_any_number_invites(answer: float, hint: str) -> None:
    key = key_of(-53.336, decimals=1)
    for slip in slips(key, -53.336):
        key = add_mistake(key, slip)
    assert str(compare(key, answer).hint).startswith(hint)


def test_a_known_mistake_meets_its_hint() -> None:
    key = key_of(-53.336, decimals=1)
    key = add_mistake(key, mistake_of(key, 114.3, "Which year is the base?"))
    verdict = compare(key, 114.301)
    assert verdict.hint == "Which year is the base?"
    assert verdict.message == "x: you have 114.301. Which year is the base?"


def test_one_mistake_can_not_have_two_hints() -> None:
    key = key_of(5)
    key = add_mistake(key, mistake_of(key, 6, "one"))
    assert add_mistake(key, mistake_of(key, 6, "one")) == key
    with pytest.raises(ValueError, match="looks the same"):
        add_mistake(key, mistake_of(key, 6, "two"))


@pytest.mark.parametrize(
    ("right", "answer", "message"),
    [
        (5, ..., "x is still `...`. Replace the dots with your answer."),
        (5, "5", "Leave out the quotation marks."),
        (5, pd.Timedelta(days=5), "`.days`"),
        (5, None, "Does your last line give the value to the name `x`?"),
        (5, pd.Series([5]), "`.iloc[0]`"),
        ([1, 2], [1, 3], "Order does not count."),
        ({"a": 1, "b": 2}, {1: "a", 2: "b"}, "The label 1 is not asked for."),
        ({"a": 1, "b": 2}, {"a": 1}, "Asked are 2 labelled values."),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "Look at the value for b"),
        (pd.DataFrame({"a": [1], "b": [2], "c": [3]}), pd.DataFrame({"a": [1], "z": [2], "c": [3]}), "'z'"),
    ],
)
def test_one_message_that_says_what_differs(right: Any, answer: Any, message: str) -> None:
    verdict = compare(key_of(right), answer)
    assert not verdict.right
    assert message in verdict.message
    assert "\n" not in verdict.message


def test_a_row_twice_is_not_a_row_once() -> None:
    frame = pd.DataFrame({"a": [1, 1, 2], "b": [1, 1, 2], "c": [1, 1, 2]})
    other = pd.DataFrame({"a": [1, 2, 2], "b": [1, 2, 2], "c": [1, 2, 2]})
    assert compare(key_of(frame), frame.iloc[::-1]).right
    assert not compare(key_of(frame), other).right


# ---- sentences -------------------------------------------------------------------------------------------

SENTENCE = "OPEC: exports fell by 52.1 % from 2011 to 2013."


def sentence_key() -> Key:
    asked = Asked(decimals=1, kind="sentence", words=("OPEC",), avoid=("rose",))
    key = seal("x", SENTENCE, asked, "salt")
    key = add_mistake(key, mistake_of(key, "OPEC: 53.3 from 2011 to 2013", "That is the EIA's."))
    return add_mistake(key, mistake_of(key, "OPEC: {change} from 2011 to 2013", "Put an f before it."))


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("From 2011 to 2013, says Opec, the change was -52.10 percent.", "right"),
        ("OPEC says 53.3 % (2011 to 2013).", "That is the EIA's."),
        ("OPEC says {x} from 2011 to 2013.", "Put an f before it."),
        ("Exports fell by 52.1 % from 2011 to 2013.", "It should name OPEC."),
        ("OPEC: exports rose by 52.1 % from 2011 to 2013.", "Is 'rose' the right word here?"),
        ("OPEC: 44.4 % from 2011 to 2013.", "A number that is asked is missing or wrong"),
        (52.1, "Asked is a sentence"),
    ],
)
def test_a_sentence_needs_its_numbers_and_words(answer: Any, hint: str) -> None:
    assert hint in compare(sentence_key(), answer).message


# ---- functions -------------------------------------------------------------------------------------------


def percent(new: float, old: float) -> float:
    return (new - old) / old * 100


def function_key() -> Key:
    key = seal_function("x", percent, {"x(50, 100)": False, "x(7, 8)": True}, Asked(decimals=1), "salt")
    return add_mistake(
        key, mistake_of(key, lambda new, old: percent(old, new), "Old and new changed places.")
    )


def test_a_function_is_tried_with_calls() -> None:
    assert compare(function_key(), lambda n, o: 100 * n / o - 100).right


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda new, old: percent(old, new), "x(50, 100) gives 100. Old and new changed places."),
        (lambda new, old: None, "Does your function end with `return`?"),
        (lambda new, old: new / 0, "x(50, 100) stops with ZeroDivisionError"),
        (lambda new: new, "stops with TypeError"),
        (lambda new, old: -50, "Use the arguments, not values from the examples."),
        (-50.0, "Asked is a function"),
        (..., "is still `...`"),
    ],
)
def test_a_wrong_function_says_what_it_gave(answer: Any, message: str) -> None:
    assert message in compare(function_key(), answer).message


def test_hidden_calls_are_for_the_grader() -> None:
    assert compare(function_key(), lambda new, old: -50, hidden=False).right
    assert "7, 8" not in compare(function_key(), lambda new, old: -50).message
    assert "7, 8" not in dump({"x": function_key()}, hidden=False)


# ---- the file --------------------------------------------------------------------------------------------


def test_keys_survive_their_file(tmp_path: Path) -> None:
    keys = {"a": key_of({"a": 1.5}, decimals=1), "s": sentence_key(), "f": function_key()}
    path = tmp_path / "checks.json"
    path.write_text(dump(keys, hidden=True), encoding="utf-8")
    assert load(path) == keys


def test_no_decimals_survive_too(tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    path.write_text(dump({"x": key_of(4.0, decimals=0)}, hidden=False), encoding="utf-8")
    assert compare(load(path)["x"], 4.4).right


def test_a_function_that_was_not_called_is_a_known_mistake() -> None:
    key = key_of("Tuesday")
    key = add_mistake(key, mistake_of(key, pd.Timestamp("2014-06-17").day_name, "Call it: add brackets."))
    assert compare(key, pd.Timestamp("2014-06-18").day_name).hint == "Call it: add brackets."


def test_no_answer_stands_in_clear() -> None:
    key = add_mistake(key_of(646.708, decimals=1), mistake_of(key_of(646.708, decimals=1), 31.7, "Signed?"))
    text = dump({"x": key, "l": key_of(["Sunday"]), "m": key_of({"Beijing": 9471})}, hidden=False)
    for answer in ("646", "31.7", "unday", "eijing", "9471"):
        assert answer not in text


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    path.write_text('{"format": 1, "checks": {"x": {"kind": "number"')
    with pytest.raises(ValueError, match=r"checks\.json is damaged.*Fetch the assignment again"):
        load(path)
