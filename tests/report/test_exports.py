"""Grades for Canvas, Moodle and a plain table, read back by the platforms' own import rules."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from report import platform_rules as rules
from support import Exercise, course_in, marked

from autograder import cli
from autograder.author.build import build
from autograder.course import Course
from autograder.errors import CourseError
from autograder.grading import grade
from autograder.report.exports import Wishes, export
from autograder.report.sheet import harmless, identifier, number

MEAN = Exercise("mean", "mean = 7 / 3", points=2)
SIZE = Exercise("size", "size = 3", points=1)
ANSWERS = "[mean]\ndecimals = 2\n\n[size]\nright = ['size = 3']\n"
EVIL = '=HYPERLINK("http://example.org","x")'


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class of six in every state that a grade can be in:

    ann: all right, the written answer graded, half a point of extra credit; bob: late; cem: a written answer
    waits; dua: nothing handed in; eli: handed in after grading; fay: nothing written.
    """
    made = course_in(tmp_path_factory.mktemp("exports") / "course", MEAN, SIZE, answers=ANSWERS)
    path = made.source("a1") / "a1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    text = "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    why = marked(nbformat.v4.new_markdown_cell(text), "why", solution=True, grade=True, points=3)
    notebook.cells.append(why)
    nbformat.write(notebook, path)
    (made.root / "nbgrader_config.py").open("a").write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    made = Course(made.root)
    build(made, "a1")
    right = {"mean": "mean = 7 / 3", "size": "size = 3"}
    hand_in(made, "ann", right | {"why": "I think so."})
    hand_in(made, "bob", right)
    hand_in(made, "cem", {"mean": "mean = 7 / 3", "why": "Perhaps."})
    hand_in(made, "fay", {"size": "size = 3"})
    (made.submitted("bob", "a1") / "timestamp.txt").write_text("2014-06-22 10:00:00 UTC")
    with Gradebook(made.db_url) as book:
        book.update_or_create_assignment("a1", duedate="2014-06-21 10:00:00 UTC")
    assert not [g.failure for g in grade(made, "a1", ["ann", "bob", "cem", "fay"], jobs=2) if g.failure]
    hand_in(made, "eli", right)
    with Gradebook(made.db_url) as book:
        known = {"ann": (EVIL, "Ann", "101"), "bob": ("Babić", "Bob", "102"), "cem": ("Çelik", "Cem", "103")}
        for student, (last, first, number_) in known.items():
            mail = f"{student}@example.org"
            book.update_or_create_student(
                student, last_name=last, first_name=first, email=mail, lms_user_id=number_
            )
        book.update_or_create_student("dua")
        written = book.find_grade("why", "a1", "a1", "ann")
        written.manual_score, written.extra_credit, written.needs_manual_grade = 2.5, 0.5, False
        book.find_comment("why", "a1", "a1", "ann").manual_comment = "=Good,\nbut short"
        book.db.commit()
    return made


