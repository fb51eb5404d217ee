"""What the tests of the lessons share: each kept notebook, one after the other."""

import importlib.util
from pathlib import Path
from types import ModuleType

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


@pytest.fixture
def figures(lesson_path: Path) -> ModuleType:
    """The file in `figures/` that computes the figures of one lesson."""
    path = Path(__file__).parent / "figures" / f"{lesson_path.stem}.py"
    assert path.exists(), f"a new lesson: compute its figures in {path}"
    spec = importlib.util.spec_from_file_location(f"figures_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
