"""Closes a fork of the warm interpreter in, before the first line of student code.

The bubblewrap wall around the warm interpreter already shows nothing but a read-only system. Here every
submission gets namespaces of its own (users, processes, mounts, network, message queues, host name),
private file systems that vanish with it, limits, no capabilities and the system-call filter.
Linux only; calls go through the C library because Python has no names for them.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
from pathlib import Path

from . import seccomp
from .limits import LIMITS

WORK = Path("/submission")
COURSE_FILES = Path("/course")

_NEW_NAMESPACES = 0x10000000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | 0x02000000 | 0x20000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_READONLY = 2, 4, 8, 1
_MS_REC, _MS_PRIVATE, _MS_REMOUNT = 16384, 1 << 18, 32
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 1, 22, 38, 24
_SECCOMP_MODE_FILTER = 2
_CAPSET = {"x86_64": 126, "aarch64": 91}

_libc = ctypes.CDLL(None, use_errno=True)


def enter(pid_report: int) -> None:
    """Become process 1 of a closed world. Writes its process id, as text, to the file `pid_report`.

    The calling process stays behind as a keeper that waits for the closed one; only that one returns.
    """
    uid, gid = os.getuid(), os.getgid()
    _check(_libc.unshare(_NEW_NAMESPACES), "new namespaces")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text)
    inside = os.fork()
    if inside:
        os.write(pid_report, str(inside).encode())
        os.close(pid_report)
        os.waitpid(inside, 0)
        os._exit(0)
    os.close(pid_report)
    die_with_parent()
    _private_files()
    _limit()
    _drop_privileges()


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel end this process when its parent ends, however that ends.

    `parent` is the parent's process id: if that one is gone already, this process ends at once.
    """
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "die with the parent")
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def _private_files() -> None:
    """Fresh memory file systems over the places that can be written; the process list is hidden."""
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    flags = _MS_NOSUID | _MS_NODEV
    places = ["/submission", "/private", "/dev/shm"]
    if not os.listdir("/tmp"):  # where Python itself is installed below it, it stays, and can't be written
        places.append("/tmp")
    for place in places:
        _mount("tmpfs", place, "tmpfs", flags, f"size={LIMITS.disk},nr_inodes=4096,mode=700")
    _mount("tmpfs", "/proc", "tmpfs", flags | _MS_NOEXEC | _MS_READONLY, "size=4k,mode=555")
    shutil.copytree(COURSE_FILES, WORK, dirs_exist_ok=True)
    os.chdir(WORK)


def _limit() -> None:
    for limit, value in {
        resource.RLIMIT_DATA: LIMITS.process_memory,
        resource.RLIMIT_FSIZE: LIMITS.file_size,
        resource.RLIMIT_NOFILE: LIMITS.open_files,
        resource.RLIMIT_NPROC: LIMITS.processes,
        resource.RLIMIT_CPU: int(LIMITS.total_seconds) + 10,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(limit, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # too large a file is an error, not the end


def _drop_privileges() -> None:
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the last one: no harm
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.syscall(_CAPSET[os.uname().machine], header, nothing), "no capabilities")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    filter_program = seccomp.program()
    buffer = ctypes.create_string_buffer(filter_program, len(filter_program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    filled = Program(len(filter_program) // 8, ctypes.addressof(buffer))
    _check(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filled)), "call filter")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [text.encode() if text is not None else None for text in (source, target, kind, data)]
    result = _libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    _check(result, f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
