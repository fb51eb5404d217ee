"""What `nbgrader_config.py` names, so that nbgrader's commands and formgrader use this package.

`SealAnswers` goes into `c.GenerateAssignment.preprocessors`; `Submission` and `Grade` replace nbgrader's
own autograding (see the course's `nbgrader_config.py`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from .author.build import gather
from .course import Course
from .grade.notebook import read_author_notebook


class SealAnswers(NbGraderPreprocessor):
    """Adds the tables and the sealed keys to a release. The last step of generate_assignment."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        course = Course(Path.cwd())  # nbgrader works in the course's root
        name = resources["nbgrader"]["assignment"]
        source = course.source(name) / f"{resources['nbgrader']['notebook']}.ipynb"
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            files = Path(folder) / "files"
            gather(course, name, (read_author_notebook(source, nb),), files)
            added = [path for path in files.rglob("*") if path.is_file()]
            outputs = {str(path.relative_to(files)): path.read_bytes() for path in added}
        resources["outputs"] = {**(resources.get("outputs") or {}), **outputs}
        return nb, resources
