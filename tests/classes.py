"""A believable class of any size: a course whose `submitted/` is full, and what an honest teacher gives.

Each student has an ability and each exercise a difficulty; together they say how likely a right answer is.
The answers come from `answers.toml`. Everybody adds a remark and a variable, so no two worked answers are
the same text. The same `seed` makes the same class again.
"""

from __future__ import annotations

import base64
import io
import json
import math
import random
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from nbgrader.api import Gradebook

from autograder.author import keystore
from autograder.author.answers import Answer
from autograder.author.build import build, load_assignment
from autograder.author.verify import exercise_points, trials
from autograder.course import Course
from autograder.grade.engine import Assignment
from autograder.grade.notebook import AuthorNotebook
from autograder.grade.record import TIMESTAMP

Kind = Literal["right", "wrong", "untouched", "broken"]

#: When the assignment has to be handed in (UTC); some are late.
DUE = datetime(2026, 3, 13, 22, 0)

# Of so many students, the one with this number (from 0); fixed, so that a small class has them too.
_SYNTAX_ERROR = (20, 7)
_CRASH = (50, 13)
_HANDED_IN_UNTOUCHED = (40, 31)
_NO_WRITTEN_ANSWER = (8, 6)
_LATE = (12, 5)


@dataclass(frozen=True)
class Pupil:
    """One student: what was handed in, and what an honest teacher gives for it, exercise by exercise.

    `hints` holds, for each wrong answer, the hint that its author wrote for it. A broken answer (one with a
    syntax error, or one that ends its process) costs its own exercise and no other. `handed_in` is in UTC.
    """

    name: str
    ability: float
    handed_in: datetime
    kinds: dict[str, Kind]
    points_by_exercise: dict[str, float]
    hints: dict[str, str]
    wrote: bool

    @property
    def points(self) -> float:
        """The points for all exercises together, without what a person grades."""
        return sum(self.points_by_exercise.values())

    @property
    def late(self) -> bool:
        return self.handed_in > DUE


def make_class(
    course: Course, name: str, folder: Path, size: int, seed: int = 1
) -> tuple[Course, list[Pupil]]:
    """A copy of `course` in `folder` with the release of one assignment, handed in by `size` students.

    Called again for another assignment with the same folder and seed, it adds that one: the same students
    with the same abilities.
    """
    made = copy_course(course, name, folder)
    set_due(made, name)
    with load_assignment(made, name) as assignment:
        answers, desk = _Answers(made, assignment, seed), _Desk(made, assignment)
        works = [_work(number, seed, answers) for number in range(size)]
        for work in works:
            desk.take(work)
    return made, [work.pupil for work in works]


def copy_course(course: Course, name: str, folder: Path) -> Course:
    """A course in `folder` with one assignment of `course`, released, and with its sealed keys."""
    made = Course(folder)
    shutil.copytree(course.data, folder / "data", dirs_exist_ok=True)
    shutil.copytree(course.source(name), folder / "source" / name)
    shutil.copyfile(course.root / "nbgrader_config.py", folder / "nbgrader_config.py")
    with load_assignment(course, name):  # seals the keys, unless they are kept already
        copy_keys(course, made)
    build(made, name)
    return made


def copy_keys(course: Course, other: Course) -> None:
    """Give another course the sealed keys that `course` has kept, so that none is sealed again."""
    if (kept := course.root / keystore.FOLDER).is_dir():
        drafts = shutil.ignore_patterns("*.[0-9]*")  # another process may be writing
        shutil.copytree(kept, other.root / keystore.FOLDER, ignore=drafts, dirs_exist_ok=True)


def set_due(course: Course, name: str) -> None:
    """Write into the gradebook when the assignment is due."""
    with Gradebook(course.db_url, course.directory().course_id) as book:
        book.update_or_create_assignment(name, duedate=DUE)


# ---- what a student answers --------------------------------------------------------------------------


class _Answers:
    """The answers to draw from, with how difficult each exercise is and how common each mistake."""

    def __init__(self, course: Course, assignment: Assignment, seed: int):
        chance = random.Random(f"{seed} {assignment.name}")
        self.assignment = assignment.name
        self.points = exercise_points(assignment)
        self._known: dict[tuple[str, str], list[Answer]] = {}
        for trial in trials(course, assignment):
            kind = "untouched" if trial.kind == "empty" else trial.kind
            self._known.setdefault((trial.exercise, kind), []).append(trial.answer)
        last = max(1, len(self.points) - 1)
        # later exercises are harder, as in the assignments: from -0.6 to 0.6, and a little by chance
        self._difficulty = {
            name: 1.2 * place / last - 0.6 + chance.gauss(0, 0.5) for place, name in enumerate(self.points)
        }
        # some mistakes are common; some are made rather by the able, others rather by the less able
        self._mistakes = {
            exercise: [(chance.expovariate(1), chance.gauss(0, 0.6)) for _ in answers]
            for (exercise, kind), answers in self._known.items()
            if kind == "wrong"
        }

    def draw(self, exercise: str, ability: float, chance: random.Random) -> tuple[Kind, Answer]:
        """What a student of this ability hands in for one exercise."""
        ease = ability - self._difficulty[exercise]
        if chance.random() < _logistic(ease):
            return "right", chance.choice(self._known[exercise, "right"])
        wrong = self._known.get((exercise, "wrong"), [])
        if not wrong or chance.random() < _logistic(-ease - 2):  # gave up
            return "untouched", self._known[exercise, "untouched"][0]
        weights = [common * math.exp(tilt * ability) for common, tilt in self._mistakes[exercise]]
        return "wrong", chance.choices(wrong, weights)[0]


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@dataclass
class _Work:
    """What one student hands in: the text of each answer cell that was touched."""

    pupil: Pupil
    texts: dict[str, str]


