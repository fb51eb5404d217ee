"""Makes this repository an nbgrader course, graded by the engine in `autograder/`."""

from autograder.nbgrader_course import use

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "reading_a_crisis"

c.ClearSolutions.code_stub = {"python": "# Replace the dots with your answer."}
c.ClearSolutions.text_stub = "*Write your answer here.*"

c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# release/ is committed, so it is always there already: make it anew when asked
c.GenerateAssignment.force = True

use(c)
