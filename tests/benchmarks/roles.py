"""Where this engine's processor time goes, by kind of process. Coarse: seen by looking from outside."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from .meter import Usage
from .tables import Table

_MAIN = "main: reads, records, writes"
_WORKER = "worker: forks judges"
_WARM = "warm interpreter: forks runners"
_FORKS = {_WORKER: "judges (forks of the worker)", _WARM: "runners of student code (forks of the warm one)"}
_REST = "not seen (short-lived, or the wall itself)"


class Roles:
    """Processor seconds by kind of process, as last seen of each process and of the ended ones below it."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[str, float, float]] = {}

    def look(self, processes: Sequence[psutil.Process]) -> None:
        """Note the times of what lives long. Forks count when their parent has waited for them."""
        for process in processes:
            try:
                role, parent = _role(process), process.parent()
                if role is None or (parent and _role(parent) == role):
                    continue
                times = process.cpu_times()
            except psutil.Error:
                continue
            forks = times.children_user + times.children_system
            self._seen[process.pid] = (role, times.user + times.system, forks)

    def seconds(self, usage: Usage) -> dict[str, float]:
        """Processor seconds by kind of process; together they are those of `usage`, which is of the run."""
        found = dict.fromkeys([_MAIN, *_FORKS, *_FORKS.values()], 0.0)
        for role, own, forks in self._seen.values():
            found[role] += own
            if role in _FORKS:
                found[_FORKS[role]] += forks
        return {**found, _REST: usage.cpu_seconds - sum(found.values())}


def role_table(one: dict[str, float], many: dict[str, float], size: int) -> Table:
    """What each kind of process costs: to start, and for each submission more. From the processor seconds
    of a run with one submission and of one with `size`."""
    table = Table(
        "Where this engine's processor time goes, 1 job",
        {"process": "process", "start": "to start, CPU-s", "more": "a submission, CPU-s", "share": "%"},
    )
    more = {process: (many[process] - one[process]) / (size - 1) for process in many}
    for process, seconds in [*sorted(more.items(), key=lambda item: -item[1]), ("all", sum(more.values()))]:
        start = (sum(one.values()) if process == "all" else one[process]) - seconds
        share = 100 * seconds / sum(more.values())
        table.rows.append({"process": process, "start": start, "more": seconds, "share": share})
    return table


def _role(process: psutil.Process) -> str | None:
    words = process.cmdline()
    said = " ".join(words)
    if not words or words[0].endswith("bwrap"):
        return None
    if "autograder.sandbox.warm" in said:
        return _WARM
    if "multiprocessing.spawn" in said:
        return _WORKER
    return _MAIN if "autograder grade" in said else None
