"""Lessons and assignments as pages that everybody can use: axe-core looks at each as nbconvert renders it.

Then each is looked at on a narrow screen, where nobody should have to move a page sideways to read it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page
from support import ROOT

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ASSIGNMENTS = sorted((ROOT / "release").glob("*/*.ipynb"))

# the page around the cells, the colours of code and the look of links are those of JupyterLab, not ours
CONTENT = ".jp-RenderedMarkdown, .jp-OutputArea-output"
LOOKS = {"rules": {"link-in-text-block": {"enabled": False}}}
# nbconvert writes these words where an author wrote none
UNNAMED = ".jp-RenderedMarkdown img:is([alt=''], [alt^='No description'])"
NARROW = 360
# Sentences and pictures that stand out of the window. Code and tables may: their boxes can be moved sideways
STANDS_OUT = """width => {
    const found = [], out = box => box.width && box.right > width;
    for (const part of document.querySelectorAll(".jp-RenderedMarkdown")) {
        const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), range = document.createRange();
        while (walker.nextNode()) {
            if (walker.currentNode.parentElement.closest("code, pre, table")) continue;
            range.selectNodeContents(walker.currentNode);
            if ([...range.getClientRects()].some(out)) found.push(walker.currentNode.data);
        }
    }
    const pictures = document.querySelectorAll("main img, main svg");
    return [...found, ...[...pictures].filter(p => out(p.getBoundingClientRect())).map(p => p.tagName)];
}"""


@pytest.mark.parametrize("path", [*LESSONS, *ASSIGNMENTS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_rendered_page_can_be_used_by_everybody(browser: Browser, tmp_path: Path, path: Path) -> None:
    html, _ = HTMLExporter().from_filename(str(path))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with browser.new_context(viewport={"width": 1280, "height": 900}, offline=True) as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        _nothing_serious(page)
        assert [picture.get_attribute("src") for picture in page.locator(UNNAMED).all()] == []
        page.set_viewport_size({"width": NARROW, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
        assert page.evaluate(STANDS_OUT, NARROW) == []


def _nothing_serious(page: Page) -> None:
    found = Axe().run(page, context={"include": [[CONTENT]]}, options=LOOKS).response
    assert len(found["passes"]) > 10
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], len(v["nodes"]), v["nodes"][0]["html"][:300]) for v in serious]
