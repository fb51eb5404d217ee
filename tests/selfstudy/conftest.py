"""What the tests of self-study share: the environment that Binder builds, as far as it goes without Docker.

Binder starts from an image of its own and installs `.binder/requirements.txt` into it. Here a clean virtual
environment gets exactly those pins, and from the image only what a notebook needs, in the image's versions.
It is kept between runs (in the user's cache folder), until the pins or the image change.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kernels import client_for
from nbformat import NotebookNode
from support import ROOT

from autograder.author import pins

OF_THE_IMAGE = ("ipywidgets",)  # what notebooks need beside the pins


@dataclass(frozen=True)
class Binder:
    """A copy of the repository at `root`, and the Python that Binder runs it with at `environment`."""

    root: Path
    environment: Path
    kernels: Path  # a folder with the kernel `binder`

    @property
    def packages(self) -> Path:
        """The folder `site-packages`."""
        return next(self.environment.glob("lib/python*/site-packages"))

    def pip(self, *arguments: str) -> list[str]:
        """The lines that `pip` prints in the environment."""
        command = [self.environment / "bin" / "python", "-m", "pip", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean())
        return done.stdout.splitlines()

    def run(self, notebook: NotebookNode, folder: Path) -> NotebookNode:
        """Run a notebook from top to bottom in a kernel of the environment. Errors stay in its outputs."""
        client_for(notebook, folder, "binder", allow_errors=True).execute(env=clean())
        return notebook


def clean() -> dict[str, str]:
    """The environment variables without those that would change what Python finds or how it draws."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "MPLBACKEND", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in unwanted}


@pytest.fixture(scope="session")
def repository_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository as Binder copies it: built and run there, so that nothing is left here."""
    root = tmp_path_factory.mktemp("binder") / "course"
    unwanted = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.egg-info")
    for name in (".binder", "autograder", "data", "notebooks", "release", "source"):
        shutil.copytree(ROOT / name, root / name, ignore=unwanted)
    for pattern in ("*.toml", "*.md", "LICENSE*", "nbgrader_config.py"):
        for path in ROOT.glob(pattern):
            shutil.copyfile(path, root / path.name)
    return root


@pytest.fixture(scope="session")
def binder(repository_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Binder]:
    """The repository in Binder's environment, after `.binder/postBuild`."""
    wanted = (ROOT / pins.REQUIREMENTS).read_text(encoding="utf-8")
    made_from = [wanted, pins.python(ROOT), pins.image(ROOT), OF_THE_IMAGE]
    mark = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:16]
    cache = _cache()
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # postBuild puts this copy's package into it: one run at a time
        environment = cache / f"binder-{mark}"
        if not (environment / "whole").exists():
            _make(environment, cache)
        path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
        subprocess.run([".binder/postBuild"], cwd=repository_copy, env=clean() | {"PATH": path}, check=True)
        kernels = tmp_path_factory.mktemp("kernels")
        made = Binder(repository_copy, environment, kernels)
        _declare_kernel(made)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("JUPYTER_PATH", str(kernels))
            yield made


def _make(environment: Path, cache: Path) -> None:
    for old in cache.glob("binder-*"):
        shutil.rmtree(old)
    version = pins.python(ROOT)
    python = sys.executable if sys.version.startswith(f"{version}.") else shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"Binder runs Python {version}, and this machine has none")
    subprocess.run([python, "-m", "venv", environment], check=True, env=clean())
    pinned = (ROOT / pins.REQUIREMENTS).read_text(encoding="utf-8")
    # a pin takes the place of what the image has
    kept = [f"{name}=={has}" for name, has in pins.image(ROOT).items() if f"\n{name}==" not in pinned]
    (environment / "image.txt").write_text("\n".join(kept), encoding="utf-8")
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    files = ["--requirement", ROOT / pins.REQUIREMENTS, "--constraint", environment / "image.txt"]
    subprocess.run([*pip, *files, *OF_THE_IMAGE], check=True, env=clean())
    (environment / "whole").touch()


def _declare_kernel(made: Binder) -> None:
    folder = made.kernels / "kernels" / "binder"
    folder.mkdir(parents=True)
    python = str(made.environment / "bin" / "python")
    arguments = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": arguments, "display_name": "Binder", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(about))


# ---- what is fetched once ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def cached() -> Callable[[str, Callable[[Path], Path]], Path]:
    """Makes a folder by a function of its path, the first time that its name is asked for."""

    def make(name: str, fill: Callable[[Path], Path]) -> Path:
        folder = _cache() / name
        with (_cache() / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                begun = folder.with_name(f"{name}.begun")
                shutil.rmtree(begun, ignore_errors=True)
                fill(begun)
                begun.rename(folder)
        return folder

    return make


def _cache() -> Path:
    """The folder that outlives a run."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reading-a-crisis"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
