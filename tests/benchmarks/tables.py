"""Tables in Markdown, which also read well in a terminal; and the machine that figures were taken on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from .meter import how_measured

_VERSIONS = ("nbgrader", "pandas", "numpy", "matplotlib", "ipython", "ipykernel", "nbclient")


@dataclass
class Table:
    """One table of the report. `rows` are plain data for JSON, `heads` says which of it is shown and how."""

    title: str
    heads: dict[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The table in Markdown."""
        lines = [list(self.heads.values()), *([_shown(row.get(k)) for k in self.heads] for row in self.rows)]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.heads))]
        rule = ["-" * width if n == 0 else "-" * (width - 1) + ":" for n, width in enumerate(widths)]
        laid = [_line(lines[0], widths), "| " + " | ".join(rule) + " |"]
        laid += [_line(line, widths) for line in lines[1:]]
        return "\n".join([f"### {self.title}", "", *laid, "", *(f"{note}  " for note in self.notes)])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [
        cell.ljust(width) if n == 0 else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "| " + " | ".join([first, *others]) + " |"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def spread(values: Iterable[float]) -> str:
    """The median, and in brackets the lowest and the highest where there are several."""
    found = sorted(values)
    middle = _shown(float(median(found)))
    return (
        middle if len(found) == 1 else f"{middle} ({_shown(float(found[0]))} to {_shown(float(found[-1]))})"
    )


def machine() -> dict[str, str]:
    """What figures depend on, in words."""
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in _VERSIONS)
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "software": f"Python {platform.python_version()}, {libraries}",
        "load before the first run": f"{os.getloadavg()[0]:.1f} of {os.cpu_count()} cores",
        "processor time": f"from: {how_measured()}",
        "memory used": "sum of PSS over all processes, sampled; the highest",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
