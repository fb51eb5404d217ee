"""The README's two commands are the ones that CI runs, and it names every command of the program."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from support import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    "python -m pip install -e . && autograder demo",
    'python -m pip install -e ".[test]" && python -m pytest',
]


def test_the_readme_opens_with_two_commands() -> None:
    section = README.partition("## Two commands")[2].partition("\n## ")[0]
    assert re.findall(r"```bash\n(.*?)```", section, re.DOTALL) == ["\n".join(COMMANDS) + "\n"]


def test_ci_reads_its_commands_out_of_the_readme() -> None:
    line = next(
        line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.startswith("mapfile")
    )
    reader = line.partition("< <(")[2].removesuffix(")")
    read = subprocess.run(["bash", "-c", reader], cwd=ROOT, capture_output=True, text=True, check=True)
    assert read.stdout.splitlines() == COMMANDS


def test_every_command_of_the_program_is_in_the_readme() -> None:
    source = (ROOT / "autograder" / "cli.py").read_text(encoding="utf-8")
    commands = re.findall(r'commands\.add_parser\(\s*"(\w+)"', source)
    assert len(commands) >= 5
    assert [command for command in commands if f"`autograder {command}" not in README] == []


ROOMS = {
    "check": {"check"},
    "sandbox": {"sandbox", "check"},
    "grade": {"grade", "sandbox", "check", "course", "errors", "fingerprint"},
    "author": {"author", "grade", "sandbox", "check", "course", "errors", "fingerprint"},
    "report": {"report", "author", "grade", "sandbox", "check", "course", "errors"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room: str) -> None:
    for path in (ROOT / "autograder" / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                assert (node.module or "").split(".")[0] in ROOMS[room], f"{path}: {node.module}"


def test_no_path_of_a_machine_and_no_registry_is_named() -> None:
    hosts = re.compile(r"(?<![A-Za-z])(py[p]i|pythonhoste[d]|npm[j]s|debia[n])\.(org|com)")
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in files.stdout.splitlines():
        path = Path(ROOT / name)
        if path.suffix in (".py", ".md", ".toml", ".ipynb", ".json", ".csv", ".cff", "") and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not hosts.search(text), name
            assert str(ROOT) + "/" not in text, name
