"""What is taken out of a submission, however it was damaged."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import Exercise

from autograder.course import Course
from autograder.grade.assemble import read_submission
from autograder.grade.notebook import AuthorNotebook, read_author_notebook

RIGHT = "x = 1 + 1"


@pytest.fixture
def author(make_course: Callable[..., Course]) -> AuthorNotebook:
    from autograder.author.build import _notebooks

    course = make_course(Exercise("x", "x = 2"), Exercise("y", "y = 3"))
    (notebook,) = _notebooks(course, "a1", course.root / "released")
    return notebook


@pytest.fixture
def folder(tmp_path: Path, author: AuthorNotebook) -> Path:
    """A submission in which x is answered and y is not."""
    made = tmp_path / "submitted"
    made.mkdir()
    notebook = nbformat.reads(author.released, as_version=4)
    next(c for c in notebook.cells if c.metadata.nbgrader.grade_id == "x").source = RIGHT
    nbformat.write(notebook, made / "a1.ipynb")
    return made


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "a1.ipynb"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


def cell(raw: dict[str, Any], grade_id: str) -> dict[str, Any]:
    return next(c for c in raw["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


READABLE: dict[str, Callable[[Path], object]] = {
    "as it is": lambda folder: None,
    "byte-order mark": lambda f: (f / "a1.ipynb").write_text((f / "a1.ipynb").read_text(), "utf-8-sig"),
    "UTF-16": lambda f: (f / "a1.ipynb").write_text((f / "a1.ipynb").read_text(), "utf-16"),
    "other case": lambda f: (f / "a1.ipynb").rename(f / "A1.IPYNB"),
    "other name": lambda f: (f / "a1.ipynb").rename(f / "a1 (1).ipynb"),
    "tests deleted": lambda f: edit(f, lambda raw: raw["cells"].remove(cell(raw, "x_check"))),
    "test retyped": lambda f: edit(f, lambda raw: cell(raw, "x_check").update(source="assert True")),
    "cells reversed": lambda f: edit(f, lambda raw: raw["cells"].reverse()),
    "tags": lambda f: edit(f, lambda raw: cell(raw, "x_check")["metadata"].update(tags=["skip-execution"])),
    "points": lambda f: edit(f, lambda raw: cell(raw, "x_check")["metadata"]["nbgrader"].update(points=99)),
    "no metadata": lambda f: edit(f, lambda raw: raw.pop("metadata")),
    "odd metadata": lambda f: edit(f, lambda raw: raw["cells"].append({"metadata": 7, "source": None})),
    "outputs of 5 MB": lambda f: edit(f, lambda raw: cell(raw, "x").update(outputs=["x" * 5_000_000])),
    "nbformat 3": lambda f: edit(
        f, lambda raw: raw.update(worksheets=[{"cells": raw.pop("cells")}], nbformat=3)
    ),
    "lines": lambda f: edit(f, lambda raw: cell(raw, "x").update(source=["x = 1", " + 1"])),
    "twice": lambda f: edit(f, lambda raw: raw["cells"].append(dict(cell(raw, "x")))),
    "twice, once untouched": lambda f: edit(
        f,
        lambda raw: raw["cells"].append(
            {**cell(raw, "x"), "source": "x = ...\n# Replace the dots with your answer."}
        ),
    ),
}


@pytest.mark.parametrize("damage", READABLE)
def test_what_can_be_read_charitably_is_read(folder: Path, author: AuthorNotebook, damage: str) -> None:
    READABLE[damage](folder)
    assert read_submission(folder, author).answers["x"] == RIGHT


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda p: p.unlink(), "there is no a1.ipynb"),
    "empty": (lambda p: p.write_bytes(b""), "damaged JSON"),
    "cut off": (lambda p: p.write_bytes(p.read_bytes()[:500]), "damaged JSON"),
    "a list": (lambda p: p.write_text("[1]"), "not a notebook"),
    "no cells": (lambda p: p.write_text('{"cells": 7}'), "it has no cells"),
    "nested too deep": (lambda p: p.write_text("[" * 100_000), "damaged JSON"),
    "a link": (lambda p: (p.unlink(), p.symlink_to("/etc/passwd")), "can't be opened"),
    "a pipe": (lambda p: (p.unlink(), os.mkfifo(p)), "is not a file"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "is not a file"),
    "too large": (lambda p: os.truncate(p, 65 << 20), "is larger than 64 MB"),
}


@pytest.mark.parametrize("damage", UNREADABLE)
def test_what_can_not_be_read_says_why(folder: Path, author: AuthorNotebook, damage: str) -> None:
    change, why = UNREADABLE[damage]
    change(folder / "a1.ipynb")
    submitted = read_submission(folder, author)
    assert submitted.answers == {}
    assert any(why in note for note in submitted.notes)


def test_two_strange_notebooks_are_not_guessed_at(folder: Path, author: AuthorNotebook) -> None:
    (folder / "a1.ipynb").rename(folder / "mine.ipynb")
    (folder / "other.ipynb").write_text("{}")
    assert "several other notebooks" in read_submission(folder, author).notes[0]


def test_extra_cells_are_kept_where_they_stood(folder: Path, author: AuthorNotebook) -> None:
    extra = {"cell_type": "code", "metadata": {}, "source": "helper = 1"}
    edit(folder, lambda raw: raw["cells"].insert(raw["cells"].index(cell(raw, "x_check")), extra))
    assert read_submission(folder, author).extra == {"x": ["helper = 1"]}


def test_a_missing_answer_cell_is_noted(folder: Path, author: AuthorNotebook) -> None:
    edit(folder, lambda raw: raw["cells"].remove(cell(raw, "x")))
    assert read_submission(folder, author).notes == ["answer cells missing: x"]


def test_the_author_notebook_must_match_its_release(author: AuthorNotebook, tmp_path: Path) -> None:
    shorter = nbformat.reads(author.released, as_version=4)
    shorter.cells = shorter.cells[:-1]
    with pytest.raises(ValueError, match=r"a1\.ipynb: its released form has other cells"):
        read_author_notebook(tmp_path / "course" / "source" / "a1" / "a1.ipynb", shorter)
