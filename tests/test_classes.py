"""The make-believe class is believable, and gets from the grader what an honest teacher gives."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from classes import DUE, Pupil, make_class
from nbgrader.api import Gradebook

from autograder.course import Course
from autograder.grading import grade

NAME = "03_oil_exports"
Class = tuple[Course, list[Pupil]]


@pytest.fixture(scope="module")
def large(repository: Course, tmp_path_factory: pytest.TempPathFactory) -> Class:
    return make_class(repository, NAME, tmp_path_factory.mktemp("large") / "course", 200)


def answers(course: Course, pupil: Pupil) -> dict[str, str]:
    """The text of each cell that students write into."""
    path = course.submitted(pupil.name, NAME) / f"{NAME}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    marks = [(cell, cell["metadata"].get("nbgrader", {})) for cell in cells]
    return {mark["grade_id"]: "".join(cell["source"]) for cell, mark in marks if mark.get("solution")}


def test_the_grader_gives_what_an_honest_teacher_gives(repository: Course, tmp_path: Path) -> None:
    course, pupils = make_class(repository, NAME, tmp_path / "course", 14)
    assert {"right", "wrong", "untouched", "broken"} == {kind for p in pupils for kind in p.kinds.values()}
    found = {graded.student: graded.score for graded in grade(course, NAME, course.students(NAME))}
    assert found == {pupil.name: pupil.points for pupil in pupils}
    with Gradebook(course.db_url, course.directory().course_id) as book:
        for pupil in pupils:
            late = book.find_submission(NAME, pupil.name).total_seconds_late
            assert late == max(0.0, (pupil.handed_in - DUE).total_seconds())
        for pupil in pupils:
            (notebook,) = book.find_submission(NAME, pupil.name).notebooks
            (written,) = [grade for grade in notebook.grades if grade.name == "fair_word"]
            assert written.needs_manual_grade == pupil.wrote
    assert 0 < sum(pupil.late for pupil in pupils) < len(pupils) / 2


def test_a_class_is_mixed_as_in_life(large: Class) -> None:
    _, pupils = large
    kinds = Counter(chain.from_iterable(pupil.kinds.values() for pupil in pupils))
    share = {kind: number / sum(kinds.values()) for kind, number in kinds.items()}
    assert share["right"] == pytest.approx(0.65, abs=0.15)
    assert share["wrong"] > share["untouched"] > share["broken"] > 0
    by_ability = sorted(pupils, key=lambda pupil: pupil.ability)
    weak, able = by_ability[:50], by_ability[-50:]
    assert sum(p.points for p in weak) < 0.7 * sum(p.points for p in able)
    solved = Counter(name for pupil in pupils for name, kind in pupil.kinds.items() if kind == "right")
    assert max(solved.values()) - min(solved.values()) > 20  # exercises differ
    mistakes = Counter(hint for pupil in pupils for hint in pupil.hints.values())
    assert mistakes.most_common(1)[0][1] > 5 * mistakes.most_common()[-1][1]  # some are common


def test_no_two_worked_answers_are_the_same_text(large: Class) -> None:
    course, pupils = large
    texts = [answers(course, pupil) for pupil in pupils]
    worked = [
        text[name]
        for p, text in zip(pupils, texts, strict=True)
        for name in p.kinds
        if p.kinds[name] != "untouched"
    ]
    assert len(worked) == len(set(worked))
    written = [text["fair_word"] for pupil, text in zip(pupils, texts, strict=True) if pupil.wrote]
    assert len(written) == len(set(written)) > 150


def test_the_same_seed_makes_the_same_class(large: Class, repository: Course, tmp_path: Path) -> None:
    course, pupils = make_class(repository, NAME, tmp_path / "same", 3)
    assert pupils == large[1][:3]
    assert [answers(course, pupil) for pupil in pupils] == [answers(large[0], pupil) for pupil in pupils]
    _, others = make_class(repository, NAME, tmp_path / "other", 3, seed=2)
    assert [pupil.kinds for pupil in others] != [pupil.kinds for pupil in pupils]


def test_a_second_assignment_has_the_same_students(repository: Course, tmp_path: Path) -> None:
    course, first = make_class(repository, NAME, tmp_path, 2)
    _, second = make_class(repository, "01_who_is_speaking", tmp_path, 2)
    assert [(p.name, p.ability) for p in first] == [(p.name, p.ability) for p in second]
    assert course.students(NAME) == course.students("01_who_is_speaking") == [p.name for p in first]
