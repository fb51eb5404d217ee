"""From source to release: what is in it, what is not, and what stops a build."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest
from support import Exercise, bench_of

from autograder.author.build import build, outdated
from autograder.author.verify import verify
from autograder.course import Course
from autograder.errors import CourseError

MEAN = Exercise("mean", "mean = table['x'].mean()")
HALF = Exercise("half", "def half(n):\n    return n / 2", starter="def half(n):\n    ...")
SETUP = "table = pd.read_csv('data/table.csv')"
DATA = {"table.csv": "x\n1\n2\n4\n"}
ANSWERS = """
[mean]
decimals = 2
right = ["mean = sum(table['x']) / 3"]
[[mean.wrong]]
code = "mean = table['x'].median()"
hint = "That is the median."
[[mean.wrong]]
code = "mean = table.x.average()"
hint = "The method has another name."

[half]
decimals = 1
calls = ["half(5)"]
hidden_calls = ["half(7)"]
[[half.wrong]]
code = "def half(n):\\n    return n * 2"
hint = "That is twice."
"""

Make = Callable[..., Course]


def made(make_course: Make, answers: str = ANSWERS, **more: object) -> Course:
    return make_course(MEAN, HALF, answers=answers, setup=SETUP, **{"data": DATA, **more})


def test_a_release_holds_what_a_student_needs_and_no_answer(make_course: Make) -> None:
    course = made(make_course)
    build(course, "a1")
    release = course.release("a1")
    files = sorted(str(path.relative_to(release)) for path in release.rglob("*") if path.is_file())
    assert files == ["a1.ipynb", "checks.json", "data/table.csv"]
    text = (release / "a1.ipynb").read_text() + (release / "checks.json").read_text()
    for secret in (".mean()", "n / 2", "half(7)", "SOLUTION", "HIDDEN", "sum(table"):
        assert secret not in text
    notebook = nbformat.read(release / "a1.ipynb", as_version=4)
    assert notebook.cells[1].source == "mean = ...\n# Replace the dots with your answer."


def test_a_build_is_the_same_every_time(make_course: Make) -> None:
    course = made(make_course)
    build(course, "a1")
    assert outdated(course, "a1") == []
    (course.release("a1") / "data" / "table.csv").write_text("x\n9\n")
    (course.release("a1") / "left.txt").write_text("x")
    (course.release("a1") / "checks.json").unlink()
    assert outdated(course, "a1") == [
        *("checks.json: missing", "data/table.csv: differs", "left.txt: should not be there")
    ]


def test_every_answer_is_proved(make_course: Make) -> None:
    course = made(make_course)
    with bench_of(course) as bench:
        proofs = {proof.exercise: proof for proof in verify(course, bench.assignment, bench.workers)}
    assert {name: proof.misjudged for name, proof in proofs.items()} == {"mean": [], "half": []}
    assert proofs["mean"].tried == {"right": 2, "wrong": 2, "empty": 1}


def test_verify_finds_a_right_answer_that_fails(make_course: Make) -> None:
    course = made(make_course, ANSWERS.replace("sum(table['x']) / 3", "sum(table['x']) / 2"))
    with bench_of(course) as bench:
        (proof, _) = verify(course, bench.assignment, bench.workers)
    assert len(proof.misjudged) == 1
    assert (
        "line 2: right answer 1: a right answer gets 0 of 1 points: mean: you have 3.5." in proof.misjudged[0]
    )


def test_the_hint_of_a_wrong_answer_that_stops_is_told(make_course: Make) -> None:
    with bench_of(made(make_course)) as bench:
        found = bench.try_answer("mean", "mean = table.x.average()")
    assert found.message == ("mean: your code stopped with AttributeError. The method has another name.")


WRONG = '[[mean.wrong]]\ncode = "{}"\nhint = "{}"\n\n[half]'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: text.replace("[half]", WRONG.format("mean = 7 / 3", "No.")),
            r"\[\[mean\.wrong\]\] number 3, line 12: this wrong answer passes",
        ),
        (
            lambda text: text.replace("[half]", WRONG.format("mean = 2", "Other.")),
            "looks the same as the wrong answer with the hint 'That is the median.'",
        ),
        (lambda text: text.replace("decimals = 2\n", ""), r"\[mean\], line 2: .*say `decimals"),
        (lambda text: text.replace('calls = ["half(5)"]\n', ""), "half is a function: say `calls"),
        (lambda text: text.replace("half(5)", "half('x')"), r"the solution fails on half\('x'\): TypeError"),
        (lambda text: text + "\n[other]\n", r"\[other\], line \d+: no notebook has an answer cell"),
        (lambda text: text.partition("[half]")[0], r"there is no table \[half\]"),
    ],
)
def test_what_stops_a_build_is_said_in_one_line(
    make_course: Make, change: Callable[[str], str], message: str
) -> None:
    course = made(make_course, change(ANSWERS))
    with pytest.raises(CourseError, match=message) as caught:
        build(course, "a1")
    assert "answers.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not course.release("a1").exists()


def test_a_missing_table_is_named(make_course: Make) -> None:
    with pytest.raises(CourseError, match=r"a1\.ipynb reads data/table\.csv, and there is no .*table\.csv"):
        build(made(make_course, data={}), "a1")


def test_a_solution_that_fails_is_named(make_course: Make) -> None:
    course = make_course(Exercise("x", "x = 1 / 0"), answers="[x]\nright = ['x = 1']")
    with pytest.raises(CourseError, match=r"a1\.ipynb, cell x: the solution fails: ZeroDivisionError"):
        build(course, "a1")


def test_a_failed_build_leaves_the_old_release(make_course: Make) -> None:
    course = made(make_course)
    build(course, "a1")
    before = (course.release("a1") / "checks.json").read_bytes()
    (course.source("a1") / "answers.toml").write_text("[mean]\ncolour = 1\n")
    with pytest.raises(CourseError):
        build(course, "a1")
    assert (course.release("a1") / "checks.json").read_bytes() == before
