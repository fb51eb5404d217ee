"""A make-believe class: real answers, right and wrong, handed in, graded and fed back."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from .author import keystore
from .author.build import build, load_assignment
from .author.verify import Trial, exercise_points, trials
from .course import Course
from .grade.engine import Assignment

_SEED = 20140621  # the day of the article
_NEEDED = ("source", "data", "nbgrader_config.py")


@dataclass(frozen=True)
class Pupil:
    """One make-believe student: what was handed in, and the points that an honest teacher gives for it."""

    name: str
    about: str
    points: float


def make_class(course: Course, name: str, folder: Path) -> tuple[Course, list[Pupil]]:
    """A fresh course in `folder` with the release of one assignment and its make-believe class."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for needed in _NEEDED:
        source = course.root / needed
        copy: Callable[..., object] = shutil.copytree if source.is_dir() else shutil.copyfile
        if source.exists():
            copy(source, folder / needed)
    demo = Course(folder)
    _share_keys(course, demo, name)
    build(demo, name)
    with load_assignment(demo, name) as assignment:
        pupils = list(_hand_in(demo, assignment))
    return demo, pupils


def _share_keys(course: Course, demo: Course, name: str) -> None:
    """Seal the keys in the course, where they are kept for the next time, and take them along."""
    with load_assignment(course, name):
        kept = course.root / keystore.FOLDER
        if kept.is_dir():
            shutil.copytree(kept, demo.root / keystore.FOLDER)


@dataclass
class Drawn:
    """Answers by exercise, how many there are of each kind, and the points they earn."""

    texts: dict[str, str]
    counts: Counter[str]
    points: float


class _Answers:
    """The answers to draw from, by exercise and kind."""

    def __init__(self, course: Course, assignment: Assignment):
        self.points = exercise_points(assignment)
        self._by_kind: dict[tuple[str, str], list[Trial]] = {}
        for trial in trials(course, assignment):
            kind = "untouched" if trial.kind == "empty" else trial.kind
            self._by_kind.setdefault((trial.exercise, kind), []).append(trial)

    def draw(self, chance: random.Random, able: float) -> Drawn:
        """Answers of somebody who gets about the share `able` right."""
        drawn = Drawn({}, Counter(), 0.0)
        for exercise, worth in self.points.items():
            luck = chance.random()
            kind = "right" if luck < able else "untouched" if luck > 0.5 + able / 2 else "wrong"
            known = self._by_kind.get((exercise, kind)) or self._by_kind[(exercise, "untouched")]
            drawn.texts[exercise] = chance.choice(known).answer.code
            drawn.counts[kind] += 1
            drawn.points += worth if kind == "right" else 0.0
        return drawn


def _hand_in(course: Course, assignment: Assignment) -> Iterator[Pupil]:
    """Fill `submitted/`: 18 students of all abilities, then damaged and hostile notebooks."""
    chance = random.Random(_SEED)
    answers = _Answers(course, assignment)
    full = sum(answers.points.values())
    for number, able in enumerate([1.0] * 4 + [0.9] * 4 + [0.7] * 4 + [0.4] * 3 + [0.2] * 2 + [0.0]):
        drawn = answers.draw(chance, able)
        about = ", ".join(f"{drawn.counts[kind]} {kind}" for kind in ("right", "wrong", "untouched"))
        pupil = Pupil(f"student{number + 1:02d}", about, drawn.points)
        _write(course, assignment, pupil.name, drawn.texts)
        yield pupil
    yield _untouched(course, assignment)
    right = answers.draw(chance, 1.0).texts
    for damage in _DAMAGES:
        name, about, earns = damage.__name__.strip("_"), str(damage.__doc__), damage is not _broken_file
        path = _write(course, assignment, name, right)
        lost = damage(path, list(answers.points))
        yield Pupil(name, about, full - sum(answers.points[e] for e in lost) if earns else 0.0)


def _write(course: Course, assignment: Assignment, student: str, texts: dict[str, str]) -> Path:
    """Hand in the first notebook of the assignment with the given answers, as a student would."""
    notebook = assignment.notebooks[0]
    copy = nbformat.reads(notebook.released, as_version=4)
    for cell in copy.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in texts:
            cell.source = texts[grade_id]
    path = course.submitted(student, assignment.name) / f"{notebook.name}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(copy, path)
    return path


def _untouched(course: Course, assignment: Assignment) -> Pupil:
    _write(course, assignment, "untouched", {})
    return Pupil("untouched", "the notebook as it was released", 0.0)


# ---- damages: each changes a right notebook and names the exercises that it must cost ----------------


def _edit(path: Path, change: Callable[[dict[str, dict]], None]) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    cells = {c["metadata"].get("nbgrader", {}).get("grade_id", str(n)): c for n, c in enumerate(raw["cells"])}
    change(cells)
    raw["cells"] = [cell for cell in cells.values() if cell]
    path.write_text(json.dumps(raw), encoding="utf-8")


def _broken_file(path: Path, _: list[str]) -> list[str]:
    """the file ends in the middle"""
    path.write_text(path.read_text(encoding="utf-8")[:2000], encoding="utf-8")
    return []


def _deleted_tests(path: Path, _: list[str]) -> list[str]:
    """all test cells deleted"""

    def delete(cells: dict[str, dict]) -> None:
        for name in [name for name in cells if name.endswith("_check")]:
            del cells[name]

    _edit(path, delete)
    return []


def _copied_cell(path: Path, exercises: list[str]) -> list[str]:
    """an answer cell and its test stand there twice"""

    def twice(cells: dict[str, dict]) -> None:
        for name in (exercises[1], f"{exercises[1]}_check"):
            cells[f"copy of {name}"] = cells[name]

    _edit(path, twice)
    return []


def _endless_loop(path: Path, exercises: list[str]) -> list[str]:
    """one answer never ends"""
    _edit(path, lambda cells: cells[exercises[2]].update(source="while True:\n    pass"))
    return [exercises[2]]


def _exit(path: Path, exercises: list[str]) -> list[str]:
    """one answer ends the process"""
    _edit(path, lambda cells: cells[exercises[3]].update(source="import os\nos._exit(0)"))
    return [exercises[3]]


def _cheat(path: Path, exercises: list[str]) -> list[str]:
    """one answer replaces check() and compares equal to everything"""
    code = (
        "def check(*anything):\n    print('right')\n"
        "class Equal:\n    def __eq__(self, other):\n        return True\n"
        f"{exercises[1]} = Equal()"
    )
    _edit(path, lambda cells: cells[exercises[1]].update(source=code))
    return [exercises[1]]


def _renamed(path: Path, _: list[str]) -> list[str]:
    """saved under another name, with a byte-order mark"""
    text = path.read_text(encoding="utf-8")
    path.unlink()
    path.with_name(f"{path.stem} (final).ipynb").write_text(text, encoding="utf-8-sig")
    return []


def _warns(path: Path, exercises: list[str]) -> list[str]:
    """right, with a warning and prints in every answer"""

    def noisy(cells: dict[str, dict]) -> None:
        for name in exercises:
            source = "".join(cells[name]["source"])
            cells[name]["source"] = (
                f"import warnings\nwarnings.warn('mind the gap')\nprint('hello')\n{source}"
            )

    _edit(path, noisy)
    return []


_DAMAGES = (_broken_file, _deleted_tests, _copied_cell, _endless_loop, _exit, _cheat, _renamed, _warns)
