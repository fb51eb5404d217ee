"""A class uses the hub with a browser: an instructor and a student, from login to the feedback."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.conftest import _READY, Course, Lab, browser, chromium  # noqa: F401 (fixtures)
from classroom.server import Classroom, Hub, User, running_hub
from playwright.sync_api import Browser, Locator, Page, expect
from support import ROOT

from autograder.author.answers import read_answers

NAME = "01_who_is_speaking"
WRITTEN = "Report: what was said. Inference: what may follow from it. Value: what somebody thinks of it."
COMMENT = "Each list has one line. Give the claim's number with it."
# milliseconds: a user's server starts slowly on a busy machine, and the first build runs all of the answers
SLOW = 180_000


@pytest.fixture(scope="module")
def hub(classroom: Classroom) -> Iterator[Hub]:
    """A running hub. Omar's JupyterLab shows all cells of a notebook, so that the tests find them."""
    settings = ".jupyter/lab/user-settings/@jupyterlab/notebook-extension"
    write = f"mkdir -p {settings} && cat > {settings}/tracker.jupyterlab-settings"
    classroom.run_as(classroom.omar, "sh", "-c", write, data=json.dumps({"windowingMode": "none"}))
    with running_hub(classroom, _free_ports()) as running:
        yield running


def _free_ports() -> tuple[int, int, int]:
    with socket.socket() as a, socket.socket() as b, socket.socket() as c:
        for found in (a, b, c):
            found.bind(("127.0.0.1", 0))
        first, second, third = (int(found.getsockname()[1]) for found in (a, b, c))
        return first, second, third


@contextmanager
def _photographed(folder: Path, *pages: Page) -> Iterator[None]:
    """When what follows fails, all windows are photographed; the test's output says where."""
    try:
        yield
    except BaseException:
        folder.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate((page for first in pages for page in first.context.pages), 1):
            path = folder / f"classroom-{number}.png"
            page.screenshot(path=path)
            print(f"{page.url}: {path}")
        raise


# ---- the test ----------------------------------------------------------------------------------------------


