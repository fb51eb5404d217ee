"""The zoo of right answers: every right answer of the course, as many kinds of students hand it in.

Each variant is one submission an assignment. Variant number n takes the nth right answer of each exercise
(counting on from the first again where there are fewer), so that all of them are in the zoo.
"""

from __future__ import annotations

import ast
import copy
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from classes import copy_keys
from hostile_corpus import code_cell, grade_id_of
from support import ROOT

from autograder import grading
from autograder.author.answers import FILE, read_answers
from autograder.author.build import load_assignment
from autograder.author.keys import answer_cells, checks_of
from autograder.check.keys import Key
from autograder.course import Course
from autograder.grade.engine import Assignment

ASSIGNMENTS = Course(ROOT).assignments()

#: In the student's notebook: the same content in another type. Each function keeps the kind of answer.
_HELPERS = """
import datetime, decimal
import numpy as np
import pandas as pd

def as_numpy(value):
    kinds = {bool: np.bool_, int: np.int64, float: np.float64, str: np.str_, pd.Timestamp: np.datetime64}
    return kinds.get(type(value), lambda same: same)(value)

def as_python(value):
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value

def as_decimal(value):
    return decimal.Decimal(repr(float(value)))

def as_array(value):
    return np.array(value)

def as_list(value):
    return list(value.iloc[:, 0]) if isinstance(value, pd.DataFrame) else list(value)

def as_tuple(value):
    return tuple(as_list(value))

def as_set(value):
    return set(as_list(value))

def as_series(value):
    return pd.Series(as_list(value))

def as_index(value):
    return pd.Index(as_list(value))

def as_object_array(value):
    return np.array(as_list(value), dtype=object)

def as_dict(value):
    if isinstance(value, pd.DataFrame):
        value = value.iloc[:, 0] if value.shape[1] == 1 else value.set_index(value.columns[0]).iloc[:, 0]
    return dict(value.items())

def as_labelled_series(value):
    return pd.Series(as_dict(value))

def as_one_column(value):
    return as_labelled_series(value).to_frame("n")

def as_two_columns(value):
    return as_labelled_series(value).rename_axis("label").reset_index(name="n")

def as_shuffled_table(value):
    return value[value.columns[::-1]].sample(frac=1, random_state=1)

def as_objects(value):
    return value.astype(object)

def as_figure(value):
    return value.figure if len(value.figure.axes) == 1 else value

def as_array_of_axes(value):
    return np.array([value])

def returning(change):
    return lambda function: lambda *args, **kwargs: change(function(*args, **kwargs))
"""

#: By kind of answer: the helpers that say the same in another type.
_TYPES = {
    "number": ["as_numpy", "as_python", "as_decimal", "as_array"],
    "text": ["as_numpy", "as_python"],
    "truth": ["as_numpy", "as_python"],
    "date": ["as_numpy", "as_python"],
    "sentence": ["as_numpy", "as_python"],
    "list": ["as_series", "as_list", "as_tuple", "as_index", "as_object_array", "as_set"],
    "mapping": ["as_dict", "as_one_column", "as_labelled_series", "as_two_columns"],
    "table": ["as_shuffled_table", "as_objects"],
    "chart": ["as_figure", "as_array_of_axes"],
    "function": ["returning(as_numpy)", "returning(as_python)"],
}


@dataclass
class Zoo:
    """One assignment's right answers, and what its students need to know of it."""

    assignment: Assignment
    right: dict[str, list[str]]

    def answers(self, number: int) -> dict[str, str]:
        """The answer to each exercise for the variant of this number."""
        return {name: codes[number % len(codes)] for name, codes in self.right.items()}

    def names(self, exercise: str) -> dict[str, Key]:
        """The names that an exercise's checks look at, with their keys."""
        notebook, _ = answer_cells(self.assignment)[exercise]
        return {name: self.assignment.keys[name] for name in checks_of(notebook, exercise)}


Variant = Callable[[dict[str, Any], Zoo, dict[str, str]], None]