def _work(number: int, seed: int, answers: _Answers) -> _Work:
    name = f"student{number + 1:04d}"
    ability = random.Random(f"{seed} {number}").gauss(0.8, 1.1)  # the same in every assignment
    chance = random.Random(f"{seed} {number} {answers.assignment}")
    kinds: dict[str, Kind] = dict.fromkeys(answers.points, "untouched")
    texts: dict[str, str] = {}
    hints: dict[str, str] = {}
    for exercise in () if _is(number, _HANDED_IN_UNTOUCHED) else answers.points:
        kinds[exercise], answer = answers.draw(exercise, ability, chance)
        if kinds[exercise] != "untouched":
            texts[exercise] = _own(answer.code, name, chance)
        if answer.hint:
            hints[exercise] = answer.hint
    for period, ending in ((_SYNTAX_ERROR, "print('done'"), (_CRASH, "import os\nos._exit(1)")):
        if texts and _is(number, period):
            exercise = chance.choice(list(texts))
            texts[exercise] += f"\n{ending}"
            kinds[exercise] = "broken"
            hints.pop(exercise, None)
    points = {name: worth if kinds[name] == "right" else 0.0 for name, worth in answers.points.items()}
    wrote = bool(texts) and not _is(number, _NO_WRITTEN_ANSWER)
    hours = chance.uniform(1, 40) if _is(number, _LATE) else -chance.expovariate(1 / 20)
    return _Work(Pupil(name, ability, DUE + timedelta(hours=hours), kinds, points, hints, wrote), texts)


def _is(number: int, period: tuple[int, int]) -> bool:
    every, first = period
    return number % every == first


def _own(code: str, student: str, chance: random.Random) -> str:
    """An answer with the student's own remark, and often a variable of their own."""
    lines = [f"# {student}: {chance.choice(_REMARKS)}"]
    if chance.random() < 0.5:
        lines.append(f"{chance.choice(_VARIABLES)}_{student} = {chance.randrange(1, 1000)}")
    return "\n".join([*lines, code])


_REMARKS = (
    "first look at the table, then count",
    "see the lesson, the part with the worked example",
    "I tried this in a scratch cell before",
    "check the unit",
    "not sure about this one",
    "second try",
)
_VARIABLES = ("note", "number", "trial", "value")
_WRITTEN = (
    "I looked at the table first and wrote down what one row is.",
    "My rule is simple: the same measure, the same base, for both sources.",
    "The two sources count different things, so I name both of them.",
    "The figures show when something changed. They do not show why.",
    "A cautious sentence names its source and its years.",
    "I would print the range and not one number.",
)


# ---- what is handed in -------------------------------------------------------------------------------


class _Desk:
    """Takes what students hand in, as notebooks that were run before they were saved."""

    def __init__(self, course: Course, assignment: Assignment):
        self._folder = course.submitted("x", assignment.name).parents[1]
        self._assignment = assignment.name
        self._notebooks = [(notebook, json.loads(notebook.released)) for notebook in assignment.notebooks]

    def take(self, work: _Work) -> None:
        folder = self._folder / work.pupil.name / self._assignment
        folder.mkdir(parents=True)
        chance = random.Random(work.pupil.name)
        for author, released in self._notebooks:
            written = work.pupil.wrote and " ".join(chance.sample(_WRITTEN, 4))
            cells = [_filled(cell, author, work, written) for cell in released["cells"]]
            text = json.dumps({**released, "cells": cells}, ensure_ascii=False, indent=1)
            (folder / f"{author.name}.ipynb").write_text(text, encoding="utf-8")
        (folder / TIMESTAMP).write_text(f"{work.pupil.handed_in:%Y-%m-%d %H:%M:%S.%f} UTC\n")


def _filled(
    cell: dict[str, Any], author: AuthorNotebook, work: _Work, written: str | Literal[False]
) -> dict[str, Any]:
    """A released cell with what the student put there, and the output that a run leaves behind."""
    grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
    filled = dict(cell)
    if grade_id in author.written:
        if written:
            filled["source"] = f"{written} ({work.pupil.name})"
    elif grade_id in work.texts:
        filled["source"] = work.texts[grade_id]
        if "plot" in filled["source"]:
            filled["outputs"] = [_picture()]
    return filled


@cache
def _picture() -> dict[str, Any]:
    """The output of a cell that drew a chart."""
    from matplotlib.figure import Figure

    figure, file = Figure(), io.BytesIO()
    figure.subplots().plot(range(12))
    figure.savefig(file)
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": "<Figure size 640x480>"}
    return {"output_type": "display_data", "data": data, "metadata": {}}
