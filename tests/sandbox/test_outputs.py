"""Outputs of student code are checked where they arrive, whatever the student's process says they are."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from autograder.sandbox.limits import LIMITS
from autograder.sandbox.outputs import harmless, plain_table

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n....").decode()
TABLE = (
    '<table class="dataframe" onclick="x()"><tbody><tr><td>1<script>go()</script></td></tr></tbody></table>'
)
CLEAN_TABLE = '<table class="dataframe"><tbody><tr><td>1</td></tr></tbody></table>'


@pytest.mark.parametrize(
    "forged",
    [None, 7, "x", {}, [5], [None], [{}], [{"output_type": "widget"}], [{"output_type": ["stream"]}]],
)
def test_what_is_no_output_is_left_out(forged: Any) -> None:
    assert harmless(forged) == []


def test_every_part_has_its_form() -> None:
    forged = [
        {"output_type": "stream", "name": "evil", "text": "a\ud800"},
        {"output_type": "stream", "text": 5},
        {"output_type": "error", "ename": 1, "evalue": None, "traceback": 5},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t", 7]},
        {"output_type": "execute_result", "data": 7},
    ]
    assert harmless(forged) == [
        {"output_type": "stream", "name": "stdout", "text": "a?"},
        {"output_type": "stream", "name": "stdout", "text": ""},
        {"output_type": "error", "ename": "", "evalue": "", "traceback": []},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t", ""]},
        {"output_type": "execute_result", "data": {}, "metadata": {}, "execution_count": None},
    ]


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
    (found,) = harmless([{"output_type": "display_data", "data": data, "metadata": {"x": "y"}}])
    assert found == {"output_type": "display_data", "data": kept, "metadata": {}}


def test_sizes_are_limited_here_too() -> None:
    flood = [{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}] * 50
    assert sum(len(output["text"]) for output in harmless(flood)) <= LIMITS.output + 200
    shows = [{"output_type": "display_data", "data": {"text/plain": "x"}}] * 5000
    assert len(harmless(shows)) == LIMITS.displays


def test_deep_pages_are_read_in_a_moment() -> None:
    assert plain_table("<div>" * 20_000 + "<table>" * 5_000).count("<table") == 5_000
