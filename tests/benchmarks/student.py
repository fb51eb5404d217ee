"""What a student waits for: imports, a check, a lesson, a control panel; in fresh processes and kernels."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from kernels import client_for
from nbclient import NotebookClient

from .graders import ROOT, Class

_IMPORT = (
    "import time, pandas, matplotlib.pyplot; start = time.perf_counter(); "
    "import autograder.check; print(time.perf_counter() - start)"
)
_BOTH = (
    "import time; start = time.perf_counter(); import pandas, matplotlib.pyplot; "
    "print(time.perf_counter() - start)"
)

_WATCH = """import time as _time
_seconds, _check = {}, check
def check(name, answer):
    start = _time.perf_counter()
    try:
        _check(name, answer)
    finally:
        _seconds.setdefault(name, []).append(_time.perf_counter() - start)
"""

# Every option of every control, as if moved by hand: the panel's function draws, and the chart is shown
# as PNG. A panel hangs on the function that `interact` was given.
_REDRAW = """import time as _time
def _redraws():
    found = []
    of_functions = [getattr(value, "widget", None) for value in list(globals().values())]
    for panel in {id(panel): panel for panel in of_functions}.values():
        for control in getattr(panel, "kwargs_widgets", ()):
            options = getattr(control, "options", None)
            if options is None and hasattr(control, "min"):
                options = [control.max, control.min, (control.min + control.max) // 2]
            elif options is None:
                options = [not control.value, control.value] if isinstance(control.value, bool) else []
            for option in options:
                option = option[1] if isinstance(option, tuple) and len(option) == 2 else option
                if option == control.value:
                    continue
                start = _time.perf_counter()
                control.value = option
                found.append(_time.perf_counter() - start)
    return found
_redraws()"""


def imports(repeats: int) -> dict[str, list[float]]:
    """Seconds that imports take in fresh processes: both libraries, and `autograder.check` on top."""
    return {
        "import pandas, matplotlib.pyplot": [_printed(_BOTH) for _ in range(repeats)],
        "import autograder.check, on top": [_printed(_IMPORT) for _ in range(repeats)],
    }


def _printed(program: str) -> float:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout)


def checks(of: Class) -> dict[str, list[float]]:
    """Seconds of each `check()` in a kernel, in a copy of the release with the author's answers: the first
    one, which reads the sealed keys, and all later ones."""
    folder = of.course.root / "checks"
    shutil.copytree(of.course.release(of.assignment), folder, dirs_exist_ok=True)
    notebook = nbformat.read(of.course.source(of.assignment) / f"{of.assignment}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    place = next(n for n, cell in enumerate(code) if "import check" in cell.source)
    code[place + 1 : place + 1] = [nbformat.v4.new_code_cell(_WATCH)]
    code += [nbformat.v4.new_code_cell("[[name, s] for name, ss in _seconds.items() for s in ss]")]
    with _kernel(nbformat.v4.new_notebook(cells=code, metadata=notebook.metadata), folder) as run:
        run.all()
        first, *later = [seconds for _, seconds in run.value(len(code) - 1)]
    return {"check(), the first": [first], "check(), later ones": later}


@dataclass(frozen=True)
class LessonTimes:
    """Seconds to start a kernel and run a lesson, and of each redraw of its control panel."""

    lesson: str
    run: float
    redraws: list[float]


def lessons() -> Iterator[LessonTimes]:
    """The times of each lesson."""
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        lesson = nbformat.read(path, as_version=4)
        lesson.cells.append(nbformat.v4.new_code_cell(_REDRAW))
        start = time.perf_counter()
        with _kernel(lesson, path.parent) as run:
            run.all(but_last=True)
            seconds = time.perf_counter() - start
            run.cell(len(lesson.cells) - 1)
            yield LessonTimes(path.stem, seconds, run.value(len(lesson.cells) - 1))


# ---- a kernel ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """A notebook with a kernel; cells are named by their place, from 0."""

    client: NotebookClient

    def cell(self, place: int) -> None:
        self.client.execute_cell(self.client.nb.cells[place], place)

    def all(self, but_last: bool = False) -> None:
        for place in range(len(self.client.nb.cells) - but_last):
            self.cell(place)

    def value(self, place: int) -> list:  # type: ignore[type-arg]
        """The plain list that the last line of a cell gave."""
        (output,) = [o for o in self.client.nb.cells[place].outputs if o.output_type == "execute_result"]
        return list(ast.literal_eval(output.data["text/plain"]))


@contextmanager
def _kernel(notebook: nbformat.NotebookNode, folder: Path) -> Iterator[_Run]:
    os.environ.pop("MPLBACKEND", None)  # else the kernel would keep its charts to itself
    client = client_for(notebook, folder)
    with client.setup_kernel():
        yield _Run(client)
