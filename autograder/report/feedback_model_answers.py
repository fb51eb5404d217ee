"""The model answers and marking notes to what a person grades. They are for graders, never for students.

They stand in the author's notebook in `source/`, in the solution of a written answer or in the mark scheme of
a task, and nowhere else: not in the release, not in graded notebooks, so not in feedback. The formgrader's
page gets them while it is made (see `ShowModelAnswers` in `plugins.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import ClearMarkScheme, ClearSolutions
from traitlets.config import Config

TITLE = "Model answer and marking notes"
_FOR_GRADERS = "Only graders see this. It is in no release and in no feedback."


def with_model_answers(notebook: Any, source: Path, config: Config) -> None:
    """Put the model answers of the author's notebook `source` under the answers in a graded notebook.

    `config` says how the course marks solutions and mark schemes. Without a source nothing is added.
    """
    if not source.is_file():
        return
    answers = _model_answers(nbformat.read(source, as_version=4), config)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cells.append(nbformat.v4.new_markdown_cell(answers[grade_id]))
    notebook.cells = cells


def _model_answers(author: Any, config: Config) -> dict[str, str]:
    """By grade_id of what a person grades: the cell that shows the model answer, as Markdown."""
    solutions, schemes = ClearSolutions(config=config), ClearMarkScheme(config=config)
    found = {}
    for cell in author.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("task"):
            begin, end = schemes.begin_mark_scheme_delimeter, schemes.end_mark_scheme_delimeter
            text = _marked(cell.source, begin, end)
        elif mark.get("grade") and mark.get("solution"):
            begin, end = solutions.begin_solution_delimeter, solutions.end_solution_delimeter
            text = _marked(cell.source, begin, end) or cell.source
        else:
            continue
        if text.strip():
            found[str(mark["grade_id"])] = _as_markdown(text.strip("\n"), cell.cell_type == "code")
    return found


def _marked(source: str, begin: str, end: str) -> str:
    """The lines between the marks."""
    lines, inside = [], False
    for line in source.split("\n"):
        if begin in line or end in line:
            inside = begin in line
        elif inside:
            lines.append(line)
    return "\n".join(lines)


def _as_markdown(text: str, is_code: bool) -> str:
    body = f"```python\n{text}\n```" if is_code else text
    # the classes are Bootstrap's, which formgrader's pages use
    head = f'<div class="alert alert-info">\n\n**{TITLE}.** {_FOR_GRADERS}'
    return f"{head}\n\n{body}\n\n</div>"
