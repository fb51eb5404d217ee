"""Workers that stay for the next notebook: only while nothing has changed, and not for ever."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from support import Exercise, course_in, hand_in

from autograder import grading, plugins, standby
from autograder.author.build import build
from autograder.course import Course
from autograder.grade.batch import Workers
from autograder.standby import Standby

NAME = "a1"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = course_in(
        tmp_path_factory.mktemp("template") / "course",
        Exercise("half", "half = 1 / 2", points=2),
        answers="[half]\ndecimals = 2\n",
    )
    build(made, NAME)
    hand_in(made, "ann", half="half = 0.5")
    hand_in(made, "bob", half="half = 0.46")
    return made


@pytest.fixture
def course(template: Course, tmp_path: Path) -> Course:
    return Course(shutil.copytree(template.root, tmp_path / "course"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Workers]:
    """All workers that were started for grading."""
    found: list[Workers] = []

    def start(*arguments: object, **more: object) -> Workers:
        found.append(Workers(*arguments, **more))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(standby, "Workers", start)
    return found


@pytest.fixture
def grader() -> Iterator[Standby]:
    made = Standby()
    yield made
    made.close()


def score(grader: Standby, course: Course, student: str) -> float:
    _, result = grader.grade(course, NAME, student, NAME)
    return sum(cell.score or 0 for cell in result.cells)


def test_one_start_serves_all_students(grader: Standby, course: Course, started: list[Workers]) -> None:
    assert [score(grader, course, student) for student in ("ann", "bob", "ann")] == [2, 0, 2]
    assert len(started) == 1


def test_a_change_of_the_author_counts_at_once(
    grader: Standby, course: Course, started: list[Workers]
) -> None:
    assert score(grader, course, "bob") == 0
    (course.source(NAME) / "answers.toml").write_text("[half]\ndecimals = 1\n")
    assert score(grader, course, "bob") == 2
    assert len(started) == 2


def test_workers_that_were_ended_from_outside_are_replaced(
    grader: Standby, course: Course, started: list[Workers]
) -> None:
    assert score(grader, course, "ann") == 2
    for pid in started[0]._pool._processes:
        os.kill(pid, signal.SIGKILL)
    assert score(grader, course, "ann") == 2
    assert len(started) == 2


def test_they_end_when_nothing_more_comes(
    grader: Standby, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "_KEPT_SECONDS", 0.0)
    assert score(grader, course, "ann") == 2
    assert grader._timer is not None
    grader._timer.join(30)
    assert grader._opened is None


def test_what_was_graded_is_kept_for_the_commands(
    grader: Standby, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert score(grader, course, "ann") == 2
    monkeypatch.setattr(grading, "Workers", NoneNeeded)
    assert [graded.score for graded in grading.grade(course, NAME, ["ann"])] == [2]


class NoneNeeded(Workers):
    """Workers that let pass what is known already, and that nobody may ask for more."""

    def __init__(self, *_: object) -> None:
        pass

    def grade(self, tasks: object) -> Iterator[object]:  # type: ignore[override]
        yield from tasks  # type: ignore[misc]

    def close(self) -> None:
        pass


def test_a_due_date_that_was_set_first_hinders_nobody(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The formgrader makes an assignment without notebooks, in a gradebook that had none."""
    with Gradebook(course.db_url) as book:
        book.update_or_create_assignment(NAME, duedate="2014-06-21 10:00:00 UTC")
    monkeypatch.chdir(course.root)
    plugins.know_assignment(NAME)
    with Gradebook(course.db_url) as book:
        assert book.find_assignment(NAME).max_score == 2
        assert book.find_assignment(NAME).duedate is not None
