"""Grades one submission at a time, in one process: the sandbox beside it, a fresh judge for each.

An `Engine` belongs to one worker process that runs nothing else (see `batch`): it forks.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..check import Judge
from ..check.keys import Key, Verdict, compare
from ..sandbox.jail import die_with_parent
from ..sandbox.limits import LIMITS
from ..sandbox.session import Sandbox
from .assemble import Submitted, read_submission
from .judge import Judges, NotebookResult, TestSpace, judge_notebook
from .notebook import AuthorNotebook

_fork = multiprocessing.get_context("fork")
_JUDGE_SECONDS = LIMITS.total_seconds * 2 + 60


@dataclass(frozen=True)
class Assignment:
    """All that grading one assignment needs: the author's notebooks, the full keys, and the folder of
    course files (tables, `checks.json`) that answers find beside them."""

    name: str
    notebooks: tuple[AuthorNotebook, ...]
    keys: dict[str, Key]
    files: Path


@dataclass(frozen=True)
class Task:
    """One thing to grade: the answers of one notebook, with a label to tell the results apart.

    `wanted` are the places of the cells whose results are wanted; None: all. `judge` makes the judge of
    the checks; its `learned` comes back with the result.
    """

    label: Any
    notebook: str
    submitted: Submitted
    wanted: frozenset[int] | None = None
    judge: Callable[[Assignment], Judge] | None = None


@dataclass
class Outcome:
    """The result of a task. `failure` says what went wrong with the grading itself, if anything did."""

    label: Any
    result: NotebookResult | None = None
    learned: Any = None
    failure: str = ""


class KeyJudge:
    """Answers checks with the assignment's keys; `hidden` says whether with their hidden calls."""

    def __init__(self, assignment: Assignment, hidden: bool):
        self._keys = assignment.keys
        self._hidden = hidden

    def __call__(self, name: str, answer: Any) -> Verdict:
        if name not in self._keys:
            return Verdict(False, f"There is no key for {name}. Tell your instructor.")
        return compare(self._keys[name], answer, self._hidden)


class Engine:
    """Grades tasks of one assignment, one after the other."""

    def __init__(self, assignment: Assignment, walls: bool = True):
        self.assignment = assignment
        self._sandbox = Sandbox(assignment.files, walls)
        self._notebooks = {notebook.name: notebook for notebook in assignment.notebooks}
        self._warm_up()

    def _warm_up(self) -> None:
        """Run the author's fixed cells once, so that every fork finds libraries loaded and names read."""
        os.environ["MPLBACKEND"] = "agg"
        os.chdir(self.assignment.files)
        for notebook in self.assignment.notebooks:
            _ = notebook.names_made, notebook.by_id
            TestSpace(notebook).run_fixed_cells()
        gc.collect()
        gc.freeze()  # else every fork searches the warm-up's objects for garbage, again and again

    def grade(self, task: Task) -> Outcome:
        """Run and judge one task. Every test cell runs in a process forked for this task alone."""
        with self._sandbox.session() as session:
            ours, theirs = _fork.Pipe(duplex=False)
            worker = os.getpid()

            def work() -> None:
                die_with_parent(worker)
                resource.setrlimit(resource.RLIMIT_DATA, (LIMITS.process_memory, LIMITS.process_memory))
                judges, learned = self._judges(task)
                notebook = self._notebooks[task.notebook]
                keys = self.assignment.keys
                result = judge_notebook(notebook, task.submitted, session, judges, keys, task.wanted)
                theirs.send(Outcome(task.label, result, learned()))

            process = _fork.Process(target=work, daemon=True)
            process.start()
            theirs.close()
            try:
                if ours.poll(_JUDGE_SECONDS):
                    return ours.recv()
                return Outcome(task.label, failure="the tests did not end in time")
            except EOFError:
                return Outcome(task.label, failure="the tests ended their process")
            finally:
                process.kill()
                process.join()
                ours.close()

    def _judges(self, task: Task) -> tuple[Judges, Callable[[], Any]]:
        """The judges of a task, and how to ask afterwards what they have learned."""
        if task.judge is None:
            judges = Judges(KeyJudge(self.assignment, hidden=False), KeyJudge(self.assignment, hidden=True))
            return judges, lambda: None
        judge = task.judge(self.assignment)
        return Judges(judge), lambda: getattr(judge, "learned", None)

    def close(self) -> None:
        self._sandbox.close()


def tasks_of(folder: Path, student: str, assignment: Assignment) -> list[Task]:
    """The tasks of one submission: one for each of the assignment's notebooks."""
    return [
        Task((student, notebook.name), notebook.name, _read_safely(folder, notebook))
        for notebook in assignment.notebooks
    ]


def _read_safely(folder: Path, notebook: AuthorNotebook) -> Submitted:
    """`read_submission`, which should never fail: if it does, nobody else must suffer."""
    try:
        return read_submission(folder, notebook)
    except Exception as problem:
        return Submitted(notes=[f"could not be read ({type(problem).__name__})"])
