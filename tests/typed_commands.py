"""Commands as pages tell readers to type them, held against the programs that they name. Nothing is run."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import itertools
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from documents import ROOT, Page, files
from frictionless.console import console as frictionless_console
from nbgrader.apps import NbGraderApp
from packaging.requirements import Requirement
from traitlets.config import Application

from autograder import cli

#: Programs of the system. What pages say of them is not checked here; the tests of the class server, of
#: PostgreSQL and of the walk-throughs run most of it. A new name has to be put here, or be checked.
SYSTEM = {
    *("apt-get", "cd", "chmod", "chown", "chpasswd", "cp", "cut", "git", "groupadd", "install", "mkdir"),
    *("npm", "pg_dump", "pg_restore", "rm", "runuser", "sqlite3", "sysctl", "systemctl", "tail", "umask"),
    *("useradd", "userdel", "usermod", "xargs"),
}
_SHELL = ("bash", "console")  # the languages of blocks to type
_PLACEHOLDER = re.compile(r"[A-Z]+(=[A-Z]+)?…?")  # A, STUDENT, FILE, A=TITLE
_OF_ASSIGNMENTS = re.compile(r"(generate|release|fetch)_(assignment|feedback)|autograde|collect|submit")
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


class Wrong(Exception):
    """A command that does not work as it stands on the page."""


@dataclass(frozen=True)
class Typed:
    """One command: its words, and whether it stands in a block, where it has to be whole."""

    words: list[str]
    whole: bool

    def __str__(self) -> str:
        return shlex.join(self.words)


@dataclass
class Reader:
    """Checks the commands of one page in their order. `assignments` are names that only this page has."""

    assignments: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def check(self, command: Typed) -> None:
        """Raises Wrong."""
        program = PurePosixPath(command.words[0]).name
        words = [word for word in command.words[1:] if not re.fullmatch(r"[<>&]+", word)]
        if program in CHECKED:
            CHECKED[program](self, words, command.whole)
        elif program not in SYSTEM:
            raise Wrong(f"{program} is neither checked nor named in SYSTEM")
        self._files(program, words)

    def _files(self, program: str, words: list[str]) -> None:
        """What lies in a folder of the repository must be there, or be made by a command before."""
        top = {path.parts[0] for path in files()}
        makers = {"cp": words[-1:], "install": words[-1:], "mkdir": words[-1:]}
        self.made |= {word.rstrip("/") for word in makers.get(program, [])}
        for word in words:
            place = word.partition("::")[0].rstrip("/").removesuffix("/.")
            if "/" in place and place.split("/")[0] in top and place not in self.made:
                self.need_file(place)

    def need_file(self, place: str) -> None:
        path = Path(place)
        if place not in self.made and path not in files() and not any(path in f.parents for f in files()):
            raise Wrong(f"there is no {place}")

    def need_assignment(self, word: str) -> None:
        known = {path.parts[1] for path in files() if path.parts[0] == "source"} | self.assignments
        if word not in known and not _PLACEHOLDER.fullmatch(word):
            raise Wrong(f"there is no assignment {word}")


# ---- from pages to words -----------------------------------------------------------------------------------


def commands(page: Page) -> list[Typed]:
    """The commands of a page: all of its blocks, and in sentences those that begin with a checked program."""
    found: list[Typed] = []
    for code in page.codes:
        if code.language in _SHELL:
            found += [Typed(words, whole=True) for words in _block(code.text)]
        elif code.language is None and code.text.split(" ")[0] in CHECKED and " " in code.text:
            found += [Typed(words, whole=False) for words in _variants(code.text)]
    return found


def _block(text: str) -> Iterator[list[str]]:
    """The commands of a block. A name that a line sets is put in where a later one uses it."""
    names: dict[str, str] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if found := re.fullmatch(r'(\w+)="(.*)"', line):
            names[f"${found[1]}"] = found[2]
            continue
        for name, value in names.items():
            line = line.replace(name, value)
        yield from split(line)


def split(line: str) -> Iterator[list[str]]:
    """The commands of one line, each as its words. Remarks are left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    for ends, words in itertools.groupby(lexer, lambda word: word in ("&&", "||", "|", ";")):
        if not ends:
            yield list(words)


def _variants(text: str) -> Iterator[list[str]]:
    """`a [B] [--c]` is three commands: without what may be left out, and with each of it. `x|y` is two."""
    optional = re.findall(r"\[([^\]]+)\]", text) if '"' not in text else []
    bare = re.sub(r" \[[^\]]+\]", "", text) if optional else text
    for line in [bare, *(f"{bare} {more}" for more in optional)]:
        choices = [word.split("|") for word in shlex.split(line)]
        yield from (list(words) for words in itertools.product(*choices))


# ---- programs ----------------------------------------------------------------------------------------------


