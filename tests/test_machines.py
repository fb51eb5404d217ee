"""Other machines: a container, a kernel without user namespaces, and one that is switched off midway."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from support import Exercise

from autograder.author.build import build
from autograder.course import Course
from autograder.sandbox import wall

PROGRAM = str(Path(sys.executable).with_name("autograder"))
EXERCISE = Exercise("mean", "mean = 7 / 3", points=2)
ANSWERS = "[mean]\ndecimals = 2\n"


@pytest.fixture
def course(make_course: Callable[..., Course]) -> Course:
    """A course in which ten students handed in, every other one right."""
    made = make_course(EXERCISE, answers=ANSWERS)
    build(made, "a1")
    for number in range(10):
        folder = made.submitted(f"s{number}", "a1")
        shutil.copytree(made.release("a1"), folder)
        path = folder / "a1.ipynb"
        raw = json.loads(path.read_text())
        raw["cells"][1]["source"] = f"mean = {7 if number % 2 else 0} / 3"
        path.write_text(json.dumps(raw))
    return made


def rows(course: Course) -> dict[str, tuple[float, int]]:
    """By student: the score, and how many submissions are recorded."""
    with Gradebook(course.db_url) as book:
        found: dict[str, tuple[float, int]] = {}
        for submission in book.assignment_submissions("a1"):
            student = submission.student.id
            found[student] = (submission.score, found.get(student, (0, 0))[1] + 1)
        return found


EXPECTED = {f"s{number}": (2.0 if number % 2 else 0.0, 1) for number in range(10)}


def test_it_grades_inside_a_container(course: Course) -> None:
    """A container: users, processes and /proc of its own, and no right to mount another /proc."""
    container = [wall.bwrap(), "--unshare-user", "--unshare-pid", "--uid", "4321", "--gid", "4321"]
    container += ["--bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    done = subprocess.run(
        [*container, PROGRAM, "grade", "a1"], cwd=course.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert rows(course) == EXPECTED


def test_where_the_kernel_forbids_namespaces_nothing_runs_unasked(course: Course) -> None:
    """The feature is really taken away: no more user namespaces below this one."""
    for command, said in (("doctor", "MISSING  sandbox"), ("grade a1", "autograder: bubblewrap can't build")):
        script = f"echo 0 > /proc/sys/user/max_user_namespaces && exec {PROGRAM} {command}"
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c", script],
            cwd=course.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        line = next(line for line in (done.stdout + done.stderr).splitlines() if said in line)
        assert "unprivileged user namespaces" in line
    assert not course.autograded("s1", "a1").exists()


def test_a_grader_killed_at_any_moment_ends_with_the_same_gradebook(course: Course) -> None:
    chance = random.Random(20140621)
    sessions, killed = set(), 0
    for _ in range(20):
        # a run that came to its end is remembered, and there would be nothing to interrupt
        shutil.rmtree(course.root / ".autograder" / "runs", ignore_errors=True)
        grader = subprocess.Popen(
            [PROGRAM, "grade", "a1"],
            cwd=course.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        sessions.add(grader.pid)
        assert grader.stdout is not None
        for _ in range(chance.randrange(len(EXPECTED))):  # so many are graded, and then a moment more
            grader.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        killed += grader.poll() is None
        grader.kill()
        grader.wait()
        grader.stdout.close()
    assert killed > 10
    done = subprocess.run([PROGRAM, "grade", "a1"], cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert rows(course) == EXPECTED
    assert [path.name for path in (course.root / "autograded").rglob(".a1*")] == []
    assert gone(sessions)


def gone(sessions: set[int]) -> bool:
    """Whether no process is left of these sessions, after a moment's grace."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        alive = subprocess.run(["ps", "-eo", "sid="], capture_output=True, text=True, check=True).stdout
        if not sessions & set(map(int, alive.split())):
            return True
        time.sleep(0.1)
    return False
