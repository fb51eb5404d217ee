"""A kept lesson is what a clean kernel gives: no error, no warning, the same text."""

import copy
from pathlib import Path

import pytest
from kernels import client_for
from nbformat import NotebookNode

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def texts(cell: NotebookNode) -> list[tuple[str, str]]:
    """Kind and text of each output of a cell; a picture counts by its presence.

    The view of a widget is left out. It is only a random id that means something to a living
    kernel; read without one it shows nothing, or "model not found". So the kept lessons have none
    (the plain call above the panel shows the default), and a fresh run is compared without it.
    """
    found: list[tuple[str, str]] = []
    for output in cell.outputs:
        if output.output_type == "stream" and found and found[-1][0] == output.name:
            # a busy kernel may send one print in two parts
            found[-1] = (output.name, found[-1][1] + output.text)
        elif output.output_type == "stream":
            found.append((output.name, output.text))
        elif output.output_type == "error":
            found.append(("error", output.ename))
        elif WIDGET_VIEW not in output.data:
            found.append(("text", output.data.get("text/plain", "")))
            found += [("picture", kind) for kind in output.data if kind.startswith("image/")]
    return found


def code_cells(lesson: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def test_a_clean_run_gives_the_kept_text(
    lesson: NotebookNode, lesson_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)  # else a kernel would keep its charts to itself
    fresh = copy.deepcopy(lesson)
    for cell in code_cells(fresh):
        cell.outputs = []
    client_for(fresh, lesson_path.parent).execute()
    for kept, new in zip(code_cells(lesson), code_cells(fresh), strict=True):
        assert "stderr" not in dict(texts(new)), f"cell {new.id} warns: {texts(new)}"
        assert texts(new) == texts(kept), f"cell {new.id} gives another output than the kept one"


def test_nothing_that_needs_a_kernel_is_kept(lesson: NotebookNode) -> None:
    assert "widgets" not in lesson.metadata
    for cell in code_cells(lesson):
        for output in cell.outputs:
            assert WIDGET_VIEW not in output.get("data", {}), f"cell {cell.id} keeps a widget view"
