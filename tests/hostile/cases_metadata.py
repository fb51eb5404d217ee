"""Everything around the text of the answers: ids, tags, points, types of cells, versions, kernels."""

from __future__ import annotations

import copy
from typing import Any

from hostile_corpus import ALL, NONE, RIGHT, WRONG, Case, cell_of, code_cell, each_cell, edited

KIND = "metadata"


def _mark(cell: dict[str, Any]) -> dict[str, Any]:
    mark: dict[str, Any] = cell["metadata"]["nbgrader"]
    return mark


def _tests(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in raw["cells"] if _mark(cell)["grade_id"].endswith("_check")]


def _tag(*tags: str) -> Any:
    return each_cell(lambda cell: cell["metadata"].update(tags=[*tags]))


def _swap(one: str, other: str) -> Any:
    def change(raw: dict[str, Any]) -> None:
        first, second = _mark(cell_of(raw, one)), _mark(cell_of(raw, other))
        first["grade_id"], second["grade_id"] = other, one

    return change


def _retype(kind: str, only_tests: bool = False) -> Any:
    def change(raw: dict[str, Any]) -> None:
        for cell in _tests(raw) if only_tests else raw["cells"]:
            cell["cell_type"] = kind
            cell.pop("outputs", None)

    return change


def _forged_outputs(raw: dict[str, Any]) -> None:
    for cell in _tests(raw):
        full = {"text/plain": str(_mark(cell)["points"])}
        cell["outputs"] = [
            {"output_type": "execute_result", "data": full, "metadata": {}, "execution_count": 1}
        ]


def _to_nbformat_3(raw: dict[str, Any]) -> None:
    cells = raw.pop("cells")
    for cell in cells:
        if cell["cell_type"] == "code":
            cell.update(input=cell.pop("source"), prompt_number=1, language="python", collapsed=False)
    raw.update(worksheets=[{"cells": cells, "metadata": {}}], nbformat=3, nbformat_minor=0)


def _bonus(raw: dict[str, Any]) -> None:
    mark = {**_mark(_tests(raw)[0]), "grade_id": "bonus", "points": 50}
    raw["cells"].append(code_cell("50.0", nbgrader=mark))


def _grown(raw: dict[str, Any]) -> None:
    raw["metadata"]["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": {"html": "<script>alert(1)</script>"}}}
    }
    raw["cells"][1]["metadata"] = {"trusted": True, "nbgrader": _mark(raw["cells"][1]), "deep": _deep(300)}


