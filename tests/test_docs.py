"""Every link in the documentation leads somewhere, and every command in it is one that its program takes.

Links out of the repository are not asked here: see external_links.py. Commands are run here only for the
guide to a cluster; other tests run those of the README, the walk-throughs, the class server, the gradebook.
"""

from __future__ import annotations

import ast
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from urllib.parse import unquote

import psutil
import pytest
import typed_commands
from classes import make_class
from distributed import Client
from documents import ROOT, Page, files, pages
from typed_commands import Reader, Typed, Wrong, commands

from autograder.course import Course

MARKDOWN = [path for path in pages() if path.suffix == ".md"]
#: Assignments that only one page has: of a reader's own course.
OTHERS = {Path("notebooks/guides/your_own_course.md"): {"ps1"}}
#: What a block of code may be: commands, code that is parsed here or by other tests, and text.
LANGUAGES = {"bash", "console", "python", "toml", "text", ""}


@pytest.mark.parametrize("path", pages(), ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    assert [problem for link in pages()[path].relative_links if (problem := broken(path, link))] == []


def broken(path: Path, link: str) -> str:
    """Why a link of the page at `path` leads nowhere; "" if it leads somewhere."""
    place, _, anchor = unquote(link).partition("#")
    target = (ROOT / path.parent / place).resolve() if place else ROOT / path
    if not target.is_relative_to(ROOT):
        return f"{link} leads out of the repository"
    inside = target.relative_to(ROOT)
    if inside not in files() and not any(inside in file.parents for file in files()):
        return f"{link}: there is no such file in the repository"
    if path.parts[0] == "release" and not inside.is_relative_to(path.parent):
        return f"{link} leads out of the folder that students get"
    if anchor and (inside not in MARKDOWN or anchor not in pages()[inside].anchors):
        return f"{link}: {inside} has no heading with this anchor"
    return ""


@pytest.mark.parametrize("path", pages(), ids=str)
def test_headings_are_in_order(path: Path) -> None:
    levels = pages()[path].levels
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(first, then) for first, then in pairwise(levels) if then > first + 1] == []


@pytest.mark.parametrize("path", pages(), ids=str)
def test_links_and_pictures_say_what_they_are(path: Path) -> None:
    said = pages()[path].said_of_links
    assert [words for words in said if words.lower() in ("", "here", "click here", "link", "this")] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = set[Path](), [Path("README.md")]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        places = [link.partition("#")[0] for link in pages()[page].relative_links]
        linked = {(ROOT / page.parent / place).resolve() for place in places}
        ahead += [path for path in pages() if ROOT / path in linked and path not in seen]
    assert [path for path in MARKDOWN if path not in seen] == []


def test_addresses_on_binder_open_pages_that_are_there() -> None:
    texts = [text for page in pages().values() for text in [*page.links, *(code.text for code in page.codes)]]
    opened = {found for text in texts for found in re.findall(r"[?&]urlpath=lab/tree/([^\s&]+)", text)}
    assert opened
    assert {unquote(place) for place in opened} - {str(path) for path in files()} == set()


@pytest.mark.parametrize("path", pages(), ids=str)
def test_commands_are_what_their_programs_take(path: Path) -> None:
    page, problems = pages()[path], []
    reader = Reader({*OTHERS.get(path, ())}, made=own_files(page))
    for command in commands(page):
        try:
            reader.check(command)
        except Wrong as problem:
            problems.append(f"{command}: {problem}")
    assert problems == []


def own_files(page: Page) -> set[str]:
    """Scripts that a page tells its reader to write."""
    return {code.text for code in page.codes if code.language is None and re.fullmatch(r"\w+\.py", code.text)}


@pytest.mark.parametrize("path", MARKDOWN, ids=str)
def test_blocks_of_code_say_what_they_are(path: Path) -> None:
    blocks = [code for code in pages()[path].codes if code.language is not None]
    assert {code.language for code in blocks} - LANGUAGES == set()
    for code in blocks:
        if code.language == "python":
            ast.parse(dedent(code.text))


