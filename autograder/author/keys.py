"""Runs the author's answers in the sandbox and seals them: from answers to keys.

The solution in the notebook gives the keys. The wrong answers of answers.toml are run too, and each adds
a known mistake with its hint, so that a hint can't drift from the data.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..check.keys import (
    Asked,
    Key,
    Mistake,
    Verdict,
    add_mistake,
    compare,
    mistake_of,
    seal,
    seal_function,
    slips,
)
from ..check.views import KINDS
from ..errors import CourseError
from ..grade.assemble import Submitted
from ..grade.batch import Workers, jobs_for
from ..grade.engine import Assignment, Outcome, Task
from ..grade.judge import checks_in
from ..grade.notebook import AuthorNotebook, Cell, plain_python
from .answers import Answer, Exercise


def seal_all(
    assignment: Assignment, exercises: Mapping[str, Exercise], path: Path, walls: bool = True
) -> dict[str, Key]:
    """The full keys of an assignment, from its notebooks' solutions and its `answers.toml` at `path`.

    Raises CourseError that names file, exercise and line.
    """
    _check_names(assignment, exercises, path)
    if not exercises:
        return {}
    sealed: dict[str, tuple[Key, list[Mistake]]] = {}
    tasks = [Task(n.name, n.name, solved(n), judge=_Sealer(exercises)) for n in assignment.notebooks]
    answers = sum(len(exercise.right) + len(exercise.wrong) for exercise in exercises.values())
    with Workers(assignment, jobs_for(answers), walls) as workers:
        for outcome in workers.grade(tasks):
            sealed |= _sealed(outcome, path)
        keys = {name: key for name, (key, _) in sealed.items()}
        _check_right(keys, assignment, exercises, workers)
        keys = _with_mistakes(keys, assignment, exercises, workers)
    for name, (_, invited) in sealed.items():
        for slip in invited:
            with contextlib.suppress(ValueError):  # the author has a hint of their own for it
                keys[name] = add_mistake(keys[name], slip)
    return keys


def solved(notebook: AuthorNotebook, answers: Mapping[str, str] | None = None) -> Submitted:
    """A submission with the author's own solutions, but for the given `answers`."""
    own = {str(cell.grade_id): cell.source for cell in notebook.cells if cell.role in ("answer", "written")}
    return Submitted({**own, **(answers or {})})


def answer_cells(assignment: Assignment) -> dict[str, tuple[AuthorNotebook, Cell]]:
    """The answer cells that have a test, by grade_id, each with its notebook."""
    return {
        name: (notebook, notebook.by_id[name])
        for notebook in assignment.notebooks
        for name in notebook.exercises
        if notebook.by_id[name].role in ("answer", "written") and notebook.tests_of(name)
    }


def _check_names(assignment: Assignment, exercises: Mapping[str, Exercise], path: Path) -> None:
    cells = answer_cells(assignment)
    for exercise in exercises.values():
        if exercise.name not in cells:
            raise CourseError(
                f"{exercise.where}: no notebook has an answer cell with this grade_id and a test under it. "
                f"There are: {', '.join(cells)}."
            )
    missing = [name for name in cells if name not in exercises]
    if exercises and missing:
        raise CourseError(f"{path}: there is no table [{missing[0]}] for the exercise {missing[0]}.")


def checks_of(notebook: AuthorNotebook, answer_id: str) -> list[str]:
    """The names of the checks in the test cells under an answer cell."""
    tests = notebook.tests_of(answer_id).values()
    return [name for cell in tests for name in checks_in(ast.parse(plain_python(cell.source)))]


# ---- from the solution to keys -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Sealer:
    """Makes the judge that seals what the solution hands to each check; travels to the worker process."""

    exercises: Mapping[str, Exercise]

    def __call__(self, assignment: Assignment) -> _SealingJudge:
        return _SealingJudge(assignment, self.exercises)


