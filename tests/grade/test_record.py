"""What is kept of a submission: harmless pages, and nothing of hidden tests."""

from __future__ import annotations

import base64
from typing import Any

import nbformat
import pytest

from autograder.grade.judge import CellResult, NotebookResult
from autograder.grade.notebook import AuthorNotebook, Cell
from autograder.grade.record import graded_notebook, harmless, harmless_text

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n....").decode()
TABLE = (
    '<table class="dataframe" onclick="x()"><tbody><tr><td>1<script>go()</script></td></tr></tbody></table>'
)
CLEAN_TABLE = '<table class="dataframe"><tbody><tr><td>1go()</td></tr></tbody></table>'


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


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        (
            {"output_type": "stream", "name": "evil", "text": "x"},
            {"output_type": "stream", "name": "stdout", "text": "x"},
        ),
        ({"output_type": "widget"}, None),
        ({}, None),
        ({"output_type": "display_data", "data": 7}, None),
    ],
)
def test_only_outputs_are_kept(output: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert harmless(output) == kept


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"text/plain": "x", "application/javascript": "alert(1)"}, {"text/plain": "x"}),
        ({"text/html": "<script>alert(1)</script>"}, {}),
        ({"image/png": PNG}, {"image/png": PNG}),
        ({"image/png": "x' onerror='alert(1)"}, {}),
        ({"image/svg+xml": "<svg onload='alert(1)'/>"}, {}),
        ({"text/html": f"<style>x</style>{TABLE}"}, {"text/html": CLEAN_TABLE}),
    ],
)
def test_only_text_plain_tables_and_pictures_are_kept(data: dict[str, str], kept: dict[str, str]) -> None:
    found = harmless({"output_type": "display_data", "data": data, "metadata": {"x": "y"}})
    assert found == {"output_type": "display_data", "data": kept, "metadata": {}}


def test_the_graded_notebook_shows_the_released_test_and_the_notes() -> None:
    released = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("check('x', x)", id="t")])
    cell = Cell("test", "x_check", "code", "check('x', x)\nassert secret", "check('x', x)", 1.0)
    author = AuthorNotebook("a1", (cell,), nbformat.writes(released))
    found = CellResult("x_check", cell.released, score=0.0)
    graded = graded_notebook(author, NotebookResult("a1", [found], ["read as <b>utf-16</b>"]))
    assert "secret" not in nbformat.writes(graded)
    assert graded.cells[0].source.endswith("* read as &lt;b&gt;utf-16&lt;/b&gt;")
    nbformat.validate(graded)