def hand_in(course: Course, student: str, answers: dict[str, str]) -> None:
    folder = course.submitted(student, "a1")
    shutil.copytree(course.release("a1"), folder)
    raw = json.loads((folder / "a1.ipynb").read_text())
    for cell in raw["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    (folder / "a1.ipynb").write_text(json.dumps(raw))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# ---- the plain table ---------------------------------------------------------------------------------


def test_the_table_has_one_row_a_student_and_exercise(course: Course) -> None:
    rows = rows_of(export(course, "csv").text())
    keys = [(row["student_id"], row["exercise"]) for row in rows]
    students = ["ann", "bob", "cem", "dua", "fay", "eli"]
    assert keys == [(student, exercise) for student in students for exercise in ("mean", "size", "why")]
    by = dict(zip(keys, rows, strict=True))
    states = {student: by[student, "mean"]["state"] for student in students}
    assert states == {
        **dict.fromkeys(("ann", "bob", "fay"), "graded"),
        "cem": "to grade",
        "dua": "missing",
        "eli": "not graded",
    }
    why = by["ann", "why"]
    assert (why["auto_score"], why["manual_score"], why["extra_credit"]) == ("", "2.5", "0.5")
    assert (why["exercise_score"], why["exercise_max_score"], why["waiting"]) == ("3", "3", "no")
    assert [by["cem", e]["exercise_score"] for e in ("mean", "size", "why")] == ["2", "0", ""]
    assert by["cem", "why"]["waiting"] == "yes"
    assert (by["dua", "mean"]["exercise_score"], by["eli", "mean"]["exercise_score"]) == ("", "")
    assert {row["max_score"] for row in rows} == {"6"}


def test_the_table_agrees_with_nbgraders_own_export(course: Course, tmp_path: Path) -> None:
    from nbgrader.plugins import CsvExportPlugin

    plugin = CsvExportPlugin()
    plugin.to = str(tmp_path / "nbgrader.csv")
    with Gradebook(course.db_url) as book:
        plugin.export(book)
    names = ("raw_score", "late_submission_penalty", "score", "max_score")
    # nbgrader writes names without quotes, so that a comma in one moves the columns: count from the end
    lines = [line.split(",") for line in (tmp_path / "nbgrader.csv").read_text().splitlines()[1:]]
    theirs = {line[3]: [float(cell) for cell in line[-4:]] for line in lines}
    ours = {row["student_id"]: row for row in rows_of(export(course, "csv").text())}
    for student in ("ann", "bob", "fay"):
        assert [float(ours[student][name]) for name in names] == theirs[student]
    assert theirs["bob"] == [3, 3, 0, 6]
    assert theirs["ann"] == [6, 0, 6, 6]


def test_nothing_acts_in_a_spreadsheet(course: Course) -> None:
    for to in ("csv", "canvas", "moodle"):
        for row in export(course, to).rows:
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t", "\r")) and cell != "-"]
    assert rows_of(export(course, "csv").text())[0]["last_name"] == f"'{EVIL}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("\t=1", "'=1"),
        ("O'Neil-Şahin", "O'Neil-Şahin"),
    ],
)
def test_names_that_could_act_are_neutralised(text: str, written: str) -> None:
    assert harmless(text) == written


def test_logins_stay_as_they_are_where_they_can_do_nothing() -> None:
    for login in ("-ann", "@bob", "a+b@example.org", "00123"):
        assert identifier(login) == login
    assert identifier("=1+1") == "'=1+1"
    assert identifier("+cmd|x!A") == "'+cmd|x!A"


def test_numbers_are_written_plainly() -> None:
    assert [number(x) for x in (0.0, 2.0, 2.5, 1 / 3, 1234.5, -0.001, None, 100.0)] == [
        *("0", "2", "2.5", "0.33", "1234.5", "0", "", "100")
    ]


# ---- what is not final -------------------------------------------------------------------------------


def test_what_is_not_final_is_left_out_and_counted(course: Course) -> None:
    sheet = export(course, "canvas", ["a1"])
    assert [row[3] for row in sheet.rows[2:]] == ["ann", "bob", "fay"]
    said = "\n".join(sheet.remarks)
    assert "a1: 1 submission with 1 written answer to grade: left without a score." in said
    assert "a1: 1 submission not graded yet (eli): left without a score. Run: autograder grade a1" in said
    assert "a1: 1 student handed in nothing (dua): left without a score." in said


def test_points_so_far_and_zeros_come_only_when_asked_for(course: Course) -> None:
    sheet = export(course, "canvas", ["a1"], Wishes(partial=True, zero_missing=True))
    scores = {row[3]: row[5] for row in sheet.rows[2:]}
    assert scores == {"ann": "6", "bob": "0", "cem": "2", "dua": "0", "fay": "1"}
    moodle = export(course, "moodle", ["a1"], Wishes(partial=True))
    feedback = {row[2]: row[-1] for row in moodle.rows[1:]}
    assert feedback["cem"] == "Not final: 1 written answer to grade"


def test_an_answer_graded_again_after_a_person_is_named(course: Course, tmp_path: Path) -> None:
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    list(grade(copy, "a1", ["ann"], jobs=1))
    sheet = export(copy, "canvas")
    assert "a1: 1 answer graded again after a person had given points." in "\n".join(sheet.remarks)
    assert sheet.rows[2][5] == "6"


