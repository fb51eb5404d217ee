"""An instructor grades a class in nbgrader's formgrader, with this package's engine behind its buttons."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Answers, Course

ASSIGNMENT = "03_oil_exports"
WRITTEN = {"fair_word": "By both sources exports fell by **more than half** from 2011 to 2013."}
COMMENT = "A clear rule. Which other cause could there be?"
# in the source alone, and on the grader's page
MODEL_ANSWER = ("Model answer that defends the word", "Mark the reasoning, never the position")
GRADING = 180_000  # milliseconds: in a fresh copy the first grading runs all of the author's answers too


def test_a_class_is_graded_in_the_formgrader(
    window: BrowserContext, course: Course, answers: Answers
) -> None:
    mistakes = {name: answers.wrong[name][0]["code"] for name in ("pct", "china", "exports_chart")}
    course.hand_in("anna", answers.right | WRITTEN)
    course.hand_in("ben", answers.right | mistakes | WRITTEN)
    course.hand_in("cleo", {})
    points = _points(course)
    full, lost = sum(points.values()), sum(points[f"{name}_check"] for name in mistakes)
    code = full - points["fair_word"]
    scores = {"anna": code, "ben": code - lost, "cleo": 0}

    page = window.new_page()
    for student, score in scores.items():
        _press(page, course, student, "autograde")
        _sees(page, student, score, full)

    page.goto(f"{course.url}/formgrader/gradebook/{ASSIGNMENT}/{ASSIGNMENT}")
    page.get_by_text("Show All Names").click()
    for student, score in scores.items():
        _sees(page, student, score, code)

    _mark_written_answer(page, "ben", "9.5")
    _press(page, course, "ben", "autograde")  # once more: what a person gave stays
    _sees(page, "ben", scores["ben"] + 9.5, full)

    _press(page, course, "ben", "generate-feedback")
    hints = [answers.wrong[name][0]["hint"] for name in mistakes]
    _feedback_is_good(window.new_page(), course, hints, f"{scores['ben'] + 9.5:g} of {full:g} points")


def _feedback_is_good(page: Page, course: Course, hints: Iterable[str], points: str) -> None:
    """The student's page: points, comment and hints are on it; model answers, and faults, are not."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    path = course.root / "feedback" / "ben" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    page.goto(path.as_uri())
    text = " ".join(page.locator("body").inner_text().split())
    assert points in text
    written = page.locator(".exercises > li").last
    expect(written).to_contain_text("9.5 of 12 points")
    expect(written).to_contain_text(COMMENT)
    for hint in hints:
        assert hint in text
    source = path.read_text(encoding="utf-8")
    for told in MODEL_ANSWER:
        assert told not in text
        assert told not in source
    assert "Traceback" not in text
    page.get_by_role("link", name="10. Show it: a chart").click()
    expect(page.get_by_role("heading", name="10. Show it: a chart (5 points)")).to_be_in_viewport()
    assert {url.partition("#")[0] for url in asked if not url.startswith("data:")} == {path.as_uri()}
    for width in (360, 1280):
        _is_accessible(page, width)


def _is_accessible(page: Page, width: int) -> None:
    """Nothing serious for axe-core, and nothing that stands out of the window, at this width."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []


def _points(course: Course) -> dict[str, float]:
    """What each graded cell is worth, by the author's notebook."""
    path = course.root / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    marks = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    return {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade")}


def _row(page: Page, student: str) -> Locator:
    return page.locator("#main-table tr", has_text=student)


def _sees(page: Page, student: str, score: float, of: float) -> None:
    """The student's row shows this score."""
    expect(_row(page, student).get_by_text(f"{score:g} / {of:g}", exact=True)).to_be_visible()


def _press(page: Page, course: Course, student: str, button: str) -> None:
    """Press a button of a student's row on the page of all submissions, and wait for its success."""
    page.goto(f"{course.url}/formgrader/manage_submissions/{ASSIGNMENT}")
    _row(page, student).locator(f".{button} a").click()
    answer = page.locator(".modal-content")
    answer.wait_for(timeout=GRADING)
    assert "Success" in answer.locator(".modal-title").inner_text(), answer.inner_text()
    answer.get_by_text("OK", exact=True).click()


def _mark_written_answer(page: Page, student: str, points: str) -> None:
    """From the list of submissions, open one, and give points and a comment for the written answer.

    The rubric and the model answer stand beside it."""
    _row(page, student).get_by_role("link").click()
    cell = page.locator(".nbgrader_cell", has=page.locator("#fair_word"))
    expect(cell).to_contain_text("more than half")
    expect(page.get_by_text("Operational definition: a clear rule")).to_be_visible()  # the rubric
    for told in MODEL_ANSWER:
        expect(page.get_by_text(told)).to_be_visible()
    # only then does the page save what is typed
    page.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")
    for place, text, saved in (("#fair_word", points, "score"), ("#fair_word-comment", COMMENT, "comment")):
        cell.locator(place).fill(text)
        cell.locator(place).blur()
        expect(cell.locator(f".{saved}-saved")).to_be_visible()
