"""The `autograder` command as a person types it: results, exit codes, and one line for bad input."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from support import ROOT, Exercise

from autograder import cli, doctor
from autograder.author.build import build
from autograder.course import Course
from autograder.sandbox import wall

MEAN = Exercise("mean", "mean = 7 / 3", points=2)
ANSWERS = """
[mean]
decimals = 2
[[mean.wrong]]
code = "mean = 7"
hint = "Divide by the number of values."
"""


@pytest.fixture
def course(make_course: Callable[..., Course]) -> Course:
    made = make_course(MEAN, answers=ANSWERS)
    build(made, "a1")
    return made


def hand_in(course: Course, student: str, answer: str) -> Path:
    folder = course.submitted(student, "a1")
    shutil.copytree(course.release("a1"), folder)
    path = folder / "a1.ipynb"
    raw = json.loads(path.read_text())
    raw["cells"][1]["source"] = answer
    path.write_text(json.dumps(raw))
    return path


def run(course: Course, *words: str) -> int:
    return cli.main(["--course", str(course.root), *words])


def test_grade_writes_the_gradebook_and_the_graded_notebooks(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(course, "ann", "mean = (1 + 2 + 4) / 3")
    hand_in(course, "bob", "mean = 7")
    hand_in(course, "cem", "mean = 7").write_text("{")
    assert run(course, "grade", "a1") == 0
    said = capsys.readouterr().out
    assert "ann: 2 of 2\n" in said
    assert "bob: 0 of 2\n" in said
    assert "cem: 0 of 2; the file is not a notebook (damaged JSON)\n" in said
    assert f"3 of 3 submissions graded into sqlite:///{course.root}/gradebook.db." in said
    with Gradebook(course.db_url) as book:
        scores = {s.student.id: s.score for s in book.assignment_submissions("a1")}
    assert scores == {"ann": 2, "bob": 0, "cem": 0}
    graded = (course.autograded("bob", "a1") / "a1.ipynb").read_text()
    assert "Divide by the number of values." in graded


def test_grading_again_is_the_same_and_keeps_manual_grades(course: Course) -> None:
    hand_in(course, "ann", "mean = 7")
    assert run(course, "grade", "a1") == 0
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("mean_check", "a1", "a1", "ann")
        grade.manual_score, grade.comment = 1.5, "nearly"
        book.db.commit()
    assert run(course, "grade", "a1", "--student", "ann") == 0
    with Gradebook(course.db_url) as book:
        grade = book.find_grade("mean_check", "a1", "a1", "ann")
        assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (0, 1.5, True)


def test_late_penalties_are_nbgraders(course: Course) -> None:
    (course.root / "nbgrader_config.py").open("a").write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    course = Course(course.root)
    path = hand_in(course, "ann", "mean = 7 / 3")
    (path.parent / "timestamp.txt").write_text("2014-06-22 10:00:00 UTC")
    with Gradebook(course.db_url) as book:
        book.update_or_create_assignment("a1", duedate="2014-06-21 10:00:00 UTC")
    assert run(course, "grade", "a1") == 0
    with Gradebook(course.db_url) as book:
        notebook = book.find_submission_notebook("a1", "a1", "ann")
        assert (notebook.score, notebook.late_submission_penalty) == (2, 2)


def test_build_and_check(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(course, "build", "--check") == 0
    (course.release("a1") / "checks.json").write_text("{}")
    assert run(course, "build", "--check") == 1
    assert "checks.json: differs" in capsys.readouterr().out
    assert run(course, "build", "a1") == 0
    assert run(course, "build", "--check", "a1") == 0


def test_verify_prints_the_counts(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(course, "verify", "--jobs", "1") == 0
    said = capsys.readouterr().out
    assert "2 points: 1 right, 1 wrong, 1 empty: all judged right" in said
    assert "1 exercises. Right answers: 1, wrong answers: 1, untouched cells: 1. Misjudged: 0." in said


def test_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    assert "student code runs behind walls" in capsys.readouterr().out


def test_doctor_names_a_library_in_a_version_that_does_not_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = doctor.version
    monkeypatch.setattr(doctor, "version", lambda name: "7.0.1" if name == "ipykernel" else real(name))
    assert cli.main(["doctor"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "ipykernel 7.0.1 is installed" in said
    assert 'python -m pip install "ipykernel' in said


@pytest.mark.parametrize(
    ("db_url", "code", "said"),
    [
        (
            "sqlite:///{root}/gradebook.db",
            0,
            "sqlite:///{root}/gradebook.db: not there yet; grading makes it",
        ),
        ("sqlite:///{root}/none/gradebook.db", 1, "{root}/none can't be written. Make it,"),
        (
            "sqlite:///{root}/nbgrader_config.py",
            1,
            "can't be used: file is not a database. Name another file",
        ),
        (
            "gradebook.db",
            1,
            "c.CourseDirectory.db_url in nbgrader_config.py is not the address of a database.",
        ),
    ],
)
def test_doctor_says_which_database_the_course_uses(
    db_url: str, code: int, said: str, course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.db_url = {db_url.format(root=course.root)!r}\n")
    assert run(course, "doctor") == code
    mark = "MISSING" if code else "ok     "
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"{mark}  database")]
    assert said.format(root=course.root) in line
    assert not (course.root / "gradebook.db").exists()


def test_a_test_that_can_not_be_judged_from_outside_is_named(
    make_course: Callable[..., Course], capsys: pytest.CaptureFixture[str]
) -> None:
    test = "import inspect\nassert 'return' in inspect.getsource(half)"
    course = make_course(Exercise("half", "def half(n):\n    return n / 2", test=test))
    build(course, "a1")
    hand_in(course, "ann", "def half(n):\n    return n / 2")
    assert run(course, "grade", "a1") == 0
    said = capsys.readouterr().err
    assert "a1.ipynb, half_check: the author's own answer gets 0 of 1 points" in said
    assert "Let it call the answer and look at what it gives." in said


# ---- bad input: one clear line, and the exit code -------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["grade", "zz"], "There is no assignment 'zz' in"),
        (["build", "zz"], "There are: a1."),
        (["verify", "zz"], "There is no assignment 'zz' in"),
        (["grade", "a1"], "Nobody has handed in a1"),
    ],
)
def test_what_is_not_there(
    course: Course, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course, *words) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_a_student_who_did_not_hand_in(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in(course, "ann", "mean = 7")
    assert run(course, "grade", "a1", "--student", "bob") == 1
    assert "bob has handed in nothing" in capsys.readouterr().err


def test_broken_answers(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    (course.source("a1") / "answers.toml").write_text("[mean]\ndecimals = 2\ncolour = 1\n")
    for command in ("build", "verify"):
        assert run(course, command) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"autograder: {course.source('a1')}/answers.toml, [mean], line 3: unknown key")


def test_no_course_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--course", str(tmp_path), "build"]) == 1
    assert "is no course" in capsys.readouterr().err
    assert cli.main(["--course", str(tmp_path / "none"), "build"]) == 1
    assert "There is no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["grade"], ["fly"], ["grade", "a1", "--jobs", "0"], ["verify", "--sandbox", "x"]]
)
def test_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2


def test_without_a_sandbox_nothing_runs_unasked(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(course, "ann", "mean = 7 / 3")
    monkeypatch.setattr(wall, "bwrap", lambda: "/bin/false")
    assert run(course, "grade", "a1") == 1
    said = capsys.readouterr()
    assert "bubblewrap can't build its walls here" in said.err
    assert "apt-get install bubblewrap" in said.err
    assert not course.autograded("ann", "a1").exists()
    assert run(course, "grade", "a1", "--sandbox", "none") == 0
    said = capsys.readouterr()
    assert "UNPROTECTED" in said.err
    assert "ann: 2 of 2" in said.out


def test_this_repository_is_up_to_date() -> None:
    assert cli.main(["--course", str(ROOT), "build", "--check"]) == 0
