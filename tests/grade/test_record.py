"""What is kept of a submission: harmless pages, and nothing of hidden tests."""

from __future__ import annotations

import nbformat
import pytest

from autograder.grade.judge import CellResult, NotebookResult
from autograder.grade.notebook import AuthorNotebook, Cell
from autograder.grade.record import graded_notebook, harmless_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a < b and **c** > 1", "a < b and **c** > 1"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("![x](http://example.org/x.png)", "&#33;[x](http://example.org/x.png)"),
        ("[x](javascript:alert(1))", "[x](javascript&#58;alert(1))"),
    ],
)
def test_written_answers_are_shown_and_not_run(typed: str, kept: str) -> None:
    assert harmless_text(typed) == kept


def test_the_graded_notebook_shows_the_released_test_and_the_notes() -> None:
    released = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("check('x', x)", id="t")])
    cell = Cell("test", "x_check", "code", "check('x', x)\nassert secret", "check('x', x)", 1.0)
    author = AuthorNotebook("a1", (cell,), nbformat.writes(released))
    found = CellResult("x_check", cell.released, score=0.0)
    graded = graded_notebook(author, NotebookResult("a1", [found], ["read as <b>utf-16</b>"]))
    assert "secret" not in nbformat.writes(graded)
    assert graded.cells[0].source.endswith("* read as &lt;b&gt;utf-16&lt;/b&gt;")
    nbformat.validate(graded)
