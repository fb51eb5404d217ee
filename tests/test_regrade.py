"""Regrading after a change: who should move moves, what a person gave stays, and all can be undone."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from classes import Pupil, make_class
from nbgrader.api import Gradebook
from sqlalchemy import text
from support import ROOT

from autograder import cli, grading
from autograder.author.build import load_assignment
from autograder.course import Course
from autograder.errors import CourseError
from autograder.regrading import Move, Regrade, regrade, undo

NAME = "03_oil_exports"
SIZE = 24
EXERCISE, TEST = "eia_change", "eia_change_check"
WRITTEN = "fair_word"
TOO_ROUND = "eia_change = -53"  # of -53.3: wrong now, right with `decimals = 0`
ROUNDED = ("student0003", "student0010", "student0022")
LATE = "student0006"  # the class hands in every twelfth submission after it is due
TAKEN_BY_HAND = "student0018"


@pytest.fixture(scope="module")
def made(repository: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, list[Pupil]]:
    return make_class(repository, NAME, tmp_path_factory.mktemp("regrade") / "course", SIZE)


@pytest.fixture(scope="module")
def movers(made: tuple[Course, list[Pupil]]) -> set[str]:
    """Who has rounded too much: those of the class that drew this mistake, and those added here."""
    drew = {p.name for p in made[1] if p.hints.get(EXERCISE, "").startswith("Almost: you have rounded")}
    assert drew - {*ROUNDED, LATE, TAKEN_BY_HAND}
    return {*drew, *ROUNDED, LATE, TAKEN_BY_HAND}


@pytest.fixture(scope="module")
def graded(made: tuple[Course, list[Pupil]]) -> Course:
    """A graded class, in which some have rounded too much, and for which a person has graded already."""
    course, pupils = made
    assert next(pupil for pupil in pupils if pupil.name == LATE).late
    (course.root / "nbgrader_config.py").open("a").write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    course = Course(course.root)
    for student in (*ROUNDED, LATE, TAKEN_BY_HAND):
        answer(course, student, TOO_ROUND)
    for found in grading.grade(course, NAME, course.students(NAME)):
        assert not found.failure
    loosen(course)
    with load_assignment(course, NAME):  # seals keys for both, once for all tests
        tighten(course)
    with Gradebook(course.db_url) as book:
        sheet = book.find_submission_notebook(NAME, NAME, ROUNDED[0])
        written = next(grade for grade in sheet.grades if grade.name == WRITTEN)
        written.manual_score, written.needs_manual_grade = 9, False
        next(c for c in sheet.comments if c.name == WRITTEN).manual_comment = "A careful sentence."
        taken = book.find_submission_notebook(NAME, NAME, TAKEN_BY_HAND)
        next(grade for grade in taken.grades if grade.name == TEST).manual_score = 0.5
        book.db.commit()
    return course


@pytest.fixture
def course(graded: Course, tmp_path: Path) -> Course:
    return Course(shutil.copytree(graded.root, tmp_path / "course"))


@pytest.fixture(scope="module")
def regraded_once(graded: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Regrade]:
    """The class after the author let whole percents pass and regraded, and what came of it."""
    made = Course(shutil.copytree(graded.root, tmp_path_factory.mktemp("regraded") / "course"))
    loosen(made)
    return made, regrade(made, NAME)


@pytest.fixture
def regraded(regraded_once: tuple[Course, Regrade], tmp_path: Path) -> Course:
    return Course(shutil.copytree(regraded_once[0].root, tmp_path / "course"))


def answer(course: Course, student: str, code: str) -> None:
    path = course.submitted(student, NAME) / f"{NAME}.ipynb"
    raw = json.loads(path.read_text())
    (cell,) = (c for c in raw["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == EXERCISE)
    cell["source"] = code
    path.write_text(json.dumps(raw))


def loosen(course: Course) -> None:
    """The author lets whole percents pass: now the answer that rounds too much is right."""
    path = course.source(NAME) / "answers.toml"
    entry = (
        rf"\[\[{EXERCISE}\.wrong\]\]\ncode = '''\n(?:(?!''').)*'''\nhint = \"Almost: you have rounded.*?\n"
    )
    changed, dropped = re.subn(entry, "", path.read_text(), flags=re.DOTALL)
    changed, lowered = re.subn(rf"(\[{EXERCISE}\]\ndecimals = )1\n", r"\g<1>0\n", changed)
    assert (dropped, lowered) == (1, 1)
    path.write_text(changed)


def tighten(course: Course) -> None:
    """The author goes back to one decimal, as the repository has it."""
    shutil.copyfile(Course(ROOT).source(NAME) / "answers.toml", course.source(NAME) / "answers.toml")


def tables(course: Course) -> dict[str, list[Any]]:
    """All rows of all tables of the gradebook."""
    with Gradebook(course.db_url) as book:
        names = book.db.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        return {n: sorted(map(repr, book.db.execute(text(f"SELECT * FROM {n}")).all())) for n in names}


def folders(course: Course) -> dict[str, bytes]:
    root = course.root / "autograded"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def scores(course: Course) -> dict[str, dict[str, tuple[float | None, float | None]]]:
    """By student and graded cell: the score by itself, and the one that a person gave."""
    with Gradebook(course.db_url) as book:
        return {
            sheet.student.id: {
                g.name: (g.auto_score, g.manual_score) for n in sheet.notebooks for g in n.grades
            }
            for sheet in book.assignment_submissions(NAME)
        }


def moved(moves: list[Move]) -> set[tuple[str, str, float | None, float, bool]]:
    return {(m.student, m.test, m.before, m.after, m.manual) for m in moves}


def test_a_dry_run_names_exactly_those_who_move_and_writes_nothing(course: Course, movers: set[str]) -> None:
    loosen(course)
    before = tables(course), folders(course)
    found = regrade(course, NAME, dry_run=True)
    (points,) = {move.points for move in found.moves}
    who = {(student, TEST, 0.0, points, student == TAKEN_BY_HAND) for student in movers}
    assert moved(found.moves) == who
    assert all(move.why for move in found.moves)
    assert found.graded == SIZE
    assert (tables(course), folders(course)) == before


def test_it_writes_what_moves_and_keeps_what_a_person_gave(
    graded: Course, regraded_once: tuple[Course, Regrade], movers: set[str]
) -> None:
    old = scores(graded)
    course, found = regraded_once
    points = found.moves[0].points
    expected = {
        student: {
            name: (points if name == TEST and student in movers else auto, manual)
            for name, (auto, manual) in marks.items()
        }
        for student, marks in old.items()
    }
    assert scores(course) == expected
    with Gradebook(course.db_url) as book:
        sheet = book.find_submission_notebook(NAME, NAME, ROUNDED[0])
        written = next(grade for grade in sheet.grades if grade.name == WRITTEN)
        assert (written.manual_score, written.score, written.needs_manual_grade) == (9, 9, False)
        comment = next(c for c in sheet.comments if c.name == WRITTEN)
        assert comment.comment == "A careful sentence."
        taken = book.find_submission_notebook(NAME, NAME, TAKEN_BY_HAND)
        checked = next(grade for grade in taken.grades if grade.name == TEST)
        assert (checked.score, checked.needs_manual_grade) == (0.5, True)  # its score moved: look again
        late = book.find_submission_notebook(NAME, NAME, LATE)
        assert late.late_submission_penalty == late.score > 0  # the penalty follows the new score
    assert regrade(course, NAME).moves == []  # nothing is left to do


def test_undo_brings_gradebook_and_folders_back(
    graded: Course, regraded_once: tuple[Course, Regrade], regraded: Course
) -> None:
    before = tables(graded), folders(graded)
    assert (tables(regraded), folders(regraded)) != before
    assert undo(regraded, NAME) == sorted(regraded_once[1].results)
    after = tables(regraded), folders(regraded)
    assert without_tests(after[0]) == without_tests(before[0])
    assert after[1] == before[1]
    with pytest.raises(CourseError, match=f"no regrade of {NAME} to undo"):
        undo(regraded, NAME)


def without_tests(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The rows without the texts of the author's tests, which stay as the author has them now."""
    return {name: rows for name, rows in found.items() if name != "source_cell"}


