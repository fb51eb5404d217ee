"""Grades what was handed in to an assignment: the whole way, from folders to gradebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_config_path
from nbgrader.converters import GenerateFeedback
from sqlalchemy import make_url

from .author.build import header_and_footer, load_assignment, save_to_gradebook
from .author.keys import solved
from .course import Course
from .errors import CourseError
from .grade.batch import Workers, jobs_for
from .grade.cache import Cache, Entry, merged
from .grade.engine import Assignment, Outcome, Task, tasks_of
from .grade.gradebook import GradebookWriter, alone, holds_assignment, shown
from .grade.judge import CellResult, NotebookResult
from .grade.record import read_timestamp, write_folder
from .lastrun import Graded, LastRun, Marks, marks, remember

if TYPE_CHECKING:
    from .grade.cluster import Cluster


def grade(
    course: Course,
    name: str,
    students: Sequence[str],
    jobs: int | None = None,
    walls: bool = True,
    tell: Callable[[str], object] = print,
    force: bool = False,
    scheduler: str | None = None,
) -> Iterator[Graded]:
    """Grade the submissions of `students`, and yield each when it is done.

    Results of earlier runs are used for what has not changed since; `force` runs all again. With the address
    of a Dask `scheduler`, its workers grade in place of `jobs` processes of this machine. What was
    yielded is in the gradebook some seconds later, and at the latest when the generator ends or is closed.
    `tell` is called with each thing that the instructor should know of the author's notebooks. A run over
    all that was handed in is remembered, for `lastrun.recall`.
    Raises CourseError or NoSandbox before the first one, for anything that concerns all of them.
    """
    before = _inputs(course, name)
    with ExitStack() as stack:
        assignment = stack.enter_context(load_assignment(course, name, walls))
        know_assignment(course, assignment)
        jobs = jobs or jobs_for(len(students) * len(assignment.notebooks))
        workers = (
            _cluster(assignment, scheduler, walls, tell) if scheduler else Workers(assignment, jobs, walls)
        )
        stack.enter_context(workers)
        writer = stack.enter_context(GradebookWriter(course, assignment))
        cached = Cached(workers, assignment, Cache(course.root, assignment), force)
        told = list(_trouble(assignment, cached))
        for trouble in told:
            tell(trouble)
        done = []
        for student, results, failure in results_by_student(course, assignment, students, cached):
            write_folder(course, assignment, student, results)
            writer.add(student, read_timestamp(course.submitted(student, name)), results)
            done.append(_graded(assignment, student, results, failure))
            yield done[-1]
        writer.flush()
        after = _outputs(course, name, students)
        everybody = sorted(students) == course.students(name)
        if everybody and writer.was_alone() and not any(graded.failure for graded in done):
            run = LastRun(done, told, shown(course.db_url), walls)
            remember(course.root, name, run, {**after, **before})


def _inputs(course: Course, name: str) -> Marks:
    """The marks of all files that the grades of an assignment follow from."""
    source, submitted = course.source(name), [course.submitted(s, name) for s in course.students(name)]
    settings = [course.root, *map(Path, jupyter_config_path())]
    others = [folder / f"nbgrader_config.{kind}" for folder in settings for kind in ("py", "json")]
    others += course.root.glob("*.py")  # plugins
    others += header_and_footer(course)
    others += [course.submitted("x", name).parents[1], *(folder.parent for folder in submitted)]
    return marks([source, course.data, *submitted], others)


def _outputs(course: Course, name: str, students: Sequence[str]) -> Marks:
    """The marks of what a run over these students wrote."""
    file = make_url(course.db_url).database
    database = [Path(f"{file}{ending}") for ending in ("", "-journal", "-wal")]
    return marks([course.autograded(student, name) for student in students], database)


def know_assignment(course: Course, assignment: Assignment) -> None:
    """Record the assignment in the gradebook where it is not there as it is now, as in a fresh copy of the
    course."""
    with alone(course):
        if not holds_assignment(course, assignment):
            save_to_gradebook(course, assignment.name)


def _cluster(assignment: Assignment, scheduler: str, walls: bool, tell: Callable[[str], object]) -> Cluster:
    try:
        from .grade.cluster import Cluster
    except ImportError:
        raise CourseError(
            'Grading on a cluster needs Dask: python -m pip install "reading-a-crisis[cluster]".'
        ) from None
    return Cluster(assignment, scheduler, walls, tell)


class Cached:
    """Workers that are asked only for what is not kept from earlier runs."""

    def __init__(self, workers: Workers | Cluster, assignment: Assignment, cache: Cache, force: bool = False):
        self._workers, self._cache, self._force = workers, cache, force
        self._notebooks = {notebook.name: notebook for notebook in assignment.notebooks}
        self._begun: dict[Any, tuple[Task, Entry | None]] = {}

    def grade(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """As `Workers.grade`."""
        for outcome in self._workers.grade(map(self._prepared, tasks)):
            task, entry = self._begun.pop(outcome.label, (None, None))
            if task is not None and outcome.result is not None:
                if entry and task.wanted:
                    outcome.result = merged(entry, outcome.result, task.wanted)
                self._cache.keep(self._notebooks[task.notebook], task.submitted, outcome.result)
            yield outcome

    def _prepared(self, task: Task) -> Task | Outcome:
        """The outcome of a task if it is kept; else the task for what is not."""
        if self._force:
            entry, stale = None, None
        else:
            entry, stale = self._cache.find(self._notebooks[task.notebook], task.submitted)
        if entry and not stale:
            return Outcome(task.label, entry.result)
        task = replace(task, wanted=stale if entry else None)
        self._begun[task.label] = task, entry
        return task


def _trouble(assignment: Assignment, workers: Cached) -> Iterator[str]:
    """The tests that the author's own answers don't pass, so that nobody can. Where there are sealed keys,
    the build has looked already."""
    if assignment.keys:
        return
    tasks = [Task(notebook.name, notebook.name, solved(notebook)) for notebook in assignment.notebooks]
    for outcome in workers.grade(tasks):
        author = next(notebook for notebook in assignment.notebooks if notebook.name == outcome.label)
        for cell in outcome.result.cells if outcome.result else []:
            points = author.by_id[cell.grade_id].points if cell.grade_id in author.by_id else 0.0
            if cell.score is not None and cell.score < points:
                yield (
                    f"{author.name}.ipynb, {cell.grade_id}: the author's own answer gets {cell.score:g} of "
                    f"{points:g} points ({cell.message}). If the answer is right, this test can't be judged "
                    "from outside: it may read source text, patch, or use the kernel. Let it call the answer "
                    "and look at what it gives."
                )


def results_by_student(
    course: Course, assignment: Assignment, students: Sequence[str], workers: Cached
) -> Iterator[tuple[str, list[NotebookResult], str]]:
    """The results of each student's notebooks, when all of them are there, and why one could not be graded,
    if so."""

    def tasks() -> Iterator[Task]:
        for student in students:
            yield from tasks_of(course.submitted(student, assignment.name), student, assignment)

    parts: dict[str, list[Outcome]] = {}
    for outcome in workers.grade(tasks()):
        student, _ = outcome.label
        parts.setdefault(student, []).append(outcome)
        if len(parts[student]) == len(assignment.notebooks):
            outcomes = parts.pop(student)
            failure = next((outcome.failure for outcome in outcomes if outcome.failure), "")
            yield student, [_result(assignment, outcome) for outcome in outcomes], failure


def _graded(assignment: Assignment, student: str, results: Sequence[NotebookResult], failure: str) -> Graded:
    tests = [cell for notebook in assignment.notebooks for cell in notebook.cells if cell.role == "test"]
    return Graded(
        student,
        sum(cell.score or 0.0 for result in results for cell in result.cells),
        sum(cell.points for cell in tests),
        [note for result in results for note in result.notes],
        failure,
    )


def _result(assignment: Assignment, outcome: Outcome) -> NotebookResult:
    """The result of one notebook; where grading failed, one without scores that says so."""
    if outcome.result is not None:
        return outcome.result
    _, name = outcome.label
    author = next(notebook for notebook in assignment.notebooks if notebook.name == name)
    cells = [CellResult(cell.grade_id, cell.released) for cell in author.cells]
    return NotebookResult(name, cells, [f"this notebook could not be graded: {outcome.failure}"])


def students_to_grade(course: Course, name: str, student: str | None = None) -> list[str]:
    """Who handed in. Raises CourseError when nobody, or not `student`, did."""
    course.check_assignment(name)
    found = course.students(name)
    if student is not None and student not in found:
        raise CourseError(f"{student} has handed in nothing: there is no {course.submitted(student, name)}.")
    if not found:
        raise CourseError(
            f"Nobody has handed in {name}: there is no {course.submitted('STUDENT', name)}. "
            "Collect with `nbgrader collect`, or put the folders there."
        )
    return found if student is None else [student]


def generate_feedback(course: Course, name: str) -> None:
    """nbgrader's feedback pages for everybody who was graded."""
    directory = course.directory(assignment_id=name, student_id="*", notebook_id="*")
    converter = GenerateFeedback(coursedir=directory, config=course.config)
    converter.force = True
    converter.start()
