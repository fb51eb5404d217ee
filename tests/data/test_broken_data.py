"""Broken data is found, and the message names file, row and column."""

import shutil
from pathlib import Path

import data_checks
import pytest


@pytest.fixture
def copy(data_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(data_folder, tmp_path / "data"))


def replace(path: Path, old: bytes, new: bytes) -> int:
    """Replaces the first `old` by `new` and returns the row in which it stood."""
    content = path.read_bytes()
    position = content.index(old)
    path.write_bytes(content[:position] + new + content[position + len(old) :])
    return content[:position].count(b"\n") + 1


def messages(folder: Path) -> list[str]:
    return [str(problem) for check in data_checks.ALL_CHECKS for problem in check(folder)]


def test_the_copy_is_whole(copy: Path) -> None:
    assert messages(copy) == []


def test_changed_type(copy: Path) -> None:
    row = replace(copy / "oil_exports.csv", b"2013,1086.4,", b"2013,about 1086,")
    found = messages(copy)
    assert any(line.startswith(f"oil_exports.csv, row {row}, column eia:") for line in found), found
    assert any("column eia: loads as" in line for line in found), found


def test_lost_key(copy: Path) -> None:
    row = replace(copy / "statements.csv", b",SRC10\n", b",SRC999\n")
    expected = f"statements.csv, row {row}, column source_ids: 'SRC999' is not in sources.source_id"
    assert expected in messages(copy)


def test_lost_key_of_a_single_id(copy: Path) -> None:
    row = replace(copy / "relations.csv", b",S03,S01,", b",S99,S01,")
    expected = f"relations.csv, row {row}, column from_id: 'S99' is not in actors.actor_id"
    assert expected in messages(copy)


def test_missing_card(copy: Path) -> None:
    (copy / "claims.md").unlink()
    assert "claims.md, row -, column -: card is missing" in messages(copy)


def test_byte_that_is_not_utf8(copy: Path) -> None:
    row = replace(copy / "actors.csv", "حسن".encode(), b"\xe9")
    found = messages(copy)
    expected = f"actors.csv, row {row}, column name_fa: byte 0xe9 is not UTF-8"
    assert any(line.startswith(expected) for line in found), found


def test_card_that_differs_from_the_schema(copy: Path) -> None:
    replace(copy / "brent.md", b"US dollars a barrel", b"euros a barrel")
    assert "brent.md, row -, column price: differs from the schema" in messages(copy)


def test_date_after_january_2016(copy: Path) -> None:
    row = replace(copy / "events.csv", b"T86,2016-01-16", b"T86,2016-07-16")
    expected = f"events.csv, row {row}, column date: '2016-07-16' is later than 2016-01-31"
    assert expected in messages(copy)


def test_number_without_a_source(copy: Path) -> None:
    row = replace(copy / "eu_trade.csv", b"-88,SRC05", b"-88,")
    assert f"eu_trade.csv, row {row}, column value: number without a source" in messages(copy)
