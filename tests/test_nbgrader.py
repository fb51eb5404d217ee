"""nbgrader's own commands, in a copy of this repository, with this engine behind them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from classes import copy_keys
from support import ROOT

from autograder.author.answers import read_answers
from autograder.course import Course

NAME = "03_oil_exports"


def nbgrader(course: Path, *words: str) -> str:
    program = Path(sys.executable).with_name("nbgrader")
    done = subprocess.run([program, *words], cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course in which two students handed in: one with an exercise right, one with nothing."""
    root = tmp_path_factory.mktemp("course")
    for name in ("source", "data", "release"):
        shutil.copytree(ROOT / name, root / name)
    for extra in (root / "source").iterdir():
        if extra.name != NAME:
            shutil.rmtree(extra)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    copy_keys(Course(ROOT), Course(root))
    for student in ("ann", "bob"):
        shutil.copytree(root / "release" / NAME, root / "submitted" / student / NAME)
    path = root / "submitted" / "ann" / NAME / f"{NAME}.ipynb"
    raw = json.loads(path.read_text(encoding="utf-8"))
    right = read_answers(ROOT / "source" / NAME / "answers.toml")["eia_change"].right[0].code
    for cell in raw["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "eia_change":
            cell["source"] = right
    path.write_text(json.dumps(raw), encoding="utf-8")
    return root


def test_a_fresh_copy_is_graded_and_fed_back_by_nbgrader_itself(course: Path) -> None:
    nbgrader(course, "autograde", NAME)
    nbgrader(course, "generate_feedback", NAME)
    nbgrader(course, "export")
    with (course / "grades.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ann": 2.0, "bob": 0.0}
    page = (course / "feedback" / "ann" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "eia_change: right." in page
    assert "opec_sentence is still `...`" in page.replace("&#96;", "`")
    assert "BEGIN SOLUTION" not in page


def test_generate_assignment_makes_the_same_release_as_build(course: Path) -> None:
    nbgrader(course, "generate_assignment", NAME)
    made, kept = course / "release" / NAME, ROOT / "release" / NAME
    files = sorted(path.relative_to(kept) for path in kept.rglob("*") if path.is_file())
    assert sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file()) == files
    for path in files:
        assert (made / path).read_bytes() == (kept / path).read_bytes()


def test_validate_tells_a_student_what_is_missing(course: Path) -> None:
    """nbgrader's Validate button runs the notebook in a kernel, with the checks beside it."""
    from nbgrader.validator import Validator

    found = Validator().validate(str(course / "submitted" / "bob" / NAME / f"{NAME}.ipynb"))
    errors = [failed["error"] for failed in found["failed"]]
    assert any("eia_change is still `...`" in error for error in errors)
    assert not any("Traceback" in error or "keys.py" in error for error in errors)
