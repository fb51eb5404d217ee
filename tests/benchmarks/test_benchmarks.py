"""The benchmark measures what it says: small runs of its parts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks import meter
from benchmarks.graders import floor, new_class, ours
from benchmarks.meter import measure
from benchmarks.roles import role_table
from benchmarks.tables import Table, spread


def test_the_floor_and_this_engine_grade_a_small_class(tmp_path: Path) -> None:
    of = new_class("03_oil_exports", tmp_path / "class", 3)
    for grader in (floor(of), ours(of, 2)):
        grader.reset()
        usage = measure(grader.command, grader.folder, grader.environment, grader.good)
        assert 0 < usage.cpu_seconds <= usage.seconds * 64
        assert usage.peak_memory > 50e6
        assert grader.submissions == 3
    assert grader.scores is not None
    assert grader.scores() == {pupil.name: pupil.points for pupil in of.pupils}
    grader.reset()
    assert grader.scores() == {}


BUSY = "total = sum(range(3_000_000))"
#: The child's work is the greater part, and nobody waits for the child.
DAUGHTER = (
    f"import os\nblock = bytearray(80_000_000)\nif os.fork() == 0:\n    for n in range(9):\n        {BUSY}"
)


def test_processor_time_and_memory_of_descendants_count(tmp_path: Path) -> None:
    if meter.how_measured() != "control group":
        pytest.skip("no control group can be made here, so children that nobody waits for are not counted")
    alone = measure([sys.executable, "-c", BUSY], tmp_path)
    both = measure([sys.executable, "-c", f"{DAUGHTER}\nelse:\n    import time\n    time.sleep(5)"], tmp_path)
    assert both.cpu_seconds > 2 * alone.cpu_seconds
    assert both.peak_memory > 80e6


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        measure([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


def test_tables_show_the_median_and_the_spread() -> None:
    table = Table("Both", {"who": "who", "cpu": "CPU"}, [{"who": "this", "cpu": spread([0.3, 0.1, 0.2])}])
    assert "| this | 0.2 (0.1 to 0.3) |" in table.text()


def test_the_start_is_told_apart_from_each_submission() -> None:
    row = role_table({"main": 5.0}, {"main": 6.0}, 11).rows[0]
    assert (row["start"], row["more"]) == pytest.approx((4.9, 0.1))
