"""The grader's side of the sandbox: a warm interpreter to open sessions in, and one session a submission."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import wall, wire
from .limits import LIMITS
from .outputs import harmless, well_formed

_START_SECONDS = 120.0


class SessionLost(BaseException):
    """A submission's process is gone or was ended: killed, too slow, or not answering.

    Not an Exception: a test that expects its answer to fail must not take this for the failure.
    """


class Sandbox:
    """A warm interpreter behind walls, for the submissions of one assignment.

    `course_files` is a folder whose content every submission finds in its working directory.
    `walls=False` runs student code unprotected; only ever on the user's explicit word.
    Raises `wall.NoSandbox` when this machine has no walls to offer.
    """

    def __init__(self, course_files: Path, walls: bool = True):
        self._files = course_files
        self._walls = walls
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        program = ["-m", "autograder.sandbox.warm", str(theirs.fileno()), "walls" if self._walls else "none"]
        if self._walls:
            command, environment = wall.command(self._files, program), {"PATH": "/usr/bin:/bin"}
        else:
            command = [sys.executable, *program]
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
            environment["AUTOGRADER_COURSE_FILES"] = str(self._files)
            environment["PYTHONPATH"] = str(wall.PACKAGE.parent)
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        )
        theirs.close()
        self._control = ours
        try:
            wire.receive(ours, _START_SECONDS)
        except wire.WireError:
            self._process.kill()
            said = (self._process.communicate()[1] or b"").decode(errors="replace").strip()
            self._control.close()
            reason = said.splitlines()[-1] if said else "no reason given"
            raise wall.NoSandbox(f"the sandbox did not start ({reason}). {wall.REMEDY}") from None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A fresh world for one submission. When the block ends, all of it is dead and gone."""
        session = Session(self._open)
        try:
            yield session
        finally:
            session.hang_up()
            self._ask(b"close")

    def _open(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._ask(b"open", theirs)
        return ours

    def _ask(self, text: bytes, handle: socket.socket | None = None) -> None:
        try:
            socket.send_fds(self._control, [text], [handle.fileno()] if handle else [])
            wire.receive(self._control, _START_SECONDS)
        except (OSError, wire.WireError):
            self.close()
            self._start()
            if handle is not None:
                raise SessionLost("the sandbox had to be started again") from None

    def close(self) -> None:
        """End the warm interpreter and everything in it."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RemoteFunction:
    """A student's function: called here, it runs there."""

    def __init__(self, name: str, call: Callable[[str, tuple[Any, ...], dict[str, Any]], Any]):
        self.name = self.__name__ = name
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self.name, args, kwargs)

    def __repr__(self) -> str:
        return f"<the student's function {self.name}>"


class Session:
    """One submission's process: runs cells, hands out values. Raises `SessionLost` when it is gone."""

    def __init__(self, open_channel: Callable[[], socket.socket]):
        self._open_channel = open_channel
        self._end = time.monotonic() + LIMITS.total_seconds
        self._asked = 0
        self._channel: socket.socket | None = None
        self.restart()

    def restart(self, fresh_clock: bool = False) -> None:
        """A fresh process in place of the old one; with `fresh_clock`, with all of its time again."""
        if fresh_clock:
            self._end = time.monotonic() + LIMITS.total_seconds
        self.hang_up()
        self._channel = self._open_channel()
        hello = self._receive(_START_SECONDS)
        if hello.get("ready") is not True:
            raise wall.NoSandbox(f"the sandbox could not close in ({hello.get('why')}). {wall.REMEDY}")

    def run(self, source: str) -> dict[str, Any]:
        """Execute a cell: {"outputs": nbformat outputs, "error": {"ename", "evalue"} or None}."""
        seconds = min(LIMITS.cell_seconds, self.seconds_left())
        if seconds <= 0:
            raise SessionLost("the time for the whole submission is used up")
        reply = self._ask(seconds + LIMITS.grace_seconds, op="run_for", source=source, seconds=seconds)
        return {"outputs": harmless(reply.get("outputs")), "error": _error(reply)}

    def values(self, names: list[str]) -> dict[str, Any]:
        """The named values; a function arrives as a remote call. Missing names are left out."""
        reply = self._ask(LIMITS.call_seconds, op="values", names=names)
        values = reply.get("values")
        if not isinstance(values, dict):
            return {}
        return {name: self._value(name, values[name]) for name in names if name in values}

    def take_away(self, name: str) -> None:
        """Delete `name` in the student's process, as a test does that says `del name`."""
        self._ask(LIMITS.call_seconds, op="take_away", name=name)

    def give(self, name: str, value: Any) -> None:
        """Give `name` a plain value, or the student's own function that was taken away.

        Raises TypeError for anything else: a function of the judge's can't go into the sandbox.
        """
        if isinstance(value, RemoteFunction):
            self._ask(LIMITS.call_seconds, op="give_back", name=name, function=value.name)
            return
        packed = wire.pack(value)
        if packed["t"] in ("function", "module", "opaque", "chart"):
            raise TypeError(f"a test can't replace `{name}` of a student by {type(value).__name__}")
        self._ask(LIMITS.call_seconds, op="give", name=name, value=packed)

    def _value(self, name: str, packed: Any) -> Any:
        try:
            return wire.unpack(packed, RemoteFunction(name, self._call))
        except wire.WireError:
            return wire.Opaque("unreadable")

    def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        reply = self._ask(
            LIMITS.call_seconds + LIMITS.grace_seconds,
            op="call",
            name=name,
            args=[wire.pack(arg) for arg in args],
            kwargs={key: wire.pack(value) for key, value in kwargs.items()},
            seconds=LIMITS.call_seconds,
        )
        if error := _error(reply):
            raise wire.remote_error(error["ename"], error["evalue"])
        return self._value(name, reply.get("value"))

    def seconds_left(self) -> float:
        """Seconds that the submission as a whole may still use."""
        return self._end - time.monotonic()

    def hang_up(self) -> None:
        """Close the line; the process ends when it next listens, and at the latest with its session."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _ask(self, wait: float, /, **ask: Any) -> dict[str, Any]:
        if self._channel is None:
            raise SessionLost("the process is gone")
        self._asked += 1
        try:
            self._channel.settimeout(wait)
            wire.send(self._channel, {"id": self._asked, **ask})
            reply = self._receive(wait)
        except wire.WireError as problem:
            self.hang_up()
            raise SessionLost(str(problem)) from None
        if reply.get("id") != self._asked:
            self.hang_up()
            raise SessionLost("it answered what was not asked")
        return reply

    def _receive(self, seconds: float) -> dict[str, Any]:
        assert self._channel is not None
        return wire.receive(self._channel, seconds)


def _error(reply: dict[str, Any]) -> dict[str, str] | None:
    error = reply.get("error")
    if not isinstance(error, dict):
        return None
    return {name: well_formed(error.get(name), 2000) for name in ("ename", "evalue")}
