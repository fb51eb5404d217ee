"""A student opens the released assignment in JupyterLab, answers, checks, and presses Validate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Answers, Course, Lab

WRITTEN = {"fair_word": "By both sources exports fell by more than half from 2011 to 2013."}


def _says(place: Locator) -> str:
    """The text of a place on the page, as one line: where long lines are folded does not matter here."""
    text = " ".join(place.inner_text().split())
    assert "Traceback" not in text
    assert "/autograder/" not in text
    return text


def test_check_answers_kindly_at_every_step(lab: Lab, course: Course, answers: Answers) -> None:
    # three folders down: the assignment works wherever the student puts it
    lab.open(course.hand_out("home/crisis/week 3"))
    lab.run_all()
    check = lab.output("pct_check")
    expect(check).to_contain_text("pct")
    assert _says(check).startswith("pct: pct(30, 40) gives None.")
    expect(lab.errors).to_have_count(1)

    wrong = answers.wrong["pct"][3]
    lab.answer("pct", wrong["code"])
    expect(check).to_contain_text("pct(30, 40) gives -")
    assert _says(check).endswith(wrong["hint"])

    lab.answer("pct", answers.right["pct"])
    expect(check).to_contain_text("pct: right.")
    expect(lab.errors).to_have_count(0)

    lab.answer("eia_change", answers.right["eia_change"])
    expect(lab.output("eia_change_check")).to_contain_text("eia_change: right.")


def test_validate_tells_a_student_with_no_answers_what_to_do(lab: Lab, course: Course) -> None:
    lab.open(course.hand_out("untouched"))
    said = _says(lab.validate())
    assert said.count("The following cell failed:") == 12
    assert "eia_change is still `...`. Replace the dots with your answer." in said
    assert "You did not provide a response." in said  # nbgrader's word for the written question


def test_validate_passes_a_solved_copy(lab: Lab, course: Course, answers: Answers) -> None:
    lab.open(course.hand_out("solved", answers.right | WRITTEN))
    assert "Success! Your notebook passes all the tests." in _says(lab.validate())
