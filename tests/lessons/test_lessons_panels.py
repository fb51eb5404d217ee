"""A control panel: every option works, says the truth, and has a name on its control."""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pytest
from ipywidgets import interactive
from nbformat import NotebookNode


@pytest.fixture
def names(
    lesson: NotebookNode, lesson_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterable[dict[str, Any]]:
    """The names that exist after all code cells of a lesson have run, without a kernel."""
    matplotlib.use("Agg")
    monkeypatch.chdir(lesson_path.parent)
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    found: dict[str, Any] = {}
    with plt.rc_context():
        for cell in lesson.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, cell.id, "exec"), found)
        yield found


def panels(names: dict[str, Any]) -> list[interactive]:
    """The panels of a lesson: `interact` leaves each one on the function that it calls."""
    panel_of = [getattr(value, "widget", None) for value in names.values()]
    return [panel for panel in panel_of if isinstance(panel, interactive)]


def test_every_control_has_a_description(names: dict[str, Any]) -> None:
    for panel in panels(names):
        for control in panel.kwargs_widgets:
            # `interact` gives a control without one the bare name of the argument
            assert control.description not in ("", control._kwarg)


def test_every_option_of_the_panel_tells_the_truth(
    names: dict[str, Any], figures: ModuleType, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = panels(names)
    if not hasattr(figures, "panel_tells_the_truth"):
        assert found == []  # a panel needs a test: write it in the lesson's file in figures/
        return
    (panel,) = found
    figures.panel_tells_the_truth(panel, names, data, lambda: capsys.readouterr().out)
