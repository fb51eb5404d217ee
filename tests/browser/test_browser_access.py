"""Lessons and assignments as pages that everybody can use: axe-core looks at each as nbconvert renders it."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from playwright.sync_api import Browser
from support import ROOT

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ASSIGNMENTS = sorted((ROOT / "release").glob("*/*.ipynb"))

# the page around the cells, the colours of code and the look of links are those of JupyterLab, not ours
CONTENT = ".jp-RenderedMarkdown, .jp-OutputArea-output"
LOOKS = {"rules": {"link-in-text-block": {"enabled": False}}}


@pytest.mark.parametrize("path", [*LESSONS, *ASSIGNMENTS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_rendered_page_can_be_used_by_everybody(browser: Browser, tmp_path: Path, path: Path) -> None:
    html, _ = HTMLExporter().from_filename(str(path))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with browser.new_context(viewport={"width": 1280, "height": 900}, offline=True) as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        found = Axe().run(page, context={"include": [[CONTENT]]}, options=LOOKS).response
    assert len(found["passes"]) > 10
    serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], len(v["nodes"]), v["nodes"][0]["html"][:300]) for v in serious]
