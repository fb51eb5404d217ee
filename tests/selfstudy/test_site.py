"""`autograder site`: a real JupyterLite site, opened in Chromium, and check() in the browser's Python.

pandas for the newest Pyodide comes from a content network, which a test does not ask. So the site is tried in
Chromium with everything but pandas; and check() with pandas in an older Pyodide, which is to be had.
"""

from __future__ import annotations

import ast
import filecmp
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION
from packaging.requirements import Requirement
from playwright.sync_api import Page, Route, sync_playwright
from pyodide_stage import stage_core, stage_with_pandas
from support import ROOT

from autograder import cli

ASSIGNMENT = "03_oil_exports"
START_TIME = 60_000  # milliseconds: a busy machine starts Python in a page slowly


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository's course, and a notebook that asks the kernel what it has."""
    root = tmp_path_factory.mktemp("course")
    for name in ("data", "notebooks", "release", "source"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
    cells = [nbformat.v4.new_code_cell(code) for code in PROBE]
    probe = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
    nbformat.write(probe, root / "release" / ASSIGNMENT / "probe.ipynb")
    return root


@pytest.fixture(scope="module")
def core(course: Path, cached: Callable[[str, Callable[[Path], Path]], Path]) -> Path:
    """Pyodide without pandas, in the version that JupyterLite wants."""
    if not shutil.which("npm"):
        pytest.skip("no npm on this machine, which brings Pyodide: `apt-get install npm` (CI has it)")
    return cached(f"pyodide-core-{PYODIDE_VERSION}", lambda folder: stage_core(folder, PYODIDE_VERSION))


@pytest.fixture(scope="module")
def site(course: Path, core: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with its own Python, built by the command."""
    folder = tmp_path_factory.mktemp("site") / "site"
    began = time.monotonic()
    assert cli.main(["--course", str(course), "site", str(folder), "--pyodide", str(core)]) == 0
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print(f"\nautograder site: {time.monotonic() - began:.1f} s, {size:.0f} MB")
    return folder


# ---- the files -----------------------------------------------------------------------------------------


def test_it_holds_what_a_learner_needs_and_no_solution(site: Path, course: Path) -> None:
    files = site / "files"
    assert sorted(path.name for path in files.iterdir()) == ["data", "notebooks", "python", "release"]
    for folder in ("data", "notebooks", "release"):
        for path in (course / folder).rglob("*"):
            if path.is_file():  # to the byte: what was tested is what is handed in
                assert filecmp.cmp(path, files / path.relative_to(course), shallow=False), path
    assert not [path for path in site.rglob("*") if path.name == "answers.toml"]
    assert "BEGIN SOLUTION" not in "".join(p.read_text(encoding="utf-8") for p in files.rglob("*.ipynb"))


def test_the_start_page_leads_to_every_notebook(site: Path, course: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    links = [unquote(link) for link in re.findall(r'href="lab/index\.html\?path=([^"]+)"', page)]
    wanted = [*(course / "notebooks").glob("*.ipynb"), *(course / "release").glob("*/*.ipynb")]
    assert sorted(links) == sorted(path.relative_to(course).as_posix() for path in wanted)
    for link in links:
        notebook = nbformat.read(site / "files" / link, as_version=4)
        assert notebook.metadata.language_info.name == "python", f"{link}: JupyterLite will ask for a kernel"
    assert "Did sanctions halve Iran&#x27;s oil exports?" in page


def test_our_wheel_holds_check_and_nothing_else(site: Path) -> None:
    (wheel,) = (site / "files" / "python").glob("autograder_check-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == {"autograder/__init__.py"} | {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "autograder" / "check").glob("*.py")
    }
    place = ["--target", str(site.parent / "installed"), "--quiet", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "install", *place], check=True)


def test_solutions_come_along_only_when_asked(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a Pyodide of its own the site names its public address, and building asks no network."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert cli.main(["--course", str(course), "site", str(tmp_path / "site"), "--solutions"]) == 0
    assert (tmp_path / "site" / "files" / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").is_file()
    assert not (tmp_path / "site" / "static" / "pyodide").exists()


def test_a_folder_with_other_things_is_left_alone(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert cli.main(["--course", str(course), "site", str(tmp_path)]) == 1
    assert "Name another folder" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    assert cli.main(["--course", str(course), "site", str(tmp_path / "s"), "--pyodide", str(tmp_path)]) == 1
    assert "has no pyodide.mjs" in capsys.readouterr().err


# ---- the browser ---------------------------------------------------------------------------------------

METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},  # without it JupyterLite asks which kernel to use
}


def check_imports() -> list[str]:
    """The modules that autograder.check imports, its own left out."""
    found = set()
    for path in (ROOT / "autograder" / "check").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module or "")
    return sorted(found)


PROBE = [
    f"""
import importlib, json, os
def there(name):
    try:
        return bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False
print(json.dumps({{
    "missing": [name for name in {check_imports()} if not there(name)],
    "wheel": importlib.util.find_spec("autograder.check").origin,
    "folder": os.getcwd(),
    "files": sorted(os.listdir()),
    "first": open("data/oil_exports.csv").readline().strip(),
    "history": In[-1][-9:],
}}))  # the end""",
    """
from ipywidgets import IntSlider, interact
def show(year): print("panel shows", year)
interact(show, year=IntSlider(2011, 2007, 2013, description="Year"));""",
]


@dataclass(frozen=True)
class Visit:
    """A page of the site in Chromium, and the addresses outside of the site that it asked for."""

    page: Page
    outside: list[str]


@pytest.fixture
def visit(site: Path) -> Iterator[Visit]:
    program = next((p for name in ("chromium", "google-chrome") if (p := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium` brings it (CI has it)")
    settings = site / "jupyter-lite.json"
    told = json.loads(settings.read_text(encoding="utf-8"))
    told["jupyter-config-data"]["exposeAppInBrowser"] = True  # for the test: its handle on the notebook
    settings.write_text(json.dumps(told), encoding="utf-8")
    handler = functools.partial(_Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        home = f"http://127.0.0.1:{server.server_port}/"
        page = browser.new_context(base_url=home, viewport={"width": 1280, "height": 900}).new_page()
        outside: list[str] = []

        def only_the_site(route: Route) -> None:
            if route.request.url.startswith((home, "blob:", "data:")):
                route.continue_()
            else:
                outside.append(route.request.url)
                route.abort()

        page.context.route("**/*", only_the_site)
        yield Visit(page, outside)
        browser.close()
    server.shutdown()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def guess_type(self, path: str | os.PathLike[str]) -> str:
        kinds = {".mjs": "text/javascript", ".wasm": "application/wasm"}
        return kinds.get(Path(path).suffix) or super().guess_type(path)

    def log_message(self, format: str, *args: object) -> None:
        pass


_PANEL = "window.jupyterapp?.shell?.currentWidget"
_READY = f"""() => {{
    const panel = {_PANEL}, kernel = panel?.sessionContext?.session?.kernel;
    return Boolean(panel?.context?.isReady && panel.sessionContext.isReady && kernel?.status === "idle");
}}"""


def test_the_kernel_finds_check_the_files_and_the_panels(visit: Visit) -> None:
    page = visit.page
    page.goto(f"lab/index.html?path=release/{ASSIGNMENT}/probe.ipynb")
    page.wait_for_function(_READY, timeout=START_TIME)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    output = page.locator(".jp-OutputArea-output")
    output.filter(has_text="panel shows 2011").last.wait_for(timeout=START_TIME)
    told = json.loads(output.first.inner_text())
    # all that check() imports is there, but for the three that Pyodide brings from its public address
    assert {name.partition(".")[0] for name in told["missing"]} == {"matplotlib", "numpy", "pandas"}
    assert told["wheel"].startswith("/drive/python/autograder_check-")
    assert told["folder"] == f"/drive/release/{ASSIGNMENT}"
    assert {"checks.json", "data", f"{ASSIGNMENT}.ipynb"} <= set(told["files"])
    assert told["first"].startswith("year,")
    assert told["history"] == "# the end"  # solution() counts tries there
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    output.filter(has_text="panel shows 2012").last.wait_for(timeout=START_TIME)
    assert visit.outside == []


def test_a_released_assignment_opens_from_the_start_page(visit: Visit) -> None:
    page = visit.page
    page.goto("")
    page.get_by_role("link", name="Assignment 3").first.click()
    page.locator(".jp-Notebook h1").first.wait_for(timeout=START_TIME)
    assert page.locator(".jp-Dialog").count() == 0
    assert visit.outside == []


def test_pyodide_lists_what_check_needs(core: Path, tmp_path: Path) -> None:
    """In the versions that pyproject.toml asks for, as Pyodide itself publishes them."""
    command = ["npm", "pack", "--silent", f"pyodide@{PYODIDE_VERSION}"]
    packed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()
    shutil.unpack_archive(tmp_path / packed, tmp_path)
    listed = json.loads((tmp_path / "package" / "pyodide-lock.json").read_text())["packages"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    for name in ("matplotlib", "pandas"):
        assert wanted[name].contains(listed[name]["version"]), name
    assert "numpy" in listed


# ---- check() with pandas, in WebAssembly ---------------------------------------------------------------


def test_check_judges_right_and_wrong_answers_in_pyodide(
    site: Path, cached: Callable[[str, Callable[[Path], Path]], Path], tmp_path: Path
) -> None:
    pyodide = cached("pyodide-with-pandas", stage_with_pandas)
    (wheel,) = (site / "files" / "python").glob("autograder_check-*.whl")
    todo = {name: _solved(name) for name in sorted(path.name for path in (ROOT / "source").iterdir())}
    answers = tomllib.loads((ROOT / "source" / ASSIGNMENT / "answers.toml").read_text(encoding="utf-8"))
    wrong = [(wrong["hint"], cells) for wrong, cells in _mistakes(answers)]
    solved = len(todo[ASSIGNMENT])
    todo[ASSIGNMENT] = todo[ASSIGNMENT] + ["\n".join(cells) for _, cells in wrong]
    (tmp_path / "todo.json").write_text(json.dumps(todo), encoding="utf-8")
    script = Path(__file__).with_name("check_in_pyodide.mjs")
    command = ["node", script, pyodide, wheel, ROOT / "release", tmp_path / "todo.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said.pop("platform") == ["emscripten"]
    judged = [(hint, text) for (hint, _), text in zip(wrong, said[ASSIGNMENT][solved:], strict=True)]
    judged = [(hint, text) for hint, text in judged if "NotRight " in text]  # others stop before the check
    assert len(judged) > len(wrong) / 2
    for hint, text in judged:
        assert text.strip().endswith(hint)
    said[ASSIGNMENT] = said[ASSIGNMENT][:solved]
    for name, texts in said.items():
        asked = set(re.findall(r'check\("(\w+)"', " ".join(todo[name])))
        assert set(re.findall(r"(\w+): right\.", " ".join(texts))) == asked, texts
        assert "Error" not in " ".join(texts)


def _solved(name: str) -> list[str]:
    authored = nbformat.read(ROOT / "source" / name / f"{name}.ipynb", as_version=4)
    return [cell.source for cell in authored.cells if cell.cell_type == "code"]


def _mistakes(
    answers: dict[str, dict[str, list[dict[str, str]]]],
) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Every wrong answer that gives its value at once, with the cells that try it."""
    for name in ("pct", "eia_change", "n_oil", "china"):
        for wrong in answers[name]["wrong"]:
            yield wrong, [wrong["code"], f'check("{name}", {name})']
