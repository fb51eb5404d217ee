"""A PostgreSQL server for the tests: in a temporary folder, on 127.0.0.1, gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.sandbox.jail import die_with_parent

USER, PASSWORD = "teacher", "not_to_be_shown"
_DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off the PATH


@dataclass
class Server:
    """One server with its databases, each a gradebook. It can be stopped and started again."""

    programs: Path
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, password: str = PASSWORD) -> str:
        """The address of a database, as `db_url` wants it."""
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make an empty database, in place of an older one of that name; its address."""
        self.ask(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.ask(f"CREATE DATABASE {database}")
        return self.url(database)

    def ask(self, command: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one command of SQL; the rows that it gives, if it gives any."""
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user={USER} password={PASSWORD} dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            answer = connection.execute(command.encode())
            return answer.fetchall() if answer.description else []

    def waiting(self) -> int:
        """How many connections wait for another one."""
        (row,) = self.ask("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(str(row[0]))

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [f"{self.programs}/postgres", "-D", f"{self.folder}/data", "-p", str(self.port)]
        command += ["-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with (self.folder / "log").open("ab") as log:
            parent = os.getpid()
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=_user(),
                preexec_fn=lambda: die_with_parent(parent),  # no server outlives tests that were killed
            )
        while self._process.poll() is None:
            try:
                self.ask("SELECT 1")
                return
            except Exception:  # not yet
                time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))

    def stop(self) -> None:
        """Stop at once, as when the machine is switched off: nobody's transaction is finished."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Within the block the server does not run."""
        self.stop()
        try:
            yield
        finally:
            self.start()


@contextmanager
def running_server() -> Iterator[Server]:
    """A server that is stopped and removed at the end. Skips the test where there is no PostgreSQL."""
    pytest.importorskip("psycopg", reason="no psycopg: `pip install psycopg[binary]` brings it")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server program: `apt-get install postgresql` brings it")
    folder = Path(tempfile.mkdtemp(prefix="autograder-postgres-"))
    server = Server(programs, folder, _free_port())
    try:
        shutil.chown(folder, _user())
        _make_cluster(server)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The folder with the newest server's programs."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def _make_cluster(server: Server) -> None:
    secret = server.folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    command = [f"{server.programs}/initdb", "-D", f"{server.folder}/data", "-U", USER, "--no-sync"]
    command += ["-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8", "--locale", "C"]
    subprocess.run(command, check=True, capture_output=True, cwd=server.folder, user=_user())


def _user() -> str:
    """Who runs the server: PostgreSQL refuses root."""
    return pwd.getpwuid(os.getuid()).pw_name if os.getuid() else "postgres"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
