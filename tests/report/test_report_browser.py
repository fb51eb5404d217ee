"""The report's pages as they are seen: on a phone and a desk, by axe-core, without a network."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.report.course_page import write_course_report

if TYPE_CHECKING:
    from conftest import GradedClass

PAGES = ("index.html", "03_oil_exports/report.html")


@pytest.fixture(scope="module")
def reports(graded_class: GradedClass, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = graded_class.copy(tmp_path_factory.mktemp("seen") / "course")
    return write_course_report(copy).parent


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium` brings it (CI has it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(params=[("light", 360), ("light", 1280), ("dark", 360)], ids=["phone", "desk", "phone-dark"])
def page(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """A page in a window of that width, with every part of it unfolded."""
    scheme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    yield page
    folder = Path(os.environ.get("AUTOGRADER_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{re.sub(r'[^a-z_]+', '-', request.node.name)}.png")
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_and_can_be_used_by_everybody(page: Page, reports: Path, name: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((reports / name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")

    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert asked == [(reports / name).as_uri()]
    assert said == []
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], v["nodes"][0]["html"]) for v in serious]


def test_every_figure_has_a_name_and_words(page: Page, reports: Path) -> None:
    page.goto((reports / PAGES[1]).as_uri())
    figures = page.locator("figure")
    assert figures.count() == 2
    for figure in figures.all():
        assert figure.get_by_role("img").get_attribute("aria-label")
        assert "Figure in words." in figure.locator("figcaption").inner_text()
    text = page.locator("figure svg text")
    smallest = min(box["height"] for box in (one.bounding_box() for one in text.all()) if box)
    assert smallest >= 7  # still readable on a phone


def test_long_tables_scroll_in_themselves(page: Page, reports: Path) -> None:
    page.goto((reports / PAGES[1]).as_uri())
    for region in page.locator(".wide:visible").all():
        assert region.get_attribute("tabindex") == "0"
        assert str(region.get_attribute("aria-label")).startswith("Table: ")
