"""Worker processes that grade many tasks, each with its own warm sandbox."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from ..sandbox.jail import die_with_parent
from ..sandbox.wall import NoSandbox, probe
from .engine import Assignment, Engine, Outcome, Task

_ENDED = "A grading process could not start, or was ended from outside."

_WORTH_A_PROCESS = 10  # tasks; fewer are nearly done when another process has loaded its libraries

_engine: Engine | None = None


def jobs_for(tasks: int) -> int:
    """How many processes are worth starting for so many tasks; at most one for each core."""
    return min(os.cpu_count() or 1, max(1, tasks // _WORTH_A_PROCESS))


class Workers:
    """Processes that grade tasks of one assignment; by default one for each core.

    `walls=False` runs student code unprotected; only ever on the user's explicit word.
    Raises `NoSandbox` when there are to be walls and can't be.
    """

    def __init__(self, assignment: Assignment, jobs: int | None = None, walls: bool = True):
        if walls:
            probe()
        self.jobs = jobs or os.cpu_count() or 1
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self.jobs, context, _start_worker, (assignment, walls, os.getpid()))

    def grade(self, tasks: Iterable[Task | Outcome]) -> Iterator[Outcome]:
        """Grade `tasks` and yield outcomes as they come, exactly one for each task.

        Tasks are taken as workers get free, so that few are in memory. An outcome among them, which is
        known already, passes through.
        """
        waiting = iter(tasks)
        running: dict[Future[Outcome], Task] = {}
        while True:
            while len(running) < 2 * self.jobs and (task := next(waiting, None)):
                if isinstance(task, Outcome):
                    yield task
                else:
                    running[self._submit(task)] = task
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield _outcome(future, running.pop(future))

    def _submit(self, task: Task) -> Future[Outcome]:
        try:
            return self._pool.submit(_work, task)
        except BrokenProcessPool:
            raise NoSandbox(_ENDED) from None

    def start(self) -> None:
        """Start all processes now, and not when they are needed. They end with the calling thread."""
        for _ in range(self.jobs):
            self._pool.submit(os.getpid)

    def close(self) -> None:
        """End the processes. Tasks that have not begun are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _outcome(future: Future[Outcome], task: Task) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        raise NoSandbox(_ENDED) from None
    except NoSandbox:
        raise
    except Exception as problem:
        return Outcome(task.label, failure=f"{type(problem).__name__}: {problem}")


def _start_worker(assignment: Assignment, walls: bool, grader: int) -> None:
    global _engine
    die_with_parent(grader)  # else a killed grader leaves its workers waiting
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the main process, which ends its workers
    _engine = Engine(assignment, walls)


def _work(task: Task) -> Outcome:
    assert _engine is not None
    return _engine.grade(task)
