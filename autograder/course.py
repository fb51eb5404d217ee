"""The course directory: where things are, as nbgrader's own configuration says."""

from __future__ import annotations

import logging
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from .errors import CourseError


@dataclass(frozen=True)
class Course:
    """One nbgrader course. `root` is the folder with `source/` and, mostly, `nbgrader_config.py`."""

    root: Path

    @cached_property
    def config(self) -> Config:
        """nbgrader's configuration for this course, the user's own included."""
        app = NbGrader(log=logging.getLogger("autograder.config"))
        app.initialize([], root=str(self.root))
        config = Config(app.config)
        config.CourseDirectory.root = str(self.root)
        return config

    def directory(self, **changes: str) -> CourseDirectory:
        """nbgrader's view of the folders; `changes` replaces some of its settings."""
        config = deepcopy(self.config)
        config.CourseDirectory.update(changes)
        return CourseDirectory(config=config)

    @cached_property
    def _directory(self) -> CourseDirectory:
        return self.directory()

    @property
    def db_url(self) -> str:
        """The address of the gradebook's database."""
        return str(self._directory.db_url)

    @cached_property
    def data(self) -> Path:
        """The course's tables, which the build puts beside the notebooks that read them."""
        return self.root / "data"

    def source(self, assignment: str) -> Path:
        return self._path("source_directory", ".", assignment)

    def release(self, assignment: str) -> Path:
        return self._path("release_directory", ".", assignment)

    def submitted(self, student: str, assignment: str) -> Path:
        return self._path("submitted_directory", student, assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        return self._path("autograded_directory", student, assignment)

    def feedback(self, student: str, assignment: str) -> Path:
        return self._path("feedback_directory", student, assignment)

    def assignments(self) -> list[str]:
        """The names of all assignments, in order: the folders in `source/` that hold a notebook."""
        folder = self.source("x").parent
        found = [path.parent.name for path in folder.glob("*/*.ipynb")] if folder.is_dir() else []
        return sorted(set(found))

    def check_assignment(self, assignment: str) -> None:
        """Raises CourseError when there is no such assignment."""
        if assignment not in self.assignments():
            known = ", ".join(self.assignments()) or "none yet"
            raise CourseError(
                f"There is no assignment {assignment!r} in {self.source('x').parent}. There are: {known}."
            )

    def students(self, assignment: str) -> list[str]:
        """The students who handed something in for an assignment, in order."""
        folder = self.submitted("x", assignment).parent.parent
        if not folder.is_dir():
            return []
        handed_in = [place for place in folder.iterdir() if (place / assignment).is_dir()]
        return sorted(place.name for place in handed_in if not place.name.startswith("."))

    def _path(self, kind: str, student: str, assignment: str) -> Path:
        directory = self._directory
        return Path(directory.format_path(getattr(directory, kind), student, assignment))
