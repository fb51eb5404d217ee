"""`autograder new`: an assignment that builds and verifies at once."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder import cli
from autograder.author.new import new_assignment
from autograder.course import Course


def run(folder: Path, *words: str) -> int:
    return cli.main(["--course", str(folder), *words])


def test_a_fresh_folder_becomes_a_course_that_builds_and_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "new", "07_fair-words", "--title", "Fair words?") == 0
    assert run(tmp_path, "build", "07_fair-words") == 0
    assert run(tmp_path, "verify", "07_fair-words", "--jobs", "1") == 0
    assert "Misjudged: 0." in capsys.readouterr().out
    release = tmp_path / "release" / "07_fair-words"
    files = sorted(str(path.relative_to(release)) for path in release.rglob("*") if path.is_file())
    assert files == ["07_fair-words.ipynb", "checks.json", "data/bread.csv"]
    notebook = nbformat.read(release / "07_fair-words.ipynb", as_version=4)
    assert notebook.cells[0].source.startswith("# Fair words?\n")
    text = nbformat.writes(notebook)
    assert not [secret for secret in ("SOLUTION", ".mean(), 2", "Model answer") if secret in text]
    second = "07_fair-words"
    assert run(tmp_path, "new", second) == 1
    assert "is there already. Choose another name." in capsys.readouterr().err


def test_the_model_has_one_exercise_of_each_kind(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    folder = new_assignment(Course(tmp_path), "08_prices_and_wages")
    notebook = nbformat.read(folder / "08_prices_and_wages.ipynb", as_version=4)
    marks = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in notebook.cells}
    points = [mark.points for mark in marks.values() if mark.grade]
    assert sum(points) == 20
    assert marks["too_dear"].grade
    assert marks["too_dear"].solution
    assert notebook.cells[0].source.startswith("# Prices and wages\n\n")
    assert (
        "**Points:** 20. Five exercises give 14 points, the written question gives 6."
        in notebook.cells[0].source
    )
    answers = (folder / "answers.toml").read_text()
    assert all(word in answers for word in ("hidden_calls", 'kind = "sentence"', "needs", "verify 08_prices"))


@pytest.mark.parametrize("name", ["two words", "../up", "", "a+b", ".hidden", "a/b", "-x"])
def test_a_name_that_can_not_be_one_is_refused(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "new", "--", name) == 1
    assert "can't be the name of an assignment" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    assert run(tmp_path, "new", "07_bread") == 1
    assert "is no course, and not empty (thesis.txt)." in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
