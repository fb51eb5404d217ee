"""Ordinary mishaps of honest students: what they did right counts."""

from __future__ import annotations

import copy
from typing import Any

from hostile_corpus import ALL, NONE, RIGHT, WRITTEN, Case, cell_of, code_cell, edited, grade_id_of

KIND = "damage"


def _without(*ids: str) -> Any:
    return lambda raw: raw.update(cells=[cell for cell in raw["cells"] if grade_id_of(cell) not in ids])


def _only_answers(raw: dict[str, Any]) -> None:
    raw["cells"] = [cell for cell in raw["cells"] if cell["metadata"]["nbgrader"]["solution"]]


def _split(raw: dict[str, Any]) -> None:
    cell = cell_of(raw, "by_region")
    place = raw["cells"].index(cell)
    cell["source"] = 'grouped = sales.groupby("region")'
    raw["cells"].insert(place + 1, code_cell('by_region = grouped["amount"].sum()'))


def _helpers_above(raw: dict[str, Any]) -> None:
    cell = cell_of(raw, "total")
    raw["cells"].insert(raw["cells"].index(cell), code_cell("def add(column):\n    return column.sum()"))
    cell["source"] = "total = add(sales.amount)"


def _source(grade_id: str, text: Any) -> Any:
    return lambda raw: cell_of(raw, grade_id).update(source=text)


def _shuffled(raw: dict[str, Any]) -> None:
    raw["cells"] = raw["cells"][::2] + raw["cells"][1::2]


def _setup_edited(raw: dict[str, Any]) -> None:
    cell_of(raw, "setup")["source"] = (
        'import pandas as pd\nsales = pd.read_csv("C:/Users/me/Downloads/sales.csv")'
    )


def _run_before(raw: dict[str, Any]) -> None:
    for number, cell in enumerate(raw["cells"]):
        if cell["cell_type"] == "code":
            error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["old error"]}
            cell.update(outputs=[error], execution_count=100 - number)


def _copied_below(raw: dict[str, Any]) -> None:
    again = copy.deepcopy(cell_of(raw, "total"))
    del again["metadata"]["nbgrader"]
    raw["cells"].append(again)


def _several(raw: dict[str, Any]) -> None:
    _without("total_check", "leap_check")(raw)
    _shuffled(raw)
    _source("growth", "def growth(new, old)\n    return 1")(raw)


_CHANGES: dict[str, tuple[Any, frozenset[str]]] = {
    "tests-deleted": (_without(*(f"{name}_check" for name in RIGHT)), NONE),
    "only-answers": (_only_answers, NONE),
    "setup-deleted": (_without("setup"), NONE),
    "setup-edited": (_setup_edited, NONE),
    "answer-deleted": (_without("growth"), frozenset({"growth"})),
    "answer-emptied": (_source("growth", ""), frozenset({"growth"})),
    "answer-split": (_split, NONE),
    "helpers-above": (_helpers_above, NONE),
    "cells-shuffled": (_shuffled, NONE),
    "cells-reversed": (lambda raw: raw["cells"].reverse(), NONE),
    "run-before": (_run_before, NONE),
    "copied-below": (_copied_below, NONE),
    "syntax-error": (_source("growth", "def growth(new, old)\n    return 1"), frozenset({"growth"})),
    "unfinished": (_source("big", "big = sales["), frozenset({"big"})),
    "quotation-marks": (_source("total", "total = sales[“amount”].sum()"), frozenset({"total"})),
    "mixed-tabs": (
        _source("growth", "def growth(new, old):\n\tx = 1\n        return x"),
        frozenset({"growth"}),
    ),
    "tabs": (_source("growth", "def growth(new, old):\n\treturn 100 * new / old - 100"), NONE),
    "prose-in-code": (_source("total", "I think it is 6760."), frozenset({"total"})),
    "prompt-pasted": (_source("total", ">>> total = sales.amount.sum()"), NONE),
    "in-prompt-pasted": (_source("total", "In [3]: total = sales.amount.sum()"), NONE),
    "null-byte": (_source("total", "total = 6760.0\x00"), frozenset({"total"})),
    "form-feed": (_source("total", "\x0ctotal = sales.amount.sum()\x0c"), NONE),
    "lone-surrogate": (_source("total", "total = sales.amount.sum()  # \ud83d"), NONE),
    "emoji": (_source("total", "# 👩🏽‍💻 مجموع\nمجموع = sales.amount.sum()\ntotal = مجموع"), NONE),
    "fullwidth-letters": (_source("total", "ｔｏｔａｌ = sales.amount.sum()"), NONE),
    "zero-width-letter": (_source("total", "to\u200btal = sales.amount.sum()"), frozenset({"total"})),
    "no-streams": (
        _source("total", "import sys\nsys.stdout = sys.stderr = None\ntotal = sales.amount.sum()"),
        NONE,
    ),
    "changed-later": (
        _source("axes", RIGHT["axes"] + "\ntotal = by_region = growth = leap = big = sales = None"),
        NONE,
    ),
    "misspelt": (_source("total", "Total = sales.amount.sum()"), frozenset({"total"})),
    "warning-as-error": (
        _source("total", "import warnings\nwarnings.simplefilter('error')\ntotal = sales.amount.sum()"),
        NONE,
    ),
    "error-after-answer": (_source("total", "total = sales.amount.sum()\ntotal.plot()"), NONE),
    "uses-later-cell": (_source("total", "total = by_region.sum()"), frozenset({"total"})),
    "shadows-names": (
        _source(
            "total",
            "total = sales.amount.sum()\nsum = list = dict = str = print = len = type = None\ncheck = None",
        ),
        NONE,
    ),
    "closes-figures": (
        _source("axes", RIGHT["axes"] + "\nimport matplotlib.pyplot as plt\nplt.show()\nplt.close('all')"),
        NONE,
    ),
    "several-at-once": (_several, frozenset({"growth"})),
}

CASES = [
    *(Case(f"damage-{name}", KIND, edited(change), lost) for name, (change, lost) in _CHANGES.items()),
    Case(
        "damage-no-opinion",
        KIND,
        edited(lambda raw: None, {name: code for name, code in RIGHT.items() if name != WRITTEN}),
        written=False,
    ),
    Case("damage-untouched", KIND, edited(lambda raw: None, {}), ALL, written=False),
]
