"""A reader opens a lesson in JupyterLab, runs it, and moves its control panel with the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Course, Lab

LESSON = "notebooks/03_oil_exports.ipynb"


def test_lesson_runs_and_its_panel_answers_to_the_keyboard(lab: Lab, course: Course) -> None:
    lab.open(LESSON)
    lab.run_all()
    expect(lab.errors).to_have_count(0)

    panel = lab.page.locator(".widget-interact")
    picture, sentence = panel.locator("img"), panel.locator("pre")
    expect(picture).to_have_count(1)
    cut = "labels => labels.filter(label => label.scrollWidth > label.clientWidth).map(l => l.innerText)"
    assert panel.locator(".widget-label").evaluate_all(cut) == [], "names of controls that are cut off"

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