def test_nothing_final_is_no_file(course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    with Gradebook(copy.db_url) as book:
        for student in ("ann", "bob", "fay"):
            book.remove_student(student)
    assert cli.main(["--course", str(copy.root), "export", "--to", "canvas"]) == 1
    said = capsys.readouterr().err
    assert "There is no grade to export." in said
    assert "--partial" in said
    assert not list(copy.root.glob("grades*"))


# ---- Canvas ------------------------------------------------------------------------------------------


def canvas_course() -> rules.CanvasCourse:
    """The class in Canvas: its logins are nbgrader's ids, and bob has a grade already."""
    students = {
        101: ("s1", "ann", f"{EVIL}, Ann"),
        102: ("s2", "bob", "Babić, Bob"),
        103: ("s3", "cem", "Çelik, Cem"),
        106: ("s6", "fay", "Fay"),
    }
    return rules.CanvasCourse(students, {77: ("a1", 6.0), 78: ("Essay", 10.0)}, {(103, 77): "5"})


def test_canvas_takes_the_file(course: Course) -> None:
    canvas = canvas_course()
    canvas.load(export(course, "canvas").text())
    assert canvas.grades == {(101, 77): "6", (102, 77): "0", (106, 77): "1", (103, 77): "5"}
    assert (canvas.new_assignments, canvas.unknown_students) == ([], [])


def test_the_canvas_file_has_points_possible_and_a_title_of_choice(course: Course) -> None:
    sheet = export(course, "canvas", wishes=Wishes(columns={"a1": "Essay"}))
    assert sheet.rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Essay"]
    assert sheet.rows[1] == ["    Points Possible", "", "", "", "", "6"]
    canvas = canvas_course()
    canvas.load(sheet.text())
    assert canvas.grades[101, 78] == "6"


def test_canvas_finds_students_by_its_own_id_where_logins_differ(course: Course) -> None:
    canvas = canvas_course()
    canvas.students = {number_: ("", f"login{number_}", "Somebody") for number_ in canvas.students}
    sheet = export(course, "canvas")
    canvas.load(sheet.text())
    assert canvas.grades == {(101, 77): "6", (102, 77): "0", (103, 77): "5"}
    assert canvas.unknown_students == ["fay"]
    assert "1 student without the id that Canvas gives (fay)" in "\n".join(sheet.remarks)


@pytest.fixture
def two(course: Course, tmp_path: Path) -> Course:
    """The same class with a second assignment, for which only cem has a grade: 4 of 4."""
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    with Gradebook(copy.db_url) as book:
        book.add_assignment("a2")
        book.add_notebook("n", "a2")
        book.add_grade_cell("t", "n", "a2", max_score=4, cell_type="code")
        book.add_submission("a2", "cem")
        book.find_grade("t", "n", "a2", "cem").auto_score = 4
        book.db.commit()
    return copy


def test_a_grade_that_is_there_stays_where_none_is_exported(two: Course, roster: Path) -> None:
    sheet = export(two, "canvas")
    assert sheet.rows[1][5:] == ["6", "4"]
    assert {row[3]: row[5:] for row in sheet.rows[2:]} == {
        "ann": ["6", ""],
        "bob": ["0", ""],
        "cem": ["", "4"],
        "fay": ["1", ""],
    }
    assert "An empty cell takes away a grade that Canvas has already." in "\n".join(sheet.remarks)
    wishes = Wishes(roster=roster, columns={"a1": "Week 3", "a2": "Essay"})
    canvas = canvas_course()
    canvas.load(export(two, "canvas", wishes=wishes).text())
    kept = {(103, 77): "5", (101, 78): "7"}
    assert canvas.grades == kept | {(101, 77): "6", (102, 77): "0", (103, 78): "4"}


def test_moodle_reads_no_grade_as_no_grade(two: Course) -> None:
    moodle = moodle_course()
    moodle.items["a2"] = 4.0
    moodle.load(export(two, "moodle").text(), "Username", "username", {"a1": "a1", "a2": "a2"})
    grades = {(1, "a1"): 6.0, (2, "a1"): 0.0, (3, "a1"): None, (6, "a1"): 1.0}
    assert moodle.grades == grades | {(1, "a2"): None, (2, "a2"): None, (3, "a2"): 4.0, (6, "a2"): None}


CANVAS_FILE = """Student,ID,SIS User ID,SIS Login ID,Section,Week 3 (77),Essay (78),Current Score,Final Score
,,,,,Manual Posting,,,
    Points Possible,,,,,10,10,(read only),(read only)
"=""{evil}"", Ann",101,s1,ann@example.org,A,,7,7,7
"Babić, Bob",102,s2,bob@example.org,"A and B",,,,
"Çelik, Cem",103,s3,cem@example.org,A,5,,,
"Student, Test",999,,abc,A,,,,
""".replace("{evil}", EVIL.replace('"', '""'))


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "canvas.csv"
    path.write_text(CANVAS_FILE, encoding="utf-8-sig")
    return path


def test_a_file_exported_from_canvas_comes_back_with_grades(course: Course, roster: Path) -> None:
    sheet = export(course, "canvas", ["a1"], Wishes(roster=roster, columns={"a1": "Week 3"}))
    assert sheet.rows[0][:6] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Week 3 (77)"]
    canvas = canvas_course()
    canvas.load(sheet.text())
    assert canvas.grades == {(101, 77): "6", (102, 77): "0", (103, 77): "5"}
    assert (canvas.new_assignments, canvas.unknown_students) == ([], [])
    said = "\n".join(sheet.remarks)
    assert "a1 is worth 6 points here and 10 in Canvas." in said
    assert "no row for 1 student (fay); left out." in said


def test_a_roster_with_semicolons_and_decimal_commas_is_read(course: Course, roster: Path) -> None:
    text = CANVAS_FILE.replace(",", ";").replace("Babić;", "Babić,").replace(";5;", ";5,5;")
    roster.write_text(text, encoding="utf-8")
    wishes = Wishes(roster=roster, columns={"a1": "Week 3"}, partial=True)
    canvas = canvas_course()
    canvas.load(export(course, "canvas", ["a1"], wishes).text())
    assert canvas.grades == {(101, 77): "6", (102, 77): "0", (103, 77): "2"}


def test_a_numeric_login_is_not_taken_for_another_students_canvas_id(course: Course, tmp_path: Path) -> None:
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    with Gradebook(copy.db_url) as book:
        student = book.find_student("fay")
        student.id = "103"  # a login, and by chance cem's id in Canvas
        book.db.commit()
    (tmp_path / "canvas.csv").write_text(CANVAS_FILE, encoding="utf-8")
    wishes = Wishes(roster=tmp_path / "canvas.csv", columns={"a1": "Week 3"})
    canvas = canvas_course()
    canvas.load(export(copy, "canvas", ["a1"], wishes).text())
    assert canvas.grades[103, 77] == "5"


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        (
            CANVAS_FILE,
            {},
            r"no column for 'a1'. There are: Week 3 \(77\); Essay \(78\). Say which with: --column",
        ),
        ("Name,Points\nann,3\n", {"a1": "Points"}, "no column 'ID' and 'Section'. Give the file as"),
        ("", {}, "no column"),
    ],
)
def test_a_roster_that_does_not_fit_is_refused(
    course: Course, roster: Path, text: str, columns: dict[str, str], message: str
) -> None:
    roster.write_text(text)
    with pytest.raises(CourseError, match=message):
        export(course, "canvas", ["a1"], Wishes(roster=roster, columns=columns))


