"""What this machine can do, and what to install for the rest."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .sandbox.wall import NoSandbox, probe


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `needed` says whether grading needs it."""

    name: str
    good: bool
    text: str
    needed: bool = True


def examine() -> list[Finding]:
    """Look at Python, the libraries, the sandbox, the kernel, the database and the browser."""
    return [_tried(name, look, needed) for name, look, needed in _LOOKS]


def _tried(name: str, look: Callable[[], str], needed: bool) -> Finding:
    try:
        return Finding(name, True, look(), needed)
    except Exception as problem:
        return Finding(name, False, str(problem), needed)


def _python() -> str:
    names = ("pandas", "matplotlib", "jupyterlab", "nbgrader")
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)])


def _sandbox() -> str:
    from .sandbox.session import Sandbox

    found = probe()
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(Path(folder)) as sandbox,
        sandbox.session() as session,
    ):
        reply = session.run("import socket\nsocket.create_connection(('127.0.0.1', 9))")
    if not reply["error"]:
        raise NoSandbox("student code could reach the network: the sandbox is not closed")
    return f"{found}; student code runs behind walls"


def _kernel() -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    if "python3" not in KernelSpecManager().find_kernel_specs():
        raise RuntimeError("there is no python3 kernel. Run `python -m ipykernel install --sys-prefix`.")
    return "python3"


def _database() -> str:
    if shutil.which("alembic") is None:
        raise RuntimeError(
            "nbgrader needs the program alembic on the PATH to make a gradebook. "
            f"Activate the environment, or add {Path(sys.executable).parent} to the PATH."
        )
    from nbgrader.api import Gradebook

    with tempfile.TemporaryDirectory() as folder, Gradebook(f"sqlite:///{folder}/gradebook.db"):
        return "nbgrader can make a gradebook (SQLite)"


def _browser() -> str:
    found = next(
        (path for name in ("chromium", "google-chrome", "chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        raise RuntimeError(
            "no Chromium: the browser tests are skipped. `apt-get install chromium` brings it."
        )
    return found


_LOOKS: tuple[tuple[str, Callable[[], str], bool], ...] = (
    ("Python", _python, True),
    ("sandbox", _sandbox, True),
    ("kernel", _kernel, True),
    ("database", _database, True),
    ("browser", _browser, False),
)
