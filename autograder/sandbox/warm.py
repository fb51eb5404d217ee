"""The warm interpreter: has the libraries loaded, and forks for every submission.

    python -m autograder.sandbox.warm CONTROL_FD {walls|none}

Runs inside the bubblewrap wall and never runs student code itself. The grader speaks to it over the
socket CONTROL_FD: `open` (with one end of a fresh socket) forks a closed-in runner; `close` kills it with
everything that it started, and answers when all of it is gone.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import select
import signal
import socket
import sys
from pathlib import Path

from . import jail, runner, wire
from .limits import LIMITS

_WATCH_SECONDS = 0.1
_COUNTED = re.compile(r"^(RssAnon|RssShmem|Threads):\s*(\d+)", re.MULTILINE)


def warm_up() -> runner.Shell:
    """Load and exercise what nearly every answer uses, so that forks find it done."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import pandas as pd

    shell = runner.Shell.warm()
    frame = pd.read_csv(io.StringIO("group,value\na,1.0\nb,\na,3.0\n"))
    frame["day"] = pd.to_datetime(pd.Series(["2014-06-20", None, "2014-06-21"]))
    frame.groupby("group")["value"].mean().plot(kind="bar")
    shell.run_for("import matplotlib.pyplot as plt; plt.show()", LIMITS.cell_seconds)
    frame.query("value > 1").merge(frame, on="group").pivot_table(index="group", values="value_x")
    frame["group"].str.contains("a").value_counts().to_frame().to_html()
    plt.close("all")
    shell.reset(new_session=False)
    gc.collect()
    gc.freeze()  # else every fork searches these objects for garbage, again and again
    return shell


class Child:
    """One closed-in runner: `keeper` is our child process, `inside` process 1 of the closed world."""

    def __init__(self, shell: runner.Shell, channel: socket.socket, walls: bool, control: socket.socket):
        reader, writer = os.pipe()
        self.keeper = os.fork()
        if self.keeper == 0:
            control.close()
            os.close(reader)
            _become_runner(shell, channel, writer, walls)
        os.close(writer)
        channel.close()
        report = os.read(reader, 32)
        os.close(reader)
        self.inside = int(report) if report.isdigit() else None

    def kill(self) -> None:
        """End it and everything it started. With process 1 gone, the kernel ends the whole world."""
        for pid in (self.inside, self.keeper):
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                if pid == self.inside:
                    _wait_for(pid)
        os.waitpid(self.keeper, 0)


def _wait_for(pid: int) -> None:
    """Wait until `pid`, a grandchild, is gone: the keeper collects it."""
    try:
        handle = os.pidfd_open(pid)
    except (ProcessLookupError, AttributeError):
        return
    select.select([handle], [], [], 10)
    os.close(handle)


def _become_runner(shell: runner.Shell, channel: socket.socket, report: int, walls: bool) -> None:
    try:
        if walls:
            jail.enter(report)
        else:
            os.write(report, b"none")
            os.close(report)
            os.chdir(os.environ["AUTOGRADER_COURSE_FILES"])
        runner.serve(shell, channel)
    except BaseException as problem:
        with contextlib.suppress(BaseException):
            wire.send(channel, {"ready": False, "why": f"{type(problem).__name__}: {problem}"})
    finally:
        os._exit(1)


def too_large() -> bool:
    """Whether the open submission is over its limits of memory, processes or threads.

    All descendants of the warm interpreter belong to the submission. Memory that forks share counts for
    each of them, so a fork bomb is over the limit at once.
    """
    memory = threads = 0
    todo = _children(os.readlink("/proc/self"))
    while todo:
        process = todo.pop()
        with contextlib.suppress(OSError, ValueError):
            status = Path("/proc", process, "status").read_text()
            found = dict(_COUNTED.findall(status))
            memory += (int(found.get("RssAnon", 0)) + int(found.get("RssShmem", 0))) << 10
            threads += int(found.get("Threads", 1))
        if memory > LIMITS.memory or threads > LIMITS.processes:
            return True
        todo += _children(process)
    return False


def _children(process: str) -> list[str]:
    """The process ids of the children of a process, as /proc has them."""
    children: list[str] = []
    with contextlib.suppress(OSError):
        for thread in Path("/proc", process, "task").iterdir():
            children += (thread / "children").read_text().split()
    return children


def serve(shell: runner.Shell, control: socket.socket, walls: bool) -> None:
    """Fork and kill as the grader says, and watch the memory in between."""
    child: Child | None = None
    wire.send(control, {"ready": True})
    while True:
        readable, _, _ = select.select([control], [], [], _WATCH_SECONDS if child and walls else None)
        if not readable:
            if child and child.inside and too_large():
                os.kill(child.inside, signal.SIGKILL)
            continue
        ask, channel = _receive(control)
        if child:
            child.kill()
            child = None
        if ask == b"open" and channel is not None:
            child = Child(shell, channel, walls, control)
        wire.send(control, {"done": True})


def _receive(control: socket.socket) -> tuple[bytes, socket.socket | None]:
    text, handles, _, _ = socket.recv_fds(control, 16, 1)
    if not text:
        os._exit(0)
    return text, socket.socket(fileno=handles[0]) if handles else None


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which ends this process
    serve(warm_up(), control, walls=sys.argv[2] == "walls")


if __name__ == "__main__":
    main()