def test_what_a_person_gives_after_a_regrade_outlives_its_undo(regraded: Course) -> None:
    with Gradebook(regraded.db_url) as book:
        sheet = book.find_submission_notebook(NAME, NAME, ROUNDED[1])
        next(grade for grade in sheet.grades if grade.name == WRITTEN).manual_score = 1
        book.db.commit()
    undo(regraded, NAME)
    assert scores(regraded)[ROUNDED[1]][WRITTEN][1] == 1
    assert scores(regraded)[ROUNDED[1]][TEST] == (0, None)


def test_regrades_are_undone_one_after_the_other(graded: Course, regraded: Course, movers: set[str]) -> None:
    first, second = scores(graded), scores(regraded)
    tighten(regraded)
    assert {move.student for move in regrade(regraded, NAME).moves} == movers
    assert scores(regraded) == first
    undo(regraded, NAME)
    assert scores(regraded) == second
    undo(regraded, NAME)
    assert scores(regraded) == first


def test_a_regrade_that_can_not_be_written_changes_nothing(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.grade import gradebook

    real, calls = gradebook.set_scores, iter(range(1, 100))

    def fails_at_the_third(*arguments: Any) -> None:
        real(*arguments)
        if next(calls) == 3:
            raise RuntimeError("power is gone")

    loosen(course)
    before = tables(course), folders(course)
    monkeypatch.setattr(gradebook, "set_scores", fails_at_the_third)
    with pytest.raises(RuntimeError):
        regrade(course, NAME)
    assert (without_tests(tables(course)), folders(course)) == (without_tests(before[0]), before[1])


def test_who_is_not_graded_yet_is_named_and_left(course: Course) -> None:
    shutil.copytree(course.submitted(ROUNDED[0], NAME), course.submitted("newcomer", NAME))
    loosen(course)
    found = regrade(course, NAME)
    assert found.not_graded_yet == ["newcomer"]
    assert "newcomer" not in scores(course)


def test_the_command_says_who_moves_and_why(
    course: Course, movers: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    loosen(course)
    command = ["--course", str(course.root), "regrade", NAME]
    assert cli.main([*command, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(TEST in line for line in lines) == len(movers)
    (kept,) = (line for line in lines if "given by hand stays" in line)
    assert kept.startswith(TAKEN_BY_HAND)
    assert lines[-1].startswith(
        f"{SIZE} submissions: points move for {len(movers)} students in {len(movers)} tests;"
    )
    assert lines[-1].endswith("Nothing is written.")
    assert cli.main(command) == 0
    assert "--undo" in capsys.readouterr().out
    assert cli.main([*command, "--undo"]) == 0
    assert "is undone, for" in capsys.readouterr().out
    assert cli.main([*command, "--undo"]) == 1
    assert "no regrade" in capsys.readouterr().err


def test_a_course_where_nobody_is_graded_says_so(make_course: Callable[..., Course]) -> None:
    course = make_course()
    with pytest.raises(CourseError, match="Nobody is graded yet"):
        regrade(course, "a1")
