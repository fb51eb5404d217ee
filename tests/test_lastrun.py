"""A run that is remembered: used only while no file was touched that grades follow from, or that it wrote."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from support import Exercise, course_in, hand_in

from autograder import cli, grading
from autograder.author.build import build
from autograder.course import Course
from autograder.lastrun import Graded, LastRun, recall

NAME = "a1"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course that was graded once, though in another folder."""
    made = course_in(
        tmp_path_factory.mktemp("template") / "course",
        Exercise("most", 'most = pd.read_csv("data/sales.csv")["amount"].max()', points=2),
        answers="[most]\ndecimals = 2\n",
        data={"sales.csv": "amount\n1\n2\n"},
    )
    (made.root / "late.py").write_text("")  # where a plugin for late submissions may be
    build(made, NAME)
    hand_in(made, "ann", most="most = 2")
    hand_in(made, "bob", most="most = 1")
    list(grading.grade(made, NAME, ["ann", "bob"], jobs=1))
    return made


@pytest.fixture
def course(template: Course, tmp_path: Path) -> Course:
    """The same course, whose last run is remembered."""
    made = Course(shutil.copytree(template.root, tmp_path / "course"))
    assert recall(made.root, NAME, walls=True) is None  # it is another folder
    list(grading.grade(made, NAME, ["ann", "bob"], jobs=1))
    assert recall(made.root, NAME, walls=True)
    return made


def notebook(course: Course, student: str = "bob") -> Path:
    return course.submitted(student, NAME) / f"{NAME}.ipynb"


def test_it_holds_the_results_as_long_as_nothing_changes(course: Course) -> None:
    graded = [Graded("ann", 2, 2), Graded("bob", 0, 2)]
    expected = LastRun(graded, [], f"sqlite:///{course.root}/gradebook.db", True)
    notebook(course).read_bytes()
    list(course.root.rglob("*"))
    assert recall(course.root, NAME, walls=True) == expected
    assert recall(course.root, NAME, walls=False) is None


def answer_anew_with_the_old_times(course: Course) -> None:
    path = notebook(course)
    found = path.stat()
    path.write_text(path.read_text().replace("most = 1", "most = 2"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert path.stat().st_mtime_ns == found.st_mtime_ns
    assert path.stat().st_size == found.st_size


def give_a_grade(course: Course) -> None:
    with Gradebook(course.db_url) as book:
        book.find_grade("most_check", NAME, NAME, "bob").manual_score = 1
        book.db.commit()


def set_due(course: Course) -> None:
    with Gradebook(course.db_url) as book:
        book.update_or_create_assignment(NAME, duedate="2014-06-21 10:00:00 UTC")


def append(path: Path, text: str = "\n") -> None:
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize(
    "change",
    [
        answer_anew_with_the_old_times,
        give_a_grade,
        set_due,
        lambda course: hand_in(course, "cem", most="most = 2"),
        lambda course: shutil.rmtree(course.submitted("ann", NAME)),
        lambda course: (course.submitted("ann", NAME) / "timestamp.txt").write_text(
            "2014-06-21 10:00:00 UTC"
        ),
        lambda course: shutil.rmtree(course.autograded("ann", NAME)),
        lambda course: append(course.autograded("ann", NAME) / f"{NAME}.ipynb"),
        lambda course: append(course.source(NAME) / f"{NAME}.ipynb"),
        lambda course: append(course.source(NAME) / "answers.toml"),
        lambda course: (course.source(NAME) / "helper.py").write_text(""),
        lambda course: append(course.data / "sales.csv", "3\n"),
        lambda course: append(course.root / "nbgrader_config.py"),
        lambda course: (course.root / "nbgrader_config.json").write_text("{}"),
        lambda course: append(course.root / "late.py"),
        lambda course: (course.root / "gradebook.db").unlink(),
        lambda course: shutil.rmtree(course.root / ".autograder"),
        lambda course: os.environ.__setitem__("JUPYTER_CONFIG_PATH", str(course.root)),
    ],
)
def test_every_change_counts(
    course: Course, change: Callable[[Course], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")  # set, so that it is put back in the end
    list(grading.grade(course, NAME, course.students(NAME), jobs=1))
    assert recall(course.root, NAME, walls=True)
    change(course)
    assert recall(course.root, NAME, walls=True) is None


def test_a_file_that_a_link_leads_to_counts_and_a_folder_is_never_certain(
    course: Course, tmp_path: Path
) -> None:
    (tmp_path / "sales.csv").write_text("amount\n1\n2\n")
    (course.data / "sales.csv").unlink()
    (course.data / "sales.csv").symlink_to(tmp_path / "sales.csv")
    list(grading.grade(course, NAME, ["ann", "bob"], jobs=1))
    assert recall(course.root, NAME, walls=True)
    (tmp_path / "sales.csv").write_text("amount\n1\n3\n")
    assert recall(course.root, NAME, walls=True) is None
    (course.data / "more").symlink_to(tmp_path)
    list(grading.grade(course, NAME, ["ann", "bob"], jobs=1))
    assert recall(course.root, NAME, walls=True) is None


def test_a_run_beside_another_writer_or_over_a_part_is_not_remembered(course: Course) -> None:
    hand_in(course, "cem", most="most = 2")
    list(grading.grade(course, NAME, ["cem"], jobs=1))
    assert recall(course.root, NAME, walls=True) is None
    for _ in grading.grade(course, NAME, course.students(NAME), jobs=1):
        give_a_grade(course)
    assert recall(course.root, NAME, walls=True) is None


def test_the_command_says_the_same_again(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    append(course.root / "nbgrader_config.py")
    command = ["--course", str(course.root), "grade", NAME]
    said = []
    for more in ([], [], ["--force"], ["--student", "ann"]):
        assert cli.main([*command, *more]) == 0
        said.append(capsys.readouterr().out.splitlines())
    first, again, forced, one = said
    assert first[:-1] == again[:-1] == forced[:-1] == ["ann: 2 of 2", "bob: 0 of 2"]
    assert first[-1] == f"2 of 2 submissions graded into sqlite:///{course.root}/gradebook.db."
    assert again[-1].endswith("gradebook.db: nothing has changed.")
    assert forced[-1] == first[-1]
    assert one[-1].startswith("1 of 1 submissions graded into")
