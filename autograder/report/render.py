"""Fills the templates. What students wrote can neither act on a page nor spoil how it looks."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_LONGEST_NAME = 60  # characters
_MOST_MARKS = 3  # on one letter; more would be written over the lines above and below


def render(template: str, context: Mapping[str, Any]) -> str:
    """A page, with everything in `context` escaped."""
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(shown=shown, percent=percent, decimals=decimals, plural=plural)
    return environment


def shown(text: str, most: int = _LONGEST_NAME) -> str:
    """A text of a student's as it can stand in a line: cut, without control characters, and without heaps
    of marks on one letter."""
    kept: list[str] = []
    marks = 0
    for letter in text[:most].encode("utf-8", "replace").decode():
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(" " if kind == "Cc" else letter)
    return "".join(kept) + ("…" if len(text) > most else "")


def percent(share: float) -> str:
    """A share as whole percent; a dash where there is none."""
    if math.isnan(share):
        return "–"
    return "<1\u00a0%" if 0 < share < 0.005 else f"{share * 100:.0f}\u00a0%"


def decimals(number: float, places: int = 2) -> str:
    """A number with a true minus sign; a dash where there is none."""
    return "–" if math.isnan(number) else f"{number:.{places}f}".replace("-", "−")


def plural(number: int, noun: str) -> str:
    """`1 student`, `2 students`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
