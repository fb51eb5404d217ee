"""The report's page on a small class with hostile names, damaged notebooks and answers nobody foresaw."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag
from nbgrader.api import Gradebook
from support import Exercise, course_in, marked

from autograder import cli
from autograder.author.build import build
from autograder.check.keys import Asked, seal
from autograder.course import Course
from autograder.grading import grade
from autograder.report.mistakes import stanza_for
from autograder.report.page import make_report, write_report
from autograder.report.render import shown
from autograder.report.right_values import RightValues

if TYPE_CHECKING:
    from conftest import GradedClass

EXERCISES = (
    Exercise("total", "total = 41.25", points=2),
    Exercise("who", 'who = "Firouzabadi"'),
    Exercise("by_year", "by_year = {2011: 2.5, 2012: 1.75}", points=3),
    Exercise("rise", "def rise(old, new):\n    return new - old", starter="def rise(old, new):\n    ..."),
)
ANSWERS = """
[total]
decimals = 2

[[total.wrong]]
code = "total = 57"
hint = "This is the sum of all rows. Leave out the row of the <total>."

[who]

[by_year]
decimals = 2

[rise]
calls = ["rise(1, 3)"]
"""
RIGHT = {exercise.name: exercise.solution for exercise in EXERCISES}
SECRETS = ("41.25", "41.2500", "firouzabadi", "1.75")  # what is right, but for what is in every text

SCRIPT = "<script>alert(1)<!--"
TURNED = "\N{RIGHT-TO-LEFT OVERRIDE}alice"
EMOJI = "🧑🏽\N{ZERO WIDTH JOINER}🔬"
FORMULA = "=1+1"
LONG = "x" * 120
WRITES = "<img src=x onerror=alert(1)>"
CLASS = {
    "anna": RIGHT | {"why": "Because of the second source."},
    SCRIPT: {"total": "total = 57", "who": f'who = "{WRITES}"'},
    TURNED: {"total": "total = [41.25, 99]", "who": 'who = ["Firouzabadi", "somebody"]', "why": "?"},
    EMOJI: {
        "total": "total = 12.5",
        "who": 'who = "\\u202eevil"',
        "by_year": "by_year = {2011: 2.5, 2012: 9}",
    },
    FORMULA: {"total": "total = 12.5", "rise": "def rise(old, new):\n    return old * 5"},
    LONG: {"total": "total = undefined", "who": f"who = {'a' * 300!r}"},
    "zoe": RIGHT | {"total": "total = 12.5"},
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A graded class of nine, one with a file that ends in the middle, one with changed tests; and one who
    was absent."""
    made = course_in(tmp_path_factory.mktemp("report") / "course", *EXERCISES, answers=ANSWERS)
    path = made.source("a1") / "a1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    text = "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    notebook.cells.append(
        marked(nbformat.v4.new_markdown_cell(text), "why", solution=True, grade=True, points=4)
    )
    nbformat.write(notebook, path)
    build(made, "a1")
    for student, answers in CLASS.items():
        _hand_in(made, student, answers)
    _hand_in(made, "broken", RIGHT)
    file = made.submitted("broken", "a1") / "a1.ipynb"
    file.write_text(file.read_text()[:1000])
    _hand_in(made, "tamper", {})
    _tamper(made.submitted("tamper", "a1") / "a1.ipynb")
    assert not [found for found in grade(made, "a1", made.students("a1"), jobs=2) if found.failure]
    with Gradebook(made.db_url, made.directory().course_id) as book:
        book.update_or_create_student(SCRIPT, last_name=f"{SCRIPT}{'y' * 10_000}", first_name="Z̷̢̛͓̜͎̤̗̣͍̑̍̄" * 50)
        book.update_or_create_student("absent")
    return made


def _tamper(path: Path) -> None:
    raw = json.loads(path.read_text())
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in raw["cells"]}
    cells["total_check"]["metadata"]["nbgrader"]["points"] = 100
    cells["who_check"]["metadata"]["tags"] = ["skip-execution"]
    cells["by_year_check"]["source"] = "print('right')"
    del cells["rise_check"]
    # what is no cell, or has no metadata, must not stop the report
    raw["cells"] = [*cells.values(), 7, {"cell_type": "code"}, {"metadata": {"nbgrader": {"grade": [1]}}}]
    path.write_text(json.dumps(raw))


def _hand_in(course: Course, student: str, answers: dict[str, str]) -> None:
    folder = course.submitted(student, "a1")
    shutil.copytree(course.release("a1"), folder)
    raw = json.loads((folder / "a1.ipynb").read_text())
    for cell in raw["cells"]:
        cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
    (folder / "a1.ipynb").write_text(json.dumps(raw))


