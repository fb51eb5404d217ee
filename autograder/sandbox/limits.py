"""What a submission may use. The one place for these numbers, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    #: One answer cell. Course answers take milliseconds; a slow but honest loop gets its time.
    cell_seconds: float = 20.0
    #: All cells and calls of one submission, so that ten slow cells can't hold a class up.
    total_seconds: float = 90.0
    #: One call of a student's function or one reading of values.
    call_seconds: float = 5.0
    #: Processor time of one test cell of the author's, over whatever value a student hands to it.
    test_seconds: float = 10.0
    #: Time that a cell gets beyond its limit to stop by itself, before its process is killed.
    grace_seconds: float = 1.0
    #: Memory of all processes of a submission together. pandas and matplotlib need about 0.2 GB.
    memory: int = 1500 * MEGABYTE
    #: Writable memory that one process may ask for, so that one huge array is refused politely.
    process_memory: int = 2048 * MEGABYTE
    #: Threads and processes. Libraries start a few; a fork bomb starts thousands.
    processes: int = 64
    #: Open files of one process.
    open_files: int = 256
    #: One file, and each of the private file systems. The course's tables are under 1 MB.
    file_size: int = 32 * MEGABYTE
    disk: int = 64 * MEGABYTE
    #: Text that one cell may print; the rest is cut off with a note.
    output: int = 100_000
    #: Pictures and tables that one cell may show, and the size of one.
    displays: int = 20
    display_size: int = 2 * MEGABYTE
    #: One message from the sandbox to the grader.
    message: int = 32 * MEGABYTE
    #: Values in one list, labels in one Series, cells in one table that are carried to the judge.
    items: int = 100_000
    #: How deep lists may be nested in lists.
    depth: int = 12


LIMITS = Limits()
