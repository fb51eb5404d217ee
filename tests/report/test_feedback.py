"""Feedback pages: what a student reads in them, what must not stand in them, and how they are built."""

from __future__ import annotations

import html
import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from support import Exercise, course_in, marked
from traitlets.config import Config

from autograder import grading
from autograder.author.build import build
from autograder.course import Course
from autograder.errors import CourseError
from autograder.grade.record import harmless_text
from autograder.plugins import ShowModelAnswers
from autograder.report.feedback import feedback_page
from autograder.report.feedback_cells import Outline, code, heading_in, text_of_answer, text_of_course
from autograder.report.feedback_model_answers import with_model_answers
from autograder.report.feedback_points import Points, Total, read_points

NAME = "a1"
HINT = "This is the largest number. Add up all of them."
MODEL_ANSWER = (
    "A model answer weighs both published series against each other and names the year of each.\n\n"
    "**Marking notes.** One point for a rule that could fail, and two for a sentence that fits the evidence."
)
COMMENT = "A *clear* rule. <script>x</script> See [this](https://example.org/a), [b](javascript:b)."
OPINION = "Both series fell by `a < b` & more.\n\n## A heading of mine\n\n<img src=x onerror=alert(1)> [x](y)"

EXERCISES = (
    Exercise("total", "total = sum(numbers)", points=2),
    Exercise(
        "double",
        "def double(n):\n    return 2 * n",
        starter="def double(n):\n    ...",
        test='assert double(2) == 4, "double(2) should be 4"\n'
        "### BEGIN HIDDEN TESTS\n# mark-of-a-hidden-test\nassert double(31337) == 62674\n"
        "### END HIDDEN TESTS",
        points=3,
    ),
    Exercise("share", "share = 0.5", test="1.5 if share < 1 else 4", points=4),
    Exercise("spare", "spare = len(numbers)", points=1),
    Exercise(
        "axes",
        "figure, axes = plt.subplots()\naxes.plot(numbers)\n"
        'axes.set_title("Numbers")\naxes.set_xlabel("Place")\naxes.set_ylabel("Size")',
        points=5,
    ),
)
ANSWERS = f"""
[total]
[[total.wrong]]
code = "total = max(numbers)"
hint = "{HINT}"
[double]
[share]
[spare]
[axes]
"""
RIGHT = {
    "total": 'import warnings\nwarnings.warn("mind the gap")\ntotal = sum(numbers)',
    "double": "def double(n):\n    return n + n",
    "share": "share = 3",
    "spare": "spare = 3",
    "axes": EXERCISES[4].solution,
    "opinion": OPINION,
}
WRONG = {
    "total": "total = max(numbers)",
    "double": "def double(n):\n    return 4",
    "share": "share = 0.5",
    "axes": "1 / 0",
    "opinion": "Short.",
}


@dataclass(frozen=True)
class Pages:
    """A course in which ann has all right, ben much wrong, and cleo handed in a damaged notebook late."""

    course: Course

    def path(self, student: str) -> Path:
        return self.course.feedback(student, NAME) / f"{NAME}.html"

    def __getitem__(self, student: str) -> Any:
        return _soup(self.path(student).read_text(encoding="utf-8"))


def _soup(page: str) -> Any:
    """A page to be asked for its tags. (Any: a tag that is not there fails its test without more words.)"""
    return BeautifulSoup(page, "html.parser")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    course = course_in(
        tmp_path_factory.mktemp("feedback") / "course",
        *EXERCISES,
        answers=ANSWERS,
        setup="import matplotlib.pyplot as plt\nnumbers = [1, 2, 4]\npd.DataFrame({'n': numbers})",
    )
    _add_texts(course)
    build(course, NAME)
    for student, answers in {"ann": RIGHT, "ben": WRONG, "cleo": RIGHT}.items():
        _hand_in(course, student, answers, "utf-16" if student == "cleo" else "utf-8")
    graded = list(grading.grade(course, NAME, ["ann", "ben", "cleo"], jobs=1))
    assert not [student.failure for student in graded if student.failure]
    with Gradebook(course.db_url, course.directory().course_id) as book:
        book.update_or_create_student("ben", first_name="Ben", last_name="Bitdiddle")
        grade = book.find_grade("opinion", NAME, NAME, "ben")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.find_comment("opinion", NAME, NAME, "ben").manual_comment = COMMENT
        book.find_comment("total", NAME, NAME, "ben").manual_comment = "Look at `sum`."
        book.find_submission_notebook(NAME, NAME, "cleo").late_submission_penalty = 1.5
        book.find_grade("spare_check", NAME, NAME, "ben").extra_credit = 0.5
        book.db.commit()
    grading.generate_feedback(course, NAME)
    return Pages(course)


