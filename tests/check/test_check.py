"""check() as a student meets it: in a kernel, beside its file, with nothing else installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from IPython.testing.globalipapp import get_ipython

from autograder.check import NotRight, check
from autograder.check.keys import Asked, dump, seal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    keys = {"n": seal("n", 75, Asked(), "salt")}
    (tmp_path / "checks.json").write_text(dump(keys, hidden=False), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_right_prints_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("n", 75) is None
    assert capsys.readouterr().out == "n: right. You have 75.\n"


def test_wrong_is_an_assertion_error_with_one_line(folder: Path) -> None:
    with pytest.raises(AssertionError, match=r"^n: you have 74\. [^\n]*$"):
        check("n", 74)


def test_ipython_shows_the_message_and_no_traceback(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = get_ipython()
    shell.run_cell("from autograder.check import check\ncheck('n', 74)")
    shown = capsys.readouterr().out
    assert "n: you have 74." in shown
    assert "Traceback" not in shown
    assert "keys.py" not in shown


def test_an_unknown_name_and_a_lost_file_say_what_to_do(folder: Path) -> None:
    with pytest.raises(KeyError, match="no check named 'm'"):
        check("m", 1)
    (folder / "checks.json").unlink()
    with pytest.raises(FileNotFoundError, match="Keep the assignment's folder together"):
        check("n", 75)


def test_a_new_file_is_read_anew(folder: Path) -> None:
    check("n", 75)
    path = folder / "checks.json"
    path.write_text(dump({"n": seal("n", 76, Asked(), "salt")}, hidden=False), encoding="utf-8")
    with pytest.raises(NotRight):
        check("n", 75)


def test_it_needs_nothing_but_pandas_and_numpy() -> None:
    """Nothing of the other rooms, and nothing that a browser's Python lacks."""
    code = (
        "import sys, pandas; before = set(sys.modules); import autograder.check; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) <= {"autograder", "_blake2", "dataclasses", "hashlib", "_hashlib"}
