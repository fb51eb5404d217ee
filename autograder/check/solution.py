"""solution(): the worked solution of an exercise, for somebody who learns alone and has tried.

    from autograder.check import solution
    solution("share_author")

It reads the author's notebook in the folder `source/` of the course in which the assignment lies. A copy
that was handed out in a class has no such folder; there it says so, and shows nothing.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .keys import load

__all__ = ["TRIES", "found_right", "solution"]

KEYS_FILE = "checks.json"
TRIES = 2  # different answers, before a solution is shown that check() has not found yet

_LINE = 80  # characters, as the messages of check()
_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"
_DOTS = re.compile(r"\s*([\w, ]+=\s*)?\.\.\.\s*(#.*)?")
_GIVES_VALUE = re.compile(r"^(?:def\s+(\w+)\s*\(|(\w[\w, ]*?)\s*(?::[^=\n]+)?=(?!=))", re.MULTILINE)

_NO_SOURCE = (
    "This copy of the course holds no worked solutions. In a class, your instructor has them: ask there. "
    "If you learn alone, open the assignment inside the whole course, the one with the folder `source`."
)
_TRY_FIRST = (
    "{name}: try it first. You have run {tried} of your own so far. After {tries} different answers, or a "
    "right one, the worked solution is shown here. Until then, check() and the hints under the question say "
    "what to look at."
)
_WRITE_FIRST = (
    "{name} is a written question, and nobody reads it here but you. Write your answer first. Then run this "
    "line once more, and compare."
)

found_right: set[str] = set()  # names of the checks that found a right answer in this kernel
_asked: set[str] = set()  # written questions whose solution was asked for


@dataclass(frozen=True)
class _Exercise:
    """The author's cell of one exercise: its text with nbgrader's marks, and the names of its checks."""

    name: str
    text: str
    checks: frozenset[str]
    written: bool

    @property
    def starter(self) -> str:
        """What a student finds in the cell."""
        before, _, rest = self.text.partition(_BEGIN)
        return before + rest.partition(_END)[2]

    @property
    def worked(self) -> str:
        """The cell as it runs: without the marks and the dots that stand for an answer."""
        lines = self.text.splitlines()
        kept = [line for line in lines if line.strip() not in (_BEGIN, _END) and not _DOTS.fullmatch(line)]
        return "\n".join(kept).strip("\n")


def solution(name: str) -> None:
    """Show the worked solution of the exercise `name`, once it has been tried in this kernel.

    Tried means that a right answer was checked, or that two different answers were run. Prints what to do
    where it was not tried, and where this copy of the course holds no solutions. Raises KeyError when no
    exercise has that name.
    """
    source = _source_folder(Path.cwd())
    if source is None:
        _say(_NO_SOURCE)
        return
    exercise = _find(source, name)
    if exercise.written:
        _show_written(exercise)
        return
    tried = _tries(exercise)
    if tried < TRIES and not exercise.checks & found_right:
        so_far = f"{tried or 'no'} answer{'' if tried == 1 else 's'}"
        _say(_TRY_FIRST.format(name=name, tried=so_far, tries=TRIES))
        return
    print(f"One way to solve {exercise.name}. Yours may differ and be right too.\n\n{exercise.worked}")


def _show_written(exercise: _Exercise) -> None:
    if exercise.name not in _asked:
        _asked.add(exercise.name)
        _say(_WRITE_FIRST.format(name=exercise.name))
        return
    shell = _shell()
    if shell is None:
        print(exercise.worked)
        return
    from IPython.display import Markdown, display

    display(Markdown(exercise.worked))  # type: ignore[no-untyped-call]


def _say(message: str) -> None:
    print(textwrap.fill(message, _LINE))


def _source_folder(start: Path) -> Path | None:
    """The folder `source/` with the author's notebooks, of the course that the folder `start` lies in."""
    for place in (start, *start.parents):
        if any((place / "source").glob("*/*.ipynb")):
            return place / "source"
    return None


def _find(source: Path, name: str) -> _Exercise:
    """The exercise with this name, or the one that is checked under it."""
    for path in _notebooks(source):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for exercise in _exercises(cells):
            if name == exercise.name or name in exercise.checks:
                return exercise
    raise KeyError(f"There is no exercise named {name!r}. Is the name spelled as in the question?")


def _notebooks(source: Path) -> list[Path]:
    """The author's notebooks of this assignment; of all, where the assignment can't be told.

    The keys beside the student's notebook are salted with the name of the assignment.
    """
    keys = Path.cwd() / KEYS_FILE
    names = {key.salt for key in load(keys).values()} if keys.is_file() else set()
    found = [path for assignment in names for path in (source / assignment).glob("*.ipynb")]
    return sorted(found or source.glob("*/*.ipynb"))


def _exercises(cells: list[dict[str, Any]]) -> list[_Exercise]:
    """The cells that students answer, each with the checks that follow it."""
    found: list[_Exercise] = []
    for cell in cells:
        marks = cell["metadata"].get("nbgrader", {})
        text = "".join(cell["source"])
        if marks.get("solution"):
            written = cell["cell_type"] == "markdown"
            found.append(_Exercise(marks["grade_id"], text, frozenset(), written))
        elif found and cell["cell_type"] == "code":
            checks = found[-1].checks | set(re.findall(r"\bcheck\(\s*[\"'](\w+)[\"']", text))
            found[-1] = _Exercise(found[-1].name, found[-1].text, checks, found[-1].written)
    return found


def _tries(exercise: _Exercise) -> int:
    """How many different answers to an exercise were run in this kernel, those that failed included."""
    shell = _shell()
    names = _named(exercise.starter) or _named(exercise.worked)
    run = shell.user_ns.get("In", ()) if shell is not None else ()
    answers = {_bare(cell) for cell in run if names & _named(cell)}
    return len(answers - {_bare(exercise.starter)})


def _named(code: str) -> set[str]:
    """The names that some code gives a value to, outside of functions and loops."""
    found = (name for pair in _GIVES_VALUE.findall(code) for names in pair for name in names.split(","))
    return {name.strip() for name in found} - {""}


def _bare(code: str) -> str:
    """Code without comments, empty lines and spaces: what is left tells two answers apart."""
    lines = (re.sub(r"#[^\"']*$", "", line) for line in code.splitlines())
    return "\n".join("".join(line.split()) for line in lines if line.strip())


def _shell() -> Any:
    """The running IPython; None in plain Python."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()  # type: ignore[no-untyped-call]
