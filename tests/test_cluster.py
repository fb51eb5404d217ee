"""Grading on a real Dask cluster, each of its programs a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from classes import copy_course, make_class
from distributed import Client, Future
from nbgrader.api import Gradebook

from autograder import grading
from autograder.course import Course
from autograder.errors import CourseError
from autograder.grade import cluster
from autograder.grade.engine import Task

REPO = Path(__file__).resolve().parents[1]
NAME = "03_oil_exports"
SIZE = 12


class DaskCluster:
    """A scheduler and its workers, each as `dask scheduler` and `dask worker` start them."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.programs: list[subprocess.Popen[bytes]] = []

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        return self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--dashboard-address", "127.0.0.1:0"
        )

    def start_worker(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        words = (
            "worker",
            self.address,
            "--nthreads",
            "1",
            "--host",
            "127.0.0.1",
            "--dashboard-address",
            "127.0.0.1:0",
        )
        return self._start(*words, *(options or ("--no-nanny",)), **environment)

    def _start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        program = [str(Path(sys.executable).with_name("dask")), *words]
        quiet = subprocess.DEVNULL
        started = subprocess.Popen(program, env={**os.environ, **environment}, stdout=quiet, stderr=quiet)
        self.programs.append(started)
        return started

    def wait_for_workers(self, count: int) -> None:
        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)

    def end(self) -> None:
        for program in self.programs:
            program.kill()
            program.wait()


@contextmanager
def dask_cluster() -> Iterator[DaskCluster]:
    made = DaskCluster()
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def one_machine(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class that was graded on one machine."""
    course, _ = make_class(Course(REPO), NAME, tmp_path_factory.mktemp("class") / "course", SIZE)
    for graded in grading.grade(course, NAME, course.students(NAME)):
        assert not graded.failure
    return course


@pytest.fixture
def course(one_machine: Course, tmp_path: Path) -> Course:
    """The same class, not graded yet."""
    made = copy_course(Course(REPO), NAME, tmp_path / "course")
    os.symlink(one_machine.root / "submitted", made.root / "submitted")
    with Gradebook(one_machine.db_url) as old, Gradebook(made.db_url) as new:
        new.update_or_create_assignment(NAME, duedate=old.find_assignment(NAME).duedate)
    return made


def gradebook(course: Course) -> dict[str, object]:
    """All that the gradebook says of the class."""
    with Gradebook(course.db_url) as book:
        return {
            submission.student.id: (
                submission.score,
                submission.timestamp,
                submission.late_submission_penalty,
                sorted(
                    (g.name, g.auto_score, g.needs_manual_grade)
                    for n in submission.notebooks
                    for g in n.grades
                ),
                sorted((c.name, c.auto_comment or "") for n in submission.notebooks for c in n.comments),
            )
            for submission in book.assignment_submissions(NAME)
        }


def grade(
    course: Course, address: str, after: dict[int, Callable[[], object]] | None = None
) -> tuple[list[str], list[str]]:
    """Grade the class; who was graded and what was told. `after` is called after so many results."""
    told: list[str] = []
    done: list[str] = []
    for graded in grading.grade(course, NAME, course.students(NAME), tell=told.append, scheduler=address):
        assert not graded.failure
        done.append(graded.student)
        if act := (after or {}).get(len(done)):
            act()
    return done, told


def test_a_worker_that_is_killed_halfway_changes_nothing(one_machine: Course, course: Course) -> None:
    with dask_cluster() as dask:
        dask.start_scheduler()
        dask.start_worker()
        lost = dask.start_worker()
        dask.wait_for_workers(2)
        done, _ = grade(course, dask.address, {SIZE // 3: lambda: lost.send_signal(signal.SIGKILL)})
        assert lost.wait() == -signal.SIGKILL
    assert sorted(done) == course.students(NAME)
    assert gradebook(course) == gradebook(one_machine)


def test_a_scheduler_that_is_started_anew_gets_the_rest(one_machine: Course, course: Course) -> None:
    with dask_cluster() as dask:
        scheduler = dask.start_scheduler()
        dask.start_worker()
        dask.wait_for_workers(1)

        def restart() -> None:
            scheduler.kill()
            scheduler.wait()
            dask.start_scheduler()
            dask.start_worker()

        done, told = grade(course, dask.address, {3: restart})
    assert sorted(done) == course.students(NAME)
    assert any("was lost" in line for line in told)
    assert gradebook(course) == gradebook(one_machine)


def test_workers_that_cannot_grade_get_no_tasks_and_are_told(one_machine: Course, course: Course) -> None:
    with dask_cluster() as dask:
        dask.start_scheduler()
        dask.start_worker("--nanny")
        dask.start_worker()
        dask.wait_for_workers(2)
        done, told = grade(course, dask.address)
    assert sorted(done) == course.students(NAME)
    assert [line for line in told if "can't grade: its nanny" in line]
    assert gradebook(course) == gradebook(one_machine)


def test_a_cluster_without_a_sandbox_is_an_error(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE_SECONDS", 5)
    (tmp_path / "empty").mkdir()
    with dask_cluster() as dask:
        dask.start_scheduler()
        dask.start_worker("--nanny")
        dask.wait_for_workers(1)
        with pytest.raises(CourseError, match=r"No worker of the cluster at tcp://.* can grade"):
            grade(course, dask.address)


def test_no_scheduler_is_an_error(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(CourseError, match="does not answer"):
        grade(course, "tcp://127.0.0.1:1")


def test_workers_that_come_late_get_what_was_waiting(
    one_machine: Course, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when all workers are lost while tasks are running, and another comes."""
    submit = cluster.Cluster._submit
    with dask_cluster() as dask:
        dask.start_scheduler()

        def submit_and_start(self: cluster.Cluster, task: Task) -> Future:
            future = submit(self, task)
            if len(dask.programs) == 1:
                dask.start_worker()
            return future

        def replace_the_worker() -> None:
            dask.programs[-1].kill()
            dask.start_worker()

        monkeypatch.setattr(cluster.Cluster, "_submit", submit_and_start)
        done, _ = grade(course, dask.address, {SIZE // 2: replace_the_worker})
    assert sorted(done) == course.students(NAME)
    assert gradebook(course) == gradebook(one_machine)
