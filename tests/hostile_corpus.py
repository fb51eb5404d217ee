"""The small course that the corpus of hostile submissions is handed in to, and what a submission is.

Points are powers of two, so that a total says which exercises earned them. The hidden tests and the solution
carry marks that must never reach a student.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from support import Exercise, course_in, marked

from autograder.author.build import build
from autograder.course import Course

NAME = "a1"

#: What an attack prints when it reached what it must not reach. Attacks spell it in two pieces.
BREACH = "BREACH"
#: The start of every file, process or row that an attack tries to leave behind.
TRACE = "h0stile"
#: Stands in the grader's environment and home.
ENVIRONMENT_SECRET = "grader-token-3f9a"
#: Stands in honest students' notebooks.
NEIGHBOUR_SECRET = "private-thought-of-a-neighbour"
#: What must not be on any page: marks in solutions and hidden tests, arguments of hidden calls.
NEVER_SHOWN = ("mark-of-the-solution", "mark-of-a-hidden-test", "31337", "1604", ENVIRONMENT_SECRET)

TABLE = "month,region,amount\n" + "".join(
    f"2014-{month:02d},{region},{amount}\n"
    for month, region, amount in [
        (1, "north", 1210.5),
        (1, "south", 905.25),
        (2, "north", 1340.0),
        (2, "south", 880.75),
        (3, "north", 990.0),
        (3, "south", 1433.5),
    ]
)
SETUP = 'sales = pd.read_csv("data/sales.csv")'

_LEAP = (
    "def leap(year):\n    # mark-of-the-solution\n"
    "    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)"
)
_LEAP_TEST = """assert leap(2012), "2012 was a leap year"
assert not leap(2014), "2014 was no leap year"
### BEGIN HIDDEN TESTS
# mark-of-a-hidden-test
assert not leap(1900)
assert leap(2000)
assert all(map(leap, [1604, 1948]))
assert [year for year in range(1896, 1909) if leap(year)] == [1896, 1904, 1908]
### END HIDDEN TESTS"""
_BIG_TEST = """assert isinstance(big, pd.DataFrame), "Asked is a table"
assert list(big["month"]) == ["2014-01", "2014-02", "2014-03"], f"You have {len(big)} rows"
### BEGIN HIDDEN TESTS
# mark-of-a-hidden-test
assert (big["amount"] > 1200).all()
pd.testing.assert_series_equal(
    big["amount"].reset_index(drop=True), pd.Series([1210.5, 1340.0, 1433.5]), check_names=False
)
### END HIDDEN TESTS"""
_AXES = (
    'axes = sales.groupby("month")["amount"].sum().plot(kind="bar")\n'
    'axes.set_title("Sales by month")\naxes.set_xlabel("Month")\naxes.set_ylabel("Amount, rials")'
)

EXERCISES = (
    Exercise("total", 'total = sales["amount"].sum()  # mark-of-the-solution', points=1),
    Exercise("by_region", 'by_region = sales.groupby("region")["amount"].sum()', points=2),
    Exercise(
        "growth",
        "def growth(new, old):\n    return (new - old) / old * 100",
        starter="def growth(new, old):\n    ...",
        points=4,
    ),
    Exercise("leap", _LEAP, test=_LEAP_TEST, starter="def leap(year):\n    ...", points=8),
    Exercise("big", 'big = sales[sales["amount"] > 1200]', test=_BIG_TEST, points=16),
    Exercise("axes", _AXES, points=32),
)
ANSWERS = """
[total]
decimals = 2
[by_region]
decimals = 2
[growth]
decimals = 2
calls = ["growth(30, 40)", "growth(9, 6)"]
hidden_calls = ["growth(31337, 29000)", "growth(1, 3)"]
[leap]
[big]
[axes]
decimals = 2
"""

POINTS = {exercise.name: exercise.points for exercise in EXERCISES}
FULL = sum(POINTS.values())
WRITTEN = "opinion"
WRITTEN_POINTS = 5.0

