"""A class of 300, graded once for all tests of this folder. Whoever changes something takes a copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from classes import Pupil, make_class

from autograder.course import Course
from autograder.grading import grade

SIZE = 300


@dataclass(frozen=True)
class GradedClass:
    """A graded assignment of a private course, and what an honest teacher gives each student for it."""

    course: Course
    assignment: str
    pupils: list[Pupil]

    def copy(self, folder: Path) -> Course:
        """The course in the new folder `folder`, with its gradebook, to be changed."""
        shutil.copytree(self.course.root, folder)
        return Course(folder)


@pytest.fixture(scope="session")
def graded_class(repository: Course, tmp_path_factory: pytest.TempPathFactory) -> GradedClass:
    """300 students with answers of all kinds in one assignment. Not to be changed."""
    assignment = "03_oil_exports"
    course, pupils = make_class(repository, assignment, tmp_path_factory.mktemp("class"), SIZE)
    graded = list(grade(course, assignment, course.students(assignment)))
    assert not [found for found in graded if found.failure]
    return GradedClass(course, assignment, pupils)
