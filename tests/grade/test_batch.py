"""The worker processes."""

from __future__ import annotations

import os

import pytest

from autograder.grade.batch import jobs_for


@pytest.mark.parametrize(
    ("tasks", "cores", "jobs"), [(0, 8, 1), (1, 8, 1), (19, 8, 1), (20, 8, 2), (300, 8, 8), (300, None, 1)]
)
def test_a_process_is_started_only_when_there_is_work_for_it(
    tasks: int, cores: int | None, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert jobs_for(tasks) == jobs
