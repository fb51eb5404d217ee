"""The system calls that student code may not make: a second line behind the namespaces.

The filter is a small BPF program (see `man 2 seccomp`, `linux/filter.h`). Calls that reach for other
processes, mounts, namespaces, keys, kernel tuning or new attack surface fail with "not permitted".
Sockets are local ones only. Everything else is allowed, so that ordinary Python runs as it does anywhere.
Numbers of calls: the kernel's syscall tables for x86_64 and aarch64.
"""

from __future__ import annotations

import errno
import platform
import struct

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: (x86_64, aarch64)
_FORBIDDEN = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "setns": (308, 268),
    "unshare": (272, 97),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "syslog": (103, 116),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "personality": (135, 92),
    "lookup_dcookie": (212, 18),
    "vmsplice": (278, 75),
    "fanotify_init": (300, 262),
    # memory that belongs to no process, so that nothing would count it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
}
_CLONE3 = (435, 435)
_CLONE = (56, 220)
_SOCKET = (41, 198)

_CLONE_NEW_FLAGS = 0x7E020000  # every CLONE_NEW* flag: new namespaces
_AF_UNIX = 1

_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data


def supported() -> bool:
    """Whether there is a filter for this machine's processor."""
    return platform.machine() in _ARCHITECTURES


def program() -> bytes:
    """The filter as an array of `struct sock_filter`."""
    machine = platform.machine()
    column = list(_ARCHITECTURES).index(machine)

    def fail(code: int) -> bytes:
        return _step(_RETURN, _FAIL | code)

    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQ, _ARCHITECTURES[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":  # the x32 calls would pass by the numbers below
        steps += [_step(_JUMP_GE, 0x40000000, 0, 1), fail(errno.ENOSYS)]
    for numbers in _FORBIDDEN.values():
        steps += [_step(_JUMP_EQ, numbers[column], 0, 1), fail(errno.EPERM)]
    # clone3 hides its flags in memory: "no such call" makes the C library use clone instead
    steps += [_step(_JUMP_EQ, _CLONE3[column], 0, 1), fail(errno.ENOSYS)]
    steps += [
        _step(_JUMP_EQ, _CLONE[column], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_JUMP_SET, _CLONE_NEW_FLAGS, 0, 1),
        fail(errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]
    steps += [
        _step(_JUMP_EQ, _SOCKET[column], 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_JUMP_EQ, _AF_UNIX, 1, 0),
        fail(errno.EAFNOSUPPORT),
    ]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
