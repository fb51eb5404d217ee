"""The hash of what results follow from, so that a kept one is used only while nothing of it has changed."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

KEPT = ".autograder"  # a folder in the course; what it holds can be made again

_PACKAGE = Path(__file__).resolve().parent
_ROOMS = ("check", "sandbox", "grade", "author")  # the code that keys and scores depend on
_LIBRARIES = ("pandas", "numpy", "matplotlib", "ipython")


def fingerprint(files: Iterable[Path], root: Path) -> str:
    """The hash of the given files, with their places below `root`, and of the environment."""
    digest = hashlib.blake2b(environment().encode(), digest_size=16)
    for path in sorted(set(files)):
        place = path.relative_to(root) if path.is_relative_to(root) else path.name
        digest.update(f"{place}\0".encode() + hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def environment() -> str:
    """The hash of this package's code and of the versions of Python and its libraries."""
    digest = hashlib.blake2b(platform.python_version().encode(), digest_size=16)
    digest.update(str([version(name) for name in _LIBRARIES]).encode())
    for path in sorted(path for room in _ROOMS for path in (_PACKAGE / room).rglob("*.py")):
        digest.update(str(path.relative_to(_PACKAGE)).encode() + hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()
