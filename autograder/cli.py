"""The `autograder` command. Thin: every command calls one function and prints what came of it.

Exit codes: 0 done, 1 something to put right in the course or on the machine, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from . import __version__
from .errors import CourseError
from .lastrun import Graded, recall
from .sandbox.wall import NoSandbox

if TYPE_CHECKING:
    from .course import Course
    from .regrading import Regrade

_DEMO_ASSIGNMENT = "03_oil_exports"

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    args = _parser().parse_args(arguments)
    _be_quiet()
    try:
        return int(args.run(args))
    except (CourseError, NoSandbox) as problem:
        err.print(f"autograder: {problem}", markup=False)
        return 1
    except KeyboardInterrupt:
        err.print("autograder: stopped. What was graded until now is recorded.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"autograder {__version__}")
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the course's folder (default: found from here)"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="a make-believe class hands in; graded and fed back in ./demo")
    demo.set_defaults(run=_demo)

    new = commands.add_parser("new", help="lay out a new assignment that builds at once")
    new.add_argument("assignment", metavar="A")
    new.add_argument("--title", default="", help="default: made from the name")
    new.set_defaults(run=_new)

    build = commands.add_parser("build", help="make release/ from source/")
    build.add_argument("assignments", nargs="*", metavar="A", help="default: all")
    build.add_argument("--check", action="store_true", help="only say what is out of date")
    build.set_defaults(run=_build)

    verify = commands.add_parser("verify", help="run every right, wrong and empty answer through the engine")
    verify.add_argument("assignments", nargs="*", metavar="A", help="default: all")
    verify.set_defaults(run=_verify)

    grade = commands.add_parser("grade", help="grade what was submitted")
    grade.add_argument("assignment", metavar="A")
    grade.add_argument("--student", metavar="S", help="only this student")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="grade on this Dask cluster (tcp://HOST:8786)")
    grade.add_argument("--force", action="store_true", help="run all again, also what has not changed")
    grade.set_defaults(run=_grade)

    regrade = commands.add_parser("regrade", help="grade again what a change of tests or keys touches")
    regrade.add_argument("assignment", metavar="A")
    how = regrade.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="only say whose points move, and why")
    how.add_argument("--undo", action="store_true", help="bring back what the last regrade changed")
    regrade.set_defaults(run=_regrade)

    for command in (demo, verify, grade, regrade):
        command.add_argument(
            "--jobs", type=_positive, metavar="N", help="worker processes (default: one a core)"
        )
    for command in (verify, grade, regrade):
        command.add_argument(
            "--sandbox",
            choices=["walls", "none"],
            default="walls",
            help="`none` runs student code unprotected",
        )

    report = commands.add_parser("report", help="the instructor's page on an assignment, or on the course")
    report.add_argument("assignment", nargs="?", metavar="A", help="default: all that is graded")
    report.add_argument(
        "--formgrader-url",
        type=_address,
        default="http://localhost:8888",
        metavar="URL",
        help="the Jupyter server with the formgrader (default: %(default)s)",
    )
    report.set_defaults(run=_report)

    export = commands.add_parser("export", help="grades in the form that a learning platform imports")
    export.add_argument("assignments", nargs="*", metavar="A", help="default: all in the gradebook")
    export.add_argument("--to", choices=["canvas", "moodle", "csv"], required=True)
    export.add_argument("--output", metavar="FILE", help="default: a file in the course; - prints it")
    export.add_argument("--partial", action="store_true", help="also points that are not final")
    export.add_argument("--zero-missing", action="store_true", help="0 for what was not handed in")
    export.add_argument("--roster", type=Path, metavar="FILE", help="the platform's own export: ids, columns")
    export.add_argument(
        "--column", action="append", type=_pair, metavar="A=TITLE", help="what A is called on the platform"
    )
    export.set_defaults(run=_export)

    site = commands.add_parser("site", help="build a static site that runs the course in the browser")
    site.add_argument("folder", nargs="?", type=Path, default=Path("site"), help="default: site")
    site.add_argument(
        "--pyodide", type=Path, metavar="DIR", help="serve Python from the site: an unpacked Pyodide"
    )
    site.add_argument("--solutions", action="store_true", help="with the authors' worked solutions")
    site.set_defaults(run=_site)

    doctor = commands.add_parser("doctor", help="what this machine can do, and what to install")
    doctor.set_defaults(run=_doctor)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _pair(text: str) -> tuple[str, str]:
    name, sign, title = text.partition("=")
    if not (sign and name and title):
        raise argparse.ArgumentTypeError("must be A=TITLE")
    return name, title


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must start with http:// or https://")
    return text


def _be_quiet() -> None:
    """Leave out what nbgrader and its database library say on every use: it hides what matters."""
    warnings.simplefilter("ignore")
    logging.getLogger("autograder").setLevel(logging.ERROR)
    # nbgrader starts the program alembic, which stands beside Python
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _course(args: argparse.Namespace) -> Course:
    """The course that was named, or the nearest folder above that is one. Raises CourseError."""
    from .course import Course

    return Course(_root(args))


def _root(args: argparse.Namespace) -> Path:
    """The folder of that course. Raises CourseError."""
    root = _find_root(args)
    if root is None:
        raise CourseError(
            f"{_start(args)} is no course: it has no nbgrader_config.py and no source/. "
            "Name one with --course."
        )
    return root


def _find_course(args: argparse.Namespace) -> Course | None:
    from .course import Course

    root = _find_root(args)
    return None if root is None else Course(root)


def _find_root(args: argparse.Namespace) -> Path | None:
    start = _start(args)
    for place in [start] if args.course else [start, *start.parents]:
        if (place / "nbgrader_config.py").is_file() or (place / "source").is_dir():
            return place
    return None


def _start(args: argparse.Namespace) -> Path:
    """The folder that was named, or the present one. Raises CourseError where there is none."""
    start: Path = (args.course or Path.cwd()).resolve()
    if not start.is_dir():
        raise CourseError(f"There is no folder {start}.")
    return start


def _names(course: Course, asked: list[str]) -> list[str]:
    for name in asked:
        course.check_assignment(name)
    names = asked or course.assignments()
    if not names:
        raise CourseError(f"There is no assignment in {course.root / 'source'}.")
    return names


# ---- commands ----------------------------------------------------------------------------------------


def _demo(args: argparse.Namespace) -> int:
    from .demo import make_class
    from .grading import generate_feedback

    course = _course(args)
    folder = course.root / "demo"
    out.print(f"A make-believe class works on {_DEMO_ASSIGNMENT} ...")
    demo, pupils = make_class(course, _DEMO_ASSIGNMENT, folder)
    graded = {
        g.student: g for g in _graded(demo, _DEMO_ASSIGNMENT, demo.students(_DEMO_ASSIGNMENT), args.jobs)
    }
    out.print("Writing feedback pages ...")
    generate_feedback(demo, _DEMO_ASSIGNMENT)
    table = Table("student", "what they handed in", title=f"{_DEMO_ASSIGNMENT}: {len(pupils)} submissions")
    for head in ("points", "an honest teacher"):
        table.add_column(head, justify="right")
    table.add_column("")
    agree = 0
    for pupil in pupils:
        found = graded[pupil.name]
        same = not found.failure and found.score == pupil.points
        agree += same
        table.add_row(
            pupil.name,
            pupil.about,
            f"{found.score:g} of {found.possible:g}",
            f"{pupil.points:g}",
            "✓" if same else "✗",
        )
    out.print(table)
    out.print(f"{agree} of {len(pupils)} submissions have the points that an honest teacher gives.")
    page = demo.feedback(pupils[4].name, _DEMO_ASSIGNMENT) / f"{_DEMO_ASSIGNMENT}.html"
    out.print("\nWhere to look:")
    out.print(f"  feedback page   {page}", markup=False)
    out.print(f"  gradebook       {demo.db_url.removeprefix('sqlite:///')}", markup=False)
    out.print(f"  report          autograder --course {folder} report {_DEMO_ASSIGNMENT}", markup=False)
    out.print(f"  formgrader      cd {folder} && jupyter lab   (menu Nbgrader, Formgrader)", markup=False)
    return 0 if agree == len(pupils) else 1


def _new(args: argparse.Namespace) -> int:
    from .author.new import check_name, new_assignment, new_course

    name = args.assignment
    check_name(name)
    course = _find_course(args)
    if course is None:
        course = new_course(_start(args))
        out.print(f"made a course: {course.root / 'nbgrader_config.py'}", markup=False)
    out.print(f"made {new_assignment(course, name, args.title)}", markup=False)
    out.print(
        f"Change it as you like. Then: autograder build {name} && autograder verify {name}", markup=False
    )
    return 0


def _build(args: argparse.Namespace) -> int:
    from .author.build import build, outdated

    course = _course(args)
    late = 0
    for name in _names(course, args.assignments):
        if not args.check:
            build(course, name)
            out.print(f"built {course.release(name)}", markup=False)
            continue
        differences = outdated(course, name)
        late += bool(differences)
        for difference in differences:
            out.print(f"{course.release(name)}: {difference}", markup=False)
        if not differences:
            out.print(f"{course.release(name)}: up to date", markup=False)
    if late:
        err.print("autograder: release/ is out of date. Run `autograder build`.")
    return 1 if late else 0


def _verify(args: argparse.Namespace) -> int:
    from .author.build import load_assignment
    from .author.verify import verify
    from .grade.batch import Workers

    course, walls = _course(args), _walls(args)
    totals: Counter[str] = Counter()
    misjudged = exercises = 0
    for name in _names(course, args.assignments):
        with (
            load_assignment(course, name, walls) as assignment,
            Workers(assignment, args.jobs, walls) as workers,
        ):
            for proof in verify(course, assignment, workers):
                exercises += 1
                counts = ", ".join(f"{proof.tried[kind]} {kind}" for kind in ("right", "wrong", "empty"))
                verdict = "all judged right" if not proof.misjudged else f"{len(proof.misjudged)} MISJUDGED"
                out.print(f"{name}  {proof.exercise:<16} {proof.points:g} points: {counts}: {verdict}")
                for line in proof.misjudged:
                    out.print(f"    {line}", markup=False)
                misjudged += len(proof.misjudged)
                totals += proof.tried
    out.print(
        f"{exercises} exercises. Right answers: {totals['right']}, wrong answers: {totals['wrong']}, "
        f"untouched cells: {totals['empty']}. Misjudged: {misjudged}."
    )
    return 1 if misjudged else 0


def _grade(args: argparse.Namespace) -> int:
    walls = _walls(args)
    everybody = not (args.student or args.force)
    if everybody and (run := recall(_root(args), args.assignment, walls)):
        for trouble in run.told:
            _tell(trouble)
        for found in run.graded:
            _print_graded(found)
        count = len(run.graded)
        out.print(
            f"{count} of {count} submissions are graded into {run.gradebook}: nothing has changed.",
            markup=False,
        )
        return 0

    from .grade.gradebook import shown
    from .grading import students_to_grade

    course = _course(args)
    students = students_to_grade(course, args.assignment, args.student)
    failed = 0
    for found in _graded(course, args.assignment, students, args.jobs, walls, args.force, args.scheduler):
        _print_graded(found)
        failed += bool(found.failure)
    out.print(
        f"{len(students) - failed} of {len(students)} submissions graded into {shown(course.db_url)}.",
        markup=False,
    )
    return 1 if failed else 0


def _print_graded(found: Graded) -> None:
    score = f"{found.score:g} of {found.possible:g}"
    line = f"{found.student}: {found.failure or score}"
    out.print("; ".join([line, *found.notes]), markup=False)


def _report(args: argparse.Namespace) -> int:
    from .report.course_page import write_course_report
    from .report.page import make_report, write_report

    course = _course(args)
    if args.assignment:
        page = write_report(course, make_report(course, args.assignment), args.formgrader_url)
    else:
        page = write_course_report(course, args.formgrader_url)
    out.print(f"{page} and, beside it, its tables as CSV files", markup=False)
    return 0


def _export(args: argparse.Namespace) -> int:
    from .report.exports import FILES, Wishes, export

    course = _course(args)
    wishes = Wishes(args.partial, args.zero_missing, args.roster, dict(args.column or ()))
    sheet = export(course, args.to, args.assignments, wishes)
    for remark in sheet.remarks:
        err.print(f"autograder: {remark}", markup=False)
    if args.output == "-":
        sys.stdout.write(sheet.text())
        return 0
    path = Path(args.output) if args.output else course.root / FILES[args.to]
    sheet.write(path)
    out.print(f"{path}: {len(sheet.rows) - 1} rows", markup=False)
    return 0


def _site(args: argparse.Namespace) -> int:
    from .author.site import build_site

    start = build_site(_course(args), args.folder, args.pyodide, args.solutions)
    out.print(f"built {start.parent}", markup=False)
    out.print(f"See it: python -m http.server --bind 127.0.0.1 --directory {start.parent}", markup=False)
    return 0


def _regrade(args: argparse.Namespace) -> int:
    from .regrading import regrade, undo

    course, name = _course(args), args.assignment
    if args.undo:
        students = undo(course, name)
        out.print(f"The last regrade of {name} is undone, for {len(students)} students.", markup=False)
        return 0
    found = regrade(course, name, args.jobs, _walls(args), args.dry_run)
    for move in found.moves:
        before = "not graded" if move.before is None else f"{move.before:g}"
        line = f"{move.student}  {move.test}: {before} -> {move.after:g} of {move.points:g}: {move.why}"
        out.print(line + (" (a grade given by hand stays)" if move.manual else ""), markup=False)
    for student, failure in found.failures.items():
        err.print(f"autograder: {student}: {failure}", markup=False)
    if found.not_graded_yet:
        err.print(f"autograder: not graded yet: {', '.join(found.not_graded_yet)}", markup=False)
    out.print(
        f"{_moved(found)} {'Nothing is written.' if args.dry_run else _written(found, name)}", markup=False
    )
    return 1 if found.failures else 0


def _moved(found: Regrade) -> str:
    movers = {move.student for move in found.moves}
    words = len(set(found.results) - movers)
    return (
        f"{found.graded} submissions: points move for {len(movers)} students in {len(found.moves)} tests; "
        f"for {words} more only words change."
    )


def _written(found: Regrade, name: str) -> str:
    if not found.results:
        return "Nothing had to be written."
    return (
        f"Written; `autograder regrade {name} --undo` brings the old state back. "
        f"`nbgrader generate_feedback {name} --force` makes the students' pages anew."
    )


def _doctor(args: argparse.Namespace) -> int:
    from .doctor import examine

    findings = examine(_course(args) if args.course else _find_course(args))
    for finding in findings:
        mark = "ok     " if finding.good else "MISSING" if finding.needed else "absent "
        out.print(f"{mark}  {finding.name:<9} {finding.text}", markup=False)
    return 0 if all(finding.good or not finding.needed for finding in findings) else 1


# ---- shared ------------------------------------------------------------------------------------------


def _walls(args: argparse.Namespace) -> bool:
    if args.sandbox == "none":
        err.print("autograder: student code runs UNPROTECTED, with your rights on this machine.")
    return args.sandbox == "walls"


def _tell(trouble: str) -> None:
    err.print(f"autograder: {trouble}", markup=False)


def _graded(
    course: Course,
    name: str,
    students: list[str],
    jobs: int | None,
    walls: bool = True,
    force: bool = False,
    scheduler: str | None = None,
) -> Iterator[Graded]:
    """Grade with a progress bar in a terminal; without one, in a log, the results speak for themselves."""
    from .grading import grade

    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task("grading", total=len(students))
        for found in grade(course, name, students, jobs, walls, _tell, force, scheduler):
            progress.advance(task)
            yield found


class _Rate(ProgressColumn):
    """How many a minute."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{60 * task.speed:,.0f} a minute")


if __name__ == "__main__":
    sys.exit(main())
