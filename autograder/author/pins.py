"""Writes `.binder/requirements.txt`: what Binder installs for somebody who learns alone.

    python -m autograder.author.pins

Wanted is the kernel of a learner and what it imports (in lessons, in assignments, in `autograder.check`), as
far as `pyproject.toml` names it and Binder's own image does not have it, or only in a version that
`pyproject.toml` refuses. pip finds the newest versions for the Python that `.binder/runtime.txt` names and
for all else that the image has; they and all that they need are pinned.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..errors import CourseError

REQUIREMENTS = Path(".binder", "requirements.txt")
RUNTIME = Path(".binder", "runtime.txt")
_KERNEL = "ipykernel"
_HEAD = "# Made by `python -m autograder.author.pins` from pyproject.toml. Do not edit.\n# Wanted: {wanted}\n"


def main() -> int:
    """Write the pins of the course in this folder; the exit code."""
    root = Path.cwd()
    try:
        text = pinned(root)
    except CourseError as problem:
        print(f"pins: {problem}", file=sys.stderr)
        return 1
    (root / REQUIREMENTS).write_text(text, encoding="utf-8")
    print(f"wrote {root / REQUIREMENTS}")
    return 0


def python(root: Path) -> str:
    """The version of Python that Binder is asked for."""
    return (root / RUNTIME).read_text(encoding="utf-8").strip().removeprefix("python-")


def image(root: Path) -> dict[str, str]:
    """Name and version of each Python package in the image that Binder starts from (repo2docker lists them).

    Raises CourseError where repo2docker is not installed, or does not know the Python that is asked for.
    """
    found = importlib.util.find_spec("repo2docker")
    if found is None or found.origin is None:
        raise CourseError("what Binder's image has is read from repo2docker: pip install jupyter-repo2docker")
    conda = Path(found.origin).parent / "buildpacks" / "conda"
    listed = conda / f"environment.py-{python(root)}-linux-64.lock"
    if not listed.exists():
        raise CourseError(f"{root / RUNTIME}: Binder has no image with Python {python(root)}")
    has: dict[str, str] = {}
    for line in listed.read_text(encoding="utf-8").splitlines():
        # an address, which ends in name-version-build.conda#checksum; a build for Python begins with `py`
        name, _, version = line.partition("#")[0].rpartition("/")[2].rpartition("-")[0].rpartition("-")
        if line.startswith("http") and line.rpartition("-")[2].startswith("py"):
            has[canonicalize_name(name)] = version
    return has


def wanted(root: Path) -> list[Requirement]:
    """The dependencies of `pyproject.toml` that a learner's kernel needs and Binder's image lacks."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [Requirement(text) for text in project["dependencies"]]
    needed = {canonicalize_name(name) for name in _imported(root)} | {_KERNEL}
    has = image(root)
    return [
        requirement
        for requirement in named
        if (name := canonicalize_name(requirement.name)) in needed
        and not (name in has and requirement.specifier.contains(has[name]))
    ]


def pinned(root: Path) -> str:
    """The text of `.binder/requirements.txt`, as pip would choose today. Raises CourseError."""
    has, wants = image(root), wanted(root)
    kept = has.keys() - {canonicalize_name(requirement.name) for requirement in wants}
    pins = _resolved(root, wants, {name: has[name] for name in kept})
    lines = [f"{name}=={version}" for name, version in sorted(pins) if name not in kept]
    return head(wants) + "\n".join(lines) + "\n"


def head(wants: list[Requirement]) -> str:
    """The first lines of the file: they say what the pins were made for, so that stale ones are known."""
    return _HEAD.format(wanted=", ".join(map(str, wants)))


def _resolved(root: Path, wants: list[Requirement], kept: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name and version of everything that pip would install for `wants` beside `kept` on Binder's machine."""
    with tempfile.TemporaryDirectory(prefix="autograder-") as place:
        report, constraints = Path(place, "report.json"), Path(place, "constraints.txt")
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in kept.items()))
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
        command += ["--report", str(report), "--target", place, "--python-version", python(root)]
        command += ["--constraint", str(constraints)]
        # the image is an Ubuntu 24.04: its C library runs what was built for these older ones
        command += ["--only-binary=:all:"]
        for platform in ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"):
            command += ["--platform", platform]
        done = subprocess.run([*command, *map(str, wants)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CourseError(f"pip finds no versions for Python {python(root)}:\n{done.stderr.strip()}")
        for entry in json.loads(report.read_text(encoding="utf-8"))["install"]:
            yield canonicalize_name(entry["metadata"]["name"]), entry["metadata"]["version"]


def _imported(root: Path) -> set[str]:
    """The top names of all modules that run in a learner's kernel."""
    code = [path.read_text(encoding="utf-8") for path in (root / "autograder" / "check").glob("*.py")]
    for notebook in (*(root / "notebooks").glob("*.ipynb"), *(root / "release").glob("*/*.ipynb")):
        cells = nbformat.read(notebook, as_version=4).cells
        code += [cell.source for cell in cells if cell.cell_type == "code"]
    return {name for text in code for name in _modules(text)}


def _modules(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


if __name__ == "__main__":
    sys.exit(main())
