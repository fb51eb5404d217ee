"""One gradebook, several graders, PostgreSQL and SQLite: the same rows, nothing lost or half recorded."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from postgres import PASSWORD, Server, running_server
from support import ROOT, Exercise, marked, notebook

from autograder import cli, doctor
from autograder.author.build import build, load_assignment, save_to_gradebook
from autograder.course import Course
from autograder.grade.judge import CellResult, NotebookResult
from autograder.grade.record import write_folder

PROGRAM = str(Path(sys.executable).with_name("autograder"))
EXERCISES = (Exercise("mean", "mean = 7 / 3", points=2), Exercise("half", "half = 1 / 2"))
ANSWERS = "[mean]\ndecimals = 2\n[half]\ndecimals = 1\n"
DUE, LATE = "2014-06-21 10:00:00 UTC", "2014-06-22 10:00:00 UTC"
RIGHT = {"mean": "mean = 7 / 3", "half": "half = 0.5", "essay": "Both sources agree."}

Handed = tuple[dict[str, str], str]  # the answers by cell, and when
CLASS: dict[str, Handed] = {
    "ann": (RIGHT, DUE),
    "bob": ({**RIGHT, "mean": "mean = 7"}, DUE),
    "cem": (RIGHT, LATE),
    "dua": ({}, ""),
    "eva": ({"half": "half = 0.5"}, LATE),
    "fay": ({**RIGHT, "half": "1 / 0"}, ""),
}
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with two assignments, handed in by the class and not graded yet."""
    root = tmp_path_factory.mktemp("template")
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    config += "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    course = Course(root)
    for name in ("a1", "a2"):
        made = notebook(*EXERCISES)
        essay = nbformat.v4.new_markdown_cell("*Write your answer here.*")
        made.cells.append(marked(essay, "essay", grade=True, solution=True, points=3.0))
        course.source(name).mkdir(parents=True)
        nbformat.write(made, course.source(name) / f"{name}.ipynb")
        (course.source(name) / "answers.toml").write_text(ANSWERS, encoding="utf-8")
        build(course, name)
        for student, handed in CLASS.items():
            hand_in(course, student, name, handed)
    return course