def _add_texts(course: Course) -> None:
    """A title, a question above each answer, and a written question with a model answer."""
    path = course.source(NAME) / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = [marked(nbformat.v4.new_markdown_cell("# Numbers and words"), "title")]
    for cell in notebook.cells:
        if cell.metadata.nbgrader.solution:
            name = cell.metadata.nbgrader.grade_id
            hint = "<details><summary>Hint</summary>\n\nA hint with `code`.\n\n</details>"
            text = f"## The `{name}` (2 points)\n\n| what | points |\n|---|---|\n| a | 1 |\n\n{hint}"
            cells.append(marked(nbformat.v4.new_markdown_cell(text), f"{name}_question"))
        cells.append(cell)
    cells.append(marked(nbformat.v4.new_markdown_cell("### In your words"), "opinion_question"))
    solution = nbformat.v4.new_markdown_cell(f"### BEGIN SOLUTION\n{MODEL_ANSWER}\n### END SOLUTION")
    cells.append(marked(solution, "opinion", solution=True, grade=True, points=4))
    notebook.cells = cells
    nbformat.write(notebook, path)


def _hand_in(course: Course, student: str, answers: dict[str, str], encoding: str) -> None:
    raw = json.loads((course.release(NAME) / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    for cell in raw["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    path = course.submitted(student, NAME) / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(raw), encoding=encoding)


def _words(part: Any) -> str:
    return " ".join(part.get_text(" ").split())


def _exercises(page: Any) -> dict[str, str]:
    """What the list says of each exercise, by title."""
    return {
        _words(item.h3): _words(item).partition(_words(item.h3))[2].strip() for item in page.select("ol > li")
    }


# ---- what a student reads --------------------------------------------------------------------------------


def test_the_list_says_state_points_and_one_message(pages: Pages) -> None:
    assert _exercises(pages["ben"]) == {
        "The total": f"✗ Not yet right 0 of 2 points total: you have 4. {HINT} "
        "Your instructor's comment Look at sum .",
        "The double": "✗ Not yet right 0 of 3 points A hidden test of this answer failed.",
        "The share": "◐ Partly right 1.5 of 4 points",
        "The spare": "○ Not answered 0.5 of 1 point There is no answer yet: the cell is as it was handed out."
        " 0.5 of these are extra credit.",
        "The axes": "✗ Not yet right 0 of 5 points axes: your code stopped before it was made "
        "(ZeroDivisionError: division by zero).",
        "In your words": "✎ Read by your instructor 2.5 of 4 points Your instructor's comment A clear rule. "
        "<script>x</script> See this , b .",
    }
    right = _exercises(pages["ann"])
    assert right["The total"] == "✓ Right 2 of 2 points total: right. You have 7."
    assert right["The double"] == "✓ Right 3 of 3 points"
    assert right["In your words"] == "… Waits for your instructor up to 4 points"


def test_the_total_is_that_of_the_gradebook(pages: Pages) -> None:
    totals = {student: _words(pages[student].select_one("section")) for student in ("ann", "ben", "cleo")}
    assert totals["ann"].startswith("Points 15 of 19 points so far One answer waits for your instructor.")
    assert totals["ben"] == "Points 4.5 of 19 points"
    assert totals["cleo"].startswith("Points 13.5 of 19 points so far 15 for your answers, less 1.5 because")
    with Gradebook(pages.course.db_url, pages.course.directory().course_id) as book:
        submission = book.find_submission(NAME, "cleo")
        assert submission.score - submission.late_submission_penalty == 13.5


def test_the_page_says_whose_it_is(pages: Pages) -> None:
    assert _words(pages["ben"].h1) == "Numbers and words"
    assert "Ben Bitdiddle (ben)" in _words(pages["ben"].header)
    assert _words(pages["ann"].title) == "Feedback: Numbers and words, ann"


def test_the_notebook_stands_below_as_handed_in(pages: Pages) -> None:
    page = pages["ben"]
    for link in page.select("ol h3 a"):
        target = page.find(id=str(link["href"])[1:])
        assert target is not None
        assert target.find(re.compile("^h")).get_text().startswith(link.get_text())
    answer = page.select(".cell.answer")[0]
    assert answer.select_one(".code").get_text().strip() == "total = max(numbers)"
    assert answer.find_next_sibling().select_one(".message").get_text().startswith("Check not passed:")


def test_warnings_are_folded_and_no_errors(pages: Pages) -> None:
    answer = pages["ann"].select(".cell.answer")[0]
    folded = answer.select_one("details.warning")
    assert folded is not None
    assert not folded.has_attr("open")
    assert "mind the gap" in folded.get_text()
    assert not pages["ann"].select(".stopped")
    stopped = pages["ben"].select(".stopped")
    assert ["ZeroDivisionError" in part.get_text() for part in stopped] == [True]


def test_notes_on_a_damaged_file_are_told(pages: Pages) -> None:
    notes = _words(pages["cleo"].select_one(".notes"))
    assert notes.startswith("How this notebook was read and run Something about the file was unusual.")
    assert "read as utf-16, not UTF-8" in notes
    assert not pages["ann"].select(".notes")


def test_written_answers_stand_there_as_typed(pages: Pages) -> None:
    words = pages["ann"].select_one(".cell.written .words")
    assert words is not None
    assert words.code.get_text() == "a < b"
    assert "<img src=x onerror=alert(1)> [x](y)" in words.get_text()
    assert not words.find(["img", "a"])


def test_charts_have_a_text(pages: Pages) -> None:
    assert pages["ann"].img["alt"] == "Chart of your answer axes: a chart with 1 line"


# ---- what must not stand in a page -------------------------------------------------------------------------


def _readings(path: Path) -> list[str]:
    """A file's text as it is, as a browser shows it, and with nothing but its letters."""
    text = path.read_text(encoding="utf-8")
    shown = _soup(text).get_text(" ")
    readings = (
        text,
        html.unescape(text),
        html.unescape(shown),
        text.encode().decode("unicode_escape", "ignore"),
    )
    return [" ".join(re.findall(r"[a-z0-9]+", reading.casefold())) for reading in readings]


def test_no_model_answer_and_no_hidden_test_reaches_a_student(pages: Pages) -> None:
    root = pages.course.root
    words = re.findall(r"[a-z0-9]+", MODEL_ANSWER.casefold())
    secret = [" ".join(words[n : n + 4]) for n in range(len(words) - 3)]
    secret += ["mark of a hidden test", "31337", "62674", "begin solution", "begin hidden"]
    source = _readings(pages.course.source(NAME) / f"{NAME}.ipynb")
    assert all(any(part in reading for reading in source) for part in secret)
    folders = [root / name for name in ("release", "submitted", "autograded", "feedback")]
    files = [p for folder in folders for p in folder.rglob("*") if p.suffix in (".html", ".ipynb", ".json")]
    assert len(files) >= 4 * 2 + 3
    for path in files:
        if path.parts[-3:-1] == ("cleo", NAME) and "submitted" in path.parts:
            continue  # in another encoding; it is what was released
        found = [part for reading in _readings(path) for part in secret if part in reading]
        assert not found, path


def test_nothing_acts_and_nothing_is_fetched(pages: Pages) -> None:
    for student in ("ann", "ben", "cleo"):
        page = pages[student]
        assert not page.find(["script", "link", "iframe", "form", "object", "embed", "base", "svg"])
        for tag in page.find_all(True):
            assert not [
                name for name in tag.attrs if name.startswith("on") or name in ("srcset", "background")
            ]
            assert str(tag.get("src", "data:image/png;base64,")).startswith("data:image/png;base64,")
            assert re.match(r"#|https://example\.org/a$", tag.get("href", "#"))
        assert "url(" not in page.style.get_text()
        assert "@import" not in page.style.get_text()
        assert page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"].startswith(
            "default-src 'none'"
        )


def test_what_another_grader_left_of_hidden_tests_is_taken_out() -> None:
    cell = nbformat.v4.new_code_cell("assert a\n### START SECRET\nassert hidden_thing\n### STOP SECRET")
    task = nbformat.v4.new_markdown_cell(
        "Do it.\n=== BEGIN MARK SCHEME ===\nmark-scheme\n=== END MARK SCHEME ==="
    )
    answer = nbformat.v4.new_code_cell("# START SECRET of mine")
    cells = [
        marked(answer, "a", solution=True),
        marked(cell, "a_check", grade=True, points=1),
        marked(task, "t", task=True, points=1),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    config = Config()
    config.ClearHiddenTests.update(begin_test_delimeter="START SECRET", end_test_delimeter="STOP SECRET")
    page = feedback_page(notebook, "n", "a", Points("ann", None), Path(), config)
    text = _soup(page).get_text()
    assert "assert a" in text
    assert "# START SECRET of mine" in text
    assert "hidden_thing" not in text
    assert "mark-scheme" not in text


# ---- how a page is built -----------------------------------------------------------------------------------


@pytest.mark.parametrize("student", ["ann", "ben", "cleo"])
def test_a_page_is_in_order_for_screen_readers(pages: Pages, student: str) -> None:
    page = pages[student]
    assert page.html["lang"] == "en"
    assert len(page.find_all("main")) == len(page.find_all("h1")) == 1
    levels = [int(heading.name[1]) for heading in page.find_all(re.compile(r"^h[1-6]$"))]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    names = [tag["id"] for tag in page.find_all(id=True)]
    assert len(names) == len(set(names))
    assert {str(link["href"])[1:] for link in page.select("a[href^='#']")} <= set(names)
    assert page.a["class"] == ["skip"]
    headers = page.find_all("th")
    assert headers
    assert all(header.get("scope") in ("col", "row") and header.get_text(strip=True) for header in headers)
    assert all(picture.get("alt") for picture in page.find_all("img"))
    for section in page.find_all("section"):
        assert page.find(id=section["aria-labelledby"]).name == "h2"


def test_every_colour_of_text_has_contrast() -> None:
    """At least 4.5, in light and in dark. The browser test sees only what its pages happen to have."""
    css = Path(grading.__file__).parent / "report" / "templates"
    light, dark = (css / "base.css").read_text(encoding="utf-8").split("prefers-color-scheme")[:2]
    code_light, code_dark = (
        (css / "feedback.css").read_text(encoding="utf-8").split("prefers-color-scheme")[:2]
    )
    for palette, coloured in ((light, code_light), (dark, code_dark)):
        found = dict(re.findall(r"--([\w-]+): (#\w{6})", palette))
        names = ("text", "quiet", "link", "right", "partly", "wrong", "waits", "none")
        pairs = [(found[name], found[ground]) for name in names for ground in ("ground", "panel")]
        pairs += [(found[name], found[f"{name}-ground"]) for name in names[3:]]
        pairs += [(found["text"], found["waits-ground"]), (found["link"], found["waits-ground"])]
        letters = re.findall(r"^\s*\.\w+,? .*color: (#\w{6})", coloured, re.MULTILINE)
        assert len(letters) == 5
        pairs += [(colour, found["panel"]) for colour in letters]
        assert not [(a, b) for a, b in pairs if _contrast(a, b) < 4.5]


def _contrast(one: str, other: str) -> float:
    """By the formula of WCAG 2."""

    def brightness(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    bright, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_several_notebooks_lead_to_each_other() -> None:
    totals = {"one": Total(3.0, 0.5, 4.0), "two & three": Total(1.0, 4.0, 6.0)}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("No heading")])
    page = feedback_page(notebook, "one", "a1", Points("ann", None, notebooks=totals), Path(), Config())
    read = _soup(page)
    assert _words(read.h1) == "a1: one"
    assert "one of 2 notebooks of the assignment a1. All together: 2.5 of 10 points." in _words(read.main)
    assert read.nav.a["href"] == "two%20%26%20three.html"
    assert _words(read.nav) == "two & three : 0 of 6 points"


def test_points_that_are_not_there_are_asked_for(pages: Pages) -> None:
    with pytest.raises(CourseError, match=r"has no a1 of dora.*autograder grade a1 --student dora"):
        read_points(pages.course.db_url, NAME, NAME, "dora")


def test_texts_of_the_course_keep_details_and_get_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    for place in (tmp_path / "course", tmp_path):
        (place / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    source = (
        "<details><summary>S</summary>\n\ninside\n\n</details>\n\n![a](dot.png) <img src='dot.png' alt='b'>"
        "\n\n![c](../dot.png) ![d](https://example.org/d.png)\n\n<script>x</script> <b onclick=x>y</b>"
        " <a href='java&#115;cript:x'>z</a>\n\n$a_1 < b_2$"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = _soup(text_of_course(source, tmp_path / "course", {}))
    assert _words(page.details) == "S inside"
    embedded = "data:image/png;base64,iVBORw0KGgo="
    assert [(i["alt"], i.get("src")) for i in page.find_all("img")] == [
        ("a", embedded),
        ("b", embedded),
        ("c", None),
        ("d", None),
    ]
    assert page.b.attrs == page.a.attrs == {}
    assert not page.find("script")
    assert "$a_1 < b_2$" in page.get_text()


@pytest.mark.parametrize("typed", ["`a < b & [c]`", "```\na < b & [c]\n```", "a < b & [c]"])
def test_marks_in_a_graded_answer_are_read_back(typed: str) -> None:
    page = text_of_answer(harmless_text(typed))
    assert _soup(page).get_text().strip() == "a < b & [c]"


@pytest.mark.parametrize(
    ("source", "heading"),
    [
        ("## 1a. The `total` (2 points)\n\ntext", "1a. The total (2 points)"),
        ("```python\n# a comment\n```\n\n### After #", "After"),
        ("text\n#nothing", ""),
    ],
)
def test_headings_are_found_outside_of_code(source: str, heading: str) -> None:
    assert heading_in(source) == heading


def test_headings_of_cells_go_under_the_page() -> None:
    outline = Outline(under=2)
    placed = [outline.place(text_of_course(cell, Path(), {})) for cell in ("# a\n\n# b", "### c", "# d")]
    assert re.findall(r"<h(\d)>(\w)</h\1>", "".join(placed)) == [
        ("3", "a"),
        ("3", "b"),
        ("4", "c"),
        ("3", "d"),
    ]


def test_code_is_coloured_and_stays_text() -> None:
    assert '<span class="k">if</span>' in code("if '<b>':\n    pass")
    assert "&lt;b&gt;" in code("if '<b>':\n    pass")
    assert code("<" * 30_000) == "&lt;" * 30_000


# ---- the grader's page -------------------------------------------------------------------------------------


@pytest.fixture
def shown_to(pages: Pages) -> Callable[[dict[str, Any]], list[Any]]:
    """The cells of ben's graded notebook on a page that is made with these resources."""

    def cells(resources: dict[str, Any]) -> list[Any]:
        path = pages.course.autograded("ben", NAME) / f"{NAME}.ipynb"
        config = Config()
        config.CourseDirectory.root = str(pages.course.root)
        made, _ = ShowModelAnswers(config=config).preprocess(nbformat.read(path, 4), resources)
        return list(made.cells)

    return cells


FORMGRADER = {"submission_id": "x", "assignment_id": NAME, "notebook_id": NAME}


def test_the_grader_sees_the_model_answer_under_the_answer(shown_to: Any) -> None:
    cells = shown_to(FORMGRADER)
    places = [n for n, cell in enumerate(cells) if MODEL_ANSWER in cell.source]
    assert [cells[n - 1].metadata.nbgrader.grade_id for n in places] == ["opinion"]
    assert "Only graders see this" in cells[places[0]].source
    for resources in (
        {"nbgrader": {"assignment": NAME, "notebook": NAME}, **FORMGRADER},
        {},
        {**FORMGRADER, "assignment_id": "gone"},
    ):
        assert MODEL_ANSWER not in "".join(cell.source for cell in shown_to(resources))


def test_code_and_tasks_have_model_answers_too(tmp_path: Path) -> None:
    task = "Explain.\n=== BEGIN MARK SCHEME ===\nTwo points.\n=== END MARK SCHEME ==="
    authored = [
        marked(
            nbformat.v4.new_code_cell("x = 1\n### BEGIN SOLUTION\ny = 2\n### END SOLUTION"),
            "c",
            solution=True,
            grade=True,
            points=1,
        ),
        marked(nbformat.v4.new_markdown_cell("All of it."), "w", solution=True, grade=True, points=1),
        marked(nbformat.v4.new_markdown_cell(task), "t", task=True, points=2),
        marked(nbformat.v4.new_code_cell("### BEGIN SOLUTION\nz = 3\n### END SOLUTION"), "a", solution=True),
    ]
    path = tmp_path / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=authored), path)
    empty = [nbformat.v4.new_markdown_cell("", metadata=cell.metadata) for cell in authored]
    graded = nbformat.v4.new_notebook(cells=empty)
    with_model_answers(graded, path, Config())
    shown = "\n".join(cell.source for cell in graded.cells)
    for told in ("```python\ny = 2\n```", "\n\nAll of it.\n", "\n\nTwo points.\n"):
        assert told in shown
    for untold in ("x = 1", "Explain", "z = 3"):
        assert untold not in shown
    assert len(graded.cells) == 7
