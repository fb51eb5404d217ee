"""answers.toml: what is in it, and one clear line for everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.author.answers import read_answers
from autograder.errors import CourseError

GOOD = """
[share]
decimals = 2
right = ['share = 0.76']

[[share.wrong]]
code = 'share = 57'
hint = "57 is a count."

[[share.wrong]]
code = '''
share = 76
'''
hint = "A percent."

[plot]
needs = ["title", "legend"]
mentions = { ylabel = ["barrel"] }
"""


def read(tmp_path: Path, text: str | bytes) -> dict:
    path = tmp_path / "answers.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_answers(path)


def test_it_is_read(tmp_path: Path) -> None:
    exercises = read(tmp_path, GOOD)
    share = exercises["share"]
    assert share.asked.decimals == 2
    assert [answer.code for answer in share.right] == ["share = 0.76"]
    assert [(answer.code, answer.hint) for answer in share.wrong] == [
        ("share = 57", "57 is a count."),
        ("share = 76", "A percent."),
    ]
    assert share.wrong[1].where.endswith("answers.toml, [[share.wrong]] number 2, line 10")
    assert exercises["plot"].asked.mentions == {"ylabel": ("barrel",)}


def test_no_file_is_no_answers(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "answers.toml") == {}


def test_all_exercises_with_a_mistake_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(CourseError) as caught:
        read(tmp_path, "[a]\ncolour = 1\n[b]\ndecimals = 1\n[c]\ndecimals = 99\n")
    lines = str(caught.value).splitlines()
    assert ["[a], line 2: unknown key 'colour'" in lines[0], "[c], line 6:" in lines[1]] == [True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[share]\nright = [", r"answers\.toml: .*line 2"),
        ("[share]\n\n[other]\ncolour = 1", r"\[other\], line 4: unknown key 'colour'. Known are: decimals"),
        ("[share]\ndecimals = true", r"\[share\], line 2: `decimals` must be a whole number"),
        ("[share]\nright = 'x'", "`right` must be a list of texts"),
        ("[share]\nright = [1]", "`right` must be a list of texts"),
        ("[share]\nneeds = ['colour']", "`needs` has 'colour'. Known are: title"),
        ("[share]\n\ndecimals = -1", r"\[share\], line 3: `decimals` must be from 0 to 12"),
        ("[share]\nkind = 'sentense'", "`kind` is 'sentense'. Known are: number, text"),
        ("share = 1", r"write a table \[share\]"),
        (
            "[share]\n[[share.wrong]]\ncode = 'x'",
            r"\[\[share.wrong\]\] number 1, line 2: .*`code` and `hint`",
        ),
        ("[share]\n[[share.wrong]]\ncode = 'x'\nhint = ''", "`code` and `hint` must be texts"),
        (b"[share]\nright = ['\xff']", "not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_file_exercise_and_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(CourseError, match=message) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "answers.toml") in str(caught.value)
    assert "\n" not in str(caught.value)
