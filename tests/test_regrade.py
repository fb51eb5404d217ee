"""Regrading after a change: exactly those move who should, what a person gave stays, and all can be undone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from classes import DUE, make_class
from nbgrader.api import Gradebook

from autograder import cli, grading
from autograder.author.verify import exercise_points
from autograder.course import Course
from autograder.errors import CourseError
from autograder.regrading import regrade, undo

NAME = "03_oil_exports"
SIZE = 40
"""Exercise `eia_change` asks for a share to one decimal. Loosened to whole numbers, others are right too."""


@pytest.fixture(scope="module")
def graded(repository: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    course, _ = make_class(repository, NAME, tmp_path_factory.mktemp("regrade") / "course", SIZE)
    for found in grading.grade(course, NAME, course.students(NAME)):
        assert not found.failure
    return course


@pytest.fixture
def course(graded: Course, tmp_path: Path) -> Course:
    shutil.copytree(graded.root, tmp_path / "course")
    return Course(tmp_path / "course")