# ---- Moodle ------------------------------------------------------------------------------------------


def moodle_course() -> rules.MoodleCourse:
    fields = {
        number_: {"username": name, "email": f"{name}@example.org", "idnumber": f"m{number_}"}
        for number_, name in enumerate(["ann", "bob", "cem", "dua", "eli", "fay"], 1)
    }
    return rules.MoodleCourse(fields, {"a1": 6.0})


def test_moodle_takes_the_file(course: Course) -> None:
    sheet = export(course, "moodle")
    assert sheet.rows[0] == ["First name", "Last name", "Username", "a1", "a1 (Feedback)"]
    assert "No column 'Email address': it is not known of fay." in "\n".join(sheet.remarks)
    moodle = moodle_course()
    moodle.load(sheet.text(), "Username", "username", {"a1": "a1", "a1 (Feedback)": "feedback:a1"})
    assert moodle.grades == {(1, "a1"): 6.0, (2, "a1"): 0.0, (6, "a1"): 1.0}
    assert moodle.feedback[1, "a1"] == "why: =Good, but short"
    assert moodle.feedback[2, "a1"] == "Handed in late: 3 points less"


def test_moodle_users_are_found_by_mail_where_all_have_one(course: Course, tmp_path: Path) -> None:
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    with Gradebook(copy.db_url) as book:
        book.update_or_create_student("fay", email="fay@example.org")
    moodle = moodle_course()
    moodle.load(export(copy, "moodle").text(), "Email address", "email", {"a1": "a1"})
    assert moodle.grades == {(1, "a1"): 6.0, (2, "a1"): 0.0, (6, "a1"): 1.0}
    with Gradebook(copy.db_url) as book:
        book.update_or_create_student("fay", email="bob@example.org")
    sheet = export(copy, "moodle")
    assert "Email address" not in sheet.rows[0]
    assert "it is the same for several students" in "\n".join(sheet.remarks)


