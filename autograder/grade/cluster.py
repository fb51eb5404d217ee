"""Grades on the workers of an existing Dask cluster, in place of the processes of this machine.

Each Dask worker gets the assignment once and keeps a pool of grading processes, one for each of its
threads, each with a warm sandbox of its own. Workers that can't grade get no tasks. Results come home as
plain data; nothing but this process writes into the course. When workers are lost, others take their
tasks; when the scheduler is started anew, what was not finished is sent again.
"""

from __future__ import annotations

import json
import multiprocessing
import queue
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

from distributed import Client, Future, Scheduler, Worker, WorkerPlugin, get_worker

from ..errors import CourseError
from ..fingerprint import environment
from ..sandbox.wall import NoSandbox
from .batch import Workers
from .engine import Assignment, Outcome, Task
from .judge import NotebookResult

_CONNECT_SECONDS = 20
_LOOK_SECONDS = 3  # how often to look at the cluster while nothing comes
_PATIENCE_SECONDS = 120  # how long to wait for a worker that can grade
_IN_HAND = 4  # tasks for each thread of the cluster, so that workers never wait and little is in memory
_RETRIES = 2


class _Grading(WorkerPlugin):  # type: ignore[misc]
    """What makes a Dask worker grade one assignment. `problem` says why it can't, where it can't."""

    def __init__(self, assignment: Assignment, walls: bool):
        files = [path for path in assignment.files.rglob("*") if path.is_file()]
        self._files = {str(path.relative_to(assignment.files)): path.read_bytes() for path in files}
        self._assignment = assignment
        self._walls = walls
        self._environment = environment()
        self.name = f"autograder-{assignment.name}"
        self.problem = ""
        self._pool: Workers | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def setup(self, worker: Worker) -> None:
        self.problem = self._why_not()
        if not self.problem:
            try:
                self._start(worker.state.nthreads)
            except (NoSandbox, OSError) as problem:
                self.problem = str(problem)
        if not self.problem:
            await worker.set_resources(**{self.name: worker.state.nthreads})

    def _why_not(self) -> str:
        if self._environment != environment():
            return (
                "it has another version of this package, of Python or of pandas, NumPy, Matplotlib or IPython"
            )
        if multiprocessing.current_process().daemon:
            return (
                "its nanny lets it start no processes; start it with `--no-nanny`, or set "
                "DASK_DISTRIBUTED__WORKER__DAEMON=False"
            )
        return ""

    def _start(self, threads: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="autograder-")
        place = Path(self._folder.name)
        for name, content in self._files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        self._pool = Workers(replace(self._assignment, files=place), threads, self._walls)
        self._pool.start()

    def teardown(self, worker: Worker) -> None:
        if self._pool:
            self._pool.close()
        if self._folder:
            self._folder.cleanup()

    def grade(self, task: Task) -> str:
        """The outcome of a task, as JSON."""
        assert self._pool is not None
        (outcome,) = self._pool.grade([task])
        return json.dumps({"result": outcome.result and asdict(outcome.result), "failure": outcome.failure})


def _grade_there(plugin: str, task: Task) -> str:
    return cast(_Grading, get_worker().plugins[plugin]).grade(task)


def _problem_there(plugin: str, dask_worker: Worker) -> str:
    found = cast(_Grading | None, dask_worker.plugins.get(plugin))
    return found.problem if found else "it does not have the assignment yet"


def _unplaced(dask_scheduler: Scheduler) -> list[str]:
    return [str(task.key) for task in dask_scheduler.unrunnable]


