"""Keeps results, so that only what has changed since is run again.

An entry holds the result of one notebook as a student handed it in, and for each of its cells a key: the
hash of all that the cell's result follows from. These are the answers and other code above it, the
author's text of the test, the sealed keys of its checks, the course files and the environment. Where a
cell's key is still the same, its result is; where it is not, that cell is judged again.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..check import KEYS_FILE
from ..check.keys import dump
from ..fingerprint import KEPT, fingerprint
from .assemble import TOP, Submitted
from .engine import Assignment
from .judge import NotebookResult, as_handed_in, checks_in, only_checks
from .notebook import AuthorNotebook, plain_python

_FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """A kept result, and the key of each of its cells."""

    result: NotebookResult
    keys: list[str]


class Cache:
    """The kept results of one assignment, in the course's folder `.autograder/results/ASSIGNMENT`."""

    def __init__(self, root: Path, assignment: Assignment):
        self._folder = root / KEPT / "results" / assignment.name
        self._keys = CellKeys(assignment)

    def find(self, notebook: AuthorNotebook, submitted: Submitted) -> tuple[Entry | None, frozenset[int]]:
        """The kept entry of what was handed in, and the places of the cells that it says nothing of."""
        keys = self._keys.of(notebook, submitted)
        code = frozenset(place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        entry = _read(self._path(notebook, submitted), notebook)
        if entry is None or len(entry.keys) != len(keys):
            return None, code
        stale = frozenset(place for place in code if entry.keys[place] != keys[place])
        if stale == code:
            return None, code
        for place, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":  # it is not run, so the author's text of today costs nothing
                entry.result.cells[place] = as_handed_in(cell, submitted)
        return entry, stale

    def keep(self, notebook: AuthorNotebook, submitted: Submitted, result: NotebookResult) -> None:
        """Keep a whole result. A course that can't be written to goes without."""
        entry = {"keys": self._keys.of(notebook, submitted), **asdict(result)}
        body = json.dumps({"format": _FORMAT, **entry}).encode()
        path = self._path(notebook, submitted)
        draft = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(_checksum(body) + b"\n" + body)
            draft.replace(path)

    def _path(self, notebook: AuthorNotebook, submitted: Submitted) -> Path:
        digest = _hash(notebook.name, json.dumps(asdict(submitted), sort_keys=True))
        return self._folder / digest[:2] / f"{digest}.json"


def merged(entry: Entry, result: NotebookResult, stale: frozenset[int]) -> NotebookResult:
    """The kept result, with the cells at the places `stale` from a fresh one."""
    kept = entry.result
    cells = [result.cells[n] if n in stale else cell for n, cell in enumerate(kept.cells)]
    notes = [note for note in kept.run_notes if note[0] not in stale]
    notes += [note for note in result.run_notes if note[0] in stale]
    return NotebookResult(kept.name, cells, kept.read_notes, sorted(notes, key=lambda note: note[0]))


# ---- keys --------------------------------------------------------------------------------------------


class CellKeys:
    """Computes the keys of the cells of what was handed in to one assignment."""

    def __init__(self, assignment: Assignment):
        self._assignment = assignment
        sealed = assignment.files / KEYS_FILE
        files = [path for path in assignment.files.rglob("*") if path.is_file() and path != sealed]
        self._start = fingerprint(files, assignment.files)
        self._sealed = sealed.read_text(encoding="utf-8") if sealed.exists() else ""
        self._own = {n.name: list(self._author_parts(n)) for n in assignment.notebooks}

    def _author_parts(self, notebook: AuthorNotebook) -> Iterator[tuple[str, bool]]:
        """For each cell of the author's: its part of the key, and whether later cells follow from it."""
        for cell in notebook.cells:
            if cell.role == "test":
                yield self._test_part(cell.source, cell.released, cell.points)
            elif cell.role == "answer":
                names = sorted(notebook.names_made.get(str(cell.grade_id), ()))
                yield _hash(cell.role, str(cell.grade_id), cell.released, *names), True
            else:
                yield _hash(cell.role, str(cell.grade_id), cell.released, cell.source), cell.role == "fixed"

    def _test_part(self, source: str, released: str, points: float) -> tuple[str, bool]:
        try:
            tree = ast.parse(plain_python(source))
        except SyntaxError:
            return _hash(source, released, str(points)), True
        keys = self._assignment.keys
        sealed = dump(
            {name: keys[name] for name in sorted(set(checks_in(tree))) if name in keys}, hidden=True
        )
        return _hash(source, released, str(points), sealed), not only_checks(tree)

    def of(self, notebook: AuthorNotebook, submitted: Submitted) -> list[str]:
        """The keys of all cells, in the author's order."""
        above = _hash(self._start, notebook.answer_imports, *submitted.extra.get(TOP, []))
        code = [*submitted.answers.values(), *(text for cell in submitted.extra.values() for text in cell)]
        if any("check" in text for text in code):  # then what the sealed keys say may matter to any cell
            above = _hash(above, self._sealed)
        keys = []
        for cell, (part, is_followed) in zip(notebook.cells, self._own[notebook.name], strict=True):
            answer = submitted.answers.get(str(cell.grade_id))
            key = _hash(above, part, json.dumps(answer))
            keys.append(key)
            extra = submitted.extra.get(str(cell.grade_id), []) if cell.grade_id else []
            if is_followed or extra:
                above = _hash(key, *extra)
        return keys


def _hash(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()


# ---- the file ----------------------------------------------------------------------------------------


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).hexdigest().encode()


def _read(path: Path, notebook: AuthorNotebook) -> Entry | None:
    """The entry in a file; None where there is none, or not a whole one."""
    try:
        checksum, _, body = path.read_bytes().partition(b"\n")
        if checksum != _checksum(body):
            return None
        found = json.loads(body)
        if found["format"] != _FORMAT or len(found["cells"]) != len(notebook.cells):
            return None
        result = NotebookResult.from_plain(found)
        return Entry(result, [str(key) for key in found["keys"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None
