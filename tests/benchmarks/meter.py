"""Runs a command and says what it used: time, processor time and memory, with all its descendants.

Processor time is that of a control group made for the command, where one can be made (cgroup 2): it counts
every process, also those that nobody waits for. Elsewhere it is what `wait4` says, which misses these.
Memory is the sum of PSS over all processes (shared pages are counted once), looked at several times a second.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.2
_MOST_SHARE = 0.02  # of one core, that looking may cost
_SAID = 3000  # characters of a failed command's output that are shown

Look = Callable[[Sequence[psutil.Process]], object]


@dataclass(frozen=True)
class Usage:
    """What a command used: seconds by the clock, processor seconds, and the highest memory in bytes."""

    seconds: float
    cpu_seconds: float
    peak_memory: int


def measure(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    good: Sequence[int] = (0,),
    look: Look = lambda processes: None,
) -> Usage:
    """Run `command` in `folder`. `look` sees its processes several times a second.

    Raises RuntimeError with the end of its output when its exit code is not one of `good`.
    """
    with _group() as group, tempfile.TemporaryFile() as said:

        def join() -> None:
            if group:
                (group / "cgroup.procs").write_text(str(os.getpid()))

        before, start = _waited_for(), time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=join,
        )
        peak = _watch(process, group, look)
        seconds = time.perf_counter() - start
        if process.returncode not in good:
            said.seek(0)
            text = said.read().decode(errors="replace")[-_SAID:]
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{text}")
        used = _group_seconds(group) if group else _waited_for() - before
    return Usage(seconds, used, peak)


def _watch(process: subprocess.Popen[bytes], group: Path | None, look: Look) -> int:
    """Look at the memory until the command ends; the highest sum, in bytes."""
    peak, pause = 0, 0.0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(pause)
            return peak
        start = time.process_time()
        processes = list(_processes(process.pid, group))
        peak = max(peak, sum(map(_memory, processes)))
        look(processes)
        pause = max(_LOOK_SECONDS, (time.process_time() - start) / _MOST_SHARE)


def _processes(leader: int, group: Path | None) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        if group is None:
            found = psutil.Process(leader)
            yield from [found, *found.children(recursive=True)]
            return
    for pid in (group / "cgroup.procs").read_text().split() if group else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            yield psutil.Process(int(pid))


def _memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        return int(process.memory_full_info().pss)
    return 0


def _waited_for() -> float:
    times = os.times()
    return times.children_user + times.children_system


# ---- the control group -------------------------------------------------------------------------------


@cache
def _own_group() -> Path | None:
    """The control group (version 2) of this process; None where there is none."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    places = [line.split()[4] for line in mounts if " - cgroup2 " in line]
    paths = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line[:3] == "0::"]
    return Path(places[0]) / paths[0].lstrip("/") if places and paths else None


@contextlib.contextmanager
def _group() -> Iterator[Path | None]:
    """A control group for one command; None where it can't be made. Whatever stays in it is ended."""
    own = _own_group()
    group = own / f"autograder-benchmark-{os.getpid()}" if own else None
    try:
        if group:
            group.mkdir()
    except OSError:
        group = None
    try:
        yield group
    finally:
        if group:
            _end(group)


def _end(group: Path) -> None:
    for _ in range(100):
        left = (group / "cgroup.procs").read_text().split()
        for pid in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(int(pid)).kill()
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.1)


def _group_seconds(group: Path) -> float:
    lines = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return int(lines["usage_usec"]) / 1e6


def how_measured() -> str:
    """Where the processor time comes from on this machine, in words."""
    with _group() as group:
        return "control group" if group else "wait4 (processes that nobody waited for are missing)"