class Cluster:
    """The workers of a Dask cluster, with the same `grade` as `batch.Workers`.

    `scheduler` is its address, such as "tcp://host:8786". `tell` is called with what the instructor should
    know of the cluster. Raises CourseError when the scheduler can't be reached, or no worker can grade.
    """

    def __init__(
        self,
        assignment: Assignment,
        scheduler: str,
        walls: bool = True,
        tell: Callable[[str], object] = print,
    ):
        self._plugin = _Grading(assignment, walls)
        self._address = scheduler
        self._tell = tell
        self._told: set[str] = set()
        self._client = self._connect()

    def _connect(self) -> Client:
        try:
            client = Client(self._address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise CourseError(
                f"The scheduler at {self._address} does not answer ({problem}). Start it with "
                "`dask scheduler` and give the same command again: what was graded is kept."
            ) from None
        client.register_plugin(self._plugin, name=self._plugin.name)
        return client

    def grade(self, tasks: Iterable[Task | Outcome]) -> Iterator[Outcome]:
        """Grade `tasks` and yield outcomes as they come, exactly one for each task; see `Workers.grade`."""
        waiting, again = iter(tasks), list[Task]()
        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        running: dict[Future, Task] = {}
        last_seen = time.monotonic()
        self._can_grade()
        while True:
            while len(running) < self._most() and (task := again.pop() if again else next(waiting, None)):
                if isinstance(task, Outcome):
                    yield task
                    continue
                future = self._submit(task)
                running[future] = task
                future.add_done_callback(done.put)
            if not running:
                return
            try:
                future = done.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if self._can_grade():
                    last_seen = time.monotonic()
                    again += self._overlooked(running)
                elif time.monotonic() - last_seen > _PATIENCE_SECONDS:
                    raise CourseError(self._nobody()) from None
                continue
            last_seen = time.monotonic()
            if future not in running:
                continue  # of a scheduler that is gone
            if future.status in ("cancelled", "lost"):
                again += running.values()
                running = {}
                self._reconnect()
                continue
            yield _outcome(future, running.pop(future))

    def _submit(self, task: Task) -> Future:
        return self._client.submit(
            _grade_there,
            self._plugin.name,
            task,
            pure=False,
            resources={self._plugin.name: 1},
            retries=_RETRIES,
        )

    def _overlooked(self, running: dict[Future, Task]) -> list[Task]:
        """The tasks that came when no worker could grade, taken out of `running`. Dask gives them to a worker
        that joins, but not to one that says only afterwards that it can grade."""
        try:
            unplaced = set(self._client.run_on_scheduler(_unplaced))
        except (OSError, TimeoutError):
            return []
        return [running.pop(future) for future in list(running) if future.key in unplaced]

    def _reconnect(self) -> None:
        self._tell(f"The scheduler at {self._address} was lost. What is not finished is sent again.")
        self._client.close()
        self._client = self._connect()

    def _most(self) -> int:
        threads = sum(worker["nthreads"] for worker in self._client.scheduler_info(-1)["workers"].values())
        return max(1, threads) * _IN_HAND

    def _can_grade(self) -> bool:
        """Whether there is a worker that can grade. Tells, once, why others can't."""
        try:
            problems = self._client.run(_problem_there, self._plugin.name, on_error="ignore")
        except (OSError, TimeoutError):
            return False
        for address, problem in problems.items():
            if problem and (said := f"The worker at {address} can't grade: {problem}.") not in self._told:
                self._told.add(said)
                self._tell(said)
        return not all(problems.values())

    def _nobody(self) -> str:
        return (
            f"No worker of the cluster at {self._address} can grade. Start one on a machine with a sandbox "
            f"(`autograder doctor` says): `dask worker {self._address} --no-nanny`. Then give the same "
            "command again: what was graded is kept."
        )

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.unregister_worker_plugin(self._plugin.name)
        self._client.close()


def _outcome(future: Future, task: Task) -> Outcome:
    try:
        found: dict[str, Any] = json.loads(future.result())
        result = found["result"] and NotebookResult.from_plain(found["result"])
        return Outcome(task.label, result, failure=str(found["failure"]))
    except Exception as problem:  # whatever the cluster may say: nobody else must suffer
        return Outcome(task.label, failure=f"{type(problem).__name__}: {problem}")
