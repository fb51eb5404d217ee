"""Charts that everybody can read: words and marks of lessons stand out from what is behind them.

The ratios are those of the Web Content Accessibility Guidelines 2.1: 4.5 to 1 for text (1.4.3), 3 to 1 for
parts of pictures that say something (1.4.11).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from nbformat import NotebookNode

TEXT, GRAPHIC = 4.5, 3.0


@pytest.fixture
def charts(lesson: NotebookNode, lesson_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """All charts of a lesson, drawn."""
    matplotlib.use("Agg")
    monkeypatch.chdir(lesson_path.parent)
    drawn: list[Figure] = []

    def show() -> None:
        drawn.extend(plt.figure(number) for number in plt.get_fignums())
        plt.close("all")

    monkeypatch.setattr(plt, "show", show)
    names: dict[str, Any] = {}
    with plt.rc_context():
        for cell in lesson.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, cell.id, "exec"), names)
        show()
        for figure in drawn:
            figure.canvas.draw()
    return drawn


def test_words_and_marks_stand_out(charts: list[Figure]) -> None:
    assert charts
    pale = {problem for figure in charts for artist in artists(figure) for problem in _pale(artist)}
    assert not pale


def artists(figure: Figure) -> Iterator[Artist]:
    """What a reader sees of a chart, without the grounds on which it is drawn."""
    legends = [legend for axes in figure.axes if (legend := axes.get_legend())]
    grounds = {
        figure.patch,
        *(axes.patch for axes in figure.axes),
        *(legend.get_frame() for legend in legends),
    }
    for artist in figure.findobj():
        if artist not in grounds and artist.get_visible():
            yield artist


def _pale(artist: Artist) -> Iterator[str]:
    """What of an artist does not stand out enough. A filled shape may have an edge that does."""
    if isinstance(artist, Text):
        if artist.get_text().strip() and (found := contrast(artist.get_color(), _behind(artist))) < TEXT:
            yield f"the words {artist.get_text()!r}: {found:.1f}"
    elif isinstance(artist, Line2D):
        found = _best(artist.get_color(), artist.get_markeredgecolor())
        if np.size(artist.get_xydata()) and found < GRAPHIC:
            yield f"a line in {artist.get_color()}: {found:.1f}"
    elif isinstance(artist, Patch) and _drawn(artist):
        edge = artist.get_edgecolor() if artist.get_linewidth() else "white"
        if (found := _best(artist.get_facecolor(), edge)) < GRAPHIC and not artist.get_hatch():
            yield f"a shape in {artist.get_facecolor()}: {found:.1f}"
    elif isinstance(artist, Collection):
        faces, edges = artist.get_facecolor(), artist.get_edgecolor()
        for number in range(max(len(faces), len(edges))):
            colours = [group[number % len(group)] for group in (faces, edges) if len(group)]
            if (found := _best(*colours)) < GRAPHIC:
                yield f"a mark in {colours[0]}: {found:.1f}"


def _drawn(patch: Patch) -> bool:
    box = patch.get_window_extent()
    return bool(patch.get_fill() and box.width > 1 and box.height > 1)


def _behind(text: Text) -> Any:
    """The colour on which a text stands: of its own box, of the last shape drawn below it, or of the page."""
    if box := text.get_bbox_patch():
        return box.get_facecolor()
    middle = text.get_window_extent().get_points().mean(axis=0)
    axes = text.axes
    below = [p for p in axes.patches if p.get_window_extent().contains(*middle)] if axes else []
    return below[-1].get_facecolor() if below else "white"


def _best(*colours: Any) -> float:
    return max(contrast(colour, "white") for colour in colours)


def contrast(colour: Any, ground: Any) -> float:
    """The contrast ratio of two colours, from 1 to 21. `colour` may be transparent, on `ground`."""
    *front, alpha = to_rgba(colour)
    back = to_rgb(ground)
    seen = [alpha * f + (1 - alpha) * b for f, b in zip(front, back, strict=True)]
    light, dark = sorted((_luminance(seen), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: Any) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(
    ("colour", "ratio"),
    [("black", 21), ("#777777", 4.48), ("white", 1), ((0, 0, 0, 0), 1), ("#006BA4", 5.77)],
)
def test_contrast_is_the_published_one(colour: Any, ratio: float) -> None:
    assert contrast(colour, "white") == pytest.approx(ratio, abs=0.01)
