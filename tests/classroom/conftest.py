"""One class server for all tests of this folder."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

import pytest
from classroom.server import Classroom, class_server, python_for_all


@pytest.fixture(scope="session")
def classroom() -> Iterator[Classroom]:
    """A class server with accounts of this system: an instructor and two students."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("makes accounts of this system: needs Linux and root (CI is root)")
    missing = [name for name in ("npm", "node", "useradd", "chpasswd") if not shutil.which(name)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on this machine: `apt-get install npm passwd` (CI has them)")
    if python_for_all() is None:
        pytest.skip("no Python 3.11+ that all users can run: `apt-get install python3-venv` (CI has it)")
    with class_server() as server:
        yield server