class _SealingJudge:
    """`learned`: by name of the check, its key and the slips it invites; or, as a text, why it has none."""

    def __init__(self, assignment: Assignment, exercises: Mapping[str, Exercise]):
        self._salt = assignment.name
        self._owners = {
            check: exercises[name]
            for name, (notebook, _) in answer_cells(assignment).items()
            for check in checks_of(notebook, name)
        }
        self.learned: dict[str, tuple[Key, list[Mistake]] | str] = {}

    def __call__(self, name: str, answer: Any) -> Verdict:
        try:
            self.learned[name] = self._seal(name, answer)
        except ValueError as problem:
            self.learned[name] = f"{self._owners[name].where}: {problem}."
        return Verdict(True, "")

    def _seal(self, name: str, answer: Any) -> tuple[Key, list[Mistake]]:
        exercise = self._owners[name]
        if callable(answer):
            if not exercise.calls:
                raise ValueError(f"{name} is a function: say `calls = [...]`")
            calls = {code: False for code in exercise.calls} | {c: True for c in exercise.hidden_calls}
            return seal_function(name, answer, calls, exercise.asked, self._salt), []
        key = seal(name, answer, exercise.asked, self._salt)
        _check_asked(name, key.kind, exercise)
        return key, slips(key, answer)


def _check_asked(name: str, kind: str, exercise: Exercise) -> None:
    """Raises ValueError for what is asked in vain of this kind of answer."""
    asked, usual = exercise.asked, Asked()
    vain = {
        "calls": kind != "function" and (exercise.calls or exercise.hidden_calls),
        "words": kind != "sentence" and (asked.words or asked.avoid),
        "needs": kind != "chart" and (asked.needs != usual.needs or asked.mentions),
    }
    for key, given in vain.items():
        if given:
            raise ValueError(f"`{key}` and the like say nothing of {name}, which is {KINDS[kind]}")


def _sealed(outcome: Outcome, path: Path) -> dict[str, tuple[Key, list[Mistake]]]:
    """The keys that a solution gave. Raises CourseError when it fails, or can't be sealed."""
    if outcome.result is None:
        raise CourseError(f"{path.parent}: the solution could not be run ({outcome.failure}).")
    for cell in outcome.result.cells:
        if cell.error or (cell.score == 0.0 and cell.message):
            file = f"{path.parent / outcome.result.name}.ipynb"
            line = _failed_line(cell.outputs)
            raise CourseError(
                f"{file}, cell {cell.grade_id}{line}: the solution fails: {cell.error or cell.message}"
            )
    learned = dict(outcome.learned)
    for found in learned.values():
        if isinstance(found, str):
            raise CourseError(found)
    return learned


def _failed_line(outputs: list[dict[str, Any]]) -> str:
    """Where a cell stopped, as `, line 3`; empty where that is not known."""
    texts = [text for output in outputs for text in output.get("traceback", ())]
    found = re.findall(r"Cell In\[\d+\], line (\d+)", "\n".join(texts))
    return f", line {found[0]}" if found else ""


# ---- from wrong answers to known mistakes ------------------------------------------------------------


@dataclass(frozen=True)
class _Learner:
    """Makes the judge that learns what a wrong answer looks like; travels to the worker process."""

    keys: Mapping[str, Key]
    hint: str

    def __call__(self, assignment: Assignment) -> _LearningJudge:
        return _LearningJudge(self.keys, self.hint)


class _LearningJudge:
    """Judges as the keys do. `learned`: the check that failed, and the mistake to add to its key."""

    def __init__(self, keys: Mapping[str, Key], hint: str):
        self._keys, self._hint = keys, hint
        self.learned: tuple[str, Mistake] | None = None

    def __call__(self, name: str, answer: Any) -> Verdict:
        verdict = compare(self._keys[name], answer)
        if not verdict.right and self.learned is None:
            self.learned = (name, mistake_of(self._keys[name], answer, self._hint))
        return verdict


