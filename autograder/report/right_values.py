"""Recognises a right value inside what students wrote, so that the report holds no answer in clear.

A wrong answer may hold the right one: a number among others, or a sentence that only lacks a word. The
sealed keys of the release tell, without the answers being known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..check.keys import Key, load
from ..check.views import numbers_in, pair_readings, readings, view
from ..errors import CourseError

_MOST = 40  # values that are looked at in one text


class RightValues:
    """The sealed right values of an assignment."""

    def __init__(self, keys: Mapping[str, Key]):
        self._keys = keys

    @classmethod
    def of_file(cls, path: Path) -> RightValues:
        """Those of a `checks.json`; none where there is no such file, as in a course without checks.

        Raises CourseError when it is damaged.
        """
        try:
            return cls(load(path) if path.is_file() else {})
        except ValueError:
            raise CourseError(f"{path} is damaged. Run `autograder build {path.parent.name}`.") from None

    def show_in_code(self, check: str, code: str, has: str) -> bool:
        """Whether the text of an answer shows a right value, as one that was typed in and not computed;
        `has` is what that answer gives, in words."""
        typed = set(numbers_in(has)) & set(numbers_in(code))
        return self.stand_in(check, code) or (self.stand_in(check, has) and bool(typed))

    def stand_in(self, check: str, text: str) -> bool:
        """Whether `text`, which belongs to the check of this name, holds a right value of it."""
        key = self._keys.get(check)
        if key is None or not text:
            return False
        right = {digest for part in key.parts for digest in part}
        return any(key.digest(reading) in right for reading in _readings(key, text))


def _readings(key: Key, text: str) -> Iterator[str]:
    if key.kind in ("number", "sentence", "duration"):
        for number in numbers_in(text)[:_MOST]:
            yield from readings(view(number), key.decimals)
            yield from readings(view(-number), key.decimals)
    elif key.kind == "mapping":
        for label, item in _pairs(text):
            yield from pair_readings(view(label), view(item), key.decimals, key.ordered)
    elif key.kind in ("text", "date", "truth"):
        for word in _words(text):
            yield from readings(view(word), key.decimals)
    elif key.kind == "list":
        items = [_value(item) for item in text.partition(": ")[2].split(", ")]
        yield from readings(view(items, "list"), key.decimals, key.ordered)


_PAIR = re.compile(r"""(['"]?[\w .-]+['"]?)\s*:\s*(['"]?[\w.-]+['"]?)""")


def _pairs(text: str) -> Iterator[tuple[Any, Any]]:
    """Pairs such as `2011: 2.5` in a text, each label and value as text and, where it is one, as number."""
    for label, item in _PAIR.findall(text)[:_MOST]:
        name, value = label.strip(" '\""), item.strip("'\"")
        for told in dict.fromkeys((name, _value(name))):
            yield told, _value(value)


def _words(text: str) -> Iterable[str]:
    """The text itself, what stands in quotation marks in it, and its parts between commas."""
    quoted = [found for pair in re.findall(r"'([^']*)'|\"([^\"]*)\"", text) for found in pair if found]
    return dict.fromkeys([text, *quoted, *(part.strip() for part in re.split(r"[,:]", text))][:_MOST])


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text.strip()