def _deep(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


def _without_id(value: Any) -> Any:
    return lambda raw: _mark(cell_of(raw, "total")).update(grade_id=value)


def _all_twice(raw: dict[str, Any]) -> None:
    raw["cells"] += copy.deepcopy(raw["cells"])


def _second_total(source: Any, times: int = 1) -> Any:
    def change(raw: dict[str, Any]) -> None:
        again = {**copy.deepcopy(cell_of(raw, "total")), "source": source}
        raw["cells"] += [again] * times

    return change


def _doubled_tests(raw: dict[str, Any]) -> None:
    for cell in _tests(raw):
        raw["cells"].append({**copy.deepcopy(cell), "source": "assert True"})


def _points(value: Any) -> Any:
    return lambda raw: [_mark(cell).update(points=value) for cell in _tests(raw)]


def _no_marks(raw: dict[str, Any]) -> None:
    for cell in raw["cells"]:
        cell["metadata"] = {}


def _odd_metadata(raw: dict[str, Any]) -> None:
    raw["metadata"] = "none"
    values: list[Any] = [7, "x", None, [], True]
    odd: Any
    for cell, odd in zip(raw["cells"], values * 3, strict=False):
        cell["metadata"]["collapsed"] = odd
        cell["id"] = odd
        cell["execution_count"] = odd
    raw["cells"] += [7, "x", None, [], {"metadata": 7}, {"cell_type": 5, "source": {"a": 1}}]


def _odd_versions(value: Any) -> Any:
    def change(raw: dict[str, Any]) -> None:
        raw.update(nbformat=value, nbformat_minor=value)
        for cell in raw["cells"]:
            _mark(cell)["schema_version"] = value

    return change


def _kernel(name: str, language: str) -> Any:
    spec = {"name": name, "display_name": name, "language": language}
    return lambda raw: raw["metadata"].update(kernelspec=spec, language_info={"name": language})


_ALL_ONE = each_cell(lambda cell: _mark(cell).update(grade_id="total_check"))
_WITHOUT_OPINION = {"no-marks", "all-ids-one"}

#: name: (change, answers, exercises without points, exercises where both is fair)
_CHANGES: dict[str, tuple[Any, dict[str, str], frozenset[str], frozenset[str]]] = {
    "skip-tag-wrong": (_tag("skip-execution"), WRONG, ALL, NONE),
    "skip-tag-right": (_tag("skip-execution", "remove_cell", "raises-exception"), RIGHT, NONE, NONE),
    "raises-tag-wrong": (_tag("raises-exception", "remove_output", "remove_cell"), WRONG, ALL, NONE),
    "points-99": (_points(99), WRONG, ALL, NONE),
    "points-odd": (_points("many"), RIGHT, NONE, NONE),
    "points-negative": (_points(-5), RIGHT, NONE, NONE),
    "forged-outputs": (_forged_outputs, WRONG, ALL, NONE),
    "bonus-cell": (_bonus, WRONG, ALL, NONE),
    "tests-to-manual": (
        lambda raw: [_mark(cell).update(solution=True, task=True) for cell in _tests(raw)],
        WRONG,
        ALL,
        NONE,
    ),
    "tests-ungraded": (
        lambda raw: [_mark(cell).update(grade=False) for cell in _tests(raw)],
        WRONG,
        ALL,
        NONE,
    ),
    "tests-as-text": (_retype("markdown", only_tests=True), WRONG, ALL, NONE),
    "tests-rewritten": (
        lambda raw: [cell.update(source="99.0") for cell in _tests(raw)],
        WRONG,
        ALL,
        NONE,
    ),
    "tests-copied": (_doubled_tests, WRONG, ALL, NONE),
    "tests-swapped": (
        _swap("total_check", "axes_check"),
        {**WRONG, "total": RIGHT["total"]},
        ALL - {"total"},
        NONE,
    ),
    "answers-swapped": (_swap("total", "by_region"), RIGHT, frozenset({"total"}), frozenset({"by_region"})),
    "id-stolen": (
        lambda raw: _mark(cell_of(raw, "total")).update(grade_id="by_region"),
        RIGHT,
        NONE,
        frozenset({"total", "by_region"}),
    ),
    "all-ids-one": (_ALL_ONE, RIGHT, NONE, ALL),
    "id-number": (_without_id(7), RIGHT, NONE, frozenset({"total"})),
    "id-list": (_without_id(["total"]), RIGHT, NONE, frozenset({"total"})),
    "id-none": (_without_id(None), RIGHT, NONE, frozenset({"total"})),
    "id-path": (_without_id("../../../gradebook.db"), RIGHT, NONE, frozenset({"total"})),
    "no-marks": (_no_marks, RIGHT, NONE, ALL),
    "twice": (_all_twice, RIGHT, NONE, NONE),
    "twice-wrong": (_second_total("total = 3"), RIGHT, frozenset({"total"}), NONE),
    "thousand-copies": (_second_total(RIGHT["total"], 1000), RIGHT, NONE, NONE),
    "source-number": (lambda raw: cell_of(raw, "total").update(source=7), RIGHT, frozenset({"total"}), NONE),
    "source-mixed": (
        lambda raw: cell_of(raw, "total").update(source=["total = ", None, 7, "sales.amount.sum()"]),
        RIGHT,
        NONE,
        NONE,
    ),
    "answers-as-text": (_retype("markdown"), RIGHT, NONE, NONE),
    "answers-as-raw": (_retype("raw"), RIGHT, NONE, NONE),
    "cells-unknown": (_retype("heading"), RIGHT, NONE, NONE),
    "odd-metadata": (_odd_metadata, RIGHT, NONE, NONE),
    "widget-state": (_grown, RIGHT, NONE, NONE),
    "schema-0": (_odd_versions(0), RIGHT, NONE, NONE),
    "schema-99": (_odd_versions(99), RIGHT, NONE, NONE),
    "schema-text": (_odd_versions("three"), RIGHT, NONE, NONE),
    "nbformat-3": (_to_nbformat_3, RIGHT, NONE, NONE),
    "kernel-r": (_kernel("ir", "R"), RIGHT, NONE, NONE),
    "kernel-path": (_kernel("../../../../bin/sh", "bash"), RIGHT, NONE, NONE),
}

CASES = [
    Case(f"meta-{name}", KIND, edited(change, answers), lost, either, written=name not in _WITHOUT_OPINION)
    for name, (change, answers, lost, either) in _CHANGES.items()
]
