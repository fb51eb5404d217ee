"""What is kept of a submission: harmless pages, and nothing of hidden tests."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbconvert.filters import markdown2html_mistune

from autograder.grade.judge import CellResult, NotebookResult
from autograder.grade.notebook import AuthorNotebook, Cell
from autograder.grade.record import graded_notebook, harmless_text

ACTIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://example.org/x.png)",
    "[x](javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x][a]\n\n[a]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "| a |\n|---|\n| [x](javascript:alert(1)) |",
]


@pytest.mark.parametrize("typed", ACTIVE)
def test_written_answers_are_shown_and_not_run(typed: str) -> None:
    page = markdown2html_mistune(harmless_text(typed))
    assert not re.search(r"<(script|img|iframe|svg)\b", page)
    assert all(link.startswith("http://example.org") for link in re.findall(r'href="([^"]*)"', page))
    assert "alert(1)" in page or "example.org" in page


def test_formulas_stay_and_can_not_act() -> None:
    assert harmless_text(r"$\frac{1}{2} \leq \sum_i x_i$") == r"$\frac{1}{2} \leq \sum_i x_i$"
    assert (
        harmless_text(r"$\href{javascript:x}{y} \newcommand{\a}{b}$")
        == r"$href{javascript:x}{y} newcommand{\a}{b}$"
    )


def test_the_graded_notebook_shows_the_released_test_and_the_notes() -> None:
    released = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("check('x', x)", id="t")])
    cell = Cell("test", "x_check", "code", "check('x', x)\nassert secret", "check('x', x)", 1.0)
    author = AuthorNotebook("a1", (cell,), nbformat.writes(released))
    found = CellResult("x_check", cell.released, score=0.0)
    graded = graded_notebook(author, NotebookResult("a1", [found], ["read as <b>utf-16</b>"]))
    assert "secret" not in nbformat.writes(graded)
    assert graded.cells[0].source.endswith("* read as &lt;b>utf-16&lt;/b>")
    nbformat.validate(graded)


def test_what_is_shown_of_a_huge_cell_is_cut() -> None:
    released = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = ...", id="x")])
    author = AuthorNotebook(
        "a1", (Cell("answer", "x", "code", "x = 1", "x = ..."),), nbformat.writes(released)
    )
    for source in ("a." * 100_000, "x = 1\n" * 50_000):
        graded = graded_notebook(author, NotebookResult("a1", [CellResult("x", source)], []))
        assert len(graded.cells[0].source) < 21_000
