"""A class uses nbgrader's own commands, each as an account of the system: release to fetched feedback."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from classroom.server import GUIDE, Classroom, User
from support import ROOT

from autograder.author.answers import read_answers

NAME = "03_oil_exports"
WRITTEN = {"fair_word": "By both sources exports fell by **more than half** from 2011 to 2013."}
COMMENT = "A clear rule. Which other cause could there be?"

# what a student's editor does: put the answers into the cells
_WORK = """
import json, sys
path, answers = sys.argv[1], json.load(sys.stdin)
with open(path, encoding="utf-8") as file:
    notebook = json.load(file)
for cell in notebook["cells"]:
    if cell["id"] in answers:
        cell["source"] = answers[cell["id"]].strip()
with open(path, "w", encoding="utf-8") as file:
    json.dump(notebook, file)
"""

# what the formgrader does when a person types points and a comment
_MARK = """
import sys
from nbgrader.api import Gradebook
student, assignment, cell, points, comment = sys.argv[1:]
with Gradebook("sqlite:///gradebook.db") as book:
    book.find_grade(cell, assignment, assignment, student).manual_score = float(points)
    book.find_comment(cell, assignment, assignment, student).manual_comment = comment
    book.db.commit()
"""


@dataclass(frozen=True)
class Term:
    """After an assignment: `expected` scores, those that nbgrader exports, the commands that were used."""

    expected: dict[str, float]
    scores: dict[str, float]
    used: set[str]


@pytest.fixture(scope="module")
def term(classroom: Classroom) -> Term:
    """One assignment, from the release to the feedback in the students' homes."""
    maria, students = classroom.maria, (classroom.li, classroom.omar)
    used = set()

    def run(user: User, *words: str) -> None:
        used.add(" ".join(words[:2]))
        classroom.run_as(user, *words)

    def all_students(*words: str) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda student: run(student, *words), students))

    run(maria, "autograder", "doctor")
    run(maria, "nbgrader", "db", "student", "import", "students.csv")
    run(maria, "nbgrader", "generate_assignment", NAME)
    run(maria, "nbgrader", "release_assignment", NAME)
    all_students("nbgrader", "fetch_assignment", NAME)

    answers = _answers(classroom)
    for student in students:
        work = ("python", "-c", _WORK, f"{NAME}/{NAME}.ipynb")
        classroom.run_as(student, *work, data=json.dumps(answers[student.name]))
    run(classroom.li, "nbgrader", "validate", f"{NAME}/{NAME}.ipynb")
    all_students("nbgrader", "submit", NAME)

    run(maria, "nbgrader", "collect", NAME)
    run(maria, "autograder", "grade", NAME)
    classroom.run_as(maria, "python", "-c", _MARK, classroom.li.name, NAME, "fair_word", "9.5", COMMENT)
    run(maria, "nbgrader", "generate_feedback", NAME)
    run(maria, "nbgrader", "release_feedback", NAME)
    all_students("nbgrader", "fetch_feedback", NAME)
    run(maria, "nbgrader", "export")
    with (classroom.course / "grades.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}

    points = _points()
    expected = {
        classroom.li.name: sum(points.values()) + 9.5,
        classroom.omar.name: points["eia_change_check"],
    }
    return Term(expected, scores, used)


def _answers(classroom: Classroom) -> dict[str, dict[str, str]]:
    """Li has all right. Omar has one right, and in another cell tries to read the gradebook."""
    told = read_answers(ROOT / "source" / NAME / "answers.toml")
    right = {name: exercise.right[0].code for name, exercise in told.items()}
    spy = f"open({str(classroom.course / 'gradebook.db')!r}, 'rb').read()"
    omar = {"eia_change": right["eia_change"], "china": spy}
    return {classroom.li.name: right | WRITTEN, classroom.omar.name: omar}


def _points() -> dict[str, float]:
    """What each test is worth, by the author's notebook."""
    notebook = json.loads((ROOT / "source" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    marks = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    return {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade") and not mark["solution"]}


def test_the_class_is_graded(term: Term) -> None:
    assert term.scores == term.expected


def test_every_student_fetches_the_own_feedback(term: Term, classroom: Classroom) -> None:
    pages = {}
    for student in (classroom.li, classroom.omar):
        (path,) = (student.home / NAME / "feedback").glob(f"*/{NAME}.html")
        assert path.owner() == student.name
        pages[student.name] = classroom.run_as(student, "cat", path)
    assert COMMENT in pages[classroom.li.name]
    assert COMMENT not in pages[classroom.omar.name]
    assert "eia_change: right." in pages[classroom.omar.name]


def test_answers_run_behind_walls_for_an_instructor_who_is_not_root(term: Term, classroom: Classroom) -> None:
    """The cell that reads the gradebook finds none, though it runs for the user who owns it."""
    graded = classroom.course / "autograded" / classroom.omar.name / NAME / f"{NAME}.ipynb"
    assert graded.owner() == classroom.maria.name
    assert "FileNotFoundError" in graded.read_text(encoding="utf-8")


def test_the_guide_names_no_command_that_was_not_used(term: Term) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:nbgrader|autograder) (?:[a-z]+_?[a-z]+)", "\n".join(_typed(guide))))
    assert len(named) > 10
    assert named - term.used == set()


def _typed(guide: str) -> list[str]:
    """The text of a page that is to be typed: its code, in lines and in blocks."""
    return re.findall(r"```console\n(.*?)```", guide, re.DOTALL) + re.findall(r"`([^`\n]+)`", guide)


# ---- who can read what -------------------------------------------------------------------------------------


def _denied(done: subprocess.CompletedProcess[str]) -> bool:
    refusals = ("Permission denied", "Operation not permitted")
    return done.returncode != 0 and any(refusal in done.stderr for refusal in refusals)


def _private_to_maria(classroom: Classroom) -> list[Path]:
    course, li, notebook = classroom.course, classroom.li.name, f"{NAME}.ipynb"
    files = ["gradebook.db", f"source/{NAME}/{notebook}", f"source/{NAME}/answers.toml"]
    files += [f"{step}/{li}/{NAME}/{notebook}" for step in ("submitted", "autograded")]
    return [course / file for file in (*files, f"feedback/{li}/{NAME}/{NAME}.html", "grades.csv")]


def test_students_cannot_read_what_is_the_instructors(term: Term, classroom: Classroom) -> None:
    private = _private_to_maria(classroom)
    for path in private:
        assert classroom.try_as(classroom.maria, "head", "-c", "1", path).returncode == 0, path
    for student in (classroom.li, classroom.omar):
        allowed = [
            path for path in private if not _denied(classroom.try_as(student, "head", "-c", "1", path))
        ]
        assert allowed == []
        assert _denied(classroom.try_as(student, "ls", classroom.course))


def test_students_cannot_read_each_others_work_and_feedback(term: Term, classroom: Classroom) -> None:
    """Neither at home nor in the exchange, whether under way to the instructor or back."""
    shared = classroom.exchange / "reading_a_crisis"
    homes = [classroom.li.home, classroom.li.home / NAME, classroom.li.home / NAME / f"{NAME}.ipynb"]
    for place in (*homes, shared / "inbound", shared / "feedback"):
        assert place.exists()
        assert _denied(classroom.try_as(classroom.omar, "ls", place)), place
    assert len(list((shared / "inbound").glob(f"*+{NAME}+*"))) == 2
    assert len(list((shared / "feedback").glob("*.html"))) >= 2


def test_students_cannot_change_the_exchange(term: Term, classroom: Classroom) -> None:
    shared, omar = classroom.exchange / "reading_a_crisis", classroom.omar
    assert _denied(classroom.try_as(omar, "mv", shared, classroom.exchange / "mine"))
    assert _denied(classroom.try_as(omar, "rm", shared / "outbound" / NAME / f"{NAME}.ipynb"))
    assert _denied(classroom.try_as(omar, "mv", shared / "inbound", shared / "mine"))
    assert shared.owner() == classroom.maria.name


def test_nobody_but_root_reads_the_hubs_secrets(classroom: Classroom) -> None:
    for user in (classroom.maria, classroom.li):
        assert _denied(classroom.try_as(user, "ls", classroom.place / "state"))


def test_no_solution_lies_where_students_can_read(term: Term, classroom: Classroom) -> None:
    """Not in the settings, the exchange, the homes or the Python environment."""
    right = read_answers(ROOT / "source" / NAME / "answers.toml")["worst_year"].right[0].code
    line = max(right.splitlines(), key=len)
    assert classroom.try_as(classroom.maria, "grep", "-rlsF", line, classroom.course / "source").stdout
    (package,) = classroom.place.glob("python/lib/python*/site-packages/autograder")
    places = [classroom.place / name for name in ("hub", "exchange", "skeleton")]
    found = classroom.try_as(classroom.omar, "grep", "-rlsF", line, package, *places, classroom.omar.home)
    assert found.stdout == ""
