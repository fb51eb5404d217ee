"""Small courses made on the spot, and a bench to try answers on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.author.build import load_assignment
from autograder.author.keys import solved
from autograder.course import Course
from autograder.grade.assemble import Submitted
from autograder.grade.batch import Workers
from autograder.grade.engine import Assignment, Task
from autograder.grade.judge import CellResult

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a small course: starter, solution and test are the texts of cells."""

    name: str
    solution: str
    test: str = ""
    starter: str = ""
    points: float = 1.0

    def cells(self) -> list[nbformat.NotebookNode]:
        starter = self.starter or f"{self.name} = ..."
        answer = f"{starter}\n### BEGIN SOLUTION\n{self.solution}\n### END SOLUTION"
        test = self.test or f'check("{self.name}", {self.name})'
        return [
            marked(nbformat.v4.new_code_cell(answer), self.name, solution=True),
            marked(nbformat.v4.new_code_cell(test), f"{self.name}_check", grade=True, points=self.points),
        ]


def marked(cell: nbformat.NotebookNode, grade_id: str, **marks: object) -> nbformat.NotebookNode:
    """`cell` with nbgrader's metadata."""
    flags = {"grade": False, "solution": False, "task": False, "schema_version": 3, "grade_id": grade_id}
    flags["locked"] = not marks.get("solution", False)
    cell.metadata["nbgrader"] = {**flags, **marks}
    cell["id"] = grade_id.replace("_", "-")
    return cell


def notebook(*exercises: Exercise, setup: str = "") -> nbformat.NotebookNode:
    """An author's notebook with a setup cell and these exercises."""
    first = f"import pandas as pd\nfrom autograder.check import check\n{setup}"
    cells = [marked(nbformat.v4.new_code_cell(first), "setup")]
    cells += [cell for exercise in exercises for cell in exercise.cells()]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


@dataclass
class Bench:
    """One assignment with running workers, to try answers on."""

    assignment: Assignment
    workers: Workers

    def results(self, answers: dict[str, str], submitted: Submitted | None = None) -> dict[str, CellResult]:
        """The result of each cell, for the author's solutions but for these answers."""
        author = self.assignment.notebooks[0]
        task = Task("try", author.name, submitted or solved(author, answers))
        (outcome,) = self.workers.grade([task])
        assert outcome.result is not None, outcome.failure
        self.notes = outcome.result.notes
        return {str(cell.grade_id): cell for cell in outcome.result.cells}

    def try_answer(self, name: str, code: str) -> CellResult:
        """The result of the test of one exercise, answered with `code`."""
        return self.results({name: code})[f"{name}_check"]


@contextmanager
def bench_of(course: Course, name: str = "a1") -> Iterator[Bench]:
    with load_assignment(course, name) as assignment, Workers(assignment, jobs=1) as workers:
        yield Bench(assignment, workers)


def course_in(
    root: Path, *exercises: Exercise, answers: str = "", setup: str = "", data: dict[str, str] | None = None
) -> Course:
    """A course like this repository in the new folder `root`, with one assignment `a1` (notebook `a1`)."""
    (root / "source" / "a1").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
    nbformat.write(notebook(*exercises, setup=setup), root / "source" / "a1" / "a1.ipynb")
    if answers:
        (root / "source" / "a1" / "answers.toml").write_text(answers)
    for name, text in (data or {}).items():
        (root / "data").mkdir(exist_ok=True)
        (root / "data" / name).write_text(text)
    return Course(root)


def hand_in(course: Course, student: str, name: str = "a1", **answers: str) -> Path:
    """Let a student hand in the release of an assignment with these answers, by grade_id, in place of what
    was there. The notebook's path."""
    folder = course.submitted(student, name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(course.release(name), folder)
    path = folder / f"{name}.ipynb"
    raw = json.loads(path.read_text())
    for cell in raw["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("grade_id") in answers:
            cell["source"] = answers[mark["grade_id"]]
    path.write_text(json.dumps(raw))
    return path
