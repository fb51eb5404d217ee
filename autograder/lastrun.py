"""The last whole run over an assignment: what came out, and whether it still holds.

As `make` does, it looks at files and not into them. A run is remembered with what the file system says of
every file that its grades follow from and of all that it wrote: the author's folder, the tables, the
configuration, what was handed in, the graded notebooks, the gradebook. As long as none of them was touched,
there is nothing to grade. This module loads no library, so that it can say so at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from .fingerprint import KEPT, fingerprint

_FORMAT = 1
_SETTINGS = ("JUPYTER", "PYTHON", "HOME")  # variables that say where configuration lies

#: What the file system says of a file or folder, by its path; None where there is none; empty where that
#: says too little.
Marks = dict[str, list[int] | None]


@dataclass
class Graded:
    """One submission after grading: its score, the score that can be reached without a person, and notes.

    `failure` says why there is no result, where the grading itself failed."""

    student: str
    score: float
    possible: float
    notes: list[str] = field(default_factory=list)
    failure: str = ""


@dataclass(frozen=True)
class LastRun:
    """A run over all that was handed in: its results, what was told of the author's notebooks, and where
    the grades went. `walls` says whether student code was closed in."""

    graded: list[Graded]
    told: list[str]
    gradebook: str
    walls: bool


def marks(folders: Iterable[Path], others: Iterable[Path] = ()) -> Marks:
    """The marks of `folders` with all that is in them, and of `others`: files, and folders for which it
    counts only what they are called that is in them."""
    found: Marks = {str(path): _mark(str(path)) for path in others}
    for folder in folders:
        found[str(folder)] = _mark(str(folder))
        for place, inside, files in os.walk(folder):
            found |= {path: _mark(path) for path in (os.path.join(place, name) for name in files)}
            for path in (os.path.join(place, name) for name in inside):
                # a link leads to a folder that is not walked through: never certain to be the same
                found[path] = [] if os.path.islink(path) else _mark(path)
    return found


def _mark(path: str) -> list[int] | None:
    """The time of the last change (ctime) can't be set back, so no change goes unseen; of a link, both the
    link and the file that it leads to."""
    try:
        own = os.lstat(path)
        found = [own] if not stat.S_ISLNK(own.st_mode) else [own, os.stat(path)]
    except OSError:
        return None
    return [n for s in found for n in (s.st_ino, s.st_mode, s.st_size, s.st_mtime_ns, s.st_ctime_ns)]


def remember(root: Path, name: str, run: LastRun, seen: Marks) -> None:
    """Keep a run over the assignment `name` of the course at `root`. A course that can't be written to goes
    without."""
    path = _path(root, name)
    draft = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps({"made_by": _made_by(root), "seen": seen, "run": asdict(run)}))
        draft.replace(path)


def recall(root: Path, name: str, walls: bool) -> LastRun | None:
    """The last run, if another one now would find and write the same; else None."""
    try:
        kept = json.loads(_path(root, name).read_text())
        if kept["made_by"] != _made_by(root) or kept["run"]["walls"] != walls:
            return None
        if any(mark == [] or _mark(path) != mark for path, mark in kept["seen"].items()):
            return None
        graded = [Graded(**row) for row in kept["run"]["graded"]]
        return LastRun(**{**kept["run"], "graded": graded})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _path(root: Path, name: str) -> Path:
    return root / KEPT / "runs" / f"{name}.json"


def _made_by(root: Path) -> list[str]:
    """The program, the course's place (a copy brings a memory of its original) and the variables that say
    where configuration lies."""
    package = Path(__file__).parent
    program = fingerprint(package.glob("*.py"), package)  # with the environment and the rooms below it
    settings = sorted(f"{key}={value}" for key, value in os.environ.items() if key.startswith(_SETTINGS))
    return [str(_FORMAT), str(root.resolve()), sys.prefix, version("nbgrader"), program, *settings]
