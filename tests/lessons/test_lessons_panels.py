"""A control panel: every option works, says the truth, and has a name on its control."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from ipywidgets import Dropdown, IntSlider, interactive
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


def options(control: Dropdown | IntSlider) -> list[Any]:
    if isinstance(control, IntSlider):
        return list(range(control.min, control.max + 1, control.step))
    return list(control.options)


def test_every_control_has_a_description(names: dict[str, Any]) -> None:
    for panel in panels(names):
        for control in panel.kwargs_widgets:
            # `interact` gives a control without one the bare name of the argument
            assert control.description not in ("", control._kwarg)


def test_the_oil_panel_is_right_for_every_option(
    names: dict[str, Any], lesson_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if lesson_path.stem != "03_oil_exports":
        assert panels(names) == []  # a new panel needs a test of its own here
        return
    exports = pd.read_csv(data / "oil_exports.csv", index_col="year")
    (panel,) = panels(names)
    choices = {control._kwarg: options(control) for control in panel.kwargs_widgets}
    assert set(choices["base"]) == set(range(2007, 2013))
    assert set(choices["series"]) == {"EIA", "OPEC"}
    assert {40, 50, 60} <= set(choices["threshold"])
    for base, series, threshold in itertools.product(*choices.values()):
        capsys.readouterr()
        names["show_halved"](base=base, series=series, threshold=threshold)
        old, new = exports.loc[base, series.lower()], exports.loc[2013, series.lower()]
        halved = "yes" if new <= old * (1 - threshold / 100) else "no"
        said = capsys.readouterr().out
        assert f"{series}, {base} to 2013: {(new / old - 1) * 100:.1f} percent." in said
        assert said.endswith(f"at least {threshold} percent: {halved}\n")
