"""The form of a lesson, as CONTRIBUTING.md and the conventions ask for it."""

import ast
import csv
import re
import statistics
from itertools import pairwise
from pathlib import Path

from nbformat import NotebookNode

KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
STEPS = ["**Predict.**", "**Run.**", "**What do you see?**", "**Your turn.**", "Check</summary>"]


def code_cells(lesson: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def markdown(lesson: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")


def headings(lesson: NotebookNode) -> list[tuple[int, str]]:
    """Level and text of each heading; a line of a code block is none."""
    prose = re.sub(r"```.*?```", "", markdown(lesson), flags=re.DOTALL)
    found = re.findall(r"^(#+) (.+)$", prose, flags=re.MULTILINE)
    return [(len(marks), text) for marks, text in found]


def sections(lesson: NotebookNode) -> list[tuple[int, str]]:
    """Number and text of each numbered section."""
    found = re.split(r"^## (\d+)\. ", markdown(lesson), flags=re.MULTILINE)[1:]
    return [(int(n), re.split(r"^## ", text, flags=re.MULTILINE)[0]) for n, text in pairs(found)]


def pairs(values: list[str]) -> list[tuple[str, str]]:
    return list(zip(values[::2], values[1::2], strict=True))


def test_metadata_is_minimal(lesson: NotebookNode, lesson_path: Path) -> None:
    assert (lesson.nbformat, lesson.nbformat_minor) == (4, 5)
    assert lesson.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert all(cell.metadata == {} for cell in lesson.cells), "cell metadata is noise in a diff"
    assert lesson_path.stat().st_size < 600_000, "pictures too large: lower the dpi"


def test_cell_ids_are_words_and_unique(lesson: NotebookNode) -> None:
    ids = [cell.id for cell in lesson.cells]
    assert len(set(ids)) == len(ids)
    assert [i for i in ids if not re.fullmatch(r"[a-z]+(-[a-z]+)*", i)] == []


def test_kept_from_a_clean_run(lesson: NotebookNode) -> None:
    cells = code_cells(lesson)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", f"cell {cell.id} keeps an error"
            assert output.get("name") != "stderr", f"cell {cell.id} keeps a warning"


def test_first_cell_is_the_question_and_the_plan(lesson: NotebookNode) -> None:
    first = lesson.cells[0].source
    assert re.match(r"# .+\?\n", first), "the title is a question"
    assert [text for level, text in headings(lesson) if level == 1] == [first.split("\n")[0][2:]]
    assert "**You will be able to**" in first
    assert 3 <= len(re.findall(r"^\* ", first, flags=re.MULTILINE)) <= 5
    assert "data skill" in first
    assert "source skill" in first
    rows = re.findall(r"^\| ([A-Z][a-z ]+) \|", first, flags=re.MULTILINE)
    assert rows == ["What", "Time", "You need", "Data", "Libraries"]


def test_second_cell_loads_everything(lesson: NotebookNode) -> None:
    second = lesson.cells[1]
    assert second.cell_type == "code"
    assert 'plt.style.use("tableau-colorblind10")' in second.source
    assert second.outputs[0].text.startswith("I can see the data")
    for cell in code_cells(lesson)[1:]:
        assert "import " not in cell.source, f"cell {cell.id} imports: move it to the second cell"


def test_headings_are_in_order(lesson: NotebookNode) -> None:
    levels = [level for level, _ in headings(lesson)]
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    numbers = [number for number, _ in sections(lesson)]
    assert numbers, "no numbered section"
    assert numbers == list(range(1, len(numbers) + 1))


def test_each_section_has_its_steps_in_order(lesson: NotebookNode) -> None:
    for number, text in sections(lesson):
        assert text.split("\n")[0].endswith("?"), f"the title of section {number} is a question"
        places = [text.find(step) for step in STEPS]
        assert -1 not in places, f"section {number} lacks {STEPS[places.index(-1)]}"
        assert places == sorted(places), f"section {number} has its steps in another order"


def test_code_cells_are_short_and_show_something(lesson: NotebookNode) -> None:
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(lesson)}
    assert [name for name, length in lengths.items() if length > 12] == []
    assert statistics.median(lengths.values()) <= 3
    for cell in code_cells(lesson):
        last = ast.parse(cell.source).body[-1]
        assert isinstance(last, ast.Expr), f"the last line of cell {cell.id} shows nothing"


def test_charts_have_title_axis_source_and_words(lesson: NotebookNode) -> None:
    functions = {
        statement.name: cell.source
        for cell in code_cells(lesson)
        for statement in ast.parse(cell.source).body
        if isinstance(statement, ast.FunctionDef)
    }
    for cell, after in pairwise(lesson.cells):
        if not any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            continue
        drawn_by = cell.source + "".join(functions[f] for f in functions if f in cell.source)
        for part in ("title", "xlabel", "Source:"):
            assert part in drawn_by, f"the chart of cell {cell.id} has no {part}"
        assert after.source.startswith("**Figure in words.** "), f"no words after cell {cell.id}"


def test_lesson_opens_with_recall_and_ends_with_a_recap(lesson: NotebookNode, lesson_path: Path) -> None:
    if int(lesson_path.stem[:2]) >= 2:
        assert lesson.cells[2].source.count("<details>") == 3, "three recall questions"
    last = lesson.cells[-1].source
    for part in ("## In this lesson you", "**An open question.**", "Restart Kernel and Run All"):
        assert part in last


def test_details_are_closed_and_markdown_in_them_is_rendered(lesson: NotebookNode) -> None:
    for cell in lesson.cells:
        opened = cell.source.count("<details><summary>")
        assert opened == cell.source.count("</summary>\n\n"), f"blank line missing in {cell.id}"
        assert opened == cell.source.count("\n\n</details>"), f"<details> open in {cell.id}"


def test_standpoints_are_worded_as_in_the_list_of_sources(lesson: NotebookNode, data: Path) -> None:
    with (data / "sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["standpoint"] for row in csv.DictReader(file)}
    for table in re.findall(r"(?:^\|.*\|$\n?)+", markdown(lesson), flags=re.MULTILINE):
        rows = [[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()]
        if "Standpoint" in rows[0]:
            column = rows[0].index("Standpoint")
            assert [row[column] for row in rows[2:] if row[column] not in known] == []


def test_what_came_later_waits_for_lesson_six(lesson: NotebookNode, lesson_path: Path) -> None:
    if lesson_path.stem < "06":
        assert "status_2016" not in lesson_path.read_text(encoding="utf-8")
