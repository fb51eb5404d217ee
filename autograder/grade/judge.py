"""Runs one notebook's answers in the sandbox and the author's tests outside it.

Test cells are ordinary nbgrader test cells. They run in this process, where no student code has ever
been. A name that a test uses comes from the student only if the author's own answers make or change it;
it arrives as plain data, a function as a remote call. So nothing that happens in the student's process
can change a score, other than a right answer.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import numbers
import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, fields
from typing import Any

from ..check import Judge, NotRight, folded, judged_by
from ..check.keys import Key
from ..sandbox.limits import LIMITS
from ..sandbox.outputs import well_formed
from ..sandbox.session import Session, SessionLost
from .assemble import TOP, Submitted
from .notebook import AuthorNotebook, Cell, names_used, plain_python

_TEST_FILE = "<test>"
_LONGEST_MESSAGE = 1000  # characters


@dataclass
class CellResult:
    """What became of one cell: its outputs (nbformat) and, for a test, its score and the one message.

    `score` is None where nothing was scored here (a person will, or there is nothing to score). `has` is
    what the student has, in words, where a check said so. `general` is the message without anything of
    what the answer gave.
    """

    grade_id: str | None
    source: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    score: float | None = None
    message: str = ""
    hint: str | None = None
    has: str = ""
    error: str = ""
    general: str = ""

    def tell(self, message: str) -> None:
        """Set the message, also as the output that pages show: an error if the test failed."""
        self.message = well_formed(message, _LONGEST_MESSAGE)
        shown = "\n".join(folded(self.message))
        if not shown:
            self.outputs = []
        elif self.score == 0.0:
            self.outputs = [_error_output("NotRight", shown)]
        else:
            self.outputs = [{"output_type": "stream", "name": "stdout", "text": shown + "\n"}]


@dataclass
class NotebookResult:
    """The results of one notebook, cell by cell in the author's order, and notes for the instructor:
    on how it was read, and by place of the cell (-1: above all) on how it ran."""

    name: str
    cells: list[CellResult]
    read_notes: list[str]
    run_notes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """All notes, as they came up."""
        return [*self.read_notes, *(note for _, note in self.run_notes)]

    @classmethod
    def from_plain(cls, found: dict[str, Any]) -> NotebookResult:
        """The result that `dataclasses.asdict` made plain. Raises KeyError, TypeError or ValueError."""
        cells = [
            CellResult(**{part.name: cell[part.name] for part in fields(CellResult)})
            for cell in found["cells"]
        ]
        run_notes = [(int(place), str(note)) for place, note in found["run_notes"]]
        return cls(str(found["name"]), cells, [str(note) for note in found["read_notes"]], run_notes)


@dataclass(frozen=True)
class Judges:
    """Who answers the checks: `open` with what a student may know, `hidden` with hidden calls too.

    `hidden` is None where nothing has to be kept from the student, as when the author's answers are run.
    """

    open: Judge
    hidden: Judge | None = None


def judge_notebook(
    author: AuthorNotebook,
    submitted: Submitted,
    session: Session,
    judges: Judges,
    keys: dict[str, Key],
    wanted: frozenset[int] | None = None,
) -> NotebookResult:
    """Run and judge one notebook.

    `wanted` are the places of the cells whose results are wanted (default: all). The run ends with the
    last of them, and leaves out what none of them needs.

    Outputs, messages and errors come from a first run, in which tests use nothing that is hidden. Tests
    with hidden parts are judged again in a second run, from which only scores and general words are taken:
    so a function can't tell its student what it was tried with. `keys` gives the hints for answers that
    stop with an error, before any check is reached.
    """
    first = _Run(author, submitted, session, keys, judges.hidden is None, wanted)
    first.through(judges.open)
    if judges.hidden is not None and (again := first.to_judge_again()):
        with contextlib.suppress(SessionLost):
            session.restart(fresh_clock=True)
        second = _Run(author, submitted, session, keys, True, frozenset(again), first.stopped)
        second.through(judges.hidden)
        for place in again:
            _take_hidden(first.results[place], second.results[place])
    return NotebookResult(author.name, first.results, list(submitted.notes), first.notes)


def as_handed_in(cell: Cell, submitted: Submitted) -> CellResult:
    """The result of a cell that is not run: text, a written answer, or an answer that is missing."""
    if cell.role not in ("answer", "written"):
        return CellResult(cell.grade_id, cell.released)
    answer = submitted.answers.get(str(cell.grade_id))
    return CellResult(cell.grade_id, answer or "", error="missing" if answer is None else "")


def _take_hidden(seen: CellResult, found: CellResult) -> None:
    """Take the score of a hidden test into the result that the student sees, with general words only."""
    passed_before, seen.score = bool(seen.score), found.score
    if found.score == 0.0 and passed_before:
        seen.hint = found.hint
        seen.tell(found.general or "A hidden test of this answer failed.")
    elif found.score and not passed_before:  # the visible part alone could not be judged
        seen.hint = None
        seen.tell("")


class _Names(dict[str, Any]):
    """The names that test cells see. What a test does to a student's name happens to the student's too:
    `del squares` before a call shows whether another function needs it."""

    def __init__(self, session: Session | None):
        super().__init__({"__name__": "__main__"})
        self._session = session
        self.of_student: set[str] = set()

    def __setitem__(self, name: str, value: Any) -> None:
        if self._session and name in self.of_student:
            self._session.give(name, value)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        if self._session and name in self.of_student:
            self._session.take_away(name)

    @contextlib.contextmanager
    def untold(self) -> Iterator[None]:
        """Within this context, the student's process is not told."""
        session, self._session = self._session, None
        try:
            yield
        finally:
            self._session = session

    def fetched(self, name: str, value: Any) -> None:
        """Take over a value from the student's process."""
        super().__setitem__(name, value)