MOODLE_HEAD = ["First name", "Last name", "ID number", "Institution", "Email address"]
MOODLE_HEAD += ["Assignment: a1 (Real)", "Course total (Real)", "Last downloaded from this course"]
MOODLE_FILE = f"""{",".join(MOODLE_HEAD)}
Ann,A,m1,,ann@example.org,-,-,1402000000
Bob,Babić,m2,,bob@example.org,-,-,1402000000
Cem,Çelik,m3,,CEM@example.org,4.00,4.00,1402000000
"""


def test_a_file_exported_from_moodle_comes_back_with_grades(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "moodle.csv"
    path.write_text(MOODLE_FILE, encoding="utf-8")
    sheet = export(course, "moodle", ["a1"], Wishes(roster=path))
    column = "Assignment: a1 (Real)"
    assert sheet.rows[0] == ["First name", "Last name", "Email address", "ID number", column, "a1 (Feedback)"]
    moodle = moodle_course()
    moodle.load(sheet.text(), "ID number", "idnumber", {column: "a1"})
    assert moodle.grades == {(1, "a1"): 6.0, (2, "a1"): 0.0}
    assert "no row for 1 student (fay); left out." in "\n".join(sheet.remarks)
    partial = export(course, "moodle", ["a1"], Wishes(roster=path, partial=True))
    assert [row[3:5] for row in partial.rows[1:]] == [["m1", "6"], ["m2", "0"], ["m3", "2"]]


def test_more_than_all_points_is_said_before_moodle_refuses_it(course: Course, tmp_path: Path) -> None:
    shutil.copytree(course.root, tmp_path / "copy")
    copy = Course(tmp_path / "copy")
    with Gradebook(copy.db_url) as book:
        book.find_grade("why", "a1", "a1", "ann").extra_credit = 1
        book.db.commit()
    sheet = export(copy, "moodle")
    assert "a1: more than all points for ann (extra credit)." in "\n".join(sheet.remarks)
    with pytest.raises(rules.Refused, match="larger than the allowed grade maximum"):
        moodle_course().load(sheet.text(), "Username", "username", {"a1": "a1"})


# ---- the command -------------------------------------------------------------------------------------


def test_the_command_writes_a_file_and_says_what_is_left(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.csv"
    words = ["--course", str(course.root), "export", "a1", "--to", "canvas", "--output", str(path)]
    assert cli.main(words) == 0
    said = capsys.readouterr()
    assert said.out == f"{path}: 4 rows\n"
    assert "autograder: a1: 1 submission with 1 written answer to grade" in said.err
    assert path.read_text(encoding="utf-8") == export(course, "canvas", ["a1"]).text()
    assert cli.main([*words[:-1], "-"]) == 0
    assert capsys.readouterr().out == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["a2", "--to", "csv"], 1, "the gradebook has no assignment 'a2'. It has: a1. Grade first"),
        (["--to", "csv", "--column", "a2=x"], 1, "--column names 'a2', which is not exported."),
        (["--to", "canvas", "--column", "a1=Final Score"], 1, "Canvas takes a column named 'Final Score'"),
        (["--to", "canvas", "--roster", "/none.csv"], 1, "/none.csv: No such file or directory."),
        (
            ["--to", "csv", "--output", "/none/x.csv"],
            1,
            "/none/x.csv: No such file or directory. Name another",
        ),
        (["--to", "excel"], 2, "invalid choice: 'excel'"),
        (["--to", "csv", "--column", "x"], 2, "must be A=TITLE"),
        ([], 2, "--to"),
    ],
)
def test_bad_input_is_one_clear_line(
    course: Course, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = cli.main(["--course", str(course.root), "export", *words])
    except SystemExit as stop:
        found = int(str(stop.code))
    assert found == code
    assert message in capsys.readouterr().err


def test_a_course_without_a_gradebook_is_told_to_grade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = course_in(tmp_path / "new", MEAN)
    assert cli.main(["--course", str(course.root), "export", "--to", "csv"]) == 1
    assert "There is no gradebook" in capsys.readouterr().err
    assert not (course.root / "gradebook.db").exists()
