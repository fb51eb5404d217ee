"""nbgrader, for students and instructors: the same course, the same exchange."""

from pathlib import Path

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "reading_a_crisis"
c.Exchange.root = str(Path(__file__).resolve().parents[2] / "exchange")