def _with_mistakes(
    keys: dict[str, Key], assignment: Assignment, exercises: Mapping[str, Exercise], workers: Workers
) -> dict[str, Key]:
    """The keys, which also know every wrong answer, in the order of answers.toml."""
    wrong = [(exercise, answer) for exercise in exercises.values() for answer in exercise.wrong]
    tried = _tried(keys, assignment, wrong, workers)
    keys, problems = dict(keys), []
    for (exercise, answer), (notebook, outcome) in zip(wrong, tried, strict=True):
        try:
            name, mistake = _learned(outcome, exercise, answer, notebook)
            keys[name] = add_mistake(keys[name], mistake)
        except ValueError as problem:
            problems.append(f"{answer.where}: {problem}. Give both one hint, or drop one.")
        except CourseError as problem:
            problems.append(str(problem))
    if problems:
        raise CourseError("\n".join(problems))
    return keys


def _tried(
    keys: Mapping[str, Key],
    assignment: Assignment,
    answers: Sequence[tuple[Exercise, Answer]],
    workers: Workers,
) -> list[tuple[AuthorNotebook, Outcome]]:
    """What came of each answer, in their order, and the notebook in which it was tried."""
    cells = answer_cells(assignment)
    notebooks = [cells[exercise.name][0] for exercise, _ in answers]
    tasks = []
    for number, ((exercise, answer), notebook) in enumerate(zip(answers, notebooks, strict=True)):
        submitted = solved(notebook, {exercise.name: answer.code})
        learner = _Learner(keys, answer.hint or "")
        wanted = frozenset(notebook.tests_of(exercise.name))
        tasks.append(Task(number, notebook.name, submitted, wanted, learner))
    outcomes = {outcome.label: outcome for outcome in workers.grade(tasks)}
    return [(notebook, outcomes[number]) for number, notebook in enumerate(notebooks)]


def _check_right(
    keys: Mapping[str, Key], assignment: Assignment, exercises: Mapping[str, Exercise], workers: Workers
) -> None:
    """Raises CourseError for the right answers of answers.toml that don't pass all tests."""
    right = [(exercise, answer) for exercise in exercises.values() for answer in exercise.right]
    problems = []
    tried = _tried(keys, assignment, right, workers)
    for (exercise, answer), (notebook, outcome) in zip(right, tried, strict=True):
        if said := _failed(outcome, notebook, exercise):
            problems.append(
                f"{answer.where}: this right answer fails: {said} Mend it, or move it to `wrong`."
            )
    if problems:
        raise CourseError("\n".join(problems))


def _failed(outcome: Outcome, notebook: AuthorNotebook, exercise: Exercise) -> str:
    """Why an answer does not get all points of its exercise; empty when it does."""
    if outcome.result is None:
        return f"it could not be run ({outcome.failure})."
    stopped = next((c.error for c in outcome.result.cells if c.grade_id == exercise.name and c.error), "")
    tests = notebook.tests_of(exercise.name)
    for place, cell in enumerate(outcome.result.cells):
        if place in tests and cell.score == 0.0:
            return f"{stopped}." if stopped else cell.message
    return ""


def _learned(
    outcome: Outcome, exercise: Exercise, answer: Answer, notebook: AuthorNotebook
) -> tuple[str, Mistake]:
    """The check that caught a wrong answer, and the mistake. Raises CourseError when none did."""
    if outcome.result is None:
        raise CourseError(f"{answer.where}: it could not be run ({outcome.failure}).")
    if outcome.learned is not None:
        return outcome.learned
    checks = checks_of(notebook, exercise.name)
    if not checks:
        raise CourseError(
            f"{answer.where}: no check() stands under {exercise.name}, so no hint can be shown."
        )
    stopped = next((c.error for c in outcome.result.cells if c.grade_id == exercise.name and c.error), "")
    if not stopped:
        raise CourseError(f"{answer.where}: this wrong answer passes. Mend it, or move it to `right`.")
    error = stopped.partition(":")[0]
    return checks[0], Mistake(str(answer.hint), error=error)
