"""What stands in the folder of a submission: names, encodings, sizes, links, pipes, time stamps."""

from __future__ import annotations

import gzip
import json
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_corpus import ALL, NAME, RIGHT, TRACE, WRONG, Case, Hand, cell_of, code_cell, edited

KIND = "files"


def _recoded(encoding: str) -> Callable[[Hand], object]:
    raw_text = {**RIGHT, "total": RIGHT["total"] + "  # é"}
    return lambda hand: hand.path.write_text(_text(hand.notebook(raw_text)), encoding=encoding)


def _text(raw: Any) -> str:
    return json.dumps(raw, ensure_ascii=False)


def _named(name: str, answers: dict[str, str] = RIGHT) -> Callable[[Hand], object]:
    return lambda hand: (hand.folder / name).write_text(_text(hand.notebook(answers)), encoding="utf-8")


def _bytes(content: bytes) -> Callable[[Hand], object]:
    return lambda hand: hand.path.write_bytes(content)


def _crlf(hand: Hand) -> None:
    answers = {name: text.replace("\n", "\r\n") for name, text in RIGHT.items()}
    text = json.dumps(hand.notebook(answers), indent=1)
    hand.path.write_bytes(text.replace("\n", "\r\n").encode())


def _cut_off(hand: Hand) -> None:
    text = _text(hand.notebook())
    hand.path.write_text(text[: len(text) * 2 // 3], encoding="utf-8")


def _comma(hand: Hand) -> None:
    hand.path.write_text(_text(hand.notebook())[:-1] + ",}", encoding="utf-8")


def _zipped(hand: Hand) -> None:
    hand.path.write_bytes(gzip.compress(_text(hand.notebook()).encode()))


def _link(place: Callable[[Hand], Path]) -> Callable[[Hand], object]:
    return lambda hand: hand.path.symlink_to(place(hand))


def _linked_folder(place: Callable[[Hand], Path]) -> Callable[[Hand], object]:
    def hand_in(hand: Hand) -> None:
        hand.folder.rmdir()
        hand.folder.symlink_to(place(hand))

    return hand_in


def _linked_student(hand: Hand) -> None:
    hand.folder.rmdir()
    hand.folder.parent.rmdir()
    hand.folder.parent.symlink_to(hand.root / "submitted" / "honest-1")


def _socket(hand: Hand) -> None:
    made = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(hand.folder)  # the names of sockets may not be long
    try:
        made.bind(hand.path.name)
    finally:
        os.chdir(here)
        made.close()


def _device(hand: Hand) -> None:
    """/dev/zero in the notebook's place, where this user may make one; else the link to it."""
    try:
        os.mknod(hand.path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        hand.path.symlink_to("/dev/zero")


def _heavy(megabytes: int) -> Callable[[Hand], object]:
    picture = {"image/png": "A" * (megabytes << 20)}
    output = {"output_type": "display_data", "data": picture, "metadata": {}}
    return edited(lambda raw: cell_of(raw, "total").update(outputs=[output]))


def _sparse(hand: Hand) -> None:
    hand.write(hand.notebook())
    os.truncate(hand.path, 5 << 30)


def _many_cells(cell: Callable[[int], dict[str, Any]], count: int) -> Callable[[Hand], object]:
    def change(raw: dict[str, Any]) -> None:
        raw["cells"] = [raw["cells"][0], *(cell(n) for n in range(count)), *raw["cells"][1:]]

    return edited(change)


def _note(number: int) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": f"note {number}"}


def _long_line(raw: dict[str, Any]) -> None:
    raw["cells"].insert(1, code_cell("# " + "x" * (1 << 20)))
    raw["cells"].insert(1, {**_note(1), "source": "x" * (1 << 20)})


def _beside(files: dict[str, str]) -> Callable[[Hand], object]:
    """Wrong answers, and beside them files that would help, were they read."""

    def hand_in(hand: Hand) -> None:
        hand.write(hand.notebook(WRONG))
        for name, text in files.items():
            place = hand.folder / name
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8")

    return hand_in


_EQUAL = "class Equal:\n    def __eq__(self, other): return True\n"


def _odd_names(hand: Hand) -> None:
    hand.write(hand.notebook())
    for name in (
        "..\\..\\x.ipynb.txt",
        "two\nlines",
        "\x1b[31mred",
        "-rf",
        "x" * 255,
        "a'; drop table x",
        "~",
    ):
        (hand.folder / name).write_text("x")
    os.close(os.open(os.fsencode(hand.folder) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY))


def _many_files(hand: Hand) -> None:
    hand.write(hand.notebook())
    deep = hand.folder
    for number in range(2000):
        (hand.folder / f"{number}.txt").touch()
    for _ in range(200):
        deep = deep / "d"
        deep.mkdir()


def _checkpoint(with_notebook: bool) -> Callable[[Hand], object]:
    def hand_in(hand: Hand) -> None:
        old = hand.folder / ".ipynb_checkpoints" / f"{NAME}-checkpoint.ipynb"
        old.parent.mkdir()
        old.write_text(_text(hand.notebook(WRONG if with_notebook else RIGHT)))
        if with_notebook:
            hand.write(hand.notebook())

    return hand_in


def _unreadable(hand: Hand) -> None:
    hand.write(hand.notebook())
    hand.path.chmod(0)


def _stamped(stamp: Callable[[Path], object]) -> Callable[[Hand], object]:
    def hand_in(hand: Hand) -> None:
        hand.write(hand.notebook())
        stamp(hand.folder / "timestamp.txt")

    return hand_in


def _pipe_with_odd_name(hand: Hand) -> None:
    os.mkfifo(os.fsencode(hand.folder) + b"/" + NAME.encode() + b"\xff.ipynb")


def _two_more(hand: Hand) -> None:
    hand.write(hand.notebook())
    for name in ("A1.ipynb", f"{NAME}-Copy1.ipynb", "other.ipynb"):
        (hand.folder / name).write_text(_text(hand.notebook(WRONG)))


def _strangers(hand: Hand) -> None:
    for name in ("mine.ipynb", "other.ipynb"):
        (hand.folder / name).write_text(_text(hand.notebook()))


_SOURCE = Path("source") / NAME / f"{NAME}.ipynb"
_MAY_READ_ALL = os.geteuid() == 0

#: Read charitably, or not needed: full points.
_FULL: dict[str, Callable[[Hand], object]] = {
    "byte-order-mark": _recoded("utf-8-sig"),
    "utf-16": _recoded("utf-16"),
    "latin-1": _recoded("latin-1"),
    "crlf": _crlf,
    "upper-case": _named(f"{NAME.upper()}.IPYNB"),
    "copy-name": _named(f"{NAME} (1).ipynb"),
    "own-name": _named("Meine Hausaufgabe – fertig.ipynb"),
    "more-notebooks": _two_more,
    "odd-names": _odd_names,
    "many-files": _many_files,
    "checkpoint": _checkpoint(with_notebook=True),
    "10-mb": _heavy(10),
    "40-mb": _heavy(40),
    "20000-notes": _many_cells(_note, 20_000),
    "2000-cells": _many_cells(lambda n: code_cell(f"pass  # {n}"), 2_000),
    "long-line": edited(_long_line),
    "nan-in-json": edited(lambda raw: raw["metadata"].update(score=float("nan"), more=float("inf"))),
    "big-number": edited(lambda raw: raw["metadata"].update(more=10**400)),
    "stamp-good": _stamped(lambda path: path.write_text("2014-06-21 12:00:00.000000 UTC")),
    "stamp-words": _stamped(lambda path: path.write_text("yesterday, I think")),
    "stamp-empty": _stamped(lambda path: path.write_bytes(b"")),
    "stamp-bytes": _stamped(lambda path: path.write_bytes(b"\xff\xfe\x00\xd8")),
    "stamp-long": _stamped(lambda path: path.write_text("9" * 3_000_000)),
    "stamp-year": _stamped(lambda path: path.write_text("99999-01-01 00:00:00 UTC")),
    "stamp-zone": _stamped(lambda path: path.write_text("0001-01-01 00:00:00 +23:59")),
    "stamp-folder": _stamped(lambda path: path.mkdir()),
    "stamp-link": _stamped(lambda path: path.symlink_to("/etc/passwd")),
    "stamp-pipe": _stamped(lambda path: os.mkfifo(path)),
}
#: Not readable, or not to be read: no points.
_EMPTY: dict[str, Callable[[Hand], object]] = {
    "missing": lambda hand: (hand.folder / f"{NAME}.py").write_text(RIGHT["total"]),
    "empty-folder": lambda hand: None,
    "empty-file": _bytes(b""),
    "cut-off": _cut_off,
    "extra-comma": _comma,
    "gzip": _zipped,
    "nested": _bytes(b'{"cells":' * 200_000),
    "nested-lists": _bytes(b"[" * 3_000_000),
    "a-number": _bytes(b"7"),
    "huge-number": _bytes(b"1" * 100_000),
    "cells-number": _bytes(b'{"cells": 7}'),
    "sheets-odd": _bytes(b'{"worksheets": [{"cells": 7}, 5, {"cells": [[], 5]}]}'),
    "no-cells": edited(lambda raw: raw.update(cells=[])),
    "two-strangers": _strangers,
    "only-checkpoint": _checkpoint(with_notebook=False),
    "link-to-source": _link(lambda hand: hand.root / _SOURCE),
    "link-to-neighbour": _link(lambda hand: hand.root / "submitted" / "honest-1" / NAME / f"{NAME}.ipynb"),
    "link-to-passwd": _link(lambda hand: Path("/etc/passwd")),
    "link-to-zero": _link(lambda hand: Path("/dev/zero")),
    "link-to-itself": _link(lambda hand: hand.path),
    "folder-link-source": _linked_folder(lambda hand: hand.root / "source" / NAME),
    "folder-link-neighbour": _linked_folder(lambda hand: hand.root / "submitted" / "honest-1" / NAME),
    "student-link": _linked_student,
    "pipe": lambda hand: os.mkfifo(hand.path),
    "pipe-odd-name": _pipe_with_odd_name,
    "socket": _socket,
    "device": _device,
    "folder": lambda hand: hand.path.mkdir(),
    "5-gb": _sparse,
    "70-mb": _heavy(70),
    "own-checks": _beside({"checks.json": '{"format": 1, "checks": {}}'}),
    "own-data": _beside({"data/sales.csv": "month,region,amount\n2014-01,north,1\n"}),
    "own-modules": _beside(
        {name: _EQUAL for name in ("pandas.py", "autograder/__init__.py", "sitecustomize.py")}
    ),
    "own-config": _beside({"nbgrader_config.py": f"open('{TRACE}', 'w')", "gradebook.db": "x"}),
}

CASES = [
    *(Case(f"file-{name}", KIND, hand_in) for name, hand_in in _FULL.items()),
    *(
        Case(f"file-{name}", KIND, hand_in, ALL, written=name.startswith("own-"))
        for name, hand_in in _EMPTY.items()
    ),
    Case(
        "file-unreadable",
        KIND,
        _unreadable,
        lost=frozenset() if _MAY_READ_ALL else ALL,
        written=_MAY_READ_ALL,
    ),
]
