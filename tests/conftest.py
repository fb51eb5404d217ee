"""What many tests share: the repository's course, and small courses made on the spot."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import nbgrader.api
import pytest
from support import ROOT, Bench, bench_of, course_in
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from autograder.course import Course

# nbgrader starts the program `alembic`, which stands beside Python
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# and it does so for every new gradebook, to ask always the same: ask once
nbgrader.api.get_alembic_version = cache(nbgrader.api.get_alembic_version)


class FolderScheduling(LoadScopeScheduling):
    """Gives each worker of pytest-xdist whole folders of tests: those of one folder share what is slow to
    make, such as a graded class, and accounts of this system."""

    def _split_scope(self, nodeid: str) -> str:
        tests, name, *below = nodeid.partition("::")[0].split("/")
        return f"{tests}/{name}" if below else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling:
    return FolderScheduling(config, log)


@pytest.fixture
def make_course(tmp_path: Path) -> Callable[..., Course]:
    """Makes a course with one assignment `a1` (notebook `a1`) in a folder of its own."""
    return lambda *exercises, **more: course_in(tmp_path / "course", *exercises, **more)


@pytest.fixture
def open_bench(make_course: Callable[..., Course]) -> Iterator[Callable[..., Bench]]:
    """Makes a small course and opens it for trying answers; closed after the test."""
    with ExitStack() as stack:
        yield lambda *exercises, **more: stack.enter_context(bench_of(make_course(*exercises, **more)))


@pytest.fixture(scope="session")
def repository() -> Course:
    """This repository as a course. Tests read it and write nothing into it."""
    return Course(ROOT)
