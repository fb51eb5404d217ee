"""Runs inside the sandbox: executes cells as a notebook would, and answers questions about values.

Student code lives in this process, so nothing that it says is trusted: the grader takes every reply as
data. Outputs have the form that notebooks keep (nbformat 4).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Any, ClassVar

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from . import wire
from .limits import LIMITS


class TimeLimit(BaseException):
    """Raised inside a cell that runs too long. Not an Exception, so that `except Exception` lets it pass."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: lines of this module would help nobody."""
        return [f"TimeLimit: {self}"]


class Outputs(list[dict[str, Any]]):
    """The outputs of one cell, cut off where they grow too large."""

    def __init__(self) -> None:
        super().__init__()
        self.text_left = LIMITS.output
        self.displays_left = LIMITS.displays

    def stream(self, name: str, text: str) -> None:
        if self.text_left <= 0:
            return
        self.text_left -= len(text)
        if self.text_left <= 0:
            text = text[: self.text_left] + "\n[the rest of the output was cut off]\n"
        if self and self[-1].get("name") == name:
            self[-1]["text"] += text
        else:
            self.append({"output_type": "stream", "name": name, "text": text})

    def display(self, output_type: str, data: dict[str, Any]) -> None:
        self.displays_left -= 1
        if self.displays_left < 0:
            return
        kept = {kind: text for kind, text in data.items() if len(str(text)) <= LIMITS.display_size}
        output: dict[str, Any] = {"output_type": output_type, "data": kept, "metadata": {}}
        if output_type == "execute_result":
            output["execution_count"] = None
        self.append(output)


class _Stream:
    """Stands in for sys.stdout or sys.stderr."""

    encoding = "utf-8"

    def __init__(self, name: str, shell: Shell):
        self.name, self._shell = name, shell

    def write(self, text: str) -> int:
        self._shell.outputs.stream(self.name, str(text))
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


class _Publisher(DisplayPublisher):
    def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
        Shell.instance().outputs.display("display_data", dict(data))

    def clear_output(self, wait: bool = False) -> None:
        pass


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        Shell.instance().outputs.display("execute_result", dict(format_dict))

    def finish_displayhook(self) -> None:
        pass


class Shell(InteractiveShell):
    """IPython without a terminal, a history file or a kernel."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)
    outputs = Outputs()
    taken: ClassVar[dict[str, Any]] = {}

    @classmethod
    def warm(cls) -> Shell:
        """The one shell, with charts drawn into the notebook as in JupyterLab."""
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        shell = cls.instance(config=config)
        shell.enable_matplotlib("inline")
        sys.path.insert(0, "")
        return shell

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window system to enable."""

    def _showtraceback(self, etype: type, evalue: Any, stb: list[str]) -> None:
        self.outputs.append(
            {
                "output_type": "error",
                "ename": etype.__name__,
                "evalue": str(evalue)[:2000],
                # the frames of cells; those of libraries name the grader's own paths, and help nobody
                "traceback": [line[:2000] for line in stb[-20:] if not line.startswith("File ")],
            }
        )

    def run_for(self, source: str, seconds: float) -> dict[str, Any]:
        """Execute one cell: {"outputs": [...], "error": {"ename", "evalue"} or None}."""
        self.outputs = Outputs()
        # anew for each cell: an earlier one may have put something else in their place
        sys.stdout, sys.stderr = _Stream("stdout", self), _Stream("stderr", self)  # type: ignore[assignment]
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            result = self.run_cell(source, store_history=False)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        problem = result.error_before_exec or result.error_in_exec
        error = problem and {"ename": type(problem).__name__, "evalue": str(problem)[:2000]}
        return {"outputs": list(self.outputs), "error": error}

    def values(self, names: list[str]) -> dict[str, Any]:
        """The named values as plain data, {"values": ...}; names that don't exist are left out."""
        return {"values": {name: wire.pack(self.user_ns[name]) for name in names if name in self.user_ns}}

    def take_away(self, name: str) -> dict[str, Any]:
        """Delete a name, and remember what it was."""
        if name in self.user_ns:
            self.taken[name] = self.user_ns.pop(name)
        return {}

    def give_back(self, name: str, function: str) -> dict[str, Any]:
        """Give `name` the student's own function `function`, also if that was taken away."""
        self.user_ns[name] = self.user_ns.get(function, self.taken.get(function))
        return {}

    def give(self, name: str, value: Any) -> dict[str, Any]:
        """Give `name` a plain value."""
        self.user_ns[name] = wire.unpack(value)
        return {}

    def call(self, name: str, args: list[Any], kwargs: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Call the student's function `name`: {"value": ...} or {"error": {"ename", "evalue"}}."""
        self.outputs = Outputs()
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            function = self.user_ns.get(name, self.taken.get(name))
            positional = [wire.unpack(arg) for arg in args]
            named = {key: wire.unpack(arg) for key, arg in kwargs.items()}
            return {"value": wire.pack(function(*positional, **named))}
        except BaseException as problem:
            return {"error": {"ename": type(problem).__name__, "evalue": str(problem)[:2000]}}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def serve(shell: Shell, channel: socket.socket) -> None:
    """Answer the grader until it hangs up; then end, whatever student code has left behind."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    signal.signal(signal.SIGALRM, _time_is_up)
    os.environ["MPLBACKEND"] = "agg"
    wire.send(channel, {"ready": True})
    while True:
        try:
            wire.send(channel, _answer(shell, wire.receive(channel)))
        except wire.WireError:
            os._exit(0)


def _answer(shell: Shell, ask: dict[str, Any]) -> dict[str, Any]:
    number, what = ask.pop("id"), ask.pop("op")
    answers = (shell.run_for, shell.values, shell.call, shell.take_away, shell.give_back, shell.give)
    try:
        found = next(answer for answer in answers if answer.__name__ == what)(**ask)
    except BaseException as problem:
        found = {"error": {"ename": type(problem).__name__, "evalue": str(problem)[:2000]}}
    return {"id": number, **found}


def _time_is_up(*_: Any) -> None:
    raise TimeLimit("this cell ran too long and was stopped")
