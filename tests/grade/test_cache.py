"""Results that are kept: used only where nothing that they follow from has changed, and never believed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from support import Exercise, course_in, hand_in

from autograder import grading
from autograder.author.build import build
from autograder.course import Course
from autograder.grade.batch import Workers
from autograder.grade.engine import Outcome, Task

NAME = "a1"
ANSWERS = """
[half]
decimals = 2
[[half.wrong]]
code = "half = 2"
hint = "Turn it round."

[third]
decimals = 2
[[third.wrong]]
code = "third = 3"
hint = "One divided by three."
"""
EXERCISES = (Exercise("half", "half = 1 / 2", points=2), Exercise("third", "third = 1 / 3", points=3))
FIRST = {"ann": 5, "bob": 0}
Ran = list[tuple[str, frozenset[int] | None]]


@pytest.fixture(scope="module")
def ungraded_once(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course that is built and not graded yet, with the answers of two students."""
    made = course_in(tmp_path_factory.mktemp("ungraded") / "course", *EXERCISES, answers=ANSWERS)
    build(made, NAME)
    hand_in(made, "ann", half="half = 0.5", third="third = 1 / 3")
    hand_in(made, "bob", half="half = 0.46", third="third = 3")
    return made


@pytest.fixture(scope="module")
def graded_once(ungraded_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The same course after a first run."""
    made = Course(shutil.copytree(ungraded_once.root, tmp_path_factory.mktemp("graded") / "course"))
    assert grade(made) == FIRST
    return made


@pytest.fixture
def ungraded(ungraded_once: Course, tmp_path: Path) -> Course:
    return Course(shutil.copytree(ungraded_once.root, tmp_path / "course"))


@pytest.fixture
def course(graded_once: Course, tmp_path: Path) -> Course:
    return Course(shutil.copytree(graded_once.root, tmp_path / "course"))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """What the workers were asked to run: the student, and the places that were wanted (None: all)."""
    asked: Ran = []
    real = Workers.grade

    def grade(self: Workers, tasks: Any) -> Iterator[Outcome]:
        def seen() -> Iterator[Task | Outcome]:
            for task in tasks:
                if isinstance(task, Task) and isinstance(task.label, tuple):
                    asked.append((task.label[0], task.wanted))
                yield task

        return real(self, seen())

    monkeypatch.setattr(Workers, "grade", grade)
    return asked


def grade(course: Course, force: bool = False) -> dict[str, float]:
    found = grading.grade(course, NAME, course.students(NAME), jobs=1, force=force)
    return {graded.student: graded.score for graded in found}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def source(course: Course) -> Path:
    return course.source(NAME) / f"{NAME}.ipynb"


def test_a_second_run_runs_nothing_and_gives_the_same(ungraded: Course, ran: Ran) -> None:
    assert grade(ungraded) == FIRST
    assert sorted(ran) == [("ann", None), ("bob", None)]
    page = ungraded.autograded("ann", NAME) / f"{NAME}.ipynb"
    before = page.read_bytes()
    ran.clear()
    assert grade(ungraded) == FIRST
    assert ran == []
    assert page.read_bytes() == before


def test_force_runs_all_again(course: Course, ran: Ran) -> None:
    grade(course, force=True)
    assert sorted(ran) == [("ann", None), ("bob", None)]


def test_who_hands_in_again_is_run_again_and_nobody_else(course: Course, ran: Ran) -> None:
    hand_in(course, "bob", half="half = 0.5", third="third = 3")
    assert grade(course) == {"ann": 5, "bob": 2}
    assert ran == [("bob", None)]


def test_a_looser_tolerance_judges_that_test_again_and_no_other(course: Course, ran: Ran) -> None:
    edit(course.source(NAME) / "answers.toml", "[half]\ndecimals = 2", "[half]\ndecimals = 1")
    assert grade(course) == {"ann": 5, "bob": 2}  # 0.46 is 0.5 to one decimal
    assert sorted(ran) == [("ann", frozenset({2})), ("bob", frozenset({2}))]


def test_other_points_judge_that_test_again(course: Course, ran: Ran) -> None:
    edit(source(course), '"points": 3', '"points": 4')
    assert grade(course) == {"ann": 6, "bob": 0}
    assert {wanted for _, wanted in ran} == {frozenset({4})}
    with Gradebook(course.db_url) as book:
        assert {s.student.id: (s.score, s.max_score) for s in book.assignment_submissions(NAME)} == {
            "ann": (6, 6),
            "bob": (0, 6),
        }


def test_other_code_above_runs_all_below_again(course: Course, ran: Ran) -> None:
    edit(source(course), "import pandas as pd", "import pandas as pd, math")
    grade(course)
    assert {student for student, _ in ran} == {"ann", "bob"}
    assert {wanted for _, wanted in ran} == {None}


def test_a_test_that_leaves_names_counts_for_those_below(
    make_course: Callable[..., Course], ran: Ran
) -> None:
    first = Exercise("half", "half = 1 / 2", test="goal = 0.5\nassert half == goal")
    second = Exercise("third", "third = 1 / 2", test="assert third == goal")
    course = make_course(first, second)
    build(course, NAME)
    hand_in(course, "ann", half="half = 0.5", third="third = 0.4")
    assert grade(course) == {"ann": 1}
    ran.clear()
    edit(source(course), "goal = 0.5", "goal = 0.4")
    assert grade(course) == {"ann": 1}  # the other one of the two
    assert dict(ran)["ann"] == frozenset({2, 3, 4})


def test_text_that_is_not_run_costs_nothing(course: Course, ran: Ran) -> None:
    import nbformat

    path = source(course)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("How much is half?", id="question"))
    nbformat.write(notebook, path)
    build(course, NAME)
    hand_in(course, "ann", half="half = 0.5", third="third = 1 / 3")
    grade(course)
    ran.clear()
    edit(path, "How much is half?", "How much is a half?")
    grade(course)
    assert ran == []
    assert "How much is a half?" in (course.autograded("ann", NAME) / f"{NAME}.ipynb").read_text()


def test_a_student_who_asks_the_keys_is_run_again_when_they_change(course: Course, ran: Ran) -> None:
    hand_in(
        course,
        "ann",
        half='from autograder.check import check\ncheck("third", 3)\nhalf = 0.5',
        third="third = 3",
    )
    grade(course)
    ran.clear()
    edit(course.source(NAME) / "answers.toml", "[third]\ndecimals = 2", "[third]\ndecimals = 3")
    grade(course)
    assert dict(ran)["ann"] is None
    assert dict(ran)["bob"] == frozenset({4})


def entries(course: Course) -> list[Path]:
    return sorted((course.root / ".autograder" / "results" / NAME).rglob("*.json"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"",
        lambda raw: re.sub(rb'"score": [\d.]+', b'"score": 1.5', raw),
        lambda raw: b"\0" * len(raw),
    ],
    ids=["half", "empty", "another-score", "zeros"],
)
def test_a_damaged_entry_is_not_believed(course: Course, ran: Ran, damage: Callable[[bytes], bytes]) -> None:
    for path in entries(course):
        path.write_bytes(damage(path.read_bytes()))
    assert grade(course) == FIRST
    assert len(ran) == 2
    assert len(entries(course)) == 2
    ran.clear()
    assert grade(course) == FIRST
    assert ran == []


def test_results_of_an_earlier_form_are_not_used(course: Course, ran: Ran) -> None:
    from autograder.grade import cache

    for path in entries(course):
        body = re.sub(rb'"format": \d+', b'"format": 0', path.read_bytes().partition(b"\n")[2])
        path.write_bytes(cache._checksum(body) + b"\n" + body)
    grade(course)
    assert len(ran) == 2


def test_a_course_that_can_not_be_written_to_is_graded_all_the_same(course: Course, ran: Ran) -> None:
    shutil.rmtree(course.root / ".autograder" / "results")
    (course.root / ".autograder" / "results").write_text("in the way")
    assert grade(course) == FIRST
    assert len(ran) == 2


def test_two_students_with_the_same_answers_are_run_once(course: Course, ran: Ran) -> None:
    hand_in(course, "cem", half="half = 0.5", third="third = 1 / 3")
    assert grade(course)["cem"] == 5
    assert ran == []
