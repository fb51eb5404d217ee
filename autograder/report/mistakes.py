"""What a class got wrong: known mistakes with their hints, and answers that no hint is written for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..author.answers import FILE
from ..check import KEYS_FILE
from ..course import Course
from .collect import Answer, Exercise, Failure, Results
from .right_values import RightValues

#: So many groups of answers an exercise are shown on the page, with the lines to paste.
MOST_SHOWN = 10
_LONGEST_CODE = 2000  # characters of an answer that can be shown as an example


@dataclass(frozen=True)
class Unlike:
    """Wrong answers to one exercise that look the same and have no hint.

    `has` is what the students have, in words, or what the test said where it did not say that; `said` is
    the rest of the test's message. `held_back` says that `has` held a right value and is not shown.
    `stanza` is what the author can paste into answers.toml; "" where no answer can be shown, and for all
    but the MOST_SHOWN most frequent.
    """

    exercise: str
    has: str
    said: str
    held_back: bool
    stanza: str
    students: list[str]


def known_mistakes(results: Results) -> pd.DataFrame:
    """One row an exercise and hint: `exercise`, `hint`, `students` (how many met it) and their `share`;
    in the order of the assignment, the most frequent first."""
    met = [
        {"exercise": exercise.label, "hint": hint}
        for submission in results.submissions
        for exercise in results.exercises
        for hint in dict.fromkeys(f.hint for f in _failures(submission.answers[exercise.label]) if f.hint)
    ]
    counts = pd.DataFrame(met, columns=["exercise", "hint"]).value_counts().rename("students").reset_index()
    return _in_order(counts.assign(share=counts["students"] / len(results.submissions)), results, "hint")


def _failures(answer: Answer) -> tuple[Failure, ...]:
    return () if answer.untouched else answer.failures


def unlike_answers(course: Course, results: Results) -> list[Unlike]:
    """The wrong answers without a hint, grouped by what they have, but for those whose cell stopped with an
    error; in the order of the assignment, the most frequent first."""
    right_values = RightValues.of_file(course.release(results.assignment) / KEYS_FILE)
    answers = course.source(results.assignment) / FILE
    found: list[Unlike] = []
    for exercise in results.exercises:
        groups = _Groups(exercise, right_values, answers if answers.is_file() else None)
        for submission in results.submissions:
            answer = submission.answers[exercise.label]
            if not answer.error:
                for failure in _failures(answer):
                    if not failure.hint:
                        groups.add(submission.student, answer, failure)
        found += groups.in_order()
    return found


def stopped_answers(results: Results) -> pd.DataFrame:
    """One row an exercise and kind of error: `exercise`, `error` and how many `students` met it; in the
    order of the assignment, the most frequent first."""
    rows = [
        {"exercise": exercise.label, "error": answer.error.partition(":")[0]}
        for exercise in results.exercises
        for submission in results.submissions
        if (answer := submission.answers[exercise.label]).error
    ]
    counts = pd.DataFrame(rows, columns=["exercise", "error"]).value_counts().rename("students").reset_index()
    return _in_order(counts, results, "error")


def _in_order(rows: pd.DataFrame, results: Results, last: str) -> pd.DataFrame:
    """Rows in the order of the assignment's exercises, then by `students`, then by the column `last`."""
    labels = [exercise.label for exercise in results.exercises]
    places = rows.assign(place=rows["exercise"].map(labels.index))
    ordered = places.sort_values(["place", "students", last], ascending=[True, False, True])
    return ordered.drop(columns="place").reset_index(drop=True)


class _Groups:
    """The answers to one exercise that no hint is written for, by what they have."""

    def __init__(self, exercise: Exercise, right_values: RightValues, answers: Path | None):
        self._exercise, self._right_values, self._answers = exercise, right_values, answers
        self._students: dict[str, list[str]] = {}
        self._examples: dict[str, tuple[Answer, Failure]] = {}

    def add(self, student: str, answer: Answer, failure: Failure) -> None:
        has, _ = _told(failure)
        self._examples.setdefault(has, (answer, failure))
        students = self._students.setdefault(has, [])
        if student not in students[-1:]:
            students.append(student)

    def in_order(self) -> Iterator[Unlike]:
        groups = sorted(self._students.items(), key=lambda group: -len(group[1]))
        for place, (has, students) in enumerate(groups):
            answer, failure = self._examples[has]
            _, said = _told(failure)
            held_back, says = (self._right_values.stand_in(_check(failure), text) for text in (has, said))
            yield Unlike(
                self._exercise.label,
                "" if held_back else has,
                "" if says else said,
                held_back,
                self._stanza(answer, failure) if place < MOST_SHOWN else "",
                students,
            )

    def _stanza(self, answer: Answer, failure: Failure) -> str:
        if self._answers is None or not 0 < len(answer.code) <= _LONGEST_CODE:
            return ""
        if self._right_values.show_in_code(_check(failure), answer.code, failure.has):
            return ""
        return stanza_for(self._exercise.answer, answer.code)


def _check(failure: Failure) -> str:
    """The name of the check that failed: every message of one begins with it."""
    return failure.message.partition(":")[0]


def _told(failure: Failure) -> tuple[str, str]:
    """What the student has, in words, and what the test said of it."""
    before, there, after = failure.message.partition(failure.has) if failure.has else ("", "", "")
    if not there:
        return failure.has or failure.message, "" if not failure.has else failure.message
    call = before.partition(":")[2].strip()  # of a function: the call that gave it
    what = failure.has if call == "you have" else f"{call} {failure.has}".strip()
    return what, after.lstrip(". ")


def stanza_for(exercise: str, code: str) -> str:
    """The lines for answers.toml that make an answer a known mistake, with a hint to be written."""
    name = exercise if exercise.replace("_", "").replace("-", "").isalnum() else _quoted(exercise)
    return f'[[{name}.wrong]]\ncode = {_toml(code)}\nhint = "Say here what is wrong. Do not give the answer."'


def _toml(text: str) -> str:
    """`text` as a TOML string, in the form that a person writes where that is possible."""
    plain = all(letter.isprintable() or letter in "\n\t" for letter in text)
    return f"'''\n{text}\n'''" if plain and "'''" not in text else _quoted(text)


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def _quoted(text: str) -> str:
    """`text` as a TOML string in one line; what can't be seen in it is escaped."""
    whole = text.encode("utf-8", "replace").decode()
    letters = (_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08X}") for c in whole)
    return f'"{"".join(letters)}"'
