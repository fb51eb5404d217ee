"""The author's notebook: the only place where structure, tests and points come from."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from IPython.core.inputtransformer2 import TransformerManager

if TYPE_CHECKING:
    from nbformat import NotebookNode

Role = Literal["answer", "written", "task", "test", "fixed", "text"]


@dataclass(frozen=True)
class Cell:
    """One cell of the author's notebook.

    `role`: "answer" (a student's code), "written" (an answer that a person grades), "task" (nbgrader's
    task cell: a person grades what stands under it), "test" (scores by itself), "fixed" (the author's own
    code) or "text". `source` is the author's full text with solution and hidden
    tests, `released` what students get. `points` is 0 for cells that are not graded.
    """

    role: Role
    grade_id: str | None
    cell_type: str
    source: str
    released: str
    points: float = 0.0


@dataclass(frozen=True)
class AuthorNotebook:
    """A notebook as its author wrote it, beside the form in which it was released (nbformat, as text)."""

    name: str
    cells: tuple[Cell, ...]
    released: str

    @cached_property
    def by_id(self) -> dict[str, Cell]:
        """The cells that have a grade_id, by it."""
        return {cell.grade_id: cell for cell in self.cells if cell.grade_id}

    @cached_property
    def written(self) -> frozenset[str]:
        """The grade_ids of what a person grades."""
        return frozenset(str(cell.grade_id) for cell in self.cells if cell.role == "written")

    @cached_property
    def names_made(self) -> dict[str, frozenset[str]]:
        """By grade_id of an answer cell: the names that the author's answer makes or changes."""
        answers = [cell for cell in self.cells if cell.role == "answer"]
        return {str(cell.grade_id): frozenset(_bound_names(cell.source)) for cell in answers}

    @cached_property
    def answer_imports(self) -> str:
        """The import statements in the author's answers: modules never come from the student."""
        return "\n".join(_imports(cell.source) for cell in self.cells if cell.role == "answer")

    @cached_property
    def exercises(self) -> dict[str, list[Cell]]:
        """By grade_id of an answer: the cells that bring its points, itself among them if a person grades it.

        A task, and a test that no answer stands above, is an exercise of its own.
        """
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            if cell.role in ("test", "written", "task"):
                answer = None if cell.role == "task" else self.answer_before(str(cell.grade_id))
                found.setdefault(str((answer or cell).grade_id), []).append(cell)
        return found

    def tests_of(self, answer_id: str) -> dict[int, Cell]:
        """The test cells that belong to an answer, by their place in the notebook."""
        own = [cell for cell in self.exercises.get(answer_id, ()) if cell.role == "test"]
        return {place: cell for place, cell in enumerate(self.cells) if cell in own}

    def answer_before(self, test_id: str) -> Cell | None:
        """The answer that a test cell belongs to: the nearest one above it."""
        last = None
        for cell in self.cells:
            if cell.role in ("answer", "written"):
                last = cell
            if cell.grade_id == test_id:
                return last
        return None


def read_author_notebook(source: Path, released: NotebookNode) -> AuthorNotebook:
    """The author's notebook in the file `source`, whose released form is `released`.

    Raises ValueError, naming the file, when the two don't have the same cells.
    """
    import nbformat  # takes a second, which worker processes need not spend

    written = nbformat.read(source, as_version=4)
    if len(written.cells) != len(released.cells):
        raise ValueError(f"{source}: its released form has other cells. Build it again.")
    cells = tuple(_cell(a, r) for a, r in zip(written.cells, released.cells, strict=True))
    return AuthorNotebook(source.stem, cells, nbformat.writes(released))


def _cell(written: Any, released: Any) -> Cell:
    mark = written.metadata.get("nbgrader", {})
    solution, grade, task = (bool(mark.get(name)) for name in ("solution", "grade", "task"))
    role: Role
    if task:
        role = "task"
    elif solution and (grade or written.cell_type != "code"):
        role = "written"
    elif solution:
        role = "answer"
    elif grade and written.cell_type == "code":
        role = "test"
    else:
        role = "fixed" if written.cell_type == "code" else "text"
    points = float(mark.get("points") or 0) if grade or task else 0.0
    return Cell(role, mark.get("grade_id"), written.cell_type, written.source, released.source, points)


# ---- names in code -----------------------------------------------------------------------------------


def plain_python(source: str) -> str:
    """A cell's text without IPython's own syntax (magics become calls of `get_ipython()`)."""
    return str(TransformerManager().transform_cell(source))


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(plain_python(source))
    except SyntaxError:
        return None


def _bound_names(source: str) -> set[str]:
    """The names that the top level of a cell makes or changes: `x = `, `def x`, `x["a"] = `, `x.sort()`."""
    tree = _parse(source)
    if tree is None:
        return set()
    found: set[str] = set()
    imported: set[str] = set()
    for node in _outside_functions(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imported |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found.add(_root(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found.add(_root(node.value.func))  # a call for its effect, such as `axes.set_title(...)`
    return found - imported - {""}


def _imports(source: str) -> str:
    """The import statements of a cell, one a line."""
    tree = _parse(source)
    nodes = ast.walk(tree) if tree else ()
    return "\n".join(ast.unparse(n) for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)))


def _outside_functions(tree: ast.AST) -> list[ast.AST]:
    """All nodes of `tree` but those inside function and class bodies."""
    nodes: list[ast.AST] = []
    for child in ast.iter_child_nodes(tree):
        nodes.append(child)
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            nodes += _outside_functions(child)
    return nodes


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def names_used(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The names that a test cell uses: those it never makes itself, and those it also makes or deletes."""
    used: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            made |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
    return used - made, used & made
