"""Courses that know nothing of this package: nbgrader's own example, graded by nbgrader and by us."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbgrader
import pytest
from nbgrader.api import Gradebook

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
Scores = dict[tuple[str, str, str], tuple[float | None, float, bool]]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nbgrader's example course with its two submissions, and a third with all solutions."""
    root = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE / "source" / "ps1", root / "source" / "ps1")
    shutil.copytree(EXAMPLE / "submitted", root / "submitted")
    shutil.copytree(EXAMPLE / "source" / "ps1", root / "submitted" / "solved" / "ps1")
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return root


def run(course: Path, program: str, *words: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *words], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def scores(course: Path) -> Scores:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        return {
            (submission.student.id, notebook.name, grade.name): (
                *(grade.auto_score, grade.max_score, grade.needs_manual_grade),
            )
            for submission in book.assignment_submissions("ps1")
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def test_the_example_course_gets_the_same_scores(example: Path, tmp_path: Path) -> None:
    ours, stock = tmp_path / "ours", tmp_path / "stock"
    for copy in (ours, stock):
        shutil.copytree(example, copy)
        run(copy, "nbgrader", "generate_assignment", "ps1")
    run(stock, "nbgrader", "autograde", "ps1")
    run(ours, "autograder", "grade", "ps1")
    expected = scores(stock)
    assert len(expected) == 27
    assert scores(ours) == expected
    run(ours, "nbgrader", "generate_feedback", "ps1")
    assert (ours / "feedback" / "bitdiddle" / "ps1" / "problem1.html").exists()
