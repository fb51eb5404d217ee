"""Makes this repository an nbgrader course, graded by the engine in `autograder/`."""

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "reading_a_crisis"
# the author's answers never reach a release
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "answers.toml"]

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
    "autograder.plugins.SealAnswers",
]

# release/ is committed, so it is always there already: make it anew when asked
c.GenerateAssignment.force = True

# grading: assemble, run in the sandbox, judge, record
c.Autograde.pre_convert_hook = "autograder.plugins.know_assignment"
c.Autograde.exporter_class = "autograder.plugins.Grade"
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.AssignLatePenalties"]

# feedback: one page a notebook, made from the graded notebook and the gradebook
c.GenerateFeedback.exporter_class = "autograder.plugins.FeedbackPage"
c.GenerateFeedback.preprocessors = []

# formgrader shows graders the model answers of source/; what students wrote is shown, never run
c.HTMLExporter.preprocessors = ["autograder.plugins.ShowModelAnswers"]
c.HTMLExporter.sanitize_html = True
