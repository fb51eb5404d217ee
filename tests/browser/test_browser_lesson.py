"""A reader opens each lesson in JupyterLab, runs it, and moves its control panel with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat
import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect
from support import ROOT

if TYPE_CHECKING:
    from conftest import Lab

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# the keys that move each kind of control; while a list is closed, arrows move JupyterLab instead
KEYS = {
    "slider": ["ArrowRight"],
    "combobox": ["Space", "ArrowDown", "ArrowDown", "Enter"],
    "checkbox": ["Space"],
}


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

    controls = [control for role in KEYS for control in panel.get_by_role(role).all()]  # type: ignore[arg-type]
    assert controls
    reached = _walk(lab.page, panel, controls)
    assert reached == set(range(len(controls))), "controls that the Tab key does not reach"
    inside = "panel => panel.contains(document.activeElement)"
    assert not panel.evaluate(inside), "the Tab key does not lead out of the panel"
    expect(panel.locator("pre")).to_have_text("\n".join(SAID[lesson]()))
    expect(lab.errors).to_have_count(0)


def _panels(path: str) -> int:
    cells = nbformat.read(ROOT / path, as_version=4).cells
    return sum("\ninteract(" in cell.source for cell in cells if cell.cell_type == "code")


def _walk(page: Page, panel: Locator, controls: list[Locator]) -> set[int]:
    """Walk through the panel with the Tab key, and move each control on the way; those that were reached."""
    controls[0].scroll_into_view_if_needed()
    panel.locator("[role=slider], select, input[type=checkbox]").first.focus()
    page.keyboard.press("Shift+Tab")
    reached = set[int]()
    for _ in range(3 * len(controls)):  # a slider's number can be typed too, and takes a Tab of its own
        page.keyboard.press("Tab")
        for number, control in enumerate(controls):
            if number not in reached and control.evaluate("control => control === document.activeElement"):
                _move(page, panel, control)
                reached.add(number)
    return reached


def _move(page: Page, panel: Locator, control: Locator) -> None:
    """Move the control that has the focus, and wait for another picture."""
    role = control.evaluate("c => c.getAttribute('role') || (c.tagName === 'SELECT' ? 'combobox' : c.type)")
    before = panel.locator("img").get_attribute("src")
    for key in KEYS[role]:
        page.keyboard.press(key)
    page.wait_for_function(
        "([panel, before]) => (now => now && now.src !== before)(panel.querySelector('img'))",
        arg=[panel.element_handle(), before],
    )


# ---- what each panel says after that walk ------------------------------------------------------------------


def _table(name: str) -> pd.DataFrame:
    return pd.read_csv(ROOT / "data" / f"{name}.csv")


def _who_is_speaking() -> list[str]:
    """Paragraph 12, the second most frequent kind of claim."""
    claims = _table("claims")
    kind = claims["type"].value_counts().index[1]
    chosen = claims[(claims["paragraph"] == 12) & (claims["type"] == kind)]
    voices = {"author": "own voice", "unattributed_report": "reported"}
    return [
        f"{row.claim_id}  [{voices.get(row.attribution, 'attributed')}, {row.type}]  {row.claim}"
        for row in chosen.itertuples()
    ]


def _who_is_who() -> list[str]:
    """Three codes one point higher, by date, an empty stance counted as 0."""
    statements = _table("statements")
    article = statements[statements["in_article"] == 1].fillna({"stance": 0})
    article["stance"] += article["statement_id"].isin(["S04", "S11", "S14"])
    return [
        f"{date}: mean {stances.mean():.2f}, statements with a code: {len(stances)}"
        for date, stances in article.groupby("date")["stance"]
    ]


def _oil_exports() -> list[str]:
    """From 2012, by EIA, with a threshold of 51 percent."""
    change = _change("eia")
    return [
        f"EIA, 2012 to 2013: {change:.1f} percent.",
        f"Halved, if that is a fall of at least 51 percent: {'yes' if change <= -51 else 'no'}",
    ]


def _change(series: str) -> float:
    """Change of oil exports from 2012 to 2013 in percent."""
    exports = _table("oil_exports").set_index("year")[series]
    return float((exports[2013] - exports[2012]) / exports[2012] * 100)


def _foreign_trade() -> list[str]:
    """The third slice."""
    trade = _table("trade")
    total = trade[trade["measure"] == "petroleum"].groupby("year")["value"].sum()
    change = (total[2013] - total[2011]) / total[2011] * 100
    half = "yes" if change < -50 else "no"
    return [f"petroleum: {change:.1f} percent. Less than half left: {half}"]


def _two_camps() -> list[str]:
    """Attributed relations of high confidence, coded by families."""
    relations = _table("relations")
    web = relations[(relations["voice"] == "attributed") & (relations["confidence"] == "high")]
    states, iran = (web.loc[web["from_name"] == name, "sign"].sum() for name in ("United States", "Iran"))
    family = _table("camps").set_index("actor_id")["family_id"]
    both = web[web["from_id"].isin(family.index) & web["to_id"].isin(family.index)]
    same = both["from_id"].map(family) == both["to_id"].map(family)
    return [
        f"Whole web: {len(web)} relations, {len({*web['from_id'], *web['to_id']})} actors",
        f"Sum of signs sent: United States {states}, Iran {iran}",
        f"Relations between coded actors: {len(both)}, of which {(same == (both['sign'] == 1)).sum()} "
        "fit the coding",
    ]


def _what_next() -> list[str]:
    """0.6 points for each partly, of all claims."""
    verdicts = _table("claims")["verdict"]
    score = ((verdicts == "supported").sum() + 0.6 * (verdicts == "partly").sum()) / len(verdicts)
    return [f"All kinds: {score:.3f} of {len(verdicts)} claims, 0 left out."]


SAID: dict[str, Callable[[], list[str]]] = {
    "01_who_is_speaking": _who_is_speaking,
    "02_who_is_who": _who_is_who,
    "03_oil_exports": _oil_exports,
    "04_foreign_trade": _foreign_trade,
    "05_two_camps": _two_camps,
    "06_what_next": _what_next,
}


def test_the_panel_on_oil_tells_what_the_table_says(lab: Lab) -> None:
    lab.open("notebooks/03_oil_exports.ipynb")
    lab.run_all()
    panel = lab.page.locator(".widget-interact")
    picture, sentence = panel.locator("img"), panel.locator("pre")
    expect(picture).to_have_count(1)

    before = picture.get_attribute("src") or ""
    base_year, _, threshold = panel.locator(".jupyter-widgets.widget-inline-hbox").all()
    base_year.get_by_role("slider").press("ArrowRight")
    expect(sentence).to_contain_text(f"OPEC, 2012 to 2013: {_change('opec'):.1f} percent.")
    expect(sentence).to_contain_text("at least 50 percent: no")
    expect(picture).not_to_have_attribute("src", before)

    threshold.get_by_role("slider").press("Home")
    expect(sentence).to_contain_text("at least 40 percent: yes")
    threshold.get_by_role("slider").press("End")
    expect(sentence).to_contain_text("at least 60 percent: no")