class TestSpace:
    """The namespace that the author's test cells of one notebook share."""

    __test__ = False  # for pytest: this is no test class

    def __init__(self, author: AuthorNotebook, session: Session | None = None):
        self.author = author
        self.names = _Names(session)
        self.execute(author.answer_imports)

    def after_answer(self, cell: Cell) -> None:
        """From here on, what the author's answer makes or changes comes from the student."""
        self.names.of_student |= self.author.names_made.get(str(cell.grade_id), frozenset())

    def execute(self, source: str) -> None:
        """Run the author's own code, so that tests find modules and tables.

        It runs in the student's process too, so what it does to names need not be told there.
        """
        # it may fail for want of an answer: then tests don't need it from here
        with _silence(), self.names.untold(), contextlib.suppress(Exception):
            exec(compile(plain_python(source), "<course>", "exec"), self.names)

    def run_fixed_cells(self) -> None:
        """Run all of the author's fixed cells."""
        for cell in self.author.cells:
            if cell.role == "fixed":
                self.execute(cell.source)

    def wanted(self, tree: ast.Module) -> tuple[set[str], set[str]]:
        """The names that a test takes from the student: (those it can't do without, those it may find).

        They are the names that the author's answers above the test make or change, and those that nothing
        else of the author's makes. What a test also makes itself, it can do without.
        """
        only_used, also_made = names_used(tree)
        needed = {name for name in only_used if not hasattr(builtins, name)}
        of_student = self.names.of_student
        return {n for n in needed if n in of_student or n not in self.names}, also_made & of_student


