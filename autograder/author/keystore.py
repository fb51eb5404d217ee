"""Keeps sealed keys between runs, so that grading need not run all of the author's answers again.

A key file is named by the fingerprint of everything that it follows from, so a stale one is never found.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..check.keys import Key, dump, load
from ..fingerprint import KEPT

FOLDER = f"{KEPT}/keys"


def find(root: Path, name: str) -> dict[str, Key] | None:
    """The keys kept under `name` in the course at `root`, or None."""
    path = root / FOLDER / f"{name}.json"
    try:
        return load(path)
    except (OSError, ValueError):
        return None


def keep(root: Path, name: str, keys: dict[str, Key]) -> None:
    """Keep `keys` under `name`. A course that can't be written to goes without."""
    folder = root / FOLDER
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f"{name}.{os.getpid()}"
        draft.write_text(dump(keys, hidden=True), encoding="utf-8")
        draft.replace(folder / f"{name}.json")
