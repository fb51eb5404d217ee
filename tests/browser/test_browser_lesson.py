"""A reader opens each lesson in JupyterLab, runs it, and moves its control panel with the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect
from support import ROOT

if TYPE_CHECKING:
    from conftest import Course, Lab

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# the keys that move each kind of control by one step; while a list is closed, arrows move JupyterLab instead
STEPS = {"slider": ["ArrowRight"], "combobox": ["Space", "ArrowDown", "Enter"], "checkbox": ["Space"]}


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_and_the_keyboard_moves_its_panel(lab: Lab, lesson: str) -> None:
    path = f"notebooks/{lesson}.ipynb"
    lab.open(path)
    lab.run_all()
    expect(lab.errors).to_have_count(0)

    panel = lab.page.locator(".widget-interact")
    expect(panel).to_have_count(_panels(path))
    if not _panels(path):
        return
    cut = "labels => labels.filter(label => label.scrollWidth > label.clientWidth).map(l => l.innerText)"
    assert panel.locator(".widget-label").evaluate_all(cut) == [], "names of controls that are cut off"

    controls = [control for role in STEPS for control in panel.get_by_role(role).all()]  # type: ignore[arg-type]
    assert controls
    controls[0].scroll_into_view_if_needed()
    reached = set()
    panel.locator("[role=slider], select, input[type=checkbox]").first.focus()
    lab.page.keyboard.press("Shift+Tab")
    for _ in range(3 * len(controls)):  # a slider's number can be typed too, and takes a Tab of its own
        lab.page.keyboard.press("Tab")
        for number, control in enumerate(controls):
            if number not in reached and control.evaluate("control => control === document.activeElement"):
                _step(lab.page, panel, control)
                reached.add(number)
    assert reached == set(range(len(controls))), "controls that the Tab key does not reach"
    expect(lab.errors).to_have_count(0)


def _panels(path: str) -> int:
    cells = nbformat.read(ROOT / path, as_version=4).cells
    return sum("\ninteract(" in cell.source for cell in cells if cell.cell_type == "code")


def _step(page: Page, panel: Locator, control: Locator) -> None:
    """Move the control that has the focus by one step, and wait for what the panel shows to change."""
    role = control.evaluate("c => c.getAttribute('role') || (c.tagName === 'SELECT' ? 'combobox' : c.type)")
    shown = panel.locator(".jp-OutputArea")
    what = "output => output.innerText + [...output.querySelectorAll('img')].map(img => img.src)"
    before = shown.evaluate(what)
    for key in STEPS[role]:
        page.keyboard.press(key)
    page.wait_for_function(
        f"([output, before]) => ({what})(output) !== before", arg=[shown.element_handle(), before]
    )


def test_the_panel_on_oil_tells_what_the_table_says(lab: Lab, course: Course) -> None:
    lab.open("notebooks/03_oil_exports.ipynb")
    lab.run_all()
    panel = lab.page.locator(".widget-interact")
    picture, sentence = panel.locator("img"), panel.locator("pre")
    expect(picture).to_have_count(1)

    before = picture.get_attribute("src") or ""
    base_year, _, threshold = panel.locator(".jupyter-widgets.widget-inline-hbox").all()
    base_year.get_by_role("slider").press("ArrowRight")
    expect(sentence).to_contain_text(f"OPEC, 2012 to 2013: {_change(course):.1f} percent.")
    expect(sentence).to_contain_text("at least 50 percent: no")
    expect(picture).not_to_have_attribute("src", before)

    threshold.get_by_role("slider").press("Home")
    expect(sentence).to_contain_text("at least 40 percent: yes")


def _change(course: Course) -> float:
    """OPEC's change from 2012 to 2013 in percent."""
    opec = pd.read_csv(course.root / "data" / "oil_exports.csv").set_index("year")["opec"]
    return float((opec[2013] - opec[2012]) / opec[2012] * 100)
