"""The parts of the benchmark. Each gives one table, with all that was measured as plain data in its rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import linear_regression, median

from . import student
from .graders import Class, Grader, floor, hand_in_again, new_class, otter, ours, stock, switched
from .meter import Usage, measure
from .roles import Roles, role_table
from .tables import Table, spread


@dataclass(frozen=True)
class Plan:
    """What to measure: sizes are numbers of submissions. `folder` is for this run, `cache` stays."""

    assignment: str
    size: int
    repeats: int
    growth: Sequence[int]
    profile: bool
    folder: Path
    cache: Path
    tell: Callable[[str], object]

    @property
    def jobs(self) -> int:
        """All cores."""
        return os.cpu_count() or 1


def part_graders(plan: Plan) -> Iterator[Table]:
    """This engine beside stock nbgrader, otter-grader and the floor."""
    table = Table(
        f"The same class, graded by each: {plan.size} submissions of {plan.assignment}",
        {
            "grader": "grader",
            "rate_shown": "submissions a minute",
            "cpu_shown": "CPU-seconds a submission",
            "memory_shown": "peak memory, MB",
            "times_stock": "times nbgrader's rate",
            "times_floor": "times the floor's CPU",
            "agree": "as an honest teacher",
        },
    )
    of = new_class(plan.assignment, plan.folder / "class", plan.size)
    contenders = [floor(of), ours(of, 1), *([ours(of, plan.jobs)] if plan.jobs > 1 else [])]
    contenders += [switched(of), stock(of, plan.folder / "stock")]
    fewer = replace(of, pupils=of.pupils[: max(2, plan.size // 5)])
    try:
        contenders.append(otter(fewer, plan.folder / "otter", plan.cache))
    except RuntimeError as problem:
        plan.tell(str(problem))
        table.notes.append("otter run: left out, as otter-grader could not be installed.")
    used: dict[str, list[Usage]] = {}
    for turn in range(plan.repeats):  # in turns, so that noise of the machine hits all alike
        for contender in contenders:
            plan.tell(f"turn {turn + 1} of {plan.repeats}: {contender.name}")
            used.setdefault(contender.name, []).append(_run(contender))
    table.rows = [_grader_row(contender, used[contender.name], of) for contender in contenders]
    by_name = {row["grader"]: row for row in table.rows}
    for row in table.rows:
        row["times_stock"] = row["rate"] / by_name["nbgrader autograde"]["rate"]
        row["times_floor"] = row["cpu"] / by_name["the floor, 1 process"]["cpu"]
    if plan.size != len(fewer.pupils):
        table.notes.append(
            f"otter run graded the first {len(fewer.pupils)} only: each is a start of its own."
        )
    yield table
    if plan.profile:
        plan.tell("where the processor time of this engine goes")
        yield _profile(of)


def _profile(of: Class) -> Table:
    def seconds(*more: str) -> dict[str, float]:
        grader, roles = ours(of, 1, *more), Roles()
        grader.reset()
        usage = measure(grader.command, grader.folder, grader.environment, grader.good, roles.look)
        return roles.seconds(usage)

    table = role_table(seconds("--student", of.pupils[0].name), seconds(), len(of.pupils))
    one, many = (_run(floor(replace(of, pupils=who))).cpu_seconds for who in (of.pupils[:1], of.pupils))
    more = (many - one) / (len(of.pupils) - 1)
    table.notes.append(f"The floor beside it: {one - more:.2f} CPU-s to start, {more:.3f} a submission.")
    return table


def _run(grader: Grader) -> Usage:
    grader.reset()
    return measure(grader.command, grader.folder, grader.environment, grader.good)


def _grader_row(grader: Grader, used: Sequence[Usage], of: Class) -> dict[str, object]:
    rates = [grader.submissions / usage.seconds * 60 for usage in used]
    cpu = [usage.cpu_seconds / grader.submissions for usage in used]
    memory = [usage.peak_memory / 1e6 for usage in used]
    agree = None
    if grader.scores:
        given = grader.scores()
        same = sum(abs(given.get(p.name, -1) - p.points) < 1e-9 for p in of.pupils[: grader.submissions])
        agree = f"{same} of {grader.submissions}"
    return {
        "grader": grader.name,
        "submissions": grader.submissions,
        "rate": median(rates),
        "cpu": median(cpu),
        "memory": median(memory),
        "rate_shown": spread(rates),
        "cpu_shown": spread(cpu),
        "memory_shown": f"{median(memory):.0f}",
        "agree": agree,
        "runs": [vars(usage) for usage in used],
    }


def part_again(plan: Plan) -> Iterator[Table]:
    """A second run with nothing changed, one after one student handed in again, and one that runs all."""
    table = Table(
        f"Grading again, {plan.jobs} jobs, {plan.size} submissions",
        {"run": "run", "seconds_shown": "seconds", "cpu_shown": "CPU-seconds", "share": "% of the first"},
    )
    of = new_class(plan.assignment, plan.folder / "again", plan.size)
    first, forced = ours(of, plan.jobs), ours(of, plan.jobs, "--force")
    runs = {"first": first, "again": first, "one handed in again": first, "--force": forced}
    used: dict[str, list[Usage]] = {run: [] for run in runs}
    for turn in range(plan.repeats):
        plan.tell(f"turn {turn + 1} of {plan.repeats}: {', '.join(runs)}")
        first.reset()
        for run, grader in runs.items():
            if run == "one handed in again":
                hand_in_again(of)
            used[run].append(measure(grader.command, grader.folder, grader.environment, grader.good))
    for run, usages in used.items():
        seconds = [usage.seconds for usage in usages]
        whole = median(usage.seconds for usage in used["first"])
        table.rows.append(
            {
                "run": run,
                "seconds_shown": spread(seconds),
                "cpu_shown": spread(usage.cpu_seconds for usage in usages),
                "share": 100 * median(seconds) / whole,
                "runs": [vars(usage) for usage in usages],
            }
        )
    yield table


def part_growth(plan: Plan) -> Iterator[Table]:
    """Classes of growing size: does time grow in a straight line, and memory not at all?"""
    table = Table(
        f"Classes of growing size, {plan.jobs} jobs",
        {
            "submissions": "submissions",
            "seconds": "seconds",
            "rate": "submissions a minute",
            "cpu": "CPU-seconds a submission",
            "memory": "peak memory, MB",
            "again_seconds": "again: seconds",
            "again_share": "% of the first",
        },
    )
    sizes = sorted(plan.growth)
    of = new_class(plan.assignment, plan.folder / "growth", sizes[-1])
    root, waiting = of.course.root, of.course.root / "waiting"
    (root / "submitted").rename(waiting)
    (root / "submitted").mkdir()
    for size in sizes:
        plan.tell(f"{size} submissions, first and again")
        for pupil in of.pupils[:size]:
            if (waiting / pupil.name).exists():
                (waiting / pupil.name).rename(root / "submitted" / pupil.name)
        grader = ours(replace(of, pupils=of.pupils[:size]), plan.jobs)
        first = _run(grader)
        again = measure(grader.command, grader.folder, grader.environment, grader.good)
        table.rows.append(
            {
                "submissions": size,
                "seconds": first.seconds,
                "rate": size / first.seconds * 60,
                "cpu": first.cpu_seconds / size,
                "memory": first.peak_memory / 1e6,
                "again_seconds": again.seconds,
                "again_share": 100 * again.seconds / first.seconds,
                "runs": [vars(first), vars(again)],
            }
        )
    if len(sizes) > 1:
        for what, unit in (("seconds", "seconds"), ("cpu_seconds", "CPU-seconds")):
            line = linear_regression(sizes, [row["runs"][0][what] for row in table.rows])
            table.notes.append(
                f"The nearest straight line: {line.intercept:.1f} {unit}, and {line.slope:.3f} a submission."
            )
    yield table


def part_student(plan: Plan) -> Iterator[Table]:
    """What a student waits for."""
    table = Table(
        "The student's side",
        {"what": "what", "milliseconds": "milliseconds", "worst": "the longest", "times": "measured"},
    )

    def add(what: str, seconds: Sequence[float]) -> None:
        if seconds:
            table.rows.append(
                {
                    "what": what,
                    "milliseconds": 1000 * median(seconds),
                    "worst": 1000 * max(seconds),
                    "times": len(seconds),
                    "seconds": list(seconds),
                }
            )

    plan.tell("imports and checks")
    for what, seconds in student.imports(2 * plan.repeats + 1).items():
        add(what, seconds)
    of = new_class(plan.assignment, plan.folder / "student", 1)
    for what, seconds in student.checks(of).items():
        add(what, seconds)
    for times in student.lessons():
        plan.tell(f"lesson {times.lesson}")
        add(f"{times.lesson}: start a kernel and run all", [times.run])
        add(f"{times.lesson}: control panel, one redraw", times.redraws)
    yield table


PARTS: dict[str, Callable[[Plan], Iterator[Table]]] = {
    "graders": part_graders,
    "again": part_again,
    "growth": part_growth,
    "student": part_student,
}
