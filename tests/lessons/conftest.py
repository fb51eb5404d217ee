"""What the tests of the lessons share: each kept notebook, one after the other."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson_path(request: pytest.FixtureRequest) -> Path:
    """The file of one lesson."""
    return request.param


@pytest.fixture
def lesson(lesson_path: Path) -> NotebookNode:
    """One lesson as it is kept, with outputs."""
    return nbformat.read(lesson_path, as_version=nbformat.NO_CONVERT)


@pytest.fixture
def data() -> Path:
    """The folder of the prepared tables."""
    return ROOT / "data"
