"""Courses that know nothing of this package: nbgrader's own example, graded by nbgrader and by us."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbgrader
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from support import ROOT
from traitlets.config import Config

from autograder.nbgrader_course import use

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
GUIDE = (ROOT / "notebooks" / "guides" / "your_own_course.md").read_text(encoding="utf-8")
LINES = re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL)[1]  # type: ignore[index]
COMMANDS = re.findall(r"^nbgrader .*", GUIDE, re.MULTILINE)
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


@pytest.fixture(scope="module")
def expected(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """What stock nbgrader gives."""
    stock = shutil.copytree(example, tmp_path_factory.mktemp("stock") / "course")
    run(stock, "nbgrader", "generate_assignment", "ps1")
    run(stock, "nbgrader", "autograde", "ps1")
    found = scores(stock)
    assert len(found) == 27
    return found


def test_the_example_course_gets_the_same_scores(example: Path, expected: Scores, tmp_path: Path) -> None:
    ours = shutil.copytree(example, tmp_path / "ours")
    run(ours, "nbgrader", "generate_assignment", "ps1")
    run(ours, "autograder", "grade", "ps1")
    assert scores(ours) == expected
    run(ours, "nbgrader", "generate_feedback", "ps1")
    assert (ours / "feedback" / "bitdiddle" / "ps1" / "problem1.html").exists()


# ---- switched over with three lines ---------------------------------------------------------------------


@pytest.fixture
def quickstart(tmp_path: Path) -> Path:
    """What `nbgrader quickstart` makes, with its header; handed in by two students and by one who has all
    solutions."""
    run(tmp_path, "nbgrader", "quickstart", "course")
    course = tmp_path / "course"
    assert (
        'c.IncludeHeaderFooter.header = "source/header.ipynb"' in (course / "nbgrader_config.py").read_text()
    )
    shutil.copytree(EXAMPLE / "submitted", course / "submitted")
    shutil.copytree(course / "source" / "ps1", course / "submitted" / "solved" / "ps1")
    for path in course.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return course


def test_a_quickstart_course_works_with_three_lines_and_gets_the_same_scores(
    quickstart: Path, expected: Scores
) -> None:
    stock, ours = quickstart.with_name("stock"), quickstart
    shutil.copytree(quickstart, stock)
    config = ours / "nbgrader_config.py"
    first, *rest = LINES.splitlines()
    assert config.read_text().startswith(first)
    config.write_text("\n".join([config.read_text(), *rest, ""]))
    assert [command.split()[1] for command in COMMANDS] == [
        *("generate_assignment", "autograde", "generate_feedback", "export")
    ]
    for command in COMMANDS:
        run(ours, *command.split())
    run(stock, *COMMANDS[0].split())
    assert scores(ours) == expected
    with_header = (ours / "release" / "ps1" / "problem1.ipynb").read_text()
    assert with_header == (stock / "release" / "ps1" / "problem1.ipynb").read_text()
    page = (ours / "feedback" / "bitdiddle" / "ps1" / "problem1.html").read_text(encoding="utf-8")
    assert "BEGIN HIDDEN TESTS" not in page
    assert (ours / "grades.csv").read_text().count("\nps1,") == 3


def test_a_course_keeps_its_own_settings_and_may_be_read_twice() -> None:
    config = Config()
    config.GenerateAssignment.preprocessors = ["nbgrader.preprocessors.ClearSolutions"]
    config.CourseDirectory.ignore.append("secret")
    for _ in range(2):
        use(config)
        config.merge(Config(config))
    assert config.GenerateAssignment.preprocessors == [
        *("nbgrader.preprocessors.ClearSolutions", "autograder.nbgrader_course.SealAnswers")
    ]
    assert config.CourseDirectory.ignore == [*CourseDirectory().ignore, "secret", "answers.toml"]
    assert config.HTMLExporter.preprocessors == ["autograder.plugins.ShowModelAnswers"]


def test_a_course_without_settings_keeps_nbgraders() -> None:
    config = Config()
    use(config)
    usual = GenerateAssignment().preprocessors
    assert config.GenerateAssignment.preprocessors == [*usual, "autograder.nbgrader_course.SealAnswers"]