@pytest.fixture(scope="module")
def folder(course: Course) -> Path:
    """The report's files, made as an instructor makes them."""
    assert (
        cli.main(["--course", str(course.root), "report", "--formgrader-url", "https://hub/user/ines/"]) == 0
    )
    return course.root / "reports"


@pytest.fixture(scope="module")
def page(folder: Path) -> BeautifulSoup:
    return BeautifulSoup((folder / "a1" / "report.html").read_text("utf-8"), "html.parser")


def _section(page: BeautifulSoup, name: str) -> Tag:
    found = page.find("section", {"aria-labelledby": name})
    assert isinstance(found, Tag)
    return found


def _rows(part: Tag) -> Iterator[list[str]]:
    for row in part.select("tbody tr"):
        yield [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]


def test_page_is_whole_and_holds_nothing_that_acts(folder: Path) -> None:
    for path in (folder / "a1" / "report.html", folder / "index.html"):
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        assert not page.find_all(["script", "img", "iframe", "object", "link", "form", "base"])
        for tag in page.find_all(True):
            acts = [name for name in tag.attrs if name.startswith("on") or name in ("src", "srcdoc")]
            assert not acts, tag
            address = str(tag.get("href", "") or tag.get("xlink:href", ""))
            assert address.startswith(("#", "https://hub/user/ines/formgrader/")) or "://" not in address
            assert not address.casefold().startswith("javascript")
        assert "url(http" not in str(page)


def test_what_students_wrote_stands_there_as_text(page: BeautifulSoup) -> None:
    text = page.get_text()
    assert WRITES in text
    for name in (SCRIPT, TURNED, EMOJI, FORMULA):
        assert any(name in bdi.get_text() for bdi in page.find_all("bdi")), name
    assert "y" * 61 not in text
    assert LONG not in text  # cut
    assert LONG[:50] in text


def test_no_right_answer_in_any_file(folder: Path, page: BeautifulSoup) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 9
    shown_texts = {path: path.read_text("utf-8").casefold() for path in files if path.suffix == ".csv"}
    shown_texts[Path("page")] = page.get_text(" ").casefold()
    for path, text in shown_texts.items():
        assert not [secret for secret in SECRETS if secret in text], path


def test_no_right_answer_of_a_large_class_either(graded_class: GradedClass, tmp_path: Path) -> None:
    course = graded_class.copy(tmp_path / "course")
    page = write_report(course, make_report(course, graded_class.assignment))
    told = " ".join(_told_when_right(course, graded_class.assignment))
    values = set(re.findall(r"-?\d+\.\d+", told))  # whole numbers also count students
    assert len(values) > 10
    texts = [BeautifulSoup(page.read_text("utf-8"), "html.parser").get_text(" ")]
    texts += [path.read_text("utf-8") for path in page.parent.glob("*.csv")]
    assert not {
        value for value in values if any(f" {value}" in text or f":{value}" in text for text in texts)
    }


