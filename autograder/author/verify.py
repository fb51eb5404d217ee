"""Proves the exercises: every right answer passes, every wrong one fails with its own hint, and every
untouched cell fails kindly. All of them go the way of a submission: assembled, sandboxed, judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from nbgrader.preprocessors import ClearSolutions

from ..course import Course
from ..grade.batch import Workers
from ..grade.engine import Assignment, Outcome, Task
from ..grade.notebook import AuthorNotebook
from .answers import FILE, Answer, read_answers
from .keys import answer_cells, solved

Kind = Literal["right", "wrong", "empty"]


@dataclass(frozen=True)
class Trial:
    """One answer to try: of which exercise, of which kind, and what to do about it."""

    exercise: str
    kind: Kind
    answer: Answer


@dataclass
class ExerciseProof:
    """What came out for one exercise: how many answers of each kind were tried, and what was misjudged."""

    exercise: str
    points: float
    tried: Counter[str] = field(default_factory=Counter)
    misjudged: list[str] = field(default_factory=list)


def trials(course: Course, assignment: Assignment) -> list[Trial]:
    """Every answer of an assignment: the solution, the right and wrong ones of answers.toml, none at all."""
    exercises = read_answers(course.source(assignment.name) / FILE)
    marks = ClearSolutions(config=course.config)
    delimiters = (marks.begin_solution_delimeter, marks.end_solution_delimeter)
    found = []
    for name, (_, cell) in answer_cells(assignment).items():
        exercise = exercises.get(name)
        typed = [line for line in cell.source.splitlines() if not any(mark in line for mark in delimiters)]
        found.append(Trial(name, "right", Answer("\n".join(typed), f"[{name}]: the notebook's solution")))
        found.append(Trial(name, "empty", Answer(cell.released, f"[{name}]: the untouched cell")))
        if exercise:
            found += [Trial(name, "right", answer) for answer in exercise.right]
            found += [Trial(name, "wrong", answer) for answer in exercise.wrong]
    return found


def verify(course: Course, assignment: Assignment, workers: Workers) -> Iterator[ExerciseProof]:
    """Try every answer; one proof an exercise, in the notebook's order."""
    cells = answer_cells(assignment)
    todo = trials(course, assignment)
    tasks = []
    for number, trial in enumerate(todo):
        notebook, _ = cells[trial.exercise]
        submitted = solved(notebook, {trial.exercise: trial.answer.code})
        tasks.append(Task(number, notebook.name, submitted, frozenset(notebook.tests_of(trial.exercise))))
    outcomes = {outcome.label: outcome for outcome in workers.grade(tasks)}
    proofs = {name: ExerciseProof(name, worth) for name, worth in exercise_points(assignment).items()}
    for number, trial in enumerate(todo):
        proof = proofs[trial.exercise]
        proof.tried[trial.kind] += 1
        notebook, _ = cells[trial.exercise]
        if said := _misjudged(trial, outcomes[number], notebook, proof.points):
            proof.misjudged.append(f"{trial.answer.where}: {said}")
    yield from proofs.values()


def _misjudged(trial: Trial, outcome: Outcome, notebook: AuthorNotebook, possible: float) -> str:
    """What is wrong with the judgement of a trial; empty when it is as it should be."""
    if outcome.result is None:
        return f"could not be graded ({outcome.failure})"
    places = notebook.tests_of(trial.exercise)
    tests = [cell for place, cell in enumerate(outcome.result.cells) if place in places]
    got = sum(cell.score or 0.0 for cell in tests)
    said = next((cell.message for cell in tests if not cell.score), "")
    if trial.kind == "right":
        return "" if got == possible else f"a right answer gets {got:g} of {possible:g} points: {said}"
    if got:
        return f"{trial.kind} answer gets {got:g} of {possible:g} points"
    if trial.kind == "empty":
        return "" if said and "Error" not in said else f"the untouched cell gets no kind word: {said!r}"
    hints = [cell.hint for cell in tests if cell.hint]
    return "" if trial.answer.hint in hints else f"its hint is not shown, but: {said!r}"


def exercise_points(assignment: Assignment) -> dict[str, float]:
    """The points of each exercise, in the notebooks' order."""
    return {
        name: sum(cell.points for cell in notebook.tests_of(name).values())
        for name, (notebook, _) in answer_cells(assignment).items()
    }
