"""Takes the answers out of what a student handed in. Nothing else of it is used.

A submission is untrusted and may be damaged. Answers are found by `grade_id`. What can be read
charitably is read, and a note says how; what can't leaves its notebook without answers, and a note says
why. Nothing here raises for anything that a student can hand in.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..sandbox.outputs import well_formed
from .notebook import AuthorNotebook

TOP = ""

_LARGEST = 64 << 20  # bytes of one notebook; pictures in outputs are what makes them large
_MOST_EXTRA = 2_000  # extra code cells that are run; cells of other kinds cost nothing
_LONGEST_CELL = 200_000  # characters


@dataclass
class Submitted:
    """What one notebook of a submission holds: answers by grade_id, and the student's extra code cells,
    each list under the grade_id of the course's cell above it (TOP: there is none)."""

    answers: dict[str, str] = field(default_factory=dict)
    extra: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Unreadable(Exception):
    """A notebook can't be read; the text says why."""


def read_submission(folder: Path, author: AuthorNotebook) -> Submitted:
    """The answers to `author`'s notebook in a student's folder."""
    submitted = Submitted()
    if folder.is_symlink() or folder.parent.is_symlink():
        submitted.notes.append("the folder is a link, which is not followed")
        return submitted
    try:
        path = _find(folder, author.name, submitted.notes)
        cells = list(_cells(_parse(read_file(path), submitted.notes), submitted.notes))
    except Unreadable as problem:
        submitted.notes.append(well_formed(str(problem), 500))
        return submitted
    _take_answers(cells, author, submitted)
    return submitted


# ---- the file ----------------------------------------------------------------------------------------


def _find(folder: Path, name: str, notes: list[str]) -> Path:
    """The notebook `name`, also under another spelling, or the only notebook there is."""
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix.casefold() == ".ipynb")
    except OSError as problem:
        raise Unreadable(f"the folder can't be read ({problem.strerror})") from None
    for rule in (
        [p for p in found if p.stem == name],
        [p for p in found if p.stem.casefold() == name.casefold()],
        [p for p in found if p.stem.casefold().startswith(name.casefold())],
        found,
    ):
        if len(rule) == 1:
            if rule[0].stem != name:
                notes.append(f"read from {rule[0].name!r}, as there is no {name}.ipynb")
            return rule[0]
    if not found:
        raise Unreadable(f"there is no {name}.ipynb")
    raise Unreadable(f"there is no {name}.ipynb, and several other notebooks")


def read_file(path: Path, most: int = _LARGEST) -> bytes:
    """The bytes of a regular file. Never follows a link out of the submission, never waits on a pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        raise Unreadable(f"{path.name!r} can't be opened ({problem.strerror})") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path.name!r} is not a file")
        if status.st_size > most:
            raise Unreadable(f"{path.name!r} is larger than {most >> 20} MB")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(handle)


def _parse(raw: bytes, notes: list[str]) -> dict[str, Any]:
    text = _decode(raw, notes)
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the file is not a notebook (damaged JSON)") from None
    if not isinstance(notebook, dict):
        raise Unreadable("the file is not a notebook")
    return notebook


def _decode(raw: bytes, notes: list[str]) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in marks.items() if raw.startswith(mark)), "utf-8")
    for encoding in (marked, "latin-1"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8":
            notes.append(f"read as {encoding}, not UTF-8")
        return text
    raise Unreadable("the text encoding is unknown")


# ---- the cells ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    kind: str
    source: str
    grade_id: str | None


def _cells(notebook: dict[str, Any], notes: list[str]) -> Iterator[_Cell]:
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        notes.append("read as nbformat 3")
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        lists = [sheet["cells"] for sheet in sheets if isinstance(sheet.get("cells"), list)]
        cells = [cell for cells in lists for cell in cells]
    if not isinstance(cells, list):
        raise Unreadable("the file is not a notebook (it has no cells)")
    for cell in cells:
        if isinstance(cell, dict):
            source = _text(cell.get("source", cell.get("input", "")))
            yield _Cell(str(cell.get("cell_type")), source, _grade_id(cell))


def _text(source: Any) -> str:
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return well_formed(source, _LONGEST_CELL).replace("\r\n", "\n")


def _grade_id(cell: dict[str, Any]) -> str | None:
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _take_answers(cells: list[_Cell], author: AuthorNotebook, submitted: Submitted) -> None:
    wanted = {cell.grade_id for cell in author.cells if cell.role in ("answer", "written")}
    given = {cell.released.strip() for cell in author.cells if cell.role == "fixed"}
    found: dict[str, list[str]] = {}
    above, extra = TOP, _MOST_EXTRA
    for cell in cells:
        if cell.grade_id in author.by_id:
            above = str(cell.grade_id)
            if cell.grade_id in wanted:
                found.setdefault(above, []).append(cell.source)
        elif cell.kind == "code" and cell.source.strip() and cell.source.strip() not in given and extra:
            extra -= 1
            submitted.extra.setdefault(above, []).append(cell.source)
    for grade_id, sources in found.items():
        submitted.answers[grade_id] = _one(
            sources, author.by_id[grade_id].released, grade_id, submitted.notes
        )
    missing = sorted(str(grade_id) for grade_id in wanted - set(found))
    if missing:
        submitted.notes.append(f"answer cells missing: {', '.join(missing)}")


def _one(sources: list[str], released: str, grade_id: str, notes: list[str]) -> str:
    """One answer from the copies of its cell: untouched copies don't count, the others run in order."""
    if len(sources) == 1:
        return sources[0]
    notes.append(f"the cell {grade_id} stands there {len(sources)} times")
    touched = [source for source in sources if source.strip() != released.strip()]
    return "\n".join(dict.fromkeys(touched)) if touched else released