def _autograder(reader: Reader, words: list[str], whole: bool) -> None:
    if len(words) == 1 and not whole:
        words = [words[0], "--help"]  # a sentence may name a command without all that it needs
    args = _parsed(cli._parser(), words)
    names = [*getattr(args, "assignments", []), *filter(None, [getattr(args, "assignment", None)])]
    if words[0] == "new":
        reader.assignments |= set(names)
        reader.made |= {f"source/{name}" for name in names}
    for name in names:
        reader.need_assignment(name)


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    said = StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(StringIO()):
            return parser.parse_args(words)
    except SystemExit as end:
        if end.code:
            raise Wrong(said.getvalue().strip().splitlines()[-1]) from None
    return argparse.Namespace()


def _nbgrader(reader: Reader, words: list[str], whole: bool) -> None:
    app, rest = _traitlets(NbGraderApp, words)
    if _subcommands(app):
        raise Wrong(f"nbgrader has no subcommand {' '.join(rest)}")
    if _OF_ASSIGNMENTS.fullmatch(words[0]):
        for word in rest:
            reader.need_assignment(word)
    if words[0] == "validate":
        for word in rest:
            reader.need_file(f"release/{word}")


def _jupyter(reader: Reader, words: list[str], whole: bool) -> None:
    _, rest = _traitlets(_application(f"jupyter-{words[0]}"), words[1:])
    for word in rest:
        reader.need_file(word)


def _application(program: str) -> type[Application]:
    for entry in entry_points(group="console_scripts", name=program):
        found = getattr(entry.load(), "__self__", None)  # its `main` is a method of the class
        if isinstance(found, type) and issubclass(found, Application):
            return found
    raise Wrong(f"there is no program {program}")


def _traitlets(app: type[Application], words: Sequence[str]) -> tuple[type[Application], list[str]]:
    """Check the options of a Jupyter program. The program of the subcommand, and the names and files."""
    words = list(words)
    while words and words[0] in _subcommands(app):
        app = _subcommands(app)[words.pop(0)][0]
    rest = []
    while words:
        word = words.pop(0)
        option, sign, _ = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            rest.append(word)
        elif option in _names(app.aliases):
            words = words if sign else words[1:]
        elif option not in _names(app.flags):
            raise Wrong(f"{app.name} has no option {word}")
    return app, rest


def _subcommands(app: type[Application]) -> dict[str, Any]:
    return app.subcommands if isinstance(app.subcommands, dict) else {}


def _names(options: dict[Any, Any]) -> set[str]:
    return {name for key in options for name in ((key,) if isinstance(key, str) else key)}


def _dask(reader: Reader, words: list[str], whole: bool) -> None:
    found = list(entry_points(group="dask_cli", name=words[0]))
    if not found:
        raise Wrong(f"dask has no subcommand {words[0]}")
    command = found[0].load()
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in words[1:]:
        if word.startswith("-") and word.partition("=")[0] not in known:
            raise Wrong(f"dask {words[0]} has no option {word}")
    command.make_context(words[0], words[1:])


def _python(reader: Reader, words: list[str], whole: bool) -> None:
    if words[0] == "-m":
        _module(reader, words[1], words[2:])
    elif words[0] == "-c":
        ast.parse(words[1])
    elif words[0].startswith("tests/"):
        script = ROOT / words[0]
        _script(script / "__main__.py" if script.is_dir() else script, words[1:])
    elif words[0] not in reader.made:
        raise Wrong(f"there is no {words[0]}")


def _module(reader: Reader, module: str, words: list[str]) -> None:
    if importlib.util.find_spec(module) is None:
        raise Wrong(f"Python has no module {module}")
    if module == "pip":
        _pip(reader, words, whole=True)


def _script(path: Path, words: list[str]) -> None:
    """Check the options of one of the project's own programs, by its parser."""
    if not path.is_file():
        raise Wrong(f"there is no {path.relative_to(ROOT)}")
    spec = importlib.util.spec_from_file_location(f"_read_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    _parsed(module._parser(), words)


def _pip(reader: Reader, words: list[str], whole: bool) -> None:
    """What is installed must be this project with extras that it has, or be among its dependencies."""
    if words[:1] != ["install"]:
        raise Wrong(f"pip {words[0] if words else ''} is not checked")
    groups = _PROJECT["optional-dependencies"]
    lists = [*groups.values(), _PROJECT["dependencies"]]
    listed = {Requirement(text).name for texts in lists for text in texts}
    for word in words[1:]:
        if word.startswith("-"):
            continue
        asked = Requirement(re.sub(r"^\.", _PROJECT["name"], word))
        if asked.name == _PROJECT["name"]:
            if asked.extras - set(groups):
                raise Wrong(f"pyproject.toml has no extra {', '.join(asked.extras - set(groups))}")
        elif asked.name not in listed:
            raise Wrong(f"pyproject.toml does not name {asked.name}")


def _frictionless(reader: Reader, words: list[str], whole: bool) -> None:
    if words[0] not in {command.name for command in frictionless_console.registered_commands}:
        raise Wrong(f"frictionless has no subcommand {words[0]}")


def _bash(reader: Reader, words: list[str], whole: bool) -> None:
    reader.need_file(words[0])


CHECKED = {
    "autograder": _autograder,
    "bash": _bash,
    "dask": _dask,
    "frictionless": _frictionless,
    "jupyter": _jupyter,
    "nbgrader": _nbgrader,
    "pip": _pip,
    "python": _python,
    "python3": _python,
}
