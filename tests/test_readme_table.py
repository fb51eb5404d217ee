"""The README's table of what the article names: complete, and true to data, lessons and exercises."""

from __future__ import annotations

import re

import nbformat
import pandas as pd
import pytest
from support import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What the article names")[2]
ROWS = re.findall(r"^\| (.+?) \| (\w+) \| ([\d, ]+|byline) \| (\d) \| `(\w+)` \|$", TEXT, re.MULTILINE)
ACTORS = pd.read_csv(ROOT / "data" / "actors.csv")
NAMED = ACTORS[(ACTORS["in_article"] == 1) & ACTORS["kind"].isin(["person", "organisation", "state"])]


def folder(room: str, lesson: str) -> str:
    return next(path.name for path in (ROOT / room).iterdir() if path.name.startswith(f"0{lesson}_"))


def test_nobody_whom_the_article_names_is_missing() -> None:
    listed = [(name, kind) for name, kind, *_ in ROWS if kind in ("person", "organisation", "state")]
    assert sorted(listed) == sorted(zip(NAMED["name"], NAMED["kind"], strict=True))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_lesson_and_the_exercise_are_there(row: tuple[str, ...]) -> None:
    _, _, _, lesson, exercise = row
    source = next((ROOT / "source" / folder("source", lesson)).glob("*.ipynb"))
    marks = [cell.metadata.get("nbgrader", {}) for cell in nbformat.read(source, as_version=4).cells]
    assert exercise in {mark.get("grade_id") for mark in marks if mark.get("solution")}
    assert (ROOT / "notebooks" / f"{folder('source', lesson)}.ipynb").exists()


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] in set(NAMED["name"])], ids=lambda row: row[0])
def test_the_actor_stands_in_the_tables_of_the_assignment(row: tuple[str, ...]) -> None:
    name, _, paragraphs, lesson, _ = row
    actor = NAMED[NAMED["name"] == name].iloc[0]
    tables = (ROOT / "release" / folder("release", lesson) / "data").glob("*.csv")
    text = "\n".join(path.read_text(encoding="utf-8") for path in tables)
    others = [] if pd.isna(actor["other_names"]) else str(actor["other_names"]).split(";")
    known = [str(actor["actor_id"]), name, *(other.strip() for other in others)]
    assert any(re.search(rf"\b{re.escape(word)}\b", text) for word in known if word), known
    given = "byline" if pd.isna(actor["paragraphs"]) else str(actor["paragraphs"]).replace(";", ", ")
    assert paragraphs == given


def test_themes_of_sanctions_and_divisions_are_listed() -> None:
    kinds = [kind for _, kind, *_ in ROWS]
    assert kinds.count("sanctions") >= 5
    assert kinds.count("division") >= 6