def _told_when_right(course: Course, name: str) -> Iterator[str]:
    for path in course.autograded("x", name).parents[1].glob(f"*/{name}/{name}.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            message = cell["metadata"].get("autograder", {}).get("message", "")
            if ": right. You have" in message:
                yield message


def test_answers_without_a_hint_are_grouped_most_frequent_first(page: BeautifulSoup) -> None:
    part = _section(page, "unlike")
    titles = [title.get_text() for title in part.find_all("h3")]
    assert titles == ["total", "who", "by_year", "rise", "Answers that stopped with an error"]
    total, who, by_year, rise, stopped = (list(_rows(table)) for table in part.find_all("table"))
    assert [row[1] for row in total] == ["3", "1"]
    assert total[0][0].startswith("12.5 This is not the number that is asked.")
    held_back = "not shown: a right value stands in it"
    assert (
        total[1][0]
        == f"{held_back} Asked is a number alone. Take one value out, for example with `.iloc[0]`."
    )
    assert len(who) == 4  # three texts, and a list with the right name in it
    assert sum(row[0].startswith(held_back) for row in who) == 1
    assert [row[0] for row in by_year] == [f"{held_back} Look at the value for 2012: it is not right yet."]
    assert rise[0][0].startswith("rise(1, 3) gives 5 This is not the number that is asked.")
    assert stopped == [["total", "NameError", "1"]]


def test_stanza_makes_the_answer_a_known_mistake(course: Course, page: BeautifulSoup, tmp_path: Path) -> None:
    stanzas = [pre.get_text() for pre in _section(page, "unlike").find_all("pre")]
    pasted = "\n\n".join([ANSWERS, *stanzas])
    added = tomllib.loads(pasted)
    assert added["total"]["wrong"][1]["code"].strip() == "total = 12.5"
    copy = Course(tmp_path / "copy")
    shutil.copytree(course.root, copy.root)
    (copy.source("a1") / "answers.toml").write_text(pasted, encoding="utf-8")
    build(copy, "a1")  # refuses an answer that is right, or one that is known already


@pytest.mark.parametrize(
    "code", ["x = 1", "x = '''a'''\ny = \"b\\n\"", "x = '\u202e\x7f\x00'", "x = '😀'\t# \\", "a'"]
)
def test_stanza_says_the_code_as_it_is(code: str) -> None:
    read = tomllib.loads(stanza_for("a b.c", code))
    assert read["a b.c"]["wrong"][0]["code"].strip("\n") == code
    assert tomllib.loads(stanza_for("n_oil", code))["n_oil"]


def test_known_mistakes_with_their_hint(page: BeautifulSoup) -> None:
    hint = "This is the sum of all rows. Leave out the row of the <total>."
    first, *_ = _rows(_section(page, "mistakes").select("table")[0])
    assert first == [f"total {hint}", "1", "11 %"]


def test_a_small_class_gets_no_correlation(page: BeautifulSoup, folder: Path) -> None:
    table = {row[0]: row for row in _rows(_section(page, "exercises"))}
    assert table["total"] == ["total", "2", "11 %", "too few to say", "22 %", "11 %"]
    assert table["why"] == ["why", "4", "not yet", "not yet", "78 %", "0 %"]
    exercises = pd.read_csv(folder / "a1" / "exercises.csv", index_col="exercise")
    assert exercises["item_rest"].isna().all()
    assert exercises.index[exercises["mean_share"].isna()].to_list() == ["why"]


def test_damaged_and_changed_notebooks_are_noted(page: BeautifulSoup) -> None:
    notes = list(_rows(_section(page, "notes")))
    assert notes == [
        ["test cells deleted: rise_check", "1", "tamper"],
        ["test cells marked to be skipped: who_check", "1", "tamper"],
        ["test cells with another text: by_year_check", "1", "tamper"],
        ["test cells with other points: total_check", "1", "tamper"],
        ["the file is not a notebook (damaged JSON)", "1", "broken"],
    ]
    assert "absent" in _section(page, "help").get_text()


def test_written_answers_are_linked_into_the_formgrader(course: Course, page: BeautifulSoup) -> None:
    part = _section(page, "to-grade")
    links = {a.get_text(): a["href"] for a in part.find_all("a")}
    assert links.pop("Grade a1 one after the other") == "https://hub/user/ines/formgrader/gradebook/a1/a1"
    with Gradebook(course.db_url, course.directory().course_id) as book:
        for student in ("anna", TURNED):
            row = book.find_submission_notebook("a1", "a1", student)
            assert links.pop(student) == f"https://hub/user/ines/formgrader/submissions/{row.id}"
    assert not links


def test_a_graded_written_answer_counts(course: Course, tmp_path: Path) -> None:
    copy = Course(tmp_path / "copy")
    shutil.copytree(course.root, copy.root)
    with Gradebook(copy.db_url, copy.directory().course_id) as book:
        for student, points in (("anna", 3.0), (TURNED, 0.0)):
            book.find_grade("why", "a1", "a1", student).manual_score = points
        book.db.commit()
    assert cli.main(["--course", str(copy.root), "report", "a1"]) == 0
    table = pd.read_csv(copy.root / "reports" / "a1" / "students.csv", index_col="student")
    assert table.loc["anna", ["score", "possible", "waiting"]].to_list() == [10, 11, 0]
    exercises = pd.read_csv(copy.root / "reports" / "a1" / "exercises.csv", index_col="exercise")
    assert exercises.loc["why", "mean_share"] == pytest.approx(3 / 4 / 9, rel=1e-5)
    outcomes = pd.read_csv(copy.root / "reports" / "a1" / "scores.csv", index_col=["exercise", "student"])
    assert outcomes.loc["why", "outcome"].value_counts().to_dict() == {
        "untouched": 7,
        "partly right": 1,
        "other wrong answer": 1,
    }


def test_what_is_not_known_is_said(course: Course, tmp_path: Path) -> None:
    copy = Course(tmp_path / "copy")
    shutil.copytree(course.root, copy.root)
    (copy.autograded("zoe", "a1") / "a1.ipynb").write_text('{"cells": [')
    with Gradebook(copy.db_url, copy.directory().course_id) as book:
        book.update_or_create_submission("a1", "absent")  # collected, and not graded
    assert cli.main(["--course", str(copy.root), "report", "a1"]) == 0
    page = BeautifulSoup((copy.root / "reports" / "a1" / "report.html").read_text("utf-8"), "html.parser")
    waits, unknown, left_out = (note.get_text() for note in page.select(".note"))
    assert waits.startswith("1 submission not graded yet, and not on this page: absent.")
    assert unknown.startswith("Of 1 student the points are known, but not what was found in the answers")
    assert unknown.endswith("zoe.")
    assert (
        left_out
        == "Points on this page are out of 7 of 11. Left out until a person has graded all answers: why."
    )
    table = pd.read_csv(copy.root / "reports" / "a1" / "students.csv", index_col="student")
    assert table.loc["zoe", "score"] == 5
    assert "absent" not in table.index


def test_tables_are_tidy_and_no_spreadsheet_runs_a_name(folder: Path) -> None:
    scores = pd.read_csv(folder / "a1" / "scores.csv")
    assert len(scores) == 9 * 5
    assert not scores.duplicated(["student", "exercise"]).any()
    assert f"'{FORMULA}" in set(scores["student"])
    assert FORMULA not in set(scores["student"])
    mistakes = pd.read_csv(folder / "a1" / "mistakes.csv")
    assert mistakes[["exercise", "students"]].values.tolist() == [["total", 1]]
    assert len(pd.read_csv(folder / "students.csv")) == 9
    assert pd.read_csv(folder / "assignments.csv")["may_need_help"].to_list() == [7]


def test_course_page_shows_every_student_and_assignment(folder: Path) -> None:
    page = BeautifulSoup((folder / "index.html").read_text("utf-8"), "html.parser")
    assert list(_rows(_section(page, "assignments"))) == [["a1", "9", "1", "0 %", "53 %", "7", "2"]]
    students = {row[0]: row[1:] for row in _rows(_section(page, "students"))}
    assert students["anna"] == ["100 %", ""]
    assert students["zoe"] == ["71 %", ""]
    assert len(students) == 9
    hardest = list(_rows(_section(page, "hardest")))
    assert hardest[0][:2] == ["total", "a1"]


def test_report_says_what_to_do_where_nothing_is_graded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = course_in(tmp_path / "empty", EXERCISES[0])
    for words, says in (
        (["a1"], "autograder grade a1"),
        ([], "autograder grade A"),
        (["b"], "There are: a1"),
    ):
        assert cli.main(["--course", str(empty.root), "report", *words]) == 1
        assert says in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        cli.main(["report", "--formgrader-url", "javascript:alert(1)"])
    assert stopped.value.code == 2


def test_damaged_keys_are_named(course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Course(tmp_path / "copy")
    shutil.copytree(course.root, copy.root)
    (copy.release("a1") / "checks.json").write_text("{")
    assert cli.main(["--course", str(copy.root), "report", "a1"]) == 1
    assert "checks.json is damaged. Run `autograder build a1`" in capsys.readouterr().err


def test_heaps_of_marks_and_control_characters_are_left_out() -> None:
    assert shown("a" + "\u0301" * 40 + "b\x00\n") == "a" + "\u0301" * 3 + "b  "
    assert shown("\ud800x" * 100, 3) == "?x?…"


@pytest.mark.parametrize(
    ("answer", "asked", "holds", "lacks"),
    [
        (-52.1, Asked(decimals=1), ["52.1", "the text '-52.1 %'", "2 values: 3, -52.13"], ["52.4", "1234"]),
        (
            "52.1 percent",
            Asked(decimals=1, kind="sentence", words=("OPEC",)),
            ["the text 'It fell by 52.1'"],
            ["the text 'It fell'"],
        ),
        ("Khamenei", Asked(), ["2 values: Rouhani, Khamenei"], ["the text 'Rouhani'"]),
        ([3, 1], Asked(), ["2 values: 1, 3", "2 values: 3, 1"], ["2 values: 1, 2"]),
        (
            {"a": 1.5, "b": 2},
            Asked(decimals=1),
            ["2 labelled values (a: 1.5, b: 7)", "1 labelled value (b: 2)", "x = {'a': 1.5}"],
            ["2 labelled values (a: 2, b: 1.5)"],
        ),
    ],
)
def test_right_values_are_recognised(
    answer: object, asked: Asked, holds: list[str], lacks: list[str]
) -> None:
    values = RightValues({"x": seal("x", answer, asked, "salt")})
    assert [text for text in holds if not values.stand_in("x", text)] == []
    assert [text for text in lacks if values.stand_in("x", text)] == []
    assert not values.stand_in("y", holds[0])


def test_code_that_computes_may_be_shown_and_typed_values_not() -> None:
    values = RightValues({"x": seal("x", {"a": 1.5, "b": 2}, Asked(decimals=1), "salt")})
    has = "2 labelled values (a: 1.5, b: 7)"
    assert not values.show_in_code("x", "x = table.mean()", has)
    assert values.show_in_code("x", "x = pd.Series([1.5, 7], ['a', 'b'])", has)
