"""check(): the one call that tells a student whether an answer is right.

    from autograder.check import check
    check("share_author", share_author)

Who learns alone and has tried finds the author's way with `solution("share_author")`.

It works in a class, in Binder and in the browser, and the grader makes the same call. It finds the
sealed keys in `checks.json` beside the notebook. It needs pandas and numpy, and matplotlib for charts.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from .keys import Key, Verdict, compare, load
from .solution import KEYS_FILE, found_right, solution

__all__ = ["KEYS_FILE", "NotRight", "check", "folded", "judged_by", "solution"]

_LINE = 80  # characters: JupyterLab, its Validate dialog and feedback pages show lines as they are


class NotRight(AssertionError):
    """An answer is not right yet. Its text is the one message for the student."""

    def __init__(self, verdict: Verdict):
        super().__init__(verdict.message)
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the message alone, since the lines of `check` help nobody."""
        return folded(self.verdict.message)


def folded(message: str) -> list[str]:
    """A message in lines that fit on a page."""
    return [part for line in message.splitlines() for part in textwrap.wrap(line, _LINE)]


class Judge(Protocol):
    """Whoever answers a check: keys in a file, the grader, or the author's build."""

    def __call__(self, name: str, answer: Any) -> Verdict: ...


_judges: list[Judge] = []
_files: dict[tuple[Path, float], dict[str, Key]] = {}


def check(name: str, answer: Any) -> None:
    """Say whether `answer` is the right one for the exercise `name`.

    Prints a line when it is. Raises `NotRight` (an AssertionError) when it is not; the message says what
    you have and what to look at, never the answer.
    """
    judge = _judges[-1] if _judges else _keys_beside_notebook
    verdict = judge(name, answer)
    if not verdict.right:
        raise NotRight(verdict)
    found_right.add(name)
    print("\n".join(folded(verdict.message)))


@contextmanager
def judged_by(judge: Judge) -> Iterator[None]:
    """Within this context, `judge` answers every check (used by the grader and by the build)."""
    _judges.append(judge)
    try:
        yield
    finally:
        _judges.pop()


def _keys_beside_notebook(name: str, answer: Any) -> Verdict:
    path = Path.cwd() / KEYS_FILE
    try:
        version = (path, path.stat().st_mtime)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no {KEYS_FILE} beside this notebook. Keep the assignment's folder together, "
            "and open the notebook inside it."
        ) from None
    if version not in _files:
        _files.clear()
        _files[version] = load(path)
    if name not in _files[version]:
        raise KeyError(f"{KEYS_FILE} knows no check named {name!r}. Is the name spelled as in the question?")
    return compare(_files[version][name], answer)
