"""A student's feedback page: points, what was right and what to look at, then the notebook as handed in.

One HTML file that needs nothing beside it: no scripts, nothing from elsewhere. It is made from the graded
notebook and the gradebook. It holds no solution and no hidden test, for the graded notebook holds none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
from traitlets.config import Config

from ..grade.record import METADATA
from .feedback_cells import (
    Outline,
    Shown,
    code,
    heading_in,
    outputs_of,
    text_of_answer,
    text_of_course,
    text_of_person,
)
from .feedback_points import CellPoints, Points, Total

State = Literal["right", "partly", "wrong", "untouched", "waits", "graded"]

#: What a state is called on the page, and the sign beside it.
STATES: Mapping[State, tuple[str, str]] = {
    "right": ("Right", "✓"),
    "partly": ("Partly right", "◐"),
    "wrong": ("Not yet right", "✗"),
    "untouched": ("Not answered", "○"),
    "waits": ("Waits for your instructor", "…"),
    "graded": ("Read by your instructor", "✎"),
}


@dataclass
class Exercise:
    """One exercise on the page: the answer cell and the cells that bring its points.

    `message` is the one thing that the student should know, `has` what the answer was where the message does
    not say so. `state` is None where there are no points to earn."""

    anchor: str
    title: str
    answer: Any = None
    graded: list[Any] = field(default_factory=list)
    score: float = 0.0
    possible: float = 0.0
    extra: float = 0.0
    state: State | None = None
    message: str = ""
    has: str = ""
    by_person: bool = False
    comment: Markup | None = None

    @property
    def last(self) -> Any:
        """The last cell of the exercise."""
        return self.graded[-1] if self.graded else self.answer

    @property
    def is_written(self) -> bool:
        """Whether a person grades it, all by themselves."""
        return any(_is_for_person(cell) for cell in self.graded)


@dataclass(frozen=True)
class Block:
    """One cell of the notebook on the page. `exercise` is set for its answer and for its tests."""

    kind: Literal["text", "course", "answer", "written", "test"]
    body: Markup
    shown: Sequence[Shown] = ()
    anchor: str = ""
    exercise: Exercise | None = None
    message: str = ""
    passed: bool = False
    missing: bool = False
    is_last: bool = False
    alt: str = ""


def feedback_page(
    notebook: Any, name: str, assignment: str, points: Points, folder: Path, config: Config
) -> str:
    """The page of the graded notebook `name` (nbformat 4) as HTML.

    `folder` is where pictures of the author's lie; `config` says how the course marks hidden tests.
    """
    notes = notebook.metadata.get(METADATA, {}).get("notes", [])
    cells = [cell for cell in notebook.cells if cell.get("id") != "autograder-notes"]
    for cell in cells:
        _clear(cell, config)
    exercises = list(_exercises(cells))
    for exercise in exercises:
        _judge(exercise, points)
    listed = [e for e in exercises if e.graded or e.comment]
    page: str = _template().render(
        title=_page_title(cells, exercises) or f"{assignment}: {name}",
        assignment=assignment,
        points=points,
        total=points.notebooks.get(name, Total()),
        others=[(n, quote(f"{n}.html"), of) for n, of in points.notebooks.items() if n != name],
        whole=_sum(points.notebooks.values()),
        waiting=sum(exercise.state == "waits" for exercise in listed),
        notes=notes,
        exercises=listed,
        blocks=list(_blocks(cells, exercises, points, folder)),
    )
    return page


def _sum(totals: Any) -> tuple[float, float]:
    totals = list(totals)
    return sum(total.score for total in totals), sum(total.possible for total in totals)


# ---- exercises ---------------------------------------------------------------------------------------


def _mark(cell: Any) -> Mapping[str, Any]:
    mark: Mapping[str, Any] = cell.metadata.get("nbgrader", {})
    return mark


def _facts(cell: Any) -> Mapping[str, Any]:
    """What the grader found out of a cell; nothing where another grader was at work."""
    facts: Mapping[str, Any] = cell.metadata.get(METADATA, {}) if cell else {}
    return facts


def _is_for_person(cell: Any) -> bool:
    mark = _mark(cell)
    return bool(mark.get("task") or (mark.get("grade") and mark.get("solution")))


def _course_heading(cell: Any) -> str:
    mark = _mark(cell)
    own = cell.cell_type == "markdown" and not mark.get("solution")
    return heading_in(cell.source) if own else ""


def _page_title(cells: Sequence[Any], exercises: Sequence[Exercise]) -> str:
    """The heading of the notebook's first cell, if it is not that of an exercise."""
    heading = _course_heading(cells[0]) if cells else ""
    return "" if _POINTS.sub("", heading) in {exercise.title for exercise in exercises} else heading


