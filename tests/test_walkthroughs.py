"""The walk-throughs of CONTRIBUTING.md, run word for word in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from support import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(heading: str) -> list[tuple[str, str]]:
    """The code blocks of a section: their language and their text."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)
    assert found, heading
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the walk-throughs touch."""
    root = tmp_path / "repository"
    (root / "source").mkdir(parents=True)
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "data", root / "data")
    shutil.copy(ROOT / "notebooks" / "01_who_is_speaking.ipynb", root / "notebooks")
    return root


def walk(heading: str, root: Path) -> str:
    """Do what a section says: run its commands and Python, append its TOML; what was printed."""
    said = []
    for language, text in blocks(heading):
        if language == "toml":
            (root / "source" / "07_bread" / "answers.toml").open("a").write(f"\n{text}")
            continue
        program = ["bash", "-euo", "pipefail", "-c"] if language == "bash" else [sys.executable, "-c"]
        done = subprocess.run([*program, text], cwd=root, capture_output=True, text=True, env=environment())
        assert done.returncode == 0, done.stderr[-2000:]
        said.append(done.stdout)
    return "".join(said)


def environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # a kernel has its own
    return {**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_add_an_exercise(copy: Path) -> None:
    said = walk("Add an exercise", copy)
    assert re.search(r"07_bread  top_price +1 points: 2 right, 1 wrong, 1 empty: all judged right", said)
    assert said.count("Misjudged: 0.") == 2
    released = (copy / "release" / "07_bread" / "07_bread.ipynb").read_text()
    assert "top_price = ..." in released
    assert ".max()" not in released


def test_add_a_lesson(copy: Path) -> None:
    walk("Add a lesson", copy)
    made = nbformat.read(copy / "notebooks" / "07_bread.ipynb", as_version=4)
    model = nbformat.read(copy / "notebooks" / "01_who_is_speaking.ipynb", as_version=4)
    assert shown(made) == shown(model)
    assert "widget-view" not in nbformat.writes(made)
    assert made.metadata == model.metadata


def shown(lesson: nbformat.NotebookNode) -> list[tuple[int, list[str]]]:
    """The count of each code cell, and which kinds of output it has."""
    cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    return [(cell.execution_count, sorted({o.output_type for o in cell.outputs})) for cell in cells]


def test_use_this_for_another_article(copy: Path) -> None:
    said = walk("Use this for another article", copy)
    assert "Misjudged: 0." in said
    made = copy.parent / "another_article"
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    expected = ["nbgrader_config.py", "source/01_first/answers.toml", "release/01_first/checks.json"]
    assert set(expected) <= files