class _Run:
    """The state of one notebook's run: the student's process, and the tests' namespace."""

    def __init__(
        self,
        author: AuthorNotebook,
        submitted: Submitted,
        session: Session,
        keys: dict[str, Key],
        hidden: bool,
        wanted: frozenset[int] | None,
        leave_out: frozenset[str] = frozenset(),
    ):
        self.author, self.submitted, self.session, self.keys = author, submitted, session, keys
        self._hidden = hidden  # whether tests run with their hidden parts
        self._wanted = frozenset(range(len(author.cells))) if wanted is None else wanted
        self._leave_out = leave_out
        self.results: list[CellResult] = []
        self.notes: list[tuple[int, str]] = []
        self.space = TestSpace(author, session)
        self._ran: list[str] = []  # what a restarted process must run again
        self._stopped: set[str] = set()
        self._among_extra = False

    @property
    def stopped(self) -> frozenset[str]:
        """The cells, as text, that ended their process."""
        return frozenset(self._stopped)

    def through(self, judge: Judge) -> None:
        """Run and judge the cells, up to the last that is wanted."""
        with judged_by(judge):
            self._run_extra(TOP)
            for cell in self.author.cells[: max(self._wanted, default=-1) + 1]:
                self.step(cell)

    def to_judge_again(self) -> list[int]:
        """The places of tests with a hidden part, but for those of which a visible call has failed."""
        cells = list(zip(self.author.cells, self.results, strict=False))
        tests = [(place, cell, found) for place, (cell, found) in enumerate(cells) if cell.role == "test"]
        return [
            place
            for place, cell, found in tests
            if place in self._wanted
            and (cell.source != cell.released or (found.score and self._has_hidden_calls(cell)))
        ]

    @property
    def _place(self) -> int:
        """The place of the cell at work. What a student added belongs to the cell that it follows."""
        return len(self.results) - self._among_extra

    def step(self, cell: Cell) -> None:
        """Run or judge one cell of the author's notebook, and what the student added under it."""
        if cell.role == "test":
            self.results.append(self._test(cell))
        elif cell.role == "fixed":
            self.space.execute(cell.source)
            self.results.append(self._run(cell.grade_id, cell.source))
        elif cell.cell_type == "code" and str(cell.grade_id) in self.submitted.answers:
            self.space.after_answer(cell)
            self.results.append(self._run(cell.grade_id, self.submitted.answers[str(cell.grade_id)]))
        else:
            self.space.after_answer(cell)
            self.results.append(as_handed_in(cell, self.submitted))
        if cell.grade_id:
            self._run_extra(cell.grade_id)

    # ---- the student's side

    def _run_extra(self, above: str) -> None:
        self._among_extra = True
        for source in self.submitted.extra.get(above, []):
            self._run(f"a cell under {above}" if above else "a cell at the top", source)
        self._among_extra = False

    def _run(self, name: str | None, source: str) -> CellResult:
        result = CellResult(name, source)
        if not source.strip() or source in self._leave_out:
            return result
        try:
            reply = self.session.run(source)
        except SessionLost as problem:
            self._stopped.add(source)
            result.error = self._lost(problem, f"the cell {name}")
            result.outputs = [_error_output("Stopped", result.error)]
            return result
        self._ran.append(source)
        result.outputs = reply["outputs"]
        if reply["error"]:
            result.error = f"{reply['error']['ename']}: {reply['error']['evalue']}"
        return result

    def _lost(self, problem: SessionLost, where: str) -> str:
        """Start a fresh process in which all but the cell that ended the old one has run again."""
        why = _why_lost(str(problem))
        self.notes.append((self._place, f"{where} {why}"))
        if self.session.seconds_left() <= 0:
            self.session.hang_up()
            return why
        try:
            self.session.restart()
            for source in self._ran:
                self.session.run(source)
        except SessionLost:
            self.session.hang_up()
        return why

    # ---- the judge's side

    def _test(self, cell: Cell) -> CellResult:
        result = CellResult(cell.grade_id, cell.released, score=0.0)
        said = io.StringIO()
        message = ""
        try:
            tree = ast.parse(plain_python(cell.source if self._hidden else cell.released), _TEST_FILE)
            if self._may_skip(tree):
                return result
            with _limited(), redirect_stdout(said), redirect_stderr(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._fetch(tree)
                credit = _execute_test(tree, self.space.names)
            result.score = _score(credit, cell.points)
            message = said.getvalue().strip()
        except NotRight as problem:
            verdict = problem.verdict
            message, result.hint, result.has = verdict.message, verdict.hint, well_formed(verdict.has, 200)
            result.general = verdict.message if verdict.hidden else ""
        except SessionLost as problem:
            message = result.general = f"The answer {self._lost(problem, f'the test {cell.grade_id}')}."
        except _Missing as problem:
            message, result.hint = self._explain_missing(cell, problem.name, tree)
        except _ImpossibleCredit as problem:
            message = result.general = str(problem)
        except _TooSlow:
            message = result.general = "The value is so large that its test took too long."
        except Exception as problem:
            message = _explain(problem, cell)
        result.tell(message)
        return result

    def _may_skip(self, tree: ast.Module) -> bool:
        """Whether nothing needs this test: its result is not wanted, and it leaves nothing to later ones."""
        return len(self.results) not in self._wanted and only_checks(tree)

    def _has_hidden_calls(self, cell: Cell) -> bool:
        """Whether the checks of a test cell try a function with what the student must not learn."""
        checks = checks_in(ast.parse(plain_python(cell.source)))
        return any(call.hidden for name in checks if name in self.keys for call in self.keys[name].calls)

    def _fetch(self, tree: ast.Module) -> None:
        """Put the names that a test needs from the student into the tests' namespace."""
        needed, optional = self.space.wanted(tree)
        names = sorted(needed | optional)
        values = self.session.values(names) if names else {}
        for name in names:
            self.space.names.pop(name, None)
            if name in values:
                self.space.names.fetched(name, values[name])
            elif name in needed:
                raise _Missing(name)

    def _explain_missing(self, cell: Cell, name: str, tree: ast.Module) -> tuple[str, str | None]:
        """Why a name does not exist, and the hint for the error that its cell stopped with."""
        answer = self.author.answer_before(str(cell.grade_id))
        result = next((r for r in self.results if answer and r.grade_id == answer.grade_id), None)
        if result is None or not result.error:
            return f"`{name}` is not there. Give your answer this exact name.", None
        if result.error == "missing":
            return f"The answer cell for `{name}` is missing.", None
        error = result.error.partition(":")[0]
        for check in checks_in(tree):
            if check in self.keys and (mistake := self.keys[check].mistake_for_error(error)):
                return f"{name}: your code stopped with {error}. {mistake.hint}", mistake.hint
        return f"{name}: your code stopped before it was made ({result.error}).", None


class _TooSlow(BaseException):
    """A test used up its processor time. Not an Exception, so that no test takes it for a failure."""


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Within this context, this process may use the processor time of one test. Waiting does not count."""
    signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMITS.test_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _stop(*_: Any) -> None:
    raise _TooSlow


class _ImpossibleCredit(Exception):
    """A test gave a number that is less than nothing or more than all points."""


class _Missing(Exception):
    """A name that a test needs is not there."""

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


def checks_in(tree: ast.Module) -> list[str]:
    """The names of the checks that a test cell calls."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_check(node)]
    return [str(call.args[0].value) for call in calls if call.args and isinstance(call.args[0], ast.Constant)]


def only_checks(tree: ast.Module) -> bool:
    """Whether a test cell does nothing but call `check`, so that it leaves nothing to later cells."""
    return all(isinstance(line, ast.Expr) and _is_check(line.value) for line in tree.body)


def _is_check(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check"


def _execute_test(tree: ast.Module, namespace: dict[str, Any]) -> Any:
    """Run a test cell. Its value is that of its last line, if that is an expression (partial credit)."""
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, _TEST_FILE, "exec"), namespace)
        return None
    before = ast.Module(tree.body[:-1], type_ignores=[])
    exec(compile(before, _TEST_FILE, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), _TEST_FILE, "eval"), namespace)


