"""What the browser tests share: one Jupyter server on a private course, headless Chromium, and a lab page.

Each test sees what a student or an instructor sees. When one fails, pictures of its pages are kept; the
failure message says where (in the folder AUTOGRADER_SCREENSHOTS, or else in pytest's temporary folder).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENT = "03_oil_exports"
TOKEN = "browser-tests"

# on a busy machine a kernel starts slowly; each wait ends as soon as what it waits for is there
SLOW = 60_000  # milliseconds

expect.set_options(timeout=20_000)


# ---- the course, and the server on it ----------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """A private copy of this repository's course, served by Jupyter at `url`. `log` is the server's log."""

    root: Path
    url: str
    log: Path

    def hand_out(self, name: str, answers: dict[str, str] | None = None) -> str:
        """Put a copy of the release into the folder `name`, with `answers` by cell; the notebook's path."""
        folder = self.root / name
        shutil.copytree(self.root / "release" / ASSIGNMENT, folder)
        path = folder / f"{ASSIGNMENT}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if answers and cell["id"] in answers:
                cell["source"] = answers[cell["id"]].strip()
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return str(path.relative_to(self.root))

    def hand_in(self, student: str, answers: dict[str, str]) -> None:
        """Put a submission into the folder where nbgrader collects them."""
        self.hand_out(f"submitted/{student}/{ASSIGNMENT}", answers)


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The course, served. It knows nothing of this user's Jupyter settings, and the user's nothing of it."""
    root = tmp_path_factory.mktemp("course")
    # .autograder holds sealed keys; where it is missing, the first grading takes some seconds more
    for name in ("notebooks", "data", "source", "release", ".autograder"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copyfile(ROOT / "nbgrader_config.py", root / "nbgrader_config.py")
    home = tmp_path_factory.mktemp("jupyter")
    served = Course(root, f"http://127.0.0.1:{_free_port()}", home / "server.log")
    with served.log.open("w") as log:
        server = subprocess.Popen(
            _server_command(served),
            cwd=root,
            env=_private(home),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(served, server)
            yield served
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # the server stops its kernels
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def _server_command(served: Course) -> list[str]:
    port = served.url.rpartition(":")[2]
    settings = {"ip": "127.0.0.1", "port": port, "port_retries": 0, "root_dir": served.root}
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
        *(f"--ServerApp.{name}={value}" for name, value in settings.items()),
        f"--IdentityProvider.token={TOKEN}",
    ]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _private(home: Path) -> dict[str, str]:
    """The environment of the server: all of Jupyter's folders are below `home`."""
    kinds = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
    folders = {kind: home / kind.lower() for kind in (*kinds, *_LAB_FOLDERS)}
    for folder in folders.values():
        folder.mkdir()
    for plugin, values in _LAB_SETTINGS.items():
        path = folders["JUPYTERLAB_SETTINGS_DIR"] / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    # nbgrader starts the program alembic, which stands beside Python
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {kind: str(folder) for kind, folder in folders.items()} | {"PATH": programs}


_LAB_FOLDERS = ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
_LAB_SETTINGS: dict[str, dict[str, object]] = {
    # else cells outside the window are not in the page, and cannot be found
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def _wait_for(served: Course, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{served.url}/api", timeout=2).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start. Its log:\n{served.log.read_text()[-3000:]}")


@dataclass(frozen=True)
class Answers:
    """Answers to the assignment as students type them, from its `answers.toml`."""

    right: dict[str, str]
    wrong: dict[str, list[dict[str, str]]]


@pytest.fixture(scope="session")
def answers() -> Answers:
    """The first right answer and all wrong ones, by answer cell."""
    text = (ROOT / "source" / ASSIGNMENT / "answers.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    return Answers(
        {name: exercise["right"][0] for name, exercise in told.items()},
        {name: exercise["wrong"] for name, exercise in told.items()},
    )


# ---- the browser -------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def chromium() -> str:
    """The program. Looked for before anything else is started."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium` brings it (CI has it)")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium. Not kept for longer than a module: Playwright holds the main thread's event loop,
    which the tests of other folders need for their kernels."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture
def window(
    browser: Browser, course: Course, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[BrowserContext]:
    """A browser window with no history. When the test fails, its pages are photographed."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.request.get(f"{course.url}/tree?token={TOKEN}")  # the cookie that this gives opens all pages
    folder = Path(os.environ.get("AUTOGRADER_SCREENSHOTS") or tmp_path).resolve()
    request.node.stash[_CAMERA] = lambda: _photograph(context, folder, request.node.name)
    yield context
    context.close()


_CAMERA = pytest.StashKey[Callable[[], list[Path]]]()


def _photograph(context: BrowserContext, folder: Path, name: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    pages = {folder / f"{name}-{number}.png": page for number, page in enumerate(context.pages, 1)}
    for path, page in pages.items():
        page.screenshot(path=path)
    return list(pages)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Photograph the pages of a failed test before they are closed."""
    report = yield
    if report.when == "call" and report.failed and _CAMERA in item.stash:
        report.sections.append(("screenshots", "\n".join(map(str, item.stash[_CAMERA]()))))
    return report


# ---- JupyterLab --------------------------------------------------------------------------------------------


@pytest.fixture
def lab(window: BrowserContext, course: Course) -> Lab:
    """JupyterLab in a browser window, with nothing open yet."""
    return Lab(window.new_page(), course)


_NOTEBOOK = "window.jupyterapp.shell.currentWidget"
_READY = f"""() => {{
    const panel = window.jupyterapp && {_NOTEBOOK}, kernel = panel?.sessionContext?.session?.kernel;
    return Boolean(panel?.context?.isReady && panel.sessionContext.isReady
        && kernel?.connectionStatus === "connected" && kernel.status === "idle");
}}"""


class Lab:
    """One notebook in JupyterLab, used as a person uses it."""

    def __init__(self, page: Page, course: Course):
        self.page, self._course = page, course

    def open(self, path: str) -> None:
        """Open a notebook of the course in a fresh workspace, and wait for its kernel."""
        workspace = re.sub(r"\W", "-", path)
        self.page.goto(f"{self._course.url}/lab/workspaces/{workspace}/tree/{quote(path)}")
        self.page.wait_for_function(_READY, timeout=SLOW)

    def run_all(self) -> None:
        """Run > Run All Cells, and wait for the end. (The menu itself may be clicked before it works.)"""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(_READY, timeout=SLOW)

    def cell(self, name: str) -> Locator:
        """The cell with this id (in an assignment the ids are the `grade_id`s)."""
        ids = self.page.evaluate(f"{_NOTEBOOK}.content.widgets.map(cell => cell.model.id)")
        return self.page.locator(".jp-Notebook .jp-Cell").nth(ids.index(name))

    def output(self, name: str) -> Locator:
        """What a cell shows under its code."""
        return self.cell(name).locator(".jp-Cell-outputArea")

    @property
    def errors(self) -> Locator:
        """All errors and warnings that stand in the notebook."""
        kinds = ("error", "stderr")
        return self.page.locator(", ".join(f".jp-Notebook [data-mime-type$='.{kind}']" for kind in kinds))

    def answer(self, name: str, code: str) -> None:
        """Write `code` into a cell in place of what is there, and run the cell and its check."""
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code.strip())
        self.page.keyboard.press("Shift+Enter")  # goes on to the next cell: the check
        self.page.keyboard.press("Shift+Enter")

    def validate(self) -> Locator:
        """Press nbgrader's button Validate, and wait for the dialog with the result."""
        self.page.get_by_role("button", name="Validate").click()
        result = self.page.locator("#validation-message")
        result.wait_for(timeout=SLOW)
        return result