def _clear(cell: Any, config: Config) -> None:
    """Take out of a test or a task what students must not see. Our own graded notebooks don't have it; those
    that nbgrader graded do."""
    mark = _mark(cell)
    if mark.get("solution") or not (mark.get("grade") or mark.get("task")):
        return
    tests, schemes = ClearHiddenTests(config=config), ClearMarkScheme(config=config)
    if tests.begin_test_delimeter in cell.source:
        tests.preprocess_cell(cell, {}, 0)
    if schemes.begin_mark_scheme_delimeter in cell.source:
        schemes.preprocess_cell(cell, {}, 0)


def _exercises(cells: Sequence[Any]) -> Iterator[Exercise]:
    """The exercises in order. Tests belong to the answer above them; the heading above names both."""
    current: Exercise | None = None
    heading, number = "", 0
    for cell in cells:
        mark = _mark(cell)
        heading = _course_heading(cell) or heading
        starts = mark.get("solution") or mark.get("task") or (mark.get("grade") and current is None)
        if starts:
            if current is not None:
                yield current
            number += 1
            current = Exercise(f"exercise-{number}", _title(heading, mark), answer=cell)
            heading = ""
        if current is not None and (mark.get("grade") or mark.get("task")):
            current.graded.append(cell)
        if current is not None and current.is_written:
            yield current
            current = None
    if current is not None:
        yield current


_POINTS = re.compile(r"\s*\(\d+(?:\.\d+)? points?\)\s*$")  # they stand beside the title


def _title(heading: str, mark: Mapping[str, Any]) -> str:
    return _POINTS.sub("", heading) or str(mark.get("grade_id", "")).replace("_", " ") or "Exercise"


def _judge(exercise: Exercise, points: Points) -> None:
    """Fill in points, state, message and comment."""
    found = [points.cells.get(str(_mark(cell).get("grade_id")), CellPoints(0, 0)) for cell in exercise.graded]
    exercise.score = sum(cell.score for cell in found)
    exercise.possible = sum(cell.possible for cell in found)
    exercise.extra = sum(cell.extra for cell in found)
    exercise.by_person = any(cell.by_person for cell in found)
    if comment := points.comments.get(str(_mark(exercise.answer).get("grade_id"))):
        exercise.comment = text_of_person(comment)
    if exercise.graded:
        exercise.state = _state(exercise, any(cell.waits for cell in found))
        exercise.message, exercise.has = _message(exercise, found)


def _state(exercise: Exercise, waits: bool) -> State:
    if waits:
        return "waits"
    if exercise.is_written and exercise.by_person:
        return "graded"
    if _facts(exercise.answer).get("untouched") and exercise.score <= exercise.extra:
        return "untouched"
    if exercise.possible == 0:
        return "wrong" if any(_failure(cell) for cell in exercise.graded) else "right"
    if exercise.score >= exercise.possible:
        return "right"
    return "partly" if exercise.score > 0 else "wrong"


def _message(exercise: Exercise, found: Sequence[CellPoints]) -> tuple[str, str]:
    """The one message, and what the answer was where the message does not say so."""
    facts = _facts(exercise.answer)
    if exercise.state in ("waits", "graded"):
        return "", ""
    if exercise.state == "untouched":
        if facts.get("error") == "missing":
            return "This answer was not in the notebook that was handed in.", ""
        return "There is no answer yet: the cell is as it was handed out.", ""
    tests = list(zip(exercise.graded, found, strict=True))
    if exercise.state == "right":
        passed = [_said(cell) for cell, _ in tests if not _failure(cell)]
        return " ".join(filter(None, passed)), ""
    for cell, of in tests:
        if of.score < of.possible or _failure(cell):
            message, has = _said(cell), str(_facts(cell).get("has", ""))
            return message, "" if has in message else has
    return "", ""