def _each_answer(raw: dict[str, Any], zoo: Zoo, change: Callable[[str, str], str]) -> None:
    for cell in raw["cells"]:
        if (name := grade_id_of(cell)) in zoo.right:
            cell["source"] = change(name, cell["source"])


def _as_typed(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Nothing but the answers."""


def _noisy(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Warnings, prints to both streams, a value and a chart at the end."""
    before = "import sys, warnings\nwarnings.warn('mind the gap')\nprint('hello', file=sys.stderr)\n"
    after = (
        "\nprint('done')\nimport matplotlib.pyplot as plt\nplt.show()\nwarnings.warn('still there')\n1 + 1"
    )
    _each_answer(raw, zoo, lambda name, code: f"{before}{code}{after}")


def _extra_cells(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Cells of the student's own everywhere, some with errors, shell lines and magics."""
    extra = [
        code_cell("!ls\n%time 1 + 1\n%matplotlib inline\n%pip --version"),
        {"cell_type": "markdown", "metadata": {}, "source": "# My notes\n\n1. first"},
        code_cell("%%time\nscratch = [n for n in range(100)]\nscratch[:3]"),
        code_cell("1 / 0"),
        code_cell("this is not Python"),
        code_cell("import pandas as pd\npd.Series([1, 2]).plot()\nprint(dir())\n?print\nscratch = 7"),
        {"cell_type": "raw", "metadata": {}, "source": "raw"},
        code_cell("from ipywidgets import interact\ninteract(lambda n: n, n=(0, 3))\ndisplay(scratch)"),
    ]
    cells = []
    for number, cell in enumerate(raw["cells"]):
        cells += [copy.deepcopy(extra[number % len(extra)]), cell]
    raw["cells"] = cells


def _out_of_order(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """The cells shuffled, the test cells changed, run in another order before."""
    random.Random(20140621).shuffle(raw["cells"])
    for number, cell in enumerate(raw["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = 900 - number
            if grade_id_of(cell) not in zoo.right:
                cell["source"] = "raise SystemExit"


def _retyped(offset: int) -> Variant:
    def variant(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
        def change(exercise: str, code: str) -> str:
            lines = []
            for name, key in zoo.names(exercise).items():
                helpers = [
                    h for h in _TYPES[key.kind] if not (key.ordered and ("set" in h or "shuffled" in h))
                ]
                helper = helpers[offset % len(helpers)]
                if name in _bound(code):
                    lines.append(f"{name} = {helper}({name})")
            return "\n".join([code, *lines])

        _each_answer(raw, zoo, change)
        raw["cells"].insert(0, code_cell(_HELPERS))

    return variant


def _bound(code: str) -> set[str]:
    """The names that a cell's text makes."""
    nodes = list(ast.walk(ast.parse(code)))
    made = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return made | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def _timed(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """A cell magic over each answer, a shell line and a comment with letters of many scripts."""
    _each_answer(raw, zoo, lambda name, code: f"%%time\n# ответ, پاسخ, 答え 👍\n{code}\n")


def _copied(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Every cell twice, first as it was released."""
    filled = raw["cells"]
    untouched = _release(zoo.assignment.name)["cells"]
    raw["cells"] = [*untouched, *filled, *copy.deepcopy(filled)]


def _foreign(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Metadata of another kernel, other versions, tags, collapsed and attached things, old outputs."""
    raw["metadata"] = {
        "kernelspec": {"name": "ir", "language": "R", "display_name": "R"},
        "colab": {"x": [1]},
    }
    raw.update(nbformat_minor=99)
    for cell in raw["cells"]:
        cell["metadata"] |= {"tags": ["skip-execution", "hide"], "collapsed": True, "id": "x", "trusted": 0}
        cell["metadata"].setdefault("nbgrader", {}).update(points=0, schema_version=1, locked=False)
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "old"}]


def _lines(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Line ends of Windows, sources as lists of lines, blanks and semicolons at the end."""
    _each_answer(raw, zoo, lambda name, code: "\n\n  \n" + code + "\n\n   \n\n")
    for cell in raw["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n").splitlines(keepends=True)


def _stubborn(raw: dict[str, Any], zoo: Zoo, answers: dict[str, str]) -> None:
    """Each answer first wrong, with an error, in a cell above; and the names deleted in one below."""
    cells = []
    for cell in raw["cells"]:
        name = grade_id_of(cell)
        if name in zoo.right:
            cells.append(code_cell("\n".join(f"{n} = None" for n in zoo.names(name)) + "\n1 / 0"))
        cells.append(cell)
        if name.endswith("_check"):
            cells.append(code_cell("%who\nfor name in ('scratch',):\n    globals().pop(name, None)"))
    raw["cells"] = cells


_VARIANTS: dict[str, Variant] = {
    "as-typed": _as_typed,
    "noisy": _noisy,
    "extra-cells": _extra_cells,
    "out-of-order": _out_of_order,
    **{f"other-types-{number + 1}": _retyped(number) for number in range(6)},
    "timed": _timed,
    "copied": _copied,
    "foreign": _foreign,
    "lines": _lines,
    "stubborn": _stubborn,
}
_ENCODINGS = {"noisy": "utf-8-sig", "foreign": "utf-16", "lines": "utf-8-sig"}


def _release(name: str) -> dict[str, Any]:
    """The notebook that students of an assignment get."""
    (path,) = (ROOT / "release" / name).glob("*.ipynb")
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return raw


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of this repository's course with nothing handed in yet."""
    root = tmp_path_factory.mktemp("zoo") / "course"
    root.mkdir()
    for name in ("source", "data"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
    return Course(root)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_right_answer_keeps_all_points(course: Course, repository: Course, name: str) -> None:
    with load_assignment(repository, name) as assignment:
        copy_keys(repository, course)
        zoo = Zoo(assignment, _right_answers(repository, assignment))
    students = [_hand_in(course, zoo, number, variant) for number, variant in enumerate(_variants(zoo))]
    graded = list(grading.grade(course, name, students, jobs=2))
    assert len(graded) == len(students)
    said = [_messages(course, name, result.student) for result in graded if result.score < result.possible]
    assert not said, "\n".join(said)
    print(f"\nzoo of {name}: {len(students)} submissions, all right, {graded[0].possible:g} points each")


def _right_answers(course: Course, assignment: Assignment) -> dict[str, list[str]]:
    exercises = read_answers(course.source(assignment.name) / FILE)
    return {
        name: [cell.source, *(answer.code for answer in exercises[name].right)]
        for name, (_, cell) in answer_cells(assignment).items()
    }


def _variants(zoo: Zoo) -> list[str]:
    """All variants, and again from the first where there are more right answers than variants."""
    most = max(len(codes) for codes in zoo.right.values())
    names = list(_VARIANTS)
    return [names[number % len(names)] for number in range(max(most, len(names)))]


def _hand_in(course: Course, zoo: Zoo, number: int, variant: str) -> str:
    student = f"{number:02d}-{variant}"
    raw = _release(zoo.assignment.name)
    answers = zoo.answers(number)
    for cell in raw["cells"]:
        cell["source"] = answers.get(grade_id_of(cell), cell["source"])
    _VARIANTS[variant](raw, zoo, answers)
    folder = course.submitted(student, zoo.assignment.name)
    folder.mkdir(parents=True)
    (notebook,) = zoo.assignment.notebooks
    text = json.dumps(raw, ensure_ascii=False, indent=1)
    (folder / f"{notebook.name}.ipynb").write_text(text, encoding=_ENCODINGS.get(variant, "utf-8"))
    return student


def _messages(course: Course, name: str, student: str) -> str:
    """What the tests said to a student who lost points."""
    (path,) = course.autograded(student, name).glob("*.ipynb")
    notebook = nbformat.read(Path(path), as_version=4)
    errors = [o for cell in notebook.cells for o in cell.get("outputs", []) if o.get("ename") == "NotRight"]
    return f"{student}: " + " | ".join(error.evalue for error in errors)
