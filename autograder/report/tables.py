"""The report as tidy CSV files, for those who compute further."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from .mistakes import Unlike
from .sheet import harmless


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table without its index: UTF-8, and no text in it that a spreadsheet takes for a formula."""
    texts = table.select_dtypes(include=["object", "string"]).columns
    safe = table.assign(**{str(column): table[column].map(_text) for column in texts})
    safe.to_csv(path, index=False, encoding="utf-8", float_format="%.6g", lineterminator="\n")
    return path


def _text(value: object) -> object:
    return harmless(value.encode("utf-8", "replace").decode()) if isinstance(value, str) else value


def unlike_table(groups: Sequence[Unlike]) -> pd.DataFrame:
    """One row a group of wrong answers that no hint is written for. `has` is empty where a right value
    stands in it."""
    rows = [
        {"exercise": group.exercise, "has": group.has, "said": group.said, "students": len(group.students)}
        for group in groups
    ]
    return pd.DataFrame(rows, columns=["exercise", "has", "said", "students"])