#: Right answers, as an honest student types them.
RIGHT = {
    "total": "total = sales.amount.sum()",
    "by_region": 'by_region = sales.groupby("region").amount.sum()',
    "growth": "def growth(new, old):\n    return 100 * new / old - 100",
    "leap": "import calendar\n\ndef leap(year):\n    return calendar.isleap(year)",
    "big": 'big = sales.query("amount > 1200")',
    "axes": _AXES,
    WRITTEN: "Sales rose in the **south** and fell in the north.",
}
#: Wrong answers that run without error.
WRONG = {
    "total": "total = 1",
    "by_region": 'by_region = {"north": 1, "south": 2}',
    "growth": "def growth(new, old):\n    return 0",
    "leap": "def leap(year):\n    return year == 2012",
    "big": "big = sales.head(0)",
    "axes": "axes = sales.amount.plot()",
    WRITTEN: "I have no opinion.",
}


def make_course(root: Path) -> Course:
    """The course in the new folder `root`, released and with nothing handed in yet."""
    course = course_in(root, *EXERCISES, answers=ANSWERS, setup=SETUP, data={"sales.csv": TABLE})
    path = course.source(NAME) / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    question = nbformat.v4.new_markdown_cell("### BEGIN SOLUTION\nmark-of-the-solution\n### END SOLUTION")
    written = marked(question, WRITTEN, solution=True, grade=True, points=WRITTEN_POINTS)
    notebook.cells.append(written)
    nbformat.write(notebook, path)
    build(course, NAME)
    return course


# ---- submissions -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hand:
    """What a case needs to hand something in: the course's root, the folder of its submission, and the
    release as JSON text."""

    root: Path
    folder: Path
    release: str
    places: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the notebook belongs."""
        return self.folder / f"{NAME}.ipynb"

    def notebook(self, answers: Mapping[str, str] = RIGHT) -> dict[str, Any]:
        """The released notebook with these answers, not yet written."""
        raw: dict[str, Any] = json.loads(self.release)
        for cell in raw["cells"]:
            if (grade_id := grade_id_of(cell)) in answers:
                cell["source"] = self.placed(answers[grade_id])
        return raw

    def placed(self, text: str) -> str:
        """`text` with the grader's own places in it."""
        for word, place in {"@ROOT@": self.root, "@HOME@": Path.home(), **self.places}.items():
            text = text.replace(word, str(place))
        return text

    def write(self, raw: Any) -> None:
        """Hand in the notebook `raw`."""
        self.path.write_text(json.dumps(raw), encoding="utf-8")


@dataclass(frozen=True)
class Case:
    """One submission of the corpus, and what an honest teacher would give for it.

    `lost` names the exercises that earn nothing (all others earn full points); `either` those where both
    are fair, as the submission itself spoilt them. `written` says whether a written answer arrives, for a
    person to grade. `never` are texts of this submission's own that must not be on its pages, beside
    `NEVER_SHOWN`.
    """

    name: str
    kind: str
    hand_in: Callable[[Hand], object]
    lost: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()
    written: bool = True
    never: tuple[str, ...] = ()


ALL = frozenset(POINTS)
NONE: frozenset[str] = frozenset()


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """The grade_id of a released cell, or an empty text."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def cell_of(raw: dict[str, Any], grade_id: str) -> dict[str, Any]:
    """The cell with this grade_id."""
    found: dict[str, Any] = next(cell for cell in raw["cells"] if grade_id_of(cell) == grade_id)
    return found


def code_cell(source: Any, **metadata: Any) -> dict[str, Any]:
    """A code cell of a student's own."""
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def answering(**answers: str) -> Callable[[Hand], None]:
    """Hands in right answers, but for these."""
    return lambda hand: hand.write(hand.notebook({**RIGHT, **answers}))


def edited(
    change: Callable[[dict[str, Any]], object], answers: Mapping[str, str] = RIGHT
) -> Callable[[Hand], None]:
    """Hands in a notebook with these answers after `change` was done to it."""

    def hand_in(hand: Hand) -> None:
        raw = hand.notebook(answers)
        change(raw)
        hand.write(raw)

    return hand_in


def each_cell(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    """A change of a notebook that does `change` to each of its cells."""
    return lambda raw: [change(cell) for cell in raw["cells"]]
