"""Fixtures for the tests of the data package. `import data_checks` works in every import mode."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data"

if "data_checks" not in sys.modules:
    spec = importlib.util.spec_from_file_location("data_checks", HERE / "data_checks.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["data_checks"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["data_checks"])

Loader = Callable[[str], pd.DataFrame]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder `data/` of this repository."""
    return DATA


@pytest.fixture(scope="session")
def load() -> Loader:
    """Reads a table by name, as a student does."""
    return lambda name: pd.read_csv(DATA / f"{name}.csv")
