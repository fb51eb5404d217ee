"""Records results in nbgrader's own gradebook and folders, through nbgrader's own models.

So formgrader, manual grading, late penalties, `nbgrader generate_feedback` and `nbgrader export` go on as
they are known. A manual grade or comment is never touched.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bleach
import nbformat
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties

from ..course import Course
from .engine import Assignment
from .judge import CellResult, NotebookResult
from .notebook import AuthorNotebook

_TABLE_TAGS = {"div", "table", "thead", "tbody", "tr", "th", "td", "caption", "p", "b", "i", "em", "strong"}
_TABLE_ATTRIBUTES = {"*": ["class"], "th": ["scope", "colspan", "rowspan"], "td": ["colspan", "rowspan"]}
_COMMENT_NO_RESPONSE = "No response."  # nbgrader's word for an untouched answer


def record(
    course: Course, assignment: Assignment, student: str, results: Sequence[NotebookResult], book: Gradebook
) -> float:
    """Write one student's results; the score out of what was graded by itself."""
    name = assignment.name
    _write_folder(course, assignment, student, results)
    book.update_or_create_student(student)
    when = course.directory().get_existing_timestamp(str(course.submitted(student, name)))
    extra = {"timestamp": when} if when else {}
    submission = book.update_or_create_submission(name, student, **extra)
    total = 0.0
    for result in results:
        notebook = next(n for n in assignment.notebooks if n.name == result.name)
        total += record_scores(book, name, student, notebook, result)
        _late_penalty(course, book, name, student, result.name, submission.total_seconds_late)
    book.db.commit()
    return total


def record_scores(
    book: Gradebook, name: str, student: str, notebook: AuthorNotebook, result: NotebookResult
) -> float:
    """Write one notebook's scores and comments into the gradebook (not yet committed); their sum."""
    total = 0.0
    untouched = untouched_answers(notebook, result)
    for cell in result.cells:
        authored = notebook.by_id.get(cell.grade_id or "")
        if authored is None:
            continue
        if authored.role == "test" or (authored.role == "written" and authored.points):
            grade = book.find_grade(authored.grade_id, notebook.name, name, student)
            grade.auto_score = _auto_score(cell, authored.role, untouched)
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            total += grade.auto_score or 0.0
        if authored.role in ("answer", "written"):
            comment = book.find_comment(authored.grade_id, notebook.name, name, student)
            comment.auto_comment = _COMMENT_NO_RESPONSE if cell.grade_id in untouched else None
    return total


def _auto_score(cell: CellResult, role: str, untouched: set[str]) -> float | None:
    if role == "test":
        return cell.score or 0.0
    return 0.0 if cell.grade_id in untouched else None  # a person grades what was written


def untouched_answers(notebook: AuthorNotebook, result: NotebookResult) -> set[str]:
    """The grade_ids of answers that are missing or still as they were released."""
    found = set()
    for cell in result.cells:
        authored = notebook.by_id.get(cell.grade_id or "")
        if authored is None or authored.role not in ("answer", "written"):
            continue
        if cell.error == "missing" or cell.source.strip() == authored.released.strip():
            found.add(str(cell.grade_id))
    return found


def _late_penalty(
    course: Course, book: Gradebook, name: str, student: str, notebook: str, late: float
) -> None:
    """What nbgrader's AssignLatePenalties does, with the course's own plugin for it."""
    row = book.find_submission_notebook(notebook, name, student)
    row.late_submission_penalty = None
    if late <= 0:
        return
    rules = AssignLatePenalties(config=course.config)
    rules.init_plugin()
    plugin: LateSubmissionPlugin = rules.plugin_inst
    penalty = plugin.late_submission_penalty(student, row.score, late)
    if penalty is not None:
        row.late_submission_penalty = min(max(penalty, 0.0), row.score)


# ---- autograded/STUDENT/ASSIGNMENT -------------------------------------------------------------------


def _write_folder(
    course: Course, assignment: Assignment, student: str, results: Sequence[NotebookResult]
) -> None:
    """The graded notebooks, in place of older ones. Other files of the student's are not copied: they were
    not used."""
    folder = course.autograded(student, assignment.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{assignment.name}-", dir=folder.parent))
    for result in results:
        notebook = next(n for n in assignment.notebooks if n.name == result.name)
        nbformat.write(graded_notebook(notebook, result), draft / f"{notebook.name}.ipynb")
    stamp = course.submitted(student, assignment.name) / "timestamp.txt"
    if stamp.is_file() and not stamp.is_symlink():
        shutil.copyfile(stamp, draft / stamp.name)
    draft.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def graded_notebook(notebook: AuthorNotebook, result: NotebookResult) -> nbformat.NotebookNode:
    """The released notebook with the student's answers, harmless outputs, and the tests' messages."""
    graded = nbformat.reads(notebook.released, as_version=4)
    for cell, found in zip(graded.cells, result.cells, strict=False):
        written = cell.cell_type == "markdown" and found.grade_id in notebook.written
        cell.source = harmless_text(found.source) if written else found.source
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(o) for o in map(harmless, found.outputs) if o]
            cell.execution_count = None
    if result.notes:
        lines = "\n".join(f"* {note}" for note in result.notes)
        text = f"**How this notebook was read and run**\n\n{bleach.clean(lines, tags=set())}"
        graded.cells.insert(0, nbformat.v4.new_markdown_cell(text, id="autograder-notes"))
    return graded


def harmless_text(markdown: str) -> str:
    """A written answer in which nothing acts: tags show as they were typed, no picture is fetched."""
    shown = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", markdown)
    shown = re.sub(r"!(?=\[)", "&#33;", shown)
    return re.sub(r"(?i)\b(javascript|data|vbscript):", r"\1&#58;", shown)


def harmless(output: dict[str, Any]) -> dict[str, Any] | None:
    """An output of student code with nothing in it that could act: text, plain tables and PNG pictures.

    None for anything that is no output."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": str(output.get("text", ""))}
    if kind == "error":
        texts = {name: str(output.get(name, "")) for name in ("ename", "evalue")}
        trace = output.get("traceback")
        return {"output_type": "error", **texts, "traceback": [str(t) for t in trace or []]}
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), dict):
        return None
    kept: dict[str, Any] = {"output_type": kind, "data": _harmless_data(output["data"]), "metadata": {}}
    if kind == "execute_result":
        kept["execution_count"] = None
    return kept


def _harmless_data(data: dict[str, Any]) -> dict[str, str]:
    kept = {}
    if "text/plain" in data:
        kept["text/plain"] = str(data["text/plain"])
    if "text/html" in data and "dataframe" in str(data["text/html"]):
        kept["text/html"] = bleach.clean(
            str(data["text/html"]).partition("</style>")[2] or str(data["text/html"]),
            tags=_TABLE_TAGS,
            attributes=_TABLE_ATTRIBUTES,
            strip=True,
        )
    picture = str(data.get("image/png", ""))
    try:
        if base64.b64decode(picture, validate=False).startswith(b"\x89PNG"):
            kept["image/png"] = picture
    except (binascii.Error, ValueError):
        pass
    return kept