def test_a_class_in_the_browser(hub: Hub, browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    maria, omar = hub.classroom.maria, hub.classroom.omar
    instructor, student = (_window(browser) for _ in range(2))
    folder = Path(os.environ.get("AUTOGRADER_SCREENSHOTS") or tmp_path).resolve()
    with _photographed(folder, instructor, student):
        _log_in(instructor, hub, maria)
        formgrader = Formgrader(instructor.context.new_page(), hub)
        formgrader.press("assign")
        formgrader.press("release")

        _log_in(student, hub, omar)
        _sees_only_what_is_for_students(student, hub)
        _fetch_and_open(student)
        _answer(Lab(student, Course(omar.home, hub.server(omar), folder)))
        _submit(student)

        formgrader.press("collect")
        formgrader.press("autograde", omar)
        formgrader.mark_written_answer(omar, "8")
        formgrader.press("generate-feedback")
        formgrader.press("release-feedback")

        feedback = _fetch_feedback(student)
        expect(feedback.locator("body")).to_contain_text(COMMENT)
        expect(feedback.locator("body")).to_contain_text("n_causal: right.")
        feedback.locator("a[href^='#']", has_text="1. ").first.click()
        expect(feedback.locator("body")).to_contain_text(COMMENT)


def _window(browser: Browser) -> Page:  # noqa: F811
    """A page of a window of its own, which has nothing in common with another one."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(SLOW)
    return page


def _log_in(page: Page, hub: Hub, user: User) -> None:
    page.goto(f"{hub.url}/hub/login")
    page.get_by_label("Username").fill(user.name)
    page.get_by_label("Password").fill(user.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{hub.server(user)}/lab**")
    page.wait_for_function("window.jupyterapp?.restored.then(() => true)")


def _menu(page: Page, item: str) -> Locator:
    page.get_by_role("menuitem", name="Nbgrader").click()
    return page.locator(".lm-Menu-item", has_text=item)


def _sees_only_what_is_for_students(page: Page, hub: Hub) -> None:
    """No tools of instructors, and no way to another's server."""
    expect(_menu(page, "Assignment List")).to_be_visible()
    for item in ("Formgrader", "Course List"):
        expect(page.locator(".lm-Menu-item", has_text=item)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("[title='Create Assignment']")).to_have_count(0)
    own = page.request.get(f"{hub.server(hub.classroom.omar)}/formgrader/")
    assert own.status == 404
    other = page.request.get(f"{hub.server(hub.classroom.maria)}/formgrader/")
    assert other.status in (403, 404)
    assert "Manage" not in other.text()


def _assignment(page: Page) -> Locator:
    """The assignment's place in the Assignment List, as it is now."""
    _menu(page, "Assignment List").click()
    page.get_by_role("tab", name="Assignments").click()
    place = page.locator(".nbgrader-mainarea-widget")
    place.locator("#refresh_assignments_list").click()
    return place.locator(".list_item", has_text=NAME)


def _fetch_and_open(page: Page) -> None:
    place = _assignment(page)
    place.get_by_role("button", name="Fetch", exact=True).click()
    place.get_by_role("button", name=NAME).click()
    place.get_by_role("link", name=NAME, exact=True).click()


def _answer(lab: Lab) -> None:
    """One exercise wrong, then right; the written answer; Validate; save."""
    told = read_answers(ROOT / "source" / NAME / "answers.toml")["n_causal"]
    lab.page.wait_for_function(_READY)
    lab.run_all()
    mistake = told.wrong[0]
    assert mistake.hint
    lab.answer("n_causal", mistake.code)
    expect(lab.output("n_causal_check")).to_contain_text(mistake.hint)
    lab.answer("n_causal", told.right[0].code)
    expect(lab.output("n_causal_check")).to_contain_text("n_causal: right.")

    lab.cell("three_lists").dblclick()
    lab.answer("three_lists", WRITTEN)
    said = lab.validate()
    expect(said).to_contain_text("share_high is still")
    expect(said).not_to_contain_text("n_causal")
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("Control+s")
    lab.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")


def _submit(page: Page) -> None:
    place = _assignment(page)
    place.get_by_role("button", name="Submit", exact=True).click()
    expect(place.get_by_role("button", name="Fetch Feedback")).to_be_visible()


def _fetch_feedback(page: Page) -> Page:
    """Fetch the feedback, and open it in a tab of its own: under a hub the links in it work only there."""
    place = _assignment(page)
    place.get_by_role("button", name="Fetch Feedback").click()
    place.get_by_text("(view feedback)").click()
    page.locator(".jp-DirListing-item", has_text=f"{NAME}.html").click(button="right")
    with page.expect_popup() as opened:
        page.get_by_role("menuitem", name="Open in New Browser Tab").click()
    return opened.value


class Formgrader:
    """nbgrader's formgrader, in a tab of its own."""

    def __init__(self, page: Page, hub: Hub):
        self._page, self._hub = page, hub
        page.set_default_timeout(SLOW)
        answer = page.goto(f"{hub.url}/hub/user-redirect/formgrader/")
        assert answer is not None
        # the reason for the tab of its own; when this changes, the guide can change too
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]

    def _open(self, path: str) -> None:
        self._page.goto(f"{self._hub.server(self._hub.classroom.maria)}/formgrader/{path}")

    def press(self, button: str, user: User | None = None) -> None:
        """Press a button of the assignment's row, or of a student's, and wait for its success."""
        self._open(f"manage_submissions/{NAME}" if user else "manage_assignments")
        row = self._page.locator("#main-table tr", has_text=user.name if user else NAME)
        row.locator(f".{button} a").click()
        answer = self._page.locator(".modal-content")
        answer.wait_for()
        assert "Success" in answer.locator(".modal-title").inner_text(), answer.inner_text()
        answer.get_by_text("OK", exact=True).click()

    def mark_written_answer(self, user: User, points: str) -> None:
        """Give points and a comment for the written answer, with the author's rubric in sight."""
        self._open(f"gradebook/{NAME}/{NAME}")
        self._page.get_by_text("Show All Names").click()
        self._page.locator("#main-table tr", has_text=user.name).get_by_role("link").click()
        cell = self._page.locator(".nbgrader_cell", has=self._page.locator("#three_lists"))
        expect(cell).to_contain_text(WRITTEN)
        # only then does the page save what is typed
        self._page.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")
        typed = (("#three_lists", points, "score"), ("#three_lists-comment", COMMENT, "comment"))
        for place, text, saved in typed:
            cell.locator(place).fill(text)
            cell.locator(place).blur()
            expect(cell.locator(f".{saved}-saved")).to_be_visible()