def test_the_pages_have_commands_of_every_program() -> None:
    """So that the tests above can't pass by finding nothing."""
    found = {command.words[0] for page in pages().values() for command in commands(page)}
    assert set(typed_commands.CHECKED) - found <= {"pip"}  # it stands there with its folder
    assert sum(len(page.links) for page in pages().values()) > 200


WRONG = [
    ("autograder grade 03_oil_exports --students ann", "unrecognized arguments"),
    ("autograder marks 03_oil_exports", "invalid choice"),
    ("autograder export --to blackboard", "invalid choice"),
    ("autograder grade 03_oil", "there is no assignment 03_oil"),
    ("nbgrader generate_feedbacks 03_oil_exports", "no subcommand generate_feedbacks"),
    ("nbgrader db student enrol ann", "no subcommand enrol"),
    ("nbgrader collect --again 03_oil_exports", "no option --again"),
    ("jupyter lab notebooks/00_start.ipynb", "there is no notebooks/00_start.ipynb"),
    ("jupyter labs", "no program jupyter-labs"),
    ("python -m autograder.author.pin", "no module autograder.author.pin"),
    ("python -m pytest tests/selfstudies", "there is no tests/selfstudies"),
    ("python -m pip install -e '.[tests]'", "no extra tests"),
    ("python tests/benchmarks --quickly", "unrecognized arguments"),
    ("dask worker tcp://127.0.0.1:8786 --without-nanny", "no option --without-nanny"),
    ("cp notebooks/08_bread.ipynb notebooks/09_bread.ipynb", "there is no notebooks/08_bread.ipynb"),
    ("cd x && podman ps", "podman is neither checked nor named"),
]


@pytest.mark.parametrize(("line", "why"), WRONG)
def test_a_wrong_command_is_found(line: str, why: str) -> None:
    *before, last = [Typed(words, whole=True) for words in typed_commands.split(line)]
    for command in before:
        Reader().check(command)
    with pytest.raises(Wrong, match=re.escape(why)):
        Reader().check(last)


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("../data/no_such_table.md", "no such file"),
        ("../demo/", "no such file"),
        ("guides/faq.md#no-such-trouble", "no heading"),
        ("../../elsewhere.md", "out of the repository"),
    ],
)
def test_a_broken_link_is_found(link: str, why: str) -> None:
    assert why in broken(Path("notebooks/instructor_guide.md"), link)


# ---- the guide to a cluster --------------------------------------------------------------------------------


def test_the_guide_to_a_cluster_grades_on_this_machine_alone(repository: Course, tmp_path: Path) -> None:
    """Its first three commands, word for word but for the ports."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    typed = [c.words for c in commands(pages()[Path("notebooks/guides/cluster.md")]) if c.whole]
    scheduler, worker = [_at_port(words, port) for words in typed if words[0] == "dask"][:2]
    grade = _at_port(next(words for words in typed if words[0] == "autograder"), port)
    course, _ = make_class(repository, grade[2], tmp_path / "course", 3)
    with _running([*scheduler, "--port", str(port)]) as first, _running(worker) as second:
        with Client(f"tcp://127.0.0.1:{port}", timeout=60, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        places = {c.laddr.ip for p in (first, second) for c in p.net_connections() if c.status == "LISTEN"}
        done = subprocess.run(grade, cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "3 of 3 submissions graded" in done.stdout
    assert places == {"127.0.0.1"}


def _at_port(words: list[str], port: int) -> list[str]:
    return [word.replace(":8786", f":{port}").replace(":8787", ":0") for word in words]


@contextmanager
def _running(words: list[str]) -> Iterator[psutil.Process]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdout=quiet, stderr=quiet) as program:
        try:
            yield psutil.Process(program.pid)
        finally:
            program.kill()
