"""Numbers in prose come from the data.

Each lesson has a file in `figures/` that computes its figures from `data/` and writes them into the
phrases in which the lesson says them. Two tests follow from that, and neither alone is enough:

* every phrase stands in the lesson, word for word: a figure that no longer fits the data is found;
* every number in the prose stands in one of the phrases, or in `NOT_DATA` with a reason: a number
  that nobody computes is found.

Not swept: years, full dates, times, the numbers of lessons and sections, code, and numbers
written as words. Dates that come from a table are in the phrases.
"""

import re
from pathlib import Path
from types import ModuleType

import pytest
from nbformat import NotebookNode


def markdown(lesson: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")


def numbers(text: str) -> set[str]:
    """The numbers in prose, as written; see the head of this file for what is left out."""
    month = "January|February|March|April|May|June|July|August|September|October|November|December"
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)  # code
    left_out = [
        r"\]\([^)]*\)",  # the target of a link
        rf"\b\d{{1,2}} (?:{month})\b",  # a date
        r"(?<![\d,.])(?:13|19|20)\d\d(?!\d|[.,]\d)",  # a year, Iranian or not
        r"\d+ minutes",
        r"(?i:\b(?:lessons?|sections?) \d+(?:(?: and | of |, )\d+)*)",
        r"^## \d+\.",  # the number of a section
        r"^\| 0\d\b",  # the number of a lesson in the map
    ]
    # a name or a line of code in a sentence; a number between such marks stays
    text = re.sub(r"`([^`]*)`", lambda span: " " if re.search("[A-Za-z]", span[1]) else span[1], text)
    for pattern in left_out:
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"(?<![\w.,])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w)", text))


@pytest.fixture
def phrases(figures: ModuleType, data: Path) -> list[str]:
    return figures.phrases(data)


def test_every_figure_is_what_the_data_give(lesson: NotebookNode, phrases: list[str]) -> None:
    text = markdown(lesson)
    assert [phrase for phrase in phrases if phrase not in text] == []


def test_no_number_in_prose_is_without_an_origin(
    lesson: NotebookNode, figures: ModuleType, phrases: list[str]
) -> None:
    explained = figures.NOT_DATA.keys() | numbers("\n\n".join(phrases))
    found = numbers(markdown(lesson))
    assert found - explained == set()
    assert figures.NOT_DATA.keys() - found == set(), "this exception is not needed"


def test_the_sweep_sees_numbers_and_only_numbers() -> None:
    kept = numbers("It fell by 53.3 percent (-52.1), from 2,537 to 1,086.4; half is 50.")
    assert kept == {"53.3", "-52.1", "2,537", "1,086.4", "50"}
    assert numbers("## 1. On 21 June 2014, in 1390, A15, `loc[2011]`, section 4") == set()
    assert numbers("Lessons 3 and 4 take 80 minutes; see [card](../data/a1.md).") == set()
