"""Sealed keys: what `check()` knows of the right answer and of known mistakes.

A key holds salted digests of the right answer at the asked precision, never the answer. Sealed is not
secret: a short list of possible answers can be tried out by program, as it can by hand. The seal keeps
answers from being read by accident, out of a file or out of an error message.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .views import (
    KINDS,
    View,
    describe,
    numbers_in,
    pair_readings,
    readings,
    row_readings,
    short,
    view,
)

FORMAT = 1
_MOST_NUMBERS = 100  # that are looked at in one sentence
_WORK = 2000  # rounds of hashing one answer costs, shared among its parts: a few milliseconds

CHART_PARTS = {"title": "title", "xlabel": "x-axis label", "ylabel": "y-axis label", "legend": "legend"}

SIGN = "Right size, other sign. Is it a rise (+) or a fall (-)?"
TIMES_100 = "Right digits, but 100 times too large. Is a share asked, not a percent?"
OVER_100 = "Right digits, but 100 times too small. Is a percent asked, not a share?"
_NOT = "not"  # marks, among what a sentence lacks, a word that it should not have
TOO_ROUND = "Rounded too much. Give it with {count}."


@dataclass(frozen=True)
class Mistake:
    """A known mistake: how to recognise it, and the hint for it.

    `seal` is the digest of the mistaken answer; `error` the name of the exception that the mistaken code
    stops with; `numbers` are digests of the wrong numbers in a mistaken sentence.
    """

    hint: str
    seal: str = ""
    error: str = ""
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """One try of a function: the call as Python text, and the key of its result."""

    code: str
    key: Key
    hidden: bool = False


@dataclass(frozen=True)
class Key:
    """The sealed answer to one check.

    `parts` are digests of the answer or, for labelled values and tables, of its pairs or rows; `labels`
    are digests of the labels or column names. `size` counts the parts; `rounds` says how often a digest
    is repeated.
    """

    name: str
    kind: str
    salt: str
    decimals: int = 6
    ordered: bool = False
    rounds: int = _WORK
    size: int = 1
    parts: tuple[tuple[str, ...], ...] = ()
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    mentions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def digest(self, text: str) -> str:
        """The sealed form of one reading."""
        digest = f"{self.salt}/{self.name}/{text}".encode()
        for _ in range(self.rounds):
            digest = hashlib.blake2b(digest, digest_size=12).digest()
        return digest.hex()

    def mistake_for_error(self, error: str) -> Mistake | None:
        """The known mistake whose code stops with the exception named `error`."""
        return next((m for m in self.mistakes if m.error and m.error == error), None)


@dataclass(frozen=True)
class Verdict:
    """What a check found: the message for the student, and the hint of the known mistake, if one was met.

    `hidden` says that a hidden call failed; then the message tells nothing of what the answer gave.
    """

    right: bool
    message: str
    hint: str | None = None
    has: str = ""
    hidden: bool = False


# ---- making keys -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What the author asks of an answer, beside its value (see the keys of answers.toml)."""

    decimals: int | None = None
    ordered: bool = False
    kind: str | None = None
    words: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("title", "xlabel", "ylabel")
    mentions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def seal(name: str, answer: Any, asked: Asked, salt: str) -> Key:
    """The key for `answer`. Raises ValueError where the answer can't be checked as it is asked."""
    seen = view(answer, asked.kind)
    if seen.kind in ("other", "unanswered", "function"):
        raise ValueError(f"{name} is {describe(answer)}: this kind of value can't be sealed")
    if asked.kind and seen.kind != asked.kind:
        raise ValueError(f"{name} is {KINDS[seen.kind]}, not {KINDS[asked.kind]}")
    decimals = _decimals(name, seen, asked.decimals)
    parts = _parts(seen, decimals, asked.ordered)
    key = Key(
        name=name,
        kind=seen.kind,
        salt=salt,
        decimals=decimals,
        ordered=asked.ordered,
        rounds=max(1, _WORK // max(1, len(parts))),
        size=len(parts),
        words=asked.words if seen.kind == "sentence" else (),
        avoid=asked.avoid if seen.kind == "sentence" else (),
        needs=asked.needs if seen.kind == "chart" else (),
        mentions=asked.mentions if seen.kind == "chart" else {},
    )
    labels = sorted({key.digest(label) for label in _labels(seen)})
    sealed = sorted(tuple(sorted(key.digest(text) for text in part)) for part in parts)
    return _with(key, labels=tuple(labels), parts=tuple(sealed))


def seal_function(
    name: str, function: Callable[..., Any], calls: Mapping[str, bool], asked: Asked, salt: str
) -> Key:
    """The key for a function: it is tried with each of `calls` (Python text: is it hidden?)."""
    tried = []
    for code, hidden in calls.items():
        outcome = _call(name, function, code)
        if isinstance(outcome, Failure):
            raise ValueError(f"{name}: the solution fails on {code}: {outcome}")
        tried.append(Call(code, seal(code, outcome, asked, salt), hidden))
    return Key(name=name, kind="function", salt=salt, calls=tuple(tried), size=len(tried))


def mistake_of(key: Key, answer: Any, hint: str) -> Mistake:
    """How to recognise the wrong `answer` again."""
    if key.kind == "sentence" and isinstance(answer, str):
        right = {digest for part in key.parts for digest in part}
        wrong = _digests_of_numbers(key, answer) - right
        if wrong:
            return Mistake(hint, numbers=tuple(sorted(wrong)))
    return Mistake(hint, seal=key.digest(_signature(key, answer)))


def add_mistake(key: Key, mistake: Mistake) -> Key:
    """`key`, which from now on also knows `mistake`.

    Raises ValueError when it is known already, with another hint.
    """
    for known in key.mistakes:
        if _mark(known) == _mark(mistake):
            if known.hint == mistake.hint:
                return key
            raise ValueError(f"it looks the same as the wrong answer with the hint {known.hint!r}")
    return _with(key, mistakes=(*key.mistakes, mistake))


def slips(key: Key, answer: Any) -> list[Mistake]:
    """The slips that any number invites: wrong sign, percent for share, rounded too much."""
    seen = view(answer)
    if key.kind != "number" or not seen.content:
        return []
    number = seen.content
    texts = {-number: SIGN, number * 100: TIMES_100, number / 100: OVER_100}
    too_round = TOO_ROUND.format(count=f"{key.decimals} decimal{'' if key.decimals == 1 else 's'}")
    texts |= {round(number, d): too_round for d in range(key.decimals) if not _whole(number)}
    wrong = {slip: hint for slip, hint in texts.items() if not compare(key, slip).right}
    return [mistake_of(key, slip, hint) for slip, hint in wrong.items()]


def _mark(mistake: Mistake) -> tuple[str, str, tuple[str, ...]]:
    return (mistake.seal, mistake.error, mistake.numbers)


def _decimals(name: str, seen: View, asked: int | None) -> int:
    if asked is not None:
        return asked
    if any(not _whole(number) for number in _numbers(seen)):
        raise ValueError(f"{name} has numbers with decimals: say `decimals = ...` in answers.toml")
    return 6


def _whole(number: float) -> bool:
    return float(number).is_integer()


def _numbers(seen: View) -> list[float]:
    if seen.kind == "number":
        return [seen.content]
    if seen.kind == "list":
        return [n for item in seen.content for n in _numbers(item)]
    if seen.kind == "mapping":
        return [n for _, item in seen.content for n in _numbers(item)]
    if seen.kind == "table":
        return [n for row in seen.content[1] for cell in row for n in _numbers(cell)]
    return []


def _parts(seen: View, decimals: int, ordered: bool) -> list[set[str]]:
    """The readings of each part that is sealed on its own."""
    if seen.kind == "mapping":
        return [pair_readings(label, item, decimals, ordered) for label, item in seen.content]
    if seen.kind == "table" and not ordered:
        return _counted([row_readings(row, decimals) for row in seen.content[1]])
    if seen.kind == "sentence":
        numbers = numbers_in(seen.content)[:_MOST_NUMBERS]
        return [readings(view(number), decimals) for number in numbers]
    return [readings(seen, decimals, ordered)]


def _counted(rows: list[set[str]]) -> list[set[str]]:
    """Equal rows are told apart by their count, so that one row twice is not one row once."""
    seen: dict[str, int] = {}
    counted = []
    for row in rows:
        first = min(row)
        seen[first] = seen.get(first, 0) + 1
        counted.append({f"{text}#{seen[first]}" for text in row})
    return counted


def _labels(seen: View) -> list[str]:
    if seen.kind == "mapping":
        return [text for label, _ in seen.content for text in readings(label, 6)]
    return list(seen.content[0]) if seen.kind == "table" else []


def _with(key: Key, **changes: Any) -> Key:
    return Key(**{**_shallow(key), **changes})


def _shallow(key: Key) -> dict[str, Any]:
    return {name: getattr(key, name) for name in key.__dataclass_fields__}


# ---- comparing ---------------------------------------------------------------------------------------


class Failure(str):
    """A call of a student's function that ended in an error; the text says which."""

    error = ""


def compare(key: Key, answer: Any, hidden: bool = True) -> Verdict:
    """Compare an answer with its key; `hidden` says whether a function's hidden calls are tried too.

    The message is one: right; nothing there yet; a known mistake's hint; or the first thing that differs.
    """
    if key.kind == "function":
        return _compare_function(key, answer, hidden)
    seen = view(answer, key.kind)
    has = describe(answer)
    if seen.kind == "unanswered":
        return Verdict(False, f"{key.name} is still `...`. Replace the dots with your answer.", has=has)
    lacks = _lacks(key, seen)
    if not lacks and _parts_match(key, seen):
        return Verdict(True, f"{key.name}: right. You have {has}.", has=has)
    if mistake := _known_mistake(key, answer, seen):
        return Verdict(False, f"{key.name}: you have {has}. {mistake.hint}", mistake.hint, has)
    return Verdict(False, f"{key.name}: you have {has}. {_difference(key, seen, lacks)}", has=has)


def _parts_match(key: Key, seen: View) -> bool:
    if seen.kind != key.kind or _other_size(key, seen):
        return False
    parts = _parts(seen, key.decimals, key.ordered)
    found = [{key.digest(text) for text in part} for part in parts]
    if key.kind == "sentence":
        said = set().union(*found) if found else set()
        return all(said & set(part) for part in key.parts)
    if len(parts) != key.size or not _labels_match(key, seen):
        return False
    return all(any(part & set(right) for part in found) for right in key.parts)


def _other_size(key: Key, seen: View) -> bool:
    """Whether the number of pairs or rows tells already that an answer is not right."""
    if seen.kind == "mapping":
        return len(seen.content) != key.size
    return seen.kind == "table" and not key.ordered and len(seen.content[1]) != key.size


def _labels_match(key: Key, seen: View) -> bool:
    return {key.digest(label) for label in _labels(seen)} == set(key.labels)


def _known_mistake(key: Key, answer: Any, seen: View) -> Mistake | None:
    if seen.kind == "sentence":
        said = _digests_of_numbers(key, seen.content)
        if found := next((m for m in key.mistakes if said & set(m.numbers)), None):
            return found
    digest = key.digest(_signature(key, answer))
    return next((m for m in key.mistakes if m.seal == digest), None)


def _digests_of_numbers(key: Key, sentence: str) -> set[str]:
    numbers = (view(number) for number in numbers_in(sentence)[:_MOST_NUMBERS])
    return {key.digest(text) for number in numbers for text in readings(number, key.decimals)}


def _signature(key: Key, answer: Any) -> str:
    """One text that stands for a (wrong) answer as a whole."""
    if key.kind == "function":
        return _signature_of_calls(key, answer, {})
    seen = view(answer, key.kind)
    if seen.kind == "sentence":  # what it lacks, not how it is worded
        said = _digests_of_numbers(key, seen.content)
        lacks = [part[0] for part in key.parts if not said & set(part)]
        others = said - {digest for part in key.parts for digest in part}
        return f"sentence lacks {lacks} {_lacks(key, seen)}, has other numbers: {bool(others)}"
    text = min(readings(seen, key.decimals, key.ordered))
    return f"{seen.kind} {text} lacks {','.join(_lacks(key, seen))}"


def _lacks(key: Key, seen: View) -> list[str]:
    """What should be written and is not: words of a sentence, titles and labels of a chart."""
    if key.kind == "sentence" and seen.kind == "sentence":
        return _lacks_words(key, seen.content)
    if key.kind != "chart" or seen.kind != "chart":
        return []
    chart = seen.content
    lacks = [part for part in key.needs if not chart.written(part)]
    for part, words in key.mentions.items():
        text = chart.written(part).casefold()
        if part not in lacks and not any(word.casefold() in text for word in words):
            lacks.append(f"{part} that names {' or '.join(words)}")
    return lacks if chart.bars_from_zero else [*lacks, "zero"]


def _lacks_words(key: Key, sentence: str) -> list[str]:
    said = sentence.casefold()
    missing = [word for word in key.words if word.casefold() not in said]
    return missing + [
        f"{_NOT} {word}" for word in key.avoid if re.search(rf"\b{re.escape(word.casefold())}", said)
    ]


def _difference(key: Key, seen: View, lacks: list[str]) -> str:
    """The first thing that differs, as a sentence. Never the answer."""
    if seen.kind != key.kind:
        return _kind_difference(key, seen)
    if key.kind == "chart":
        return _chart_difference(key, seen, lacks)
    if key.kind == "sentence":
        return _sentence_difference(key, lacks)
    if key.kind == "mapping":
        return _mapping_difference(key, seen)
    if key.kind == "table":
        return _table_difference(key, seen)
    if key.kind == "list":
        order = " Order counts here." if key.ordered else " Order does not count."
        return f"This is not the list that is asked.{order} Look at each condition again."
    if key.kind == "number":
        return "This is not the number that is asked. Look at the rows, the unit and the rounding again."
    return "This is not the answer that is asked. Read the question again."


def _kind_difference(key: Key, seen: View) -> str:
    if seen.kind == "missing":
        return f"Asked is {KINDS[key.kind]}. Does your last line give the value to the name `{key.name}`?"
    if seen.kind == "text" and key.kind in ("number", "truth"):
        return f"Asked is {KINDS[key.kind]}, not text. Leave out the quotation marks."
    if seen.kind == "text" and key.kind == "date":
        return "Asked is a date. Convert the text with pd.to_datetime first."
    if seen.kind == "duration" and key.kind == "number":
        return "Asked is a number of days. Take it out with `.days`."
    if seen.kind in ("mapping", "list") and key.kind in ("number", "text", "truth", "date"):
        return f"Asked is {KINDS[key.kind]} alone. Take one value out, for example with `.iloc[0]`."
    return f"Asked is {KINDS[key.kind]}."


def _chart_difference(key: Key, seen: View, lacks: list[str]) -> str:
    if "zero" in lacks:
        return "Bars must start at zero, or their lengths mislead."
    if lacks:
        part, _, rest = lacks[0].partition(" ")
        name = f"{CHART_PARTS[part]} {rest}".strip()
        return f"It needs {'an' if name[0] in 'aeiox' else 'a'} {name}."
    return "What is drawn is not what is asked. Look at the columns, the rows and the x values."


def _sentence_difference(key: Key, lacks: list[str]) -> str:
    if lacks and lacks[0].startswith(_NOT):
        return f"Is {lacks[0].removeprefix(_NOT).strip()!r} the right word here?"
    if lacks:
        return f"It should name {lacks[0]}."
    return "A number that is asked is missing or wrong in it. Compare years, percent and rounding."


def _mapping_difference(key: Key, seen: View) -> str:
    for label, _ in seen.content:
        if not {key.digest(text) for text in readings(label, 6)} & set(key.labels):
            name = short(repr(label.content))
            return f"The label {name} is not asked for. Are labels and values the right way round?"
    if len(seen.content) != key.size:
        return f"Asked are {key.size} labelled values."
    right = {digest for part in key.parts for digest in part}
    for label, item in seen.content:
        pair = pair_readings(label, item, key.decimals, key.ordered)
        if not {key.digest(text) for text in pair} & right:
            return f"Look at the value for {short(str(label.content))}: it is not right yet."
    return "A label stands there twice."


def _table_difference(key: Key, seen: View) -> str:
    columns, rows = seen.content
    for column in columns:
        if key.digest(column) not in key.labels:
            return f"The column {short(column)!r} is not asked for."
    if len(columns) != len(key.labels):
        return f"Asked are {len(key.labels)} columns."
    if not key.ordered and len(rows) != key.size:
        return f"Asked are {key.size} rows."
    return "At least one row differs. Look at its values and their rounding."


# ---- functions ---------------------------------------------------------------------------------------


def _call(name: str, function: Callable[..., Any], code: str) -> Any:
    """The result of one call, or the `Failure` it ends in. `code` comes from the author."""
    try:
        return eval(code, {name: function, "pd": pd, "np": np})
    except Exception as problem:
        error = getattr(problem, "remote_name", type(problem).__name__)
        failure = Failure(f"{error}: {problem}")
        failure.error = error
        return failure


def _signature_of_calls(key: Key, function: Any, known: Mapping[str, Any]) -> str:
    """`_signature` of a function. `known` are results of calls, by code, that need not be made again.

    After a call that ran out of time no other one is made: it would cost as long again.
    """
    parts: list[str] = []
    for call in key.calls:
        if call.hidden:
            continue
        outcome = known[call.code] if call.code in known else _call(key.name, function, call.code)
        parts.append(_outcome(call, outcome))
        if parts[-1] == _OUT_OF_TIME:
            break
    return ";".join(parts)


_OUT_OF_TIME = "error TimeLimit"  # as the sandbox names it


def _outcome(call: Call, outcome: Any) -> str:
    if isinstance(outcome, Failure):
        return f"error {outcome.error}"
    seen = view(outcome, call.key.kind)
    return f"{seen.kind} {min(readings(seen, call.key.decimals, call.key.ordered))}"


def _compare_function(key: Key, answer: Any, hidden: bool) -> Verdict:
    seen = view(answer)
    has = describe(answer)
    if seen.kind == "unanswered":
        return Verdict(False, f"{key.name} is still `...`. Replace the dots with your answer.", has=has)
    if seen.kind != "function":
        return Verdict(
            False, f"{key.name}: you have {has}. Asked is a function: def {key.name}(...):", has=has
        )
    known: dict[str, Any] = {}
    for call in key.calls:
        if call.hidden and not hidden:
            continue
        verdict = _try_call(key, answer, call, known)
        if not verdict.right:
            return verdict
    tried = sum(hidden or not call.hidden for call in key.calls)
    return Verdict(True, f"{key.name}: right. Tried with {tried} calls.", has=has)


def _try_call(key: Key, answer: Any, call: Call, known: dict[str, Any]) -> Verdict:
    outcome = known[call.code] = _call(key.name, answer, call.code)
    failed = isinstance(outcome, Failure)
    if not failed and compare(call.key, outcome).right:
        return Verdict(True, "")
    has = f"stops with {outcome}" if failed else f"gives {describe(outcome)}"
    shown = (
        f"{key.name}: {call.code} {has}."
        if not call.hidden
        else f"{key.name}: other inputs give a wrong result."
    )
    digest = key.digest(_signature_of_calls(key, answer, known))
    mistake = next((m for m in key.mistakes if m.seal == digest), None)
    if mistake:
        return Verdict(False, f"{shown} {mistake.hint}", mistake.hint, has, call.hidden)
    if call.hidden:
        text = f"{shown} Use the arguments, not values from the examples."
        return Verdict(False, text, has=has, hidden=True)
    if not failed and outcome is None:
        return Verdict(False, f"{shown} Does your function end with `return`?", has=has)
    rest = "" if failed else _difference(call.key, view(outcome, call.key.kind), [])
    return Verdict(False, f"{shown} {rest}".strip(), has=has)


# ---- the file ----------------------------------------------------------------------------------------


def dump(keys: Mapping[str, Key], hidden: bool) -> str:
    """The keys as JSON text; `hidden` says whether hidden calls are in it (never in a release)."""
    checks = {}
    for name, key in keys.items():
        if not hidden:
            key = _with(key, calls=tuple(call for call in key.calls if not call.hidden))
        checks[name] = _lean(asdict(key))
    return json.dumps({"format": FORMAT, "checks": checks}, indent=1, ensure_ascii=False) + "\n"


def _lean(record: dict[str, Any]) -> dict[str, Any]:
    """The record without its empty fields."""
    lean = {name: value for name, value in record.items() if value is not False and value not in ("", (), {})}
    for nested in ("mistakes", "calls"):
        if nested in lean:
            lean[nested] = [_lean(item) for item in lean[nested]]
            for item in lean[nested]:
                if "key" in item:
                    item["key"] = _lean(item["key"])
    return lean


def load(path: Path) -> dict[str, Key]:
    """The keys in a `checks.json`. Raises ValueError, with the remedy, when it is damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']}")
        return {name: _key(fields) for name, fields in record["checks"].items()}
    except (ValueError, KeyError, TypeError) as problem:
        raise ValueError(
            f"{path.name} is damaged ({problem}). Fetch the assignment again; your notebook can stay."
        ) from None


def _key(fields: dict[str, Any]) -> Key:
    fields = dict(fields)
    fields["parts"] = tuple(tuple(part) for part in fields.get("parts", ()))
    fields["mentions"] = {part: tuple(words) for part, words in fields.get("mentions", {}).items()}
    fields["mistakes"] = tuple(_mistake_from(m) for m in fields.get("mistakes", ()))
    fields["calls"] = tuple(
        Call(call["code"], _key(call["key"]), call.get("hidden", False)) for call in fields.get("calls", ())
    )
    for name in ("labels", "words", "avoid", "needs"):
        fields[name] = tuple(fields.get(name, ()))
    return Key(**fields)


def _mistake_from(fields: dict[str, Any]) -> Mistake:
    return Mistake(**{**fields, "numbers": tuple(fields.get("numbers", ()))})
