"""A real class server: made by the guide's commands, with accounts of this system. Removed at the end."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import ROOT

GUIDE = ROOT / "notebooks" / "guides" / "classroom.md"
_CHECKOUT = (
    *("autograder", "notebooks", "data", "source", ".hub"),
    *("pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT", "nbgrader_config.py"),
)
_GROUPS = ("instructors", "students")


@dataclass(frozen=True)
class User:
    """An account of this system."""

    name: str
    role: str
    password: str

    @property
    def home(self) -> Path:
        return Path("/home") / self.name


@dataclass(frozen=True)
class Classroom:
    """A class server in the folder `place`. `li` and `omar` are students."""

    place: Path
    maria: User
    li: User
    omar: User

    @property
    def course(self) -> Path:
        """The instructor's course."""
        return self.maria.home / "reading_a_crisis"

    @property
    def exchange(self) -> Path:
        return self.place / "exchange"

    def environment(self, user: User) -> dict[str, str]:
        """The environment that the hub gives to a user's server, and so to the terminals in it."""
        hub = self.place / "hub"
        return {
            "HOME": str(user.home),
            "USER": user.name,
            "LANG": "C.UTF-8",
            "PATH": f"{self.place}/python/bin:/usr/local/bin:/usr/bin:/bin",
            "JUPYTER_CONFIG_PATH": f"{hub / user.role}:{hub / 'everyone'}",
        }

    def try_as(self, user: User, *command: str | Path, data: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as `user`, where that user works: the instructor in the course, students at home."""
        return subprocess.run(
            [*map(str, command)],
            user=user.name,
            group=user.name,
            extra_groups=[f"{user.role}s"],
            umask=0o022,
            cwd=self.course if user is self.maria else user.home,
            env=self.environment(user),
            input=data,
            capture_output=True,
            text=True,
            check=False,
        )

    def run_as(self, user: User, *command: str | Path, data: str = "") -> str:
        """The same for a command that must succeed. Returns all that it says."""
        done = self.try_as(user, *command, data=data)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{user.name}: {shlex.join(map(str, command))}\n{said[-3000:]}"
        return said


def python_for_all() -> str | None:
    """A Python 3.11 or newer that every user of this system can run, or None."""
    new = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    for folder in ("/usr/local/bin", "/usr/bin"):
        program = Path(folder) / "python3"
        works = program.exists() and subprocess.run([program, "-c", new], capture_output=True).returncode == 0
        # a link may lead into somebody's home
        if works and all(parent.stat().st_mode & 0o001 for parent in program.resolve().parents):
            return str(program)
    return None


@contextmanager
def class_server() -> Iterator[Classroom]:
    """The server after steps 2 to 5 of the guide. Folders, accounts and groups are removed at the end."""
    suffix = secrets.token_hex(3)
    maria, li, omar = (
        User(f"{name}-{suffix}", role, secrets.token_urlsafe())
        for name, role in (("maria", "instructor"), ("li", "student"), ("omar", "student"))
    )
    with ExitStack() as undo:
        place = Path(tempfile.mkdtemp(prefix="classroom-"))
        undo.callback(shutil.rmtree, place)
        place.chmod(0o755)
        checkout = Path(tempfile.mkdtemp(prefix="checkout-"))  # for root alone
        undo.callback(shutil.rmtree, checkout)
        for name in _CHECKOUT:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, checkout / name)
        rows = [f"{user.name},{user.name.title()},Student" for user in (li, omar)]
        (checkout / "students.csv").write_text("\n".join(["id,first_name,last_name", *rows]) + "\n")
        words = "".join(f"{user.name}:{user.password}\n" for user in (maria, li, omar))
        (checkout / "passwords.txt").write_text(words)

        for group in _GROUPS:
            if subprocess.run(["getent", "group", group], capture_output=True).returncode:
                undo.callback(_remove_empty, group)
        for user in (maria, li, omar):
            undo.callback(_remove, user)
        _type(_commands().replace("/srv/classroom", str(place)).replace("maria", maria.name), checkout)
        yield Classroom(place, maria, li, omar)


def _commands() -> str:
    """The commands of the guide, in order: its blocks marked `bash`."""
    return "\n".join(re.findall(r"```bash\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))


def _type(commands: str, folder: Path) -> None:
    python = python_for_all()
    assert python is not None
    # the Python of this test may lie in a home folder
    folders = [str(Path(python).parent), "/usr/sbin", "/usr/bin", "/sbin", "/bin", os.environ["PATH"]]
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", commands],
        cwd=folder,
        env=os.environ | {"PATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{GUIDE.name}:\n{(done.stdout + done.stderr)[-3000:]}"


def _quietly(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=False)


def _remove_empty(group: str) -> None:
    """Remove a group, unless accounts of another class server are in it by now."""
    found = subprocess.run(["getent", "group", group], capture_output=True, text=True, check=False)
    if found.stdout.strip().endswith(":"):
        _quietly("groupdel", group)


def _remove(user: User) -> None:
    """End what the account still runs, then remove it with its home."""
    found = subprocess.run(["id", "-u", user.name], capture_output=True, text=True, check=False)
    if found.returncode:
        return
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if re.search(rf"^Uid:\t{found.stdout.strip()}\t", status.read_text(), re.MULTILINE):
                os.kill(int(status.parent.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended by itself
    _quietly("userdel", "--remove", "--force", user.name)


# ---- the hub -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hub:
    """A running JupyterHub."""

    url: str
    classroom: Classroom

    def server(self, user: User) -> str:
        """The address of a user's own server."""
        return f"{self.url}/user/{user.name}"


@contextmanager
def running_hub(classroom: Classroom, ports: tuple[int, int, int]) -> Iterator[Hub]:
    """The hub with its proxy, started as the guide's service starts it, but at free ports."""
    public, api, inside = (f"http://127.0.0.1:{port}" for port in ports)
    log = classroom.place / "state" / "hub.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [
                *_service(classroom),
                f"--JupyterHub.bind_url={public}",
                f"--JupyterHub.hub_bind_url={inside}",
                f"--ConfigurableHTTPProxy.api_url={api}",
                "--Spawner.args=--LabApp.expose_app_in_browser=True",  # tests wait for its kernels
            ],
            cwd=classroom.place / "state",
            env={"PATH": f"{classroom.place}/python/bin:{os.environ['PATH']}", "LANG": "C.UTF-8"},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            _wait_for(f"{public}/hub/health", process, log)
            yield Hub(public, classroom)
        finally:
            process.terminate()  # the hub ends its users' servers and its proxy
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _service(classroom: Classroom) -> list[str]:
    """The command that the system's service runs."""
    text = (ROOT / ".hub" / "jupyterhub.service").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    return shlex.split(line.removeprefix("ExecStart=").replace("/srv/classroom", str(classroom.place)))


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterHub did not start. Its log:\n{log.read_text()[-3000:]}")
