"""Tells where a submission differs from its release in what students should leave as it is.

Nothing of that is ever used in grading, so it gains nothing; an instructor may want to know all the same.
A submission is untrusted: nothing in it makes this fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..course import Course
from ..grade.assemble import Unreadable, read_file

_SKIP_TAG = "skip-execution"  # makes nbgrader itself give a test's points without running it


def differences(course: Course, name: str, students: list[str]) -> dict[str, list[str]]:
    """By student: notes on test cells that were changed, deleted, marked to be skipped or given other
    points. Notebooks that can't be read are left out: grading has a note on them."""
    released = {path.name: _tests(path) or {} for path in sorted(course.release(name).glob("*.ipynb"))}
    directory = course.directory()
    found: dict[str, list[str]] = {}
    for student in students:
        folder = Path(directory.format_path(directory.submitted_directory, student, name))
        for file, tests in released.items():
            handed_in = _tests(folder / file)
            if handed_in is not None:
                found.setdefault(student, []).extend(_notes(tests, handed_in))
    return found


def _notes(released: Mapping[str, Any], handed_in: Mapping[str, Any]) -> Iterator[str]:
    kept = [name for name in released if name in handed_in]
    changes = {
        "deleted": [name for name in released if name not in handed_in],
        "with another text": [name for name in kept if handed_in[name].text != released[name].text],
        "with other points": [name for name in kept if handed_in[name].points != released[name].points],
        "marked to be skipped": [name for name in kept if handed_in[name].skipped],
    }
    for change, names in changes.items():
        if names:
            yield f"test cells {change}: {', '.join(names)}"


class _Test:
    """A test cell as it stands in a file, whatever stands there."""

    def __init__(self, cell: dict[str, Any], mark: dict[str, Any]):
        source = cell.get("source")
        lines = source if isinstance(source, list) else [source]
        self.text = "".join(line for line in lines if isinstance(line, str)).strip()
        points = mark.get("points")
        self.points = float(points) if isinstance(points, (int, float)) else None
        tags = cell["metadata"].get("tags")
        self.skipped = isinstance(tags, list) and _SKIP_TAG in tags


def _tests(path: Path) -> dict[str, _Test] | None:
    """The test cells in a notebook, by grade_id; None where the file is no notebook."""
    try:
        notebook = json.loads(read_file(path))
        cells = notebook["cells"] if isinstance(notebook, dict) else None
        return dict(_marked(cells)) if isinstance(cells, list) else None
    except (Unreadable, ValueError, KeyError, RecursionError, OverflowError):
        return None


def _marked(cells: list[Any]) -> Iterator[tuple[str, _Test]]:
    for cell in cells:
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if isinstance(mark, dict) and mark.get("grade") and not mark.get("solution"):
            grade_id = mark.get("grade_id")
            if isinstance(grade_id, str) and cell.get("cell_type") == "code":
                yield grade_id, _Test(cell, mark)
