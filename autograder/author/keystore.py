"""Keeps sealed keys between runs, so that grading need not run all of the author's answers again.

A key file is named by the hash of everything that it follows from: the author's files, the tables, this
package and the versions of Python and its libraries. So a stale one is never found.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from ..check.keys import Key, dump, load

FOLDER = ".autograder"
_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = ("pandas", "numpy", "matplotlib", "ipython")


def fingerprint(files: Iterable[Path]) -> str:
    """The hash of the given files, this package's code and the versions that keys depend on."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{platform.python_version()} {[version(name) for name in _LIBRARIES]}".encode())
    for path in sorted({*files, *_PACKAGE.rglob("*.py")}):
        digest.update(path.name.encode() + b"\0" + hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


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
        folder.mkdir(mode=0o700, exist_ok=True)
        draft = folder / f"{name}.{os.getpid()}"
        draft.write_text(dump(keys, hidden=True), encoding="utf-8")
        draft.replace(folder / f"{name}.json")
