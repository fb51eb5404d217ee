"""Reads the author's notebooks before anything is run, and names all mistakes at once, with cell and line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from traitlets.config import Config

from ..errors import CourseError
from ..grade.judge import checks_in
from ..grade.notebook import plain_python

_SCHEMA = 3  # of nbgrader's metadata; nbgrader puts older ones right itself
TABLE = re.compile(r"data/([\w.-]+\.csv)")


@dataclass(frozen=True)
class _Found:
    """A cell of a notebook, with nbgrader's marks (empty for a cell without)."""

    path: Path
    cell: Any
    marks: dict[str, Any]

    @property
    def where(self) -> str:
        name = self.marks.get("grade_id") or f"that begins with {self.cell.source.strip()[:40]!r}"
        return f"{self.path}, cell {name}"

    def line_of(self, text: str) -> int:
        """The line of a text in the cell, counted from 1."""
        return self.cell.source[: self.cell.source.find(text)].count("\n") + 1


def proofread(folder: Path, data: Path, config: Config, answered: bool) -> None:
    """Look through the notebooks of an assignment. `data` holds the course's tables; `config` is nbgrader's;
    `answered` says that there is an answers.toml, so that the build will run the answers.

    Raises CourseError with one line a mistake.
    """
    problems: list[str] = []
    cells: list[_Found] = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            notebook = nbformat.read(path, as_version=4)
        except Exception as problem:  # whatever a damaged file makes of a parser
            reason = str(problem).partition("\n")[0]
            problems.append(
                f"{path}: not a notebook ({reason[:100]}). Open it in JupyterLab and save it again."
            )
            continue
        found = [_Found(path, cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
        cells += [one for one in found if one.marks.get("grade_id") or _is_marked(one)]
        problems += [problem for one in found for problem in _marks(one, config)]
        problems += _same_ids(found)
        if answered:
            problems += [problem for one in found for problem in (*_code(one), *_tables(one, data))]
            problems += [problem for one in found for problem in _solution(one, config)]
    if answered:
        problems += _same_checks(cells)
    if problems:
        raise CourseError("\n".join(problems))


def _is_marked(found: _Found) -> bool:
    return any(found.marks.get(mark) for mark in ("solution", "grade", "task"))


# ---- nbgrader's metadata and marks -------------------------------------------------------------------


def _same_ids(cells: list[_Found]) -> Iterator[str]:
    seen: set[str] = set()
    for found in cells:
        name = found.marks.get("grade_id")
        if name in seen:
            yield f"{found.where}: another cell has the same grade_id. Give each its own."
        if name:
            seen.add(name)


def _marks(found: _Found, config: Config) -> Iterator[str]:
    if _is_marked(found) and not found.marks.get("grade_id"):
        yield f"{found.where}: no grade_id. Give it one in the panel of Create Assignment."
    graded = found.marks.get("grade") or found.marks.get("task")
    if graded and found.marks.get("schema_version") == _SCHEMA:
        points = found.marks.get("points")
        if isinstance(points, bool) or not isinstance(points, (int, float)) or points < 0:
            yield f"{found.where}: points are {points!r}. Give a number that is not below 0."
    for begin, end in _pairs(config):
        yield from _unpaired(found, begin, end)


def _pairs(config: Config) -> Iterator[tuple[str, str]]:
    """The marks that begin and end what students don't get, as the course has them."""
    solutions, tests, scheme = config.ClearSolutions, config.ClearHiddenTests, config.ClearMarkScheme
    for settings, name, word in (
        (solutions, "solution", "SOLUTION"),
        (tests, "test", "HIDDEN TESTS"),
        (scheme, "mark_scheme", "MARK SCHEME"),
    ):
        yield (
            str(settings.get(f"begin_{name}_delimeter") or f"BEGIN {word}"),
            str(settings.get(f"end_{name}_delimeter") or f"END {word}"),
        )


def _unpaired(found: _Found, begin: str, end: str) -> Iterator[str]:
    opened = 0
    for number, line in enumerate(found.cell.source.splitlines(), 1):
        if begin in line:
            if opened:
                yield f"{found.where}, line {number}: {begin} again, before {end}."
            opened = number
        elif end in line:
            if not opened:
                yield f"{found.where}, line {number}: {end} without {begin} above it."
            opened = 0
    if opened:
        yield f"{found.where}, line {opened}: {begin} without {end} below it."


def _solution(found: _Found, config: Config) -> Iterator[str]:
    """An answer cell that would reach students empty, or with its solution."""
    begin, end = next(_pairs(config))
    unmarked = begin not in found.cell.source and end not in found.cell.source
    if found.cell.cell_type == "code" and found.marks.get("solution") and unmarked:
        yield (
            f"{found.where}: no solution is marked. Write a starter line that students get, then the "
            f"solution between ### {begin} and ### {end}."
        )


# ---- code --------------------------------------------------------------------------------------------


def _code(found: _Found) -> Iterator[str]:
    if found.cell.cell_type != "code":
        return
    try:
        ast.parse(plain_python(found.cell.source))
    except SyntaxError as problem:
        yield f"{found.where}, line {problem.lineno}: {problem.msg}."


def _tables(found: _Found, data: Path) -> Iterator[str]:
    """Tables that are neither the course's nor the assignment's own."""
    for table in sorted(set(TABLE.findall(found.cell.source))):
        if not any((place / table).is_file() for place in (data, found.path.parent / "data")):
            line = found.line_of(f"data/{table}")
            yield (
                f"{found.where}, line {line}: reads data/{table}, and there is no {data / table}. Put the "
                "table there, or mend the name."
            )


def _same_checks(cells: list[_Found]) -> Iterator[str]:
    """Checks of one name in two exercises, and checks that no answer stands above."""
    owners: dict[str, str] = {}
    answer: str | None = None
    for n, found in enumerate(cells):
        if n and found.path != cells[n - 1].path:
            answer = None
        if found.marks.get("solution"):
            answer = str(found.marks.get("grade_id"))
        elif found.marks.get("grade") and found.cell.cell_type == "code":
            for check in _checks(found):
                if answer is None:
                    yield f"{found.where}: a test with no answer cell above it. Move it below the answer."
                elif owners.setdefault(check, answer) != answer:
                    yield (
                        f"{found.where}, line {found.line_of(check)}: check({check!r}) stands already under "
                        f"the exercise {owners[check]}. Give each its own name."
                    )


def _checks(found: _Found) -> list[str]:
    try:
        return checks_in(ast.parse(plain_python(found.cell.source)))
    except SyntaxError:
        return []  # said already
