"""What all exports share: what is asked, what comes out, and how a cell is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CourseError
from .marks import Mark, Student


@dataclass(frozen=True)
class Wishes:
    """What the instructor asks of an export.

    `partial`: points so far count although a person has still to grade something. `zero_missing`: 0 points
    for what was not handed in. `roster`: the file that the platform exported. `columns`: by assignment,
    what it is called on the platform.
    """

    partial: bool = False
    zero_missing: bool = False
    roster: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def title(self, assignment: str) -> str:
        """What an assignment is called on the platform."""
        return self.columns.get(assignment, assignment)

    def points(self, mark: Mark) -> float | None:
        """The points to pass on; None where there are none yet."""
        if mark.state == "graded" or (mark.state == "to grade" and self.partial):
            return mark.score
        return 0.0 if mark.state == "missing" and self.zero_missing else None


@dataclass(frozen=True)
class Sheet:
    """The rows of a file, its head first, and what the instructor should know of it."""

    rows: list[list[str]]
    remarks: list[str]

    def text(self) -> str:
        """The file: comma-separated, UTF-8 when written."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(self.rows)
        return out.getvalue()

    def write(self, path: Path) -> None:
        """Raises CourseError where `path` can't be written."""
        try:
            path.write_text(self.text(), encoding="utf-8", newline="")
        except OSError as problem:
            raise CourseError(f"{path}: {problem.strerror}. Name another file with --output.") from None


# ---- cells -------------------------------------------------------------------------------------------

_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula
_PLAIN = re.compile(r"[-+@\w.]+")


def number(value: float | None, decimals: int = 2) -> str:
    """A number as every platform reads it: with a point, without needless zeros. Empty for None."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def harmless(text: str) -> str:
    """A name or comment that no spreadsheet takes for a formula: with an apostrophe in front if needed."""
    text = text.replace("\0", "").strip()
    return f"'{text}" if text.startswith(_ACTS) else text


def identifier(text: str) -> str:
    """A login, e-mail address or number. It has to match, so it stays as it is where it can do nothing: one
    word of letters, digits and `. - + @ _` that does not begin with `=`."""
    return text if _PLAIN.fullmatch(text) else harmless(text)


def full_name(student: Student) -> str:
    """`Last, First` as platforms sort them; the id where there is no name."""
    return ", ".join(part for part in (student.last_name, student.first_name) if part) or student.id


# ---- words for people -------------------------------------------------------------------------------


def some(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more} more" if more > 0 else "")


def counted(count: int, thing: str) -> str:
    """A count with its noun: "1 student", "2 students"."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
