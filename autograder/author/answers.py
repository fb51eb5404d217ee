"""Reads answers.toml: right and wrong answers, as students type them, for each answer cell."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..check.keys import CHART_PARTS, Asked
from ..check.views import KINDS
from ..errors import CourseError

FILE = "answers.toml"


@dataclass(frozen=True)
class Answer:
    """One way of answering: the whole text of the answer cell. `hint` is None for a right one.

    `where` names file, exercise and line, for messages.
    """

    code: str
    where: str
    hint: str | None = None


@dataclass(frozen=True)
class Exercise:
    """The answers to one answer cell, and what is asked of them."""

    name: str
    where: str
    asked: Asked = field(default_factory=Asked)
    calls: tuple[str, ...] = ()
    hidden_calls: tuple[str, ...] = ()
    right: tuple[Answer, ...] = ()
    wrong: tuple[Answer, ...] = ()


_MOST_DECIMALS = 12

_TEXTS, _TABLE = "a list of texts", "a table of lists of texts"
_KEYS = {
    "decimals": (int, "a whole number"),
    "ordered": (bool, "true or false"),
    "kind": (str, "a text"),
    "words": (list, _TEXTS),
    "avoid": (list, _TEXTS),
    "needs": (list, _TEXTS),
    "mentions": (dict, _TABLE),
    "calls": (list, _TEXTS),
    "hidden_calls": (list, _TEXTS),
    "right": (list, _TEXTS),
    "wrong": (list, "tables [[NAME.wrong]]"),
}


def read_answers(path: Path) -> dict[str, Exercise]:
    """The exercises in an `answers.toml`, by name; empty when there is no such file.

    Raises CourseError that names file, exercise and line: the first mistake of each exercise.
    """
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as problem:
        raise CourseError(f"{path}: not UTF-8 (byte {problem.start}). Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        where = str(problem).replace("at end of document", f"at line {len(text.splitlines())}, the last")
        raise CourseError(f"{path}: {where}. Mend the TOML there.") from None
    reader, exercises, problems = _Reader(path, text), {}, []
    for name, table in tables.items():
        try:
            exercises[name] = reader.exercise(name, table)
        except CourseError as problem:
            problems.append(str(problem))
    if problems:
        raise CourseError("\n".join(problems))
    return exercises


class _Reader:
    def __init__(self, path: Path, text: str):
        self._path, self._lines = path, text.splitlines()
        self._headers = [(n, line) for n, line in enumerate(self._lines, 1) if line.lstrip().startswith("[")]

    def exercise(self, name: str, table: Any) -> Exercise:
        where = f"{self._path}, [{name}], line {self._line(name)}"
        if not isinstance(table, dict):
            raise CourseError(f"{where}: write a table [{name}] with `right = [...]`.")
        for key, value in table.items():
            line = self._line_of_key(name, key)
            self._check(f"{self._path}, [{name}], line {line}", key, value)
        asked = {f.name: table[f.name] for f in fields(Asked) if f.name in table}
        for key in ("words", "avoid", "needs"):
            if key in asked:
                asked[key] = tuple(asked[key])
        if "mentions" in asked:
            asked["mentions"] = {part: tuple(words) for part, words in asked["mentions"].items()}
        right = [
            Answer(code.strip("\n"), f"{where}: right answer {n}") for n, code in _counted(table, "right")
        ]
        wrong = [self._wrong(name, n, entry) for n, entry in _counted(table, "wrong")]
        calls = (tuple(table.get("calls", ())), tuple(table.get("hidden_calls", ())))
        return Exercise(name, where, Asked(**asked), *calls, tuple(right), tuple(wrong))

    def _check(self, where: str, key: str, value: Any) -> None:
        if key not in _KEYS:
            raise CourseError(f"{where}: unknown key {key!r}. Known are: {', '.join(_KEYS)}.")
        kind, words = _KEYS[key]
        good = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if good and words == _TEXTS:
            good = all(isinstance(item, str) for item in value)
        if good and words == _TABLE:
            good = all(isinstance(item, list) for item in value.values())
        if not good:
            raise CourseError(f"{where}: `{key}` must be {words}.")
        if key == "decimals" and not 0 <= value <= _MOST_DECIMALS:
            raise CourseError(f"{where}: `decimals` must be from 0 to {_MOST_DECIMALS}.")
        if key == "kind" and value not in KINDS:
            raise CourseError(f"{where}: `kind` is {value!r}. Known are: {', '.join(KINDS)}.")
        unknown = [part for part in value if part not in CHART_PARTS] if key in ("needs", "mentions") else []
        if unknown:
            raise CourseError(f"{where}: `{key}` has {unknown[0]!r}. Known are: {', '.join(CHART_PARTS)}.")

    def _wrong(self, name: str, number: int, entry: Any) -> Answer:
        where = f"{self._path}, [[{name}.wrong]] number {number}, line {self._line(f'{name}.wrong', number)}"
        if not isinstance(entry, dict) or set(entry) != {"code", "hint"}:
            raise CourseError(f"{where}: a wrong answer has `code` and `hint`, and nothing else.")
        if not all(isinstance(text, str) and text.strip() for text in entry.values()):
            raise CourseError(f"{where}: `code` and `hint` must be texts.")
        return Answer(entry["code"].strip("\n"), where, entry["hint"].strip())

    def _line_of_key(self, name: str, key: str) -> int:
        """The line of a key below the header of its table; the header's where it can't be found."""
        start = self._line(name)
        for number, line in enumerate(self._lines[start:], start + 1):
            if line.lstrip().startswith("["):
                break
            if re.match(rf"\s*{re.escape(key)}\s*=", line):
                return number
        return start

    def _line(self, header: str, number: int = 1) -> int:
        """The line of the `number`th header of a table; 1 where it can't be found."""
        pattern = re.compile(rf"\s*\[+\s*{re.escape(header)}[\s.\]]")
        found = [n for n, line in self._headers if pattern.match(line)]
        return found[number - 1] if len(found) >= number else 1


def _counted(table: dict[str, Any], key: str) -> list[tuple[int, Any]]:
    return list(enumerate(table.get(key, ()), 1))