@pytest.fixture
def copy_course(template: Course, tmp_path: Path) -> Callable[[str], Course]:
    """Makes a copy of the course that keeps its gradebook in the database at an address."""

    def copy(db_url: str) -> Course:
        root = tmp_path / "course"
        shutil.copytree(template.root, root)
        with (root / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(f"\nc.CourseDirectory.db_url = {db_url!r}\n")
        return Course(root)

    return copy


@pytest.fixture
def new_database(server: Server, request: pytest.FixtureRequest) -> str:
    """The address of a PostgreSQL database of this test's own, still empty."""
    return server.create(request.node.originalname)


@pytest.fixture(scope="module")
def alone(template: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, dict[str, list[Row]]]:
    """What one grader alone has written into SQLite: the course, and the rows while nothing was due ("nothing
    due") and at the end ("late")."""
    root = tmp_path_factory.mktemp("alone") / "course"
    shutil.copytree(template.root, root)
    course = Course(root)
    grade(course, "a1")
    grade(course, "a2")
    found = {"nothing due": rows(course)}
    set_due(course)
    grade(course, "a1")
    return course, {**found, "late": rows(course)}


@pytest.fixture(scope="module")
def expected(alone: tuple[Course, dict[str, list[Row]]]) -> dict[str, list[Row]]:
    """The rows that every other way of grading must give."""
    _, found = alone
    return found


def hand_in(course: Course, student: str, name: str, handed: Handed) -> None:
    answers, when = handed
    folder = course.submitted(student, name)
    shutil.copytree(course.release(name), folder, dirs_exist_ok=True)
    path = folder / f"{name}.ipynb"
    raw = json.loads(path.read_text(encoding="utf-8"))
    for cell in raw["cells"]:
        cell["source"] = answers.get(cell["metadata"]["nbgrader"]["grade_id"], cell["source"])
    path.write_text(json.dumps(raw), encoding="utf-8")
    if when:
        (folder / "timestamp.txt").write_text(when, encoding="utf-8")


def set_due(course: Course) -> None:
    with open_book(course) as book:
        book.update_or_create_assignment("a1", duedate=DUE)


def open_book(course: Course) -> Gradebook:
    return Gradebook(course.db_url, course.directory().course_id)


def grade(course: Course, *words: str) -> None:
    assert cli.main(["--course", str(course.root), "grade", *words, "--jobs", "1"]) == 0


def start_grader(course: Course, *words: str) -> subprocess.Popen[str]:
    command = [PROGRAM, "grade", *words, "--jobs", "1"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=course.root, stdout=pipe, stderr=pipe, text=True)


def finish(graders: list[subprocess.Popen[str]]) -> None:
    """Wait for graders that must all end well, with nothing to say of errors."""
    said = [grader.communicate() for grader in graders]
    assert [(grader.returncode, errors) for grader, (_, errors) in zip(graders, said, strict=True)] == [
        (0, "")
    ] * len(graders)


def rows(course: Course) -> list[Row]:
    """All that the gradebook holds of submissions, without ids that are made by chance."""
    found: list[Row] = []
    with open_book(course) as book:
        for assignment in book.assignments:
            for sheet in assignment.notebooks:
                found += [(assignment.name, sheet.name, c.name, c.max_score) for c in sheet.grade_cells]
            for submission in assignment.submissions:
                key = (assignment.name, submission.student_id)
                found.append((*key, submission.timestamp, submission.total_seconds_late, submission.score))
                for sheet in submission.notebooks:
                    penalty, waiting = sheet.late_submission_penalty, sheet.needs_manual_grade
                    found.append((*key, sheet.name, sheet.score, penalty, waiting))
                    for cell in sheet.grades:
                        scores = (cell.auto_score, cell.manual_score, cell.extra_credit, cell.score)
                        found.append((*key, cell.name, *scores, cell.max_score, cell.needs_manual_grade))
                    for comment in sheet.comments:
                        found.append((*key, comment.name, comment.auto_comment, comment.manual_comment))
        found += [("student", student.id) for student in book.students]
    return sorted(found, key=repr)


def nbgrader(course: Course, *words: str) -> None:
    program = Path(sys.executable).with_name("nbgrader")
    done = subprocess.run([program, *words], cwd=course.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


# ---- the same gradebook ------------------------------------------------------------------------------


def test_the_class_has_all_that_is_to_be_compared(expected: dict[str, list[Row]]) -> None:
    late = expected["late"]
    assert ("a1", "bob", "mean_check", 0.0, None, None, 0.0, 2.0, False) in late
    assert ("a1", "ann", "essay", None, None, None, 0.0, 3.0, True) in late
    assert ("a1", "cem", "a1", 3.0, 3.0, True) in late
    assert ("a1", "dua", "essay", "No response.", None) in late
    assert ("a1", "cem", "a1", 3.0, None, True) in expected["nothing due"]
    assert len(late) == len(set(late)) == 2 * len(CLASS) * (2 + 3 + 3) + 2 * 3 + len(CLASS)


def test_postgresql_holds_the_same_and_nbgraders_commands_read_it(
    copy_course: Callable[[str], Course], new_database: str, server: Server, expected: dict[str, list[Row]]
) -> None:
    course = copy_course(new_database)
    set_due(course)  # nbgrader itself makes the tables
    grade(course, "a1")
    grade(course, "a2")
    assert rows(course) == expected["late"]

    nbgrader(course, "autograde", "a1", "--student=cem", "--force")
    assert rows(course) == expected["late"]
    nbgrader(course, "export")
    with (course.root / "grades.csv").open(encoding="utf-8") as file:
        lines = {(row["assignment"], row["student_id"]): row for row in csv.DictReader(file)}
    assert {float(lines["a2", student]["raw_score"]) for student in ("ann", "cem")} == {3.0}
    assert float(lines["a1", "cem"]["late_submission_penalty"]) == 3.0
    nbgrader(course, "generate_feedback", "a1", "--student=bob")
    assert (course.feedback("bob", "a1") / "a1.html").is_file()
    nbgrader(course, "db", "upgrade")
    assert rows(course) == expected["late"]

    api = NbGraderAPI(course.directory())  # what the formgrader's pages ask
    waiting = {row["student"]: row["needs_manual_grade"] for row in api.get_submissions("a1")}
    assert waiting == {student: student not in ("dua", "eva") for student in CLASS}
    assert {row["id"]: row["score"] for row in api.get_students()}["ann"] == 6.0
    assert len(api.get_notebook_submissions("a1", "a1")) == len(CLASS)


def test_what_a_person_gave_stays(copy_course: Callable[[str], Course], new_database: str) -> None:
    course = copy_course(new_database)
    grade(course, "a1", "--student", "ann")
    with open_book(course) as book:
        for name, points in (("essay", 2.5), ("mean_check", 1.5)):
            cell = book.find_grade(name, "a1", "a1", "ann")
            cell.manual_score, cell.extra_credit, cell.needs_manual_grade = points, 0.5, False
        book.find_comment("essay", "a1", "a1", "ann").manual_comment = "Which two sources?"
        book.db.commit()
    hand_in(course, "ann", "a1", ({**RIGHT, "mean": "mean = 7"}, LATE))
    grade(course, "a1", "--student", "ann")
    found = rows(course)
    assert ("a1", "ann", "essay", None, 2.5, 0.5, 3.0, 3.0, True) in found
    assert ("a1", "ann", "mean_check", 0.0, 1.5, 0.5, 2.0, 2.0, True) in found
    assert ("a1", "ann", "essay", None, "Which two sources?") in found


def test_a_gradebook_moves_as_the_guide_says(
    alone: tuple[Course, dict[str, list[Row]]],
    copy_course: Callable[[str], Course],
    new_database: str,
    tmp_path: Path,
) -> None:
    """From SQLite to PostgreSQL, and back."""
    course, found = alone
    back = f"sqlite:///{tmp_path}/back.db"
    for old, new in ((course.db_url, new_database), (new_database, back)):
        script = script_of_the_guide().replace("sqlite:///gradebook.db", old)
        script = script.replace("postgresql+psycopg://maria@localhost/gradebook", new)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    moved = copy_course(new_database)
    assert rows(moved) == found["late"]
    grade(moved, "a1")
    assert rows(moved) == found["late"]
    (moved.root / "nbgrader_config.py").write_text(f"c.CourseDirectory.db_url = {back!r}", encoding="utf-8")
    assert rows(Course(moved.root)) == found["late"]


def script_of_the_guide() -> str:
    guide = (ROOT / "notebooks" / "guides" / "gradebook.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^   ```python\n(   from .*?)^   ```", guide, re.MULTILINE | re.DOTALL)
    return dedent(script)


# ---- several graders at once -------------------------------------------------------------------------


def test_graders_that_begin_at_once_with_an_empty_sqlite(
    copy_course: Callable[[str], Course], tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    """Two grade the same assignment, one another. No table is there yet, no assignment, no student."""
    course = copy_course(f"sqlite:///{tmp_path}/gradebook.db")
    finish([start_grader(course, name) for name in ("a1", "a1", "a2")])
    assert rows(course) == expected["nothing due"]
    assert len(list(course.root.glob("autograded/*/*/*.ipynb"))) == 2 * len(CLASS)
    assert not list(course.root.glob("autograded/*/.*"))


BEFORE_TABLES = """
CREATE FUNCTION wait_here() RETURNS event_trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(42); END';
CREATE EVENT TRIGGER wait_here ON ddl_command_start EXECUTE FUNCTION wait_here();
"""


def test_graders_that_begin_at_once_with_an_empty_postgresql(
    copy_course: Callable[[str], Course], new_database: str, server: Server, expected: dict[str, list[Row]]
) -> None:
    """All of them have found no tables before the first one makes them."""
    import psycopg

    course = copy_course(new_database)
    server.ask(BEFORE_TABLES, new_database.rpartition("/")[2])
    with psycopg.connect(new_database.replace("+psycopg", "")) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(42)")
        graders = [start_grader(course, name) for name in ("a1", "a1", "a2")]
        wait_until(lambda: server.waiting() == 3, graders)
    finish(graders)
    assert rows(course) == expected["nothing due"]


def test_graders_that_write_the_same_students_at_the_same_moment(
    copy_course: Callable[[str], Course], new_database: str, server: Server, expected: dict[str, list[Row]]
) -> None:
    import psycopg

    course = copy_course(new_database)
    for name in ("a1", "a2"):
        save_to_gradebook(course, name)
    address = new_database.replace("+psycopg", "")
    with psycopg.connect(address) as holder:
        holder.execute("LOCK TABLE student IN EXCLUSIVE MODE")  # it can be read, not written
        graders = [start_grader(course, name) for name in ("a1", "a1", "a2")]
        wait_until(lambda: server.waiting() == 3, graders)
    finish(graders)
    assert rows(course) == expected["nothing due"]


def test_graders_wait_while_another_program_writes_into_sqlite(
    copy_course: Callable[[str], Course], tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    course = copy_course(f"sqlite:///{tmp_path}/gradebook.db")
    for name in ("a1", "a2"):
        save_to_gradebook(course, name)
    holder = sqlite3.connect(tmp_path / "gradebook.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    graders = [start_grader(course, name) for name in ("a1", "a1", "a2")]
    for grader in graders:
        assert grader.stdout is not None
        grader.stdout.readline()
    time.sleep(6)  # longer than the five seconds that Python waits by itself for SQLite
    holder.close()
    finish(graders)
    assert rows(course) == expected["nothing due"]


def test_graders_that_write_the_same_folder(template: Course, tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(template.root, root)
    course = Course(root)
    with load_assignment(course, "a1") as assignment, ThreadPoolExecutor(4) as graders:
        (author,) = assignment.notebooks
        cells = [CellResult(cell.grade_id, cell.released) for cell in author.cells]
        result = NotebookResult("a1", cells, [])
        for written in [
            graders.submit(write_folder, course, assignment, "ann", [result]) for _ in range(100)
        ]:
            written.result()
    assert [path.name for path in course.autograded("ann", "a1").parent.iterdir()] == ["a1"]


def wait_until(done: Callable[[], bool], graders: list[subprocess.Popen[str]]) -> None:
    """Wait for something that these graders must come to before they end."""
    end = time.monotonic() + 120
    while not done():
        ended = [grader.communicate() for grader in graders if grader.poll() is not None]
        if ended or time.monotonic() > end:
            for grader in graders:
                grader.kill()
            pytest.fail(f"they never came to it: {ended}")
        time.sleep(0.1)


# ---- a server that stops -----------------------------------------------------------------------------

STAND_STILL = """
CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
CREATE TRIGGER stand_still BEFORE INSERT OR UPDATE ON grade
    FOR EACH ROW WHEN (NEW.auto_score = 2) EXECUTE FUNCTION stand_still();
"""


def test_a_server_that_stops_in_the_middle_loses_nothing(
    copy_course: Callable[[str], Course],
    new_database: str,
    server: Server,
    expected: dict[str, list[Row]],
) -> None:
    course = copy_course(new_database)
    save_to_gradebook(course, "a2")
    grade(course, "a1", "--student", "ann")
    before = rows(course)
    name = new_database.rpartition("/")[2]
    server.ask(STAND_STILL, name)
    grader = start_grader(course, "a1")
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    wait_until(lambda: server.ask(sleeping) == [(1,)], [grader])
    with server.stopped():
        _, errors = grader.communicate()
    assert grader.returncode == 1
    assert_one_clear_line(errors)
    assert "Nothing is half recorded" in errors

    server.ask("DROP FUNCTION stand_still CASCADE", name)
    assert rows(course) == before
    grade(course, "a1")
    grade(course, "a2")
    assert rows(course) == expected["nothing due"]


def test_a_server_that_does_not_run(
    copy_course: Callable[[str], Course], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    course = copy_course(server.url("nobody_made_this"))
    assert cli.main(["--course", str(course.root), "grade", "a1", "--jobs", "1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert_one_clear_line(said.err)
    assert 'database "nobody_made_this" does not exist' in said.err


def assert_one_clear_line(said: str) -> None:
    assert said.startswith("autograder: The gradebook")
    assert said.count("\n") == 1
    assert PASSWORD not in said


def test_no_password_is_printed(
    copy_course: Callable[[str], Course], new_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    course = copy_course(new_database)
    grade(course, "a1", "--student", "ann")
    said = capsys.readouterr()
    assert "1 of 1 submissions graded into postgresql+psycopg://teacher:***@127.0.0.1" in said.out
    assert PASSWORD not in said.out + said.err


# ---- autograder doctor -------------------------------------------------------------------------------


def database_of(course: Course) -> tuple[bool, str]:
    """Whether the doctor finds the course's database good, and what is said of it."""
    (found,) = [finding for finding in doctor.examine(course) if finding.name == "database"]
    assert PASSWORD not in found.text
    return found.good, found.text


def test_doctor_says_which_postgresql_and_what_to_do(
    copy_course: Callable[[str], Course],
    new_database: str,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "_sandbox", lambda: "")  # the others are looked at in test_cli.py
    shown = new_database.replace(PASSWORD, "***")
    course = copy_course(new_database)
    good, text = database_of(course)
    assert good
    assert re.fullmatch(re.escape(shown) + r": PostgreSQL [\d.]+, empty; grading fills it", text)
    set_due(course)
    assert database_of(course)[1].endswith("assignments: 1, submissions: 0")
    server.ask("UPDATE alembic_version SET version_num = 'old'", new_database.rpartition("/")[2])
    good, text = database_of(course)
    assert not good
    assert "run `nbgrader db upgrade`" in text
    with server.stopped():
        good, text = database_of(course)
    assert not good
    assert text.startswith(f"{shown} can't be used: ")
    assert "See that the database server runs" in text


@pytest.mark.parametrize(
    ("part", "instead", "remedy"),
    [
        ("/test_doctor", "/not_test_doctor", "Make the database: `createdb --owner=USER DATABASE`."),
        (PASSWORD, f"{PASSWORD}er", "Set the user and the password in c.CourseDirectory.db_url"),
        (f":{PASSWORD}@", f":a@{PASSWORD}@", "%40 for @"),
        ("postgresql+psycopg", "postgres", "the address begins with postgresql+psycopg://."),
        ("psycopg", "psycopg9", "the address begins with postgresql+psycopg://."),
        ("psycopg:", "pg8000:", 'python -m pip install "psycopg[binary]"'),
        (
            f"teacher:{PASSWORD}",
            "guest:guest",
            "Let its administrator run `ALTER DATABASE test_doctor_knows_the_remedy",
        ),
    ],
)
def test_doctor_knows_the_remedy(
    part: str,
    instead: str,
    remedy: str,
    copy_course: Callable[[str], Course],
    new_database: str,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`part` of a good address is replaced."""
    monkeypatch.setattr(doctor, "_sandbox", lambda: "")
    if "guest" in instead:
        server.ask("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    assert part in new_database
    good, text = database_of(copy_course(new_database.replace(part, instead, 1)))
    assert not good
    assert remedy in text
