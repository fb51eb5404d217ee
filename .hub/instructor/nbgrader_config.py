"""nbgrader, for instructors: the course lies in the home folder, with more settings of its own."""

from pathlib import Path

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.root = str(Path.home() / "reading_a_crisis")
