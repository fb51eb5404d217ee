"""Writes graded notebooks into nbgrader's folders, where formgrader and `generate_feedback` find them."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import parse_utc

from ..course import Course
from ..sandbox.outputs import calm_math
from .assemble import Unreadable, read_file
from .engine import Assignment
from .judge import CellResult, NotebookResult
from .notebook import AuthorNotebook


def untouched_answers(notebook: AuthorNotebook, result: NotebookResult) -> set[str]:
    """The grade_ids of answers that are missing or still as they were released."""
    found = set()
    for cell in result.cells:
        authored = notebook.by_id.get(cell.grade_id or "")
        if authored is None or authored.role not in ("answer", "written"):
            continue
        if cell.error == "missing" or cell.source.strip() == authored.released.strip():
            found.add(str(cell.grade_id))
    return found


TIMESTAMP = "timestamp.txt"


SECRET = "submission_secret.txt"


def _read_secret(folder: Path) -> str:
    """What `nbgrader submit` put beside a submission, so that only its student can fetch the feedback."""
    try:
        return read_file(folder / SECRET, most=1000).decode("ascii")
    except (Unreadable, UnicodeDecodeError):
        return ""


def _own_secret(graded: Path) -> str:
    """One that nobody knows, and the same as before: without any, nbgrader's `release_feedback` would stop
    for the whole class."""
    return _read_secret(graded) or secrets.token_hex(64)


def read_timestamp(folder: Path) -> str | None:
    """When a submission was handed in, as nbgrader writes it; None where that can't be read."""
    try:
        text = read_file(folder / TIMESTAMP, most=200).decode("ascii").strip()
        parse_utc(text)
    except Exception:  # whatever a student may have put there
        return None
    return text


# ---- autograded/STUDENT/ASSIGNMENT -------------------------------------------------------------------


def write_folder(
    course: Course, assignment: Assignment, student: str, results: Sequence[NotebookResult]
) -> None:
    """The graded notebooks, in place of older ones. Other files of the student's are not copied: they were
    not used."""
    folder, submitted = (
        course.autograded(student, assignment.name),
        course.submitted(student, assignment.name),
    )
    authored = {notebook.name: notebook for notebook in assignment.notebooks}
    files = {f"{result.name}.ipynb": graded_text(authored[result.name], result) for result in results}
    if stamp := read_timestamp(submitted):
        files[TIMESTAMP] = stamp + "\n"
    files[SECRET] = _read_secret(submitted) or _own_secret(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent):
        if _holds(folder, files):
            return
        draft = folder.parent / f".{assignment.name}-draft"
        shutil.rmtree(draft, ignore_errors=True)  # a grader that was killed may have left one
        draft.mkdir()
        for name, text in files.items():
            (draft / name).write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)


def _holds(folder: Path, files: Mapping[str, str]) -> bool:
    """Whether these files, and no others, are in a folder already."""
    try:
        if {path.name for path in folder.iterdir()} != set(files):
            return False
        return all((folder / name).read_bytes() == text.encode() for name, text in files.items())
    except OSError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other graders of the same student out of this folder."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a network file system that can't lock folders goes without
            fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


METADATA = "autograder"


def graded_text(notebook: AuthorNotebook, result: NotebookResult) -> str:
    """The file of a graded notebook (nbformat 4)."""
    return json.dumps(_graded(notebook, result), ensure_ascii=False) + "\n"


def graded_notebook(notebook: AuthorNotebook, result: NotebookResult) -> nbformat.NotebookNode:
    """The released notebook with the student's answers, harmless outputs, and the tests' messages.

    What feedback and reports need stands in the metadata, under `autograder`: for each cell as `_facts`
    gives it, for the notebook its `notes`.
    """
    return nbformat.from_dict(_graded(notebook, result))


def _graded(notebook: AuthorNotebook, result: NotebookResult) -> dict[str, Any]:
    """`graded_notebook` as plain data, which takes a tenth of the time."""
    untouched = untouched_answers(notebook, result)
    graded: dict[str, Any] = json.loads(notebook.released)
    for cell, found in zip(graded["cells"], result.cells, strict=False):
        written = cell["cell_type"] == "markdown" and found.grade_id in notebook.written
        shown = _cut(found.source)
        cell["source"] = harmless_text(shown) if written else shown
        if cell["cell_type"] == "code":
            cell["outputs"] = found.outputs
            cell["execution_count"] = None
        cell["metadata"][METADATA] = _facts(found, untouched)
    graded["metadata"][METADATA] = {"notes": list(result.notes)}
    if result.notes:
        lines = "\n".join(f"* {harmless_text(note)}" for note in result.notes)
        text = f"**How this notebook was read and run**\n\n{lines}"
        graded["cells"].insert(0, nbformat.v4.new_markdown_cell(text, id="autograder-notes"))
    return graded


def _facts(found: CellResult, untouched: set[str]) -> dict[str, Any]:
    """What is known of a cell, without what is empty: for a test its `score` (without a person's), the
    `message`, the `hint` of a known mistake, what the student `has`; for an answer the `error` that it
    stopped with ("missing" where there is none), and whether it is `untouched`."""
    facts = {
        "score": found.score,
        "message": found.message,
        "hint": found.hint,
        "has": found.has,
        "error": found.error,
        "untouched": found.grade_id in untouched,
    }
    return {
        name: fact for name, fact in facts.items() if fact is not None and fact != "" and fact is not False
    }


_LONGEST_SHOWN, _LONGEST_LINE = 20_000, 2_000  # characters: pages colour code in a time that grows faster


def _cut(source: str) -> str:
    """What is shown of a cell. All of it ran."""
    lines = [
        line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..." for line in source.split("\n")
    ]
    shown = "\n".join(lines)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}\n# [cut off for this page]"


_MARKS = {"&": "&amp;", "<": "&lt;", "[": "&#91;", "]": "&#93;"}


def harmless_text(markdown: str) -> str:
    """A written answer in which nothing acts: tags, links and pictures stand there as they were typed."""
    return "".join(_MARKS.get(letter, letter) for letter in calm_math(markdown))