def _score(credit: Any, points: float) -> float:
    """nbgrader's rule: a number as the last value of a test cell is partial credit; all else is full.

    Raises _ImpossibleCredit for a number that can't be credit: the author has to mend the test.
    """
    if isinstance(credit, bool) or not isinstance(credit, numbers.Real):
        return points
    if not 0 <= float(credit) <= points:
        raise _ImpossibleCredit(f"The credit {credit} is not between 0 and {points:g}. Tell your instructor")
    return float(credit)


def _explain(problem: Exception, cell: Cell) -> str:
    """The message of a failed test. Of a hidden test, neither its text nor its inputs are shown."""
    line = _failed_line(problem, cell.source)
    hidden = not line or line not in cell.released
    remote = getattr(problem, "remote_name", "")
    text = str(problem).strip()
    if remote:
        return f"Your code stopped with {remote}" + (" on a hidden test." if hidden else f": {text}")
    if isinstance(problem, AssertionError):
        if text:
            return text  # the author's own words
        return "A test of this answer failed." if hidden else f"This test failed: {line}"
    return f"The test of this answer stopped with {type(problem).__name__}" + ("." if hidden else f": {text}")


def _failed_line(problem: Exception, source: str) -> str:
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if f.filename == _TEST_FILE]
    lines = plain_python(source).splitlines()
    number = (frames[-1].lineno or 0) if frames else 0
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _why_lost(problem: str) -> str:
    if "time" in problem:
        return "took too long and was stopped"
    if "ended" in problem:
        return "ended the process (too much memory, or an exit)"
    return f"was stopped ({problem})"


def _error_output(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [text]}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
