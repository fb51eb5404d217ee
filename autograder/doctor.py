"""What this machine can do, and what to install for the rest."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from .sandbox.wall import NoSandbox, probe

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

    from .course import Course


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `needed` says whether grading needs it."""

    name: str
    good: bool
    text: str
    needed: bool = True


def examine(course: Course | None = None) -> list[Finding]:
    """Look at Python, the libraries, the sandbox, the kernel, the gradebook's database and the browser.

    The database is that of `course`, and is only read; without a course, one that is made and thrown away.
    """
    looks: tuple[tuple[str, Callable[[], str], bool], ...] = (
        ("Python", _python, True),
        ("sandbox", _sandbox, True),
        ("kernel", _kernel, True),
        ("database", lambda: _database(course), True),
        ("browser", _browser, False),
    )
    return [_tried(name, look, needed) for name, look, needed in looks]


def _tried(name: str, look: Callable[[], str], needed: bool) -> Finding:
    try:
        return Finding(name, True, look(), needed)
    except Exception as problem:
        return Finding(name, False, str(problem), needed)


def _python() -> str:
    for requirement in map(Requirement, requires("reading-a-crisis") or ()):
        asked = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if asked and not requirement.specifier.contains(has := version(requirement.name)):
            raise RuntimeError(
                f"{requirement.name} {has} is installed, and it must be {requirement.specifier}. "
                f'Run `python -m pip install "{requirement.name}{requirement.specifier}"`.'
            )
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


def _database(course: Course | None) -> str:
    if shutil.which("alembic") is None:
        raise RuntimeError(
            "nbgrader needs the program alembic on the PATH to make a gradebook. "
            f"Activate the environment, or add {Path(sys.executable).parent} to the PATH."
        )
    if course is not None:
        return _gradebook(_address(course.db_url))
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


# ---- the course's gradebook --------------------------------------------------------------------------


def _gradebook(url: URL) -> str:
    """What is at `url`. Raises RuntimeError with the remedy where nbgrader can't use it. Never shows a
    password."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    shown = url.difference_update_query(["password"]).render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not _there(Path(url.database or "")):
        return f"{shown}: not there yet; grading makes it"
    try:
        patience = {"connect_timeout": 10} if url.get_driver_name().startswith("psycopg") else {}
        with create_engine(url, poolclass=NullPool, connect_args=patience).connect() as connection:
            return f"{shown}: {_contents(connection)}"
    except (SQLAlchemyError, ImportError, OSError) as problem:
        said = " ".join(str(getattr(problem, "orig", None) or problem).split())
        raise RuntimeError(f"{shown} can't be used: {said.rstrip('.?')}. {_remedy(said)}") from None


def _address(db_url: str) -> URL:
    """The parts of `c.CourseDirectory.db_url`. Raises RuntimeError where it is no address."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    with contextlib.suppress(ArgumentError, ValueError):  # their texts may show the password
        url = make_url(db_url)
        if "@" not in (url.host or ""):  # else the end of the password is taken for the host
            return url
    raise RuntimeError(
        "c.CourseDirectory.db_url in nbgrader_config.py is not the address of a database. Write "
        "sqlite:////FOLDER/gradebook.db or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, and in a "
        "password %40 for @, %2F for /, %3A for :."
    )


def _there(path: Path) -> bool:
    """Whether there is such a file. Raises RuntimeError where it can't be written, or made."""
    for place in [path, path.parent] if path.exists() else [path.parent]:
        if not os.access(place, os.W_OK):
            raise RuntimeError(
                f"{place} can't be written. Make it, or change its permissions; or name another place in "
                "c.CourseDirectory.db_url in nbgrader_config.py."
            )
    return path.exists()


def _contents(connection: Connection) -> str:
    """The kind of database, and how much is in it. Raises RuntimeError where nbgrader can't use it."""
    from nbgrader.api import get_alembic_version
    from sqlalchemy import func, inspect, select, table, text

    dialect, name = connection.dialect, connection.engine.url.database
    kind = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(dialect.name, dialect.name)
    kind = " ".join([kind, ".".join(map(str, dialect.server_version_info or ()))])
    tables = inspect(connection).get_table_names()
    if not tables:
        _check_rights(connection)
        return f"{kind}, empty; grading fills it"
    if "submitted_assignment" not in tables:
        raise RuntimeError(
            f"{name} holds another program's tables. Give the gradebook a database of its own."
        )
    version = text("SELECT version_num FROM alembic_version")
    if "alembic_version" not in tables or connection.scalar(version) != get_alembic_version():
        raise RuntimeError(
            f"{name} was made by another version of nbgrader. Make a backup, then run `nbgrader db upgrade`."
        )
    assignments, submissions = (
        connection.scalar(select(func.count()).select_from(table(rows)))
        for rows in ("assignment", "submitted_assignment")
    )
    return f"{kind}, assignments: {assignments}, submissions: {submissions}"


def _check_rights(connection: Connection) -> None:
    """Raises RuntimeError where the user may not make tables: since PostgreSQL 15, only the owner may."""
    from sqlalchemy import text

    if connection.dialect.name != "postgresql":
        return
    if not connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")):
        user, name = connection.engine.url.username, connection.engine.url.database
        raise RuntimeError(
            f"The user {user} may not make tables in the database {name}. Let its administrator run "
            f"`ALTER DATABASE {name} OWNER TO {user}` in psql."
        )


_REMEDIES = (
    (
        "No module named",
        "Install its driver. For PostgreSQL, write postgresql+psycopg:// and run "
        '`python -m pip install "psycopg[binary]"`.',
    ),
    ("Can't load plugin", "For PostgreSQL, the address begins with postgresql+psycopg://."),
    ("password", "Set the user and the password in c.CourseDirectory.db_url, or in the file ~/.pgpass."),
    ("does not exist", "Make the database: `createdb --owner=USER DATABASE`."),
    ("file is not a database", "Name another file in c.CourseDirectory.db_url in nbgrader_config.py."),
    ("permission denied", "Let the user of c.CourseDirectory.db_url own the database and its tables."),
)
_SERVER = (
    "See that the database server runs, and that host and port in c.CourseDirectory.db_url in "
    "nbgrader_config.py are right."
)


def _remedy(said: str) -> str:
    """What to do about a database that said this."""
    return next((remedy for fragment, remedy in _REMEDIES if fragment in said), _SERVER)