def _failure(cell: Any) -> str:
    """What a test says that failed; empty if it passed."""
    error = next((o for o in cell.get("outputs", []) if o["output_type"] == "error"), None)
    return (error.get("evalue") or error.get("ename") or "It stopped.") if error else ""


def _said(cell: Any) -> str:
    return str(_facts(cell).get("message", "") or _failure(cell))


# ---- the notebook ------------------------------------------------------------------------------------


def _blocks(
    cells: Sequence[Any], exercises: Sequence[Exercise], points: Points, folder: Path
) -> Iterator[Block]:
    """The cells as they stand on the page. An exercise's anchor is at the text above its answer."""
    owners = {id(cell): exercise for exercise in exercises for cell in (exercise.answer, *exercise.graded)}
    outline = Outline(under=2)
    for place, cell in enumerate(cells):
        exercise = owners.get(id(cell))
        anchor = _anchor(cells, place, owners)
        if cell.cell_type == "code":
            yield _code_block(cell, exercise, anchor, points)
        elif exercise is not None and not _mark(cell).get("task"):
            body = outline.place(text_of_answer(cell.source))
            yield Block("written", body, (), anchor, exercise, missing=_is_missing(cell), is_last=True)
        elif cell.cell_type == "markdown":
            text = text_of_course(cell.source, folder, cell.get("attachments", {}))
            yield Block("text", outline.place(text), (), anchor)


def _anchor(cells: Sequence[Any], place: int, owners: Mapping[int, Exercise]) -> str:
    """The anchor of the exercise that starts here: with its question, if the cell above is one."""

    def is_question(at: int) -> bool:
        return at >= 0 and cells[at].cell_type == "markdown" and id(cells[at]) not in owners

    if not is_question(place) and is_question(place - 1):
        return ""  # it stands there
    start = place + is_question(place)
    exercise = owners.get(id(cells[start])) if start < len(cells) else None
    return exercise.anchor if exercise and exercise.answer is cells[start] else ""


def _is_missing(cell: Any) -> bool:
    return _facts(cell).get("error") == "missing"


def _code_block(cell: Any, exercise: Exercise | None, anchor: str, points: Points) -> Block:
    body, shown = code(cell.source), outputs_of(cell)
    if exercise is None:
        return Block("course", body, shown, anchor, alt="Picture made by a cell of the course")
    block = Block("test", body, shown, anchor, exercise, is_last=cell is exercise.last, alt=_alt(exercise))
    if cell is exercise.answer and _mark(cell).get("solution"):
        return replace(block, kind="answer", missing=_is_missing(cell))
    of = points.cells.get(str(_mark(cell).get("grade_id")), CellPoints(0, 0))
    message = _said(cell)
    rest = [output for output in shown if output.kind not in ("error", "warning")]
    if message and _facts(cell):
        rest = [output for output in rest if output.kind != "text"]  # it is the message once more
    passed = not _failure(cell) and of.score >= of.possible
    return replace(block, shown=rest, message=message, passed=passed)


def _alt(exercise: Exercise) -> str:
    """What a screen reader says of a chart: whose it is, and what the check saw in it."""
    name = str(_mark(exercise.answer).get("grade_id", ""))
    said = [f"{_said(cell)} you have {_facts(cell).get('has', '')}" for cell in exercise.graded]
    seen = re.search(r"you have (a chart[^.;]*)", " ".join(said), re.IGNORECASE)
    return f"Chart of your answer {name}" + (f": {seen[1].strip()}" if seen else "")


# ---- the page ----------------------------------------------------------------------------------------


def points_in_words(points: float) -> str:
    """Points as people write them: at most two decimals."""
    return f"{round(points, 2):g}"


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = points_in_words
    environment.globals["STATES"] = STATES
    return environment.get_template("feedback.html.j2")
