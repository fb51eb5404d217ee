"""solution(): after a try, in the whole course; never in a copy that was handed out."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from kernels import client_for
from support import ROOT

NAME = "03_oil_exports"
SETUP = """
import pandas as pd
from autograder.check import check, solution
oil = pd.read_csv("data/oil_exports.csv")
"""
UNTOUCHED = "worst_year = ...\nworst_gap = ...\n# Replace the dots with your answer."
WORKED = "worst_year = gap.idxmax()"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with its folder `source/`, as Binder has it."""
    root = tmp_path_factory.mktemp("course")
    for name in ("source", "release"):
        shutil.copytree(ROOT / name, root / name)
    return root


def session(folder: Path, *cells: str) -> list[str]:
    """What each cell shows in a real kernel that works in `folder`; an error shows its message."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (SETUP, *cells)])
    client_for(notebook, folder, allow_errors=True).execute()
    shown = []
    for cell in notebook.cells[1:]:
        texts = [
            output.get("text") or output.get("evalue") or output.data.get("text/markdown", "")
            for output in cell.outputs
        ]
        shown.append(" ".join(" ".join(texts).split()))
    return shown


def test_it_asks_for_two_answers_that_differ(course: Path) -> None:
    ask = 'solution("worst_gap")'  # the second of two answers in the cell `worst_year`
    cells = [ask, UNTOUCHED, ask, "worst_year = 1", ask, "worst_year = 1  # again", ask]
    cells += ["worst_year = no_such_name", ask]
    shown = session(course / "release" / NAME, *cells)
    assert "You have run no answers of your own so far." in shown[0]
    assert "no answers" in shown[2]
    assert "1 answer of your own" in shown[4]
    assert "1 answer of your own" in shown[6]
    assert WORKED not in " ".join(shown[:8])
    assert shown[8].startswith("One way to solve worst_year.")
    assert WORKED in shown[8]
    assert "SOLUTION" not in shown[8]
    assert "= ..." not in shown[8]


def test_a_right_answer_opens_it_at_once(course: Path) -> None:
    answer = "def pct(new, old):\n    return 100 * (new - old) / old"
    shown = session(course / "release" / NAME, answer, 'check("pct", pct)', 'solution("pct")')
    assert shown[1].startswith("pct: right.")
    assert shown[2].endswith("def pct(new, old): return (new - old) / old * 100")


def test_a_chart_and_a_written_question(course: Path) -> None:
    tries = ["figure, exports_chart = 1, 2", "exports_chart = oil.plot()", 'solution("exports_chart")']
    shown = session(course / "release" / NAME, *tries, *['solution("fair_word")'] * 2, 'solution("no_such")')
    assert "exports_chart.set_title(" in shown[2]
    assert shown[3].startswith("fair_word is a written question")
    assert "Model answer" not in shown[3]
    assert "**Model answer" in shown[4]
    assert "There is no exercise named 'no_such'" in shown[5]


def test_it_works_in_a_copy_somewhere_else_in_the_course(course: Path) -> None:
    copy = course / "my work" / "week 3"
    shutil.copytree(course / "release" / NAME, copy)
    shown = session(copy, "worst_year = 1", "worst_year = 2", 'solution("worst_year")')
    assert WORKED in shown[2]


def test_a_copy_that_was_handed_out_shows_nothing(course: Path, tmp_path: Path) -> None:
    copy = tmp_path / NAME
    shutil.copytree(course / "release" / NAME, copy)
    shown = session(copy, "worst_year = 1", "worst_year = 2", 'solution("worst_year")')
    assert shown[2].startswith("This copy of the course holds no worked solutions.")
    assert "your instructor has them" in shown[2]
    assert "gap" not in shown[2]


def test_plain_python_has_no_tries_to_count(course: Path) -> None:
    code = "from autograder.check import solution; solution('pct')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=course / "release" / NAME,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "try it first" in done.stdout
    assert "return" not in done.stdout
