"""From source to release: what is in it, what is not, and what stops a build."""

from __future__ import annotations

import json
from collections.abc import Callable

import nbformat
import pytest
from support import Exercise, bench_of

from autograder.author.build import build, outdated
from autograder.author.verify import trials, verify
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


def test_a_solution_is_tried_as_a_student_would_type_it(make_course: Make) -> None:
    """Such answers stand in the pages of `autograder demo`."""
    course = made(make_course)
    with bench_of(course) as bench:
        codes = [trial.answer.code for trial in trials(course, bench.assignment) if trial.exercise == "mean"]
    (cell,) = [cell for note in bench.assignment.notebooks for cell in note.cells if cell.grade_id == "mean"]
    assert "SOLUTION" in cell.source
    assert not [code for code in codes if "SOLUTION" in code]


def test_the_hint_of_a_wrong_answer_that_stops_is_told(make_course: Make) -> None:
    with bench_of(made(make_course)) as bench:
        found = bench.try_answer("mean", "mean = table.x.average()")
    assert found.message == ("mean: your code stopped with AttributeError. The method has another name.")


# ---- what stops a build: file, exercise, line and remedy, and all mistakes at once --------------------

Change = Callable[[str], str]


def swap(old: str, new: str) -> Change:
    """Replaces a text that must be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def wrong(code: str, hint: str) -> Change:
    """One more known mistake of `mean`, at line 12."""
    return swap("[half]", f'[[mean.wrong]]\ncode = "{code}"\nhint = "{hint}"\n\n[half]')


IN_ANSWERS: dict[str, tuple[Change, str]] = {
    "a wrong answer that passes": (
        wrong("mean = 7 / 3", "No."),
        r"\[\[mean\.wrong\]\] number 3, line 12: this wrong answer passes\. Mend it, or move it to `right`",
    ),
    "two that look the same": (
        wrong("mean = 2", "Other."),
        r"number 3, line 12: it looks the same as the wrong answer with the hint 'That is the median\.'",
    ),
    "a right answer that fails": (
        swap("/ 3", "/ 2"),
        r"\[mean\], line 2: right answer 1: this right answer fails: mean: you have 3\.5\.",
    ),
    "a right answer with a slip": (swap(" / 3", " / (3"), "right answer 1: .* fails: SyntaxError: "),
    "no hint": (swap('hint = "That is twice."', ""), r"\[\[half\.wrong\]\] number 1, line \d+: .*`code` and"),
    "an unknown key": (swap("decimals = 2", "decimls = 2"), r"\[mean\], line 3: unknown key 'decimls'"),
    "bad TOML": (swap("decimals = 2", "decimals = "), r"answers\.toml: .*line 3.*Mend the TOML there"),
    "a table twice": (swap("[half]\n", "[mean]\n"), r"Cannot declare \('mean',\) twice \(at line 12"),
    "no decimals": (swap("decimals = 2\n", ""), r"\[mean\], line 2: .*say `decimals"),
    "no calls": (swap('calls = ["half(5)"]\n', ""), "half is a function: say `calls"),
    "a call that fails": (swap("half(5)", "half('x')"), r"the solution fails on half\('x'\): TypeError"),
    "a call with a slip": (swap("half(5)", "half(5"), r"the solution fails on half\(5: SyntaxError"),
    "calls of a number": (
        swap("decimals = 2", 'decimals = 2\ncalls = ["x"]'),
        "`calls` .* mean, which is a num",
    ),
    "a title of a number": (swap("decimals = 2", 'decimals = 2\nneeds = ["title"]'), "`needs` .* of mean"),
    "another kind": (
        swap("decimals = 2", 'kind = "sentence"'),
        r"\[mean\], line 2: mean is a number, not a sent",
    ),
    "an unknown exercise": (
        lambda text: text + "\n[[other.wrong]]\ncode = '1'\nhint = 'x'\n",
        r"\[other\], line 20: no notebook has an answer cell with this grade_id .* There are: mean, half",
    ),
    "no table for an exercise": (lambda text: text.partition("[half]")[0], r"there is no table \[half\]"),
}


@pytest.mark.parametrize("mistake", IN_ANSWERS)
def test_a_mistake_in_the_answers_is_named(make_course: Make, mistake: str) -> None:
    change, message = IN_ANSWERS[mistake]
    course = made(make_course, change(ANSWERS))
    with pytest.raises(CourseError, match=message) as caught:
        build(course, "a1")
    assert str(course.source("a1") / "answers.toml") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not course.release("a1").exists()


def source_of(grade_id: str, text: str) -> Callable[[nbformat.NotebookNode], None]:
    return lambda notebook: cell_of(notebook, grade_id).update(source=text)


def marks_of(cell: str, /, **marks: object) -> Callable[[nbformat.NotebookNode], None]:
    return lambda notebook: cell_of(notebook, cell).metadata.nbgrader.update(marks)


def cell_of(notebook: nbformat.NotebookNode, grade_id: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if cell.metadata.nbgrader.grade_id == grade_id)


def solution(*lines: str) -> str:
    return "\n".join(["mean = ...", "### BEGIN SOLUTION", *lines, "### END SOLUTION"])


IMPORTS = "import pandas as pd\nfrom autograder.check import check\n"
IN_NOTEBOOK: dict[str, tuple[Callable[[nbformat.NotebookNode], None], str]] = {
    "a grade_id twice": (marks_of("half", grade_id="mean"), "cell mean: another cell has the same grade_id"),
    "no grade_id": (marks_of("mean", grade_id=""), "cell that begins with 'mean = .*: no grade_id"),
    "no points": (
        lambda notebook: cell_of(notebook, "mean_check").metadata.nbgrader.pop("points"),
        "cell mean_check: points are None",
    ),
    "points below 0": (marks_of("mean_check", points=-1), "cell mean_check: points are -1"),
    "no solution marked": (source_of("mean", "mean = 7 / 3"), "cell mean: no solution is marked"),
    "no end": (
        source_of("mean", "mean = ...\n### BEGIN SOLUTION\n1"),
        "cell mean, line 2: BEGIN SOLUTION without",
    ),
    "no begin": (
        source_of("mean", "mean = ...\n### END SOLUTION"),
        "cell mean, line 2: END SOLUTION without",
    ),
    "hidden tests that don't end": (
        source_of("mean_check", "check('mean', mean)\n### BEGIN HIDDEN TESTS\nassert 1"),
        "cell mean_check, line 2: BEGIN HIDDEN TESTS without END HIDDEN TESTS",
    ),
    "a solution with a slip": (
        source_of("mean", solution("mean = (7")),
        r"cell mean, line 3: '\(' was never",
    ),
    "a solution that fails": (
        source_of("mean", solution("x = 0", "mean = 7 / x")),
        "cell mean, line 4: the solution fails: ZeroDivisionError",
    ),
    "a test with a slip": (source_of("mean_check", "check('mean', mean"), "cell mean_check, line 1: "),
    "a test that fails": (
        source_of("half_check", "check('half', half)\nassert half(2) == 2"),
        r"cell half_check: the solution fails: This test failed: assert half\(2\) == 2",
    ),
    "a test of another name": (
        source_of("mean_check", "check('mean', mena)"),
        "cell mean_check: .*`mena` is not",
    ),
    "a check twice": (
        source_of("half_check", "assert half(2) == 1\ncheck('mean', half)"),
        r"cell half_check, line 2: check\('mean'\) stands already under the exercise mean",
    ),
    "a test above its answer": (
        lambda notebook: notebook.cells.insert(1, notebook.cells.pop(2)),
        "cell mean_check: a test with no answer cell above it",
    ),
    "a table that is not there": (
        source_of("setup", f"{IMPORTS}table = pd.read_csv('data/tabel.csv')"),
        r"cell setup, line 3: reads data/tabel\.csv, and there is no .*data/tabel\.csv",
    ),
    "a first cell that fails": (
        source_of("setup", f"{IMPORTS}table = tabel"),
        "cell setup, line 3: .*NameError",
    ),
}


@pytest.mark.parametrize("mistake", IN_NOTEBOOK)
def test_a_mistake_in_the_notebook_is_named(make_course: Make, mistake: str) -> None:
    change, message = IN_NOTEBOOK[mistake]
    course = made(make_course)
    path = course.source("a1") / "a1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.write_text(json.dumps(notebook))
    with pytest.raises(CourseError, match=message) as caught:
        build(course, "a1")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_damaged_notebook_is_named(make_course: Make) -> None:
    course = made(make_course)
    path = course.source("a1") / "a1.ipynb"
    path.write_text(path.read_text()[:-30])
    with pytest.raises(CourseError, match=r"a1\.ipynb: not a notebook \(.*Open it in JupyterLab"):
        build(course, "a1")


def test_all_mistakes_are_named_at_once(make_course: Make) -> None:
    course = made(make_course, ANSWERS.replace("decimals = 1", "decimls = 1"), data={})
    path = course.source("a1") / "a1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    marks_of("mean_check", points=-1)(notebook)
    path.write_text(json.dumps(notebook))
    with pytest.raises(CourseError) as caught:
        build(course, "a1")
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert ["decimls" in lines[0], "points are -1" in lines[1], "data/table.csv" in lines[2]] == [
        True,
        True,
        True,
    ]


def test_several_answers_that_are_misjudged_are_named_at_once(make_course: Make) -> None:
    change = wrong("mean = 7 / 3", "No.")
    course = made(make_course, change(ANSWERS).replace("return n * 2", "return n / 2"))
    with pytest.raises(CourseError) as caught:
        build(course, "a1")
    lines = str(caught.value).splitlines()
    assert [line.endswith("this wrong answer passes. Mend it, or move it to `right`.") for line in lines] == [
        True
    ] * 2


def test_a_failed_build_leaves_the_old_release(make_course: Make) -> None:
    course = made(make_course)
    build(course, "a1")
    before = (course.release("a1") / "checks.json").read_bytes()
    (course.source("a1") / "answers.toml").write_text("[mean]\ncolour = 1\n")
    with pytest.raises(CourseError):
        build(course, "a1")
    assert (course.release("a1") / "checks.json").read_bytes() == before
