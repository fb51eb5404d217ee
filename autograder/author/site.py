"""Builds a static JupyterLite site: lessons, released assignments and tables, run by the visitor's browser.

JupyterLite starts Python inside the page (Pyodide). It brings pandas and matplotlib itself. What it lacks is
put into the folder `python/` of the site, as wheels on Python's path: `autograder.check`, and ipywidgets
for the panels of the lessons. So every notebook in the site is the one in the repository, unchanged.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

import nbformat

from ..course import Course
from ..errors import CourseError

_TITLE = "Reading a Crisis with Data"
_PACKAGES = "python"  # the folder of the site that holds the wheels
_DRIVE = "/drive"  # where JupyterLite shows a notebook the files of the site
_KERNEL = "@jupyterlite/pyodide-kernel-extension"
_EXTENSIONS = (_KERNEL, "@jupyter-widgets/jupyterlab-manager")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of all files in a wheel: the same site twice is the same bytes
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc")
_INSTALL = 'Install JupyterLite: `python -m pip install -e ".[site]"`, in the folder of the course.'


def build_site(course: Course, folder: Path, pyodide: Path | None = None, solutions: bool = False) -> Path:
    """Build the site of a course in `folder`, which is made anew; the path of its start page.

    `pyodide` is a folder with a Pyodide distribution that becomes part of the site; without one the
    visitor's browser fetches it from Pyodide's public address. With `solutions` the authors' notebooks are
    part of the site, so that `autograder.check.solution` works. Raises CourseError.
    """
    if folder.exists() and not (folder / "jupyter-lite.json").is_file() and any(folder.iterdir()):
        raise CourseError(f"{folder} is not empty and no site. Name another folder.")
    with tempfile.TemporaryDirectory(prefix="autograder-") as place:
        contents = Path(place) / "contents"
        _copy_contents(course, contents, solutions)
        wheels = [_check_wheel(contents / _PACKAGES), _installed_wheel("ipywidgets", contents / _PACKAGES)]
        _installed_wheel("comm", Path(place) / "pypi")  # the kernel asks for it when it starts
        if pyodide is not None:
            _copy_pyodide(pyodide, Path(place) / "static" / "pyodide")
        settings = json.dumps(_settings(wheels))
        (Path(place) / "jupyter-lite.json").write_text(settings, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        _run_jupyterlite(Path(place), contents, folder)
    start = folder / "index.html"
    start.write_text(_start_page(course), encoding="utf-8")
    return start


def _copy_contents(course: Course, contents: Path, solutions: bool) -> None:
    """What visitors work with, in the folders of the repository, so that links and paths hold."""
    assignments = course.assignments()
    if not assignments:
        raise CourseError(f"There is no assignment in {course.source('x').parent}.")
    for name in assignments:
        if not course.release(name).is_dir():
            raise CourseError(f"There is no {course.release(name)}. Run `autograder build` first.")
        shutil.copytree(course.release(name), contents / "release" / name, ignore=_LEFT_OUT)
        if solutions:
            shutil.copytree(course.source(name), contents / "source" / name, ignore=_LEFT_OUT)
    for folder in (course.root / "notebooks", course.data):
        if folder.is_dir():
            shutil.copytree(folder, contents / folder.name, ignore=_LEFT_OUT)


def _copy_pyodide(pyodide: Path, place: Path) -> None:
    if not (pyodide / "pyodide.mjs").is_file():
        raise CourseError(f"{pyodide} has no pyodide.mjs: it is no Pyodide distribution.")
    shutil.copytree(pyodide, place)


# ---- wheels ------------------------------------------------------------------------------------------


def _check_wheel(folder: Path) -> str:
    """A wheel of `autograder.check` alone, put into `folder`; its file name."""
    package = Path(__file__).resolve().parents[1]
    files = {
        str(path.relative_to(package.parent)): path.read_bytes()
        for path in (package / "__init__.py", *sorted((package / "check").glob("*.py")))
    }
    version = importlib.metadata.version("reading-a-crisis")
    about = f"Metadata-Version: 2.1\nName: autograder-check\nVersion: {version}\n"
    return _write_wheel(folder, "autograder_check", version, {**files, "METADATA": about.encode()})


def _installed_wheel(name: str, folder: Path) -> str:
    """A wheel of an installed pure Python package, put into `folder`; its file name."""
    found = importlib.metadata.distribution(name)
    metadata = found.read_text("METADATA") or ""
    inside = [path for path in found.files or () if path.parts[0] == name and path.suffix != ".pyc"]
    files = {path.as_posix(): path.read_binary() for path in inside}
    return _write_wheel(folder, name, found.version, {**files, "METADATA": metadata.encode()})


def _write_wheel(folder: Path, name: str, version: str, files: Mapping[str, bytes]) -> str:
    """Write a pure wheel. The entry `METADATA` goes into its `.dist-info`."""
    info = f"{name}-{version}.dist-info"
    wheel = b"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    packed = {f"{info}/{path}" if path == "METADATA" else path: data for path, data in files.items()}
    packed[f"{info}/WHEEL"] = wheel
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in packed.items()]
    packed[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    folder.mkdir(exist_ok=True)
    file_name = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / file_name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in packed.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return file_name


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


# ---- JupyterLite -------------------------------------------------------------------------------------


def _settings(wheels: Iterable[str]) -> dict[str, object]:
    """JupyterLite's `jupyter-lite.json`: the kernel finds the wheels on Python's path."""
    path = ":".join(f"{_DRIVE}/{_PACKAGES}/{wheel}" for wheel in wheels)
    kernel = {"loadPyodideOptions": {"env": {"PYTHONPATH": path}}}
    data = {"appName": _TITLE, "litePluginSettings": {f"{_KERNEL}:kernel": kernel}}
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}


def _run_jupyterlite(place: Path, contents: Path, folder: Path) -> None:
    config = {
        "contents": [str(contents)],
        "output_dir": str(folder.resolve()),
        # of JupyterLab's extensions only these two: others want a server, which is not there
        "ignore_sys_prefix": ["federated_extensions"],
        "federated_extensions": [str(_extension(name)) for name in _EXTENSIONS],
        "no_libarchive": True,
        "no_sourcemaps": True,
    }
    (place / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlite_core", "build"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-12:]
        raise CourseError("JupyterLite did not build the site:\n" + "\n".join(said))


def _extension(name: str) -> Path:
    """The folder of an installed extension of JupyterLab. Raises CourseError when it is missing."""
    found = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / name
    if not (found / "package.json").is_file():
        raise CourseError(f"JupyterLab's extension {name} is not installed. {_INSTALL}")
    return found


# ---- start page --------------------------------------------------------------------------------------

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }}
a {{ color: #0b4f8a; }}
li {{ margin: 0.4rem 0; }}
</style>
<!-- JupyterLite's pages read this to find the root of the site -->
<script id="jupyter-config-data" type="application/json" data-jupyter-lite-root=".">{{}}</script>
</head>
<body>
<main>
<h1>{title}</h1>
<p>Everything here runs inside this browser. Nothing is installed, and nothing that you write leaves your
computer. The first notebook takes up to a minute to start: Python, pandas and matplotlib are fetched once
(about 45 MB).</p>
<p><strong>Your work stays in this browser only.</strong> To keep it or to hand it in, download the notebook:
menu <em>File</em>, <em>Download</em>.</p>
<h2>Lessons</h2>
<ul>
{lessons}
</ul>
<h2>Assignments</h2>
<ul>
{assignments}
</ul>
</main>
</body>
</html>
"""


def _start_page(course: Course) -> str:
    """A page that needs no JavaScript: what there is, and how work is kept."""
    lessons = sorted((course.root / "notebooks").glob("*.ipynb"))
    released = [path for name in course.assignments() for path in course.release(name).glob("*.ipynb")]
    return _PAGE.format(
        title=html.escape(_TITLE),
        lessons="\n".join(_link(course, path) for path in lessons),
        assignments="\n".join(_link(course, path) for path in released),
    )


def _link(course: Course, path: Path) -> str:
    """A line of a list that opens a notebook in JupyterLite."""
    place = path.relative_to(course.root).as_posix()
    return f'<li><a href="lab/index.html?path={quote(place)}">{html.escape(_heading(path))}</a></li>'


def _heading(path: Path) -> str:
    """The first heading of a notebook; its name, where it has none."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^# (.+)$", cell.source, re.MULTILINE)):
            return str(found[1])
    return path.stem
