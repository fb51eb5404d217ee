"""Ordinary nbgrader test cells, run where no student code has ever been."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support import Bench, Exercise, bench_of, course_in

from autograder.grade.assemble import TOP, Submitted

SQUARES = Exercise(
    "squares",
    "def squares(n):\n    if n < 1:\n        raise ValueError('n must be 1 or more')\n"
    "    return [i ** 2 for i in range(1, n + 1)]",
    starter="def squares(n):\n    ...",
    test="assert squares(2) == [1, 4]\ntry:\n    squares(0)\nexcept ValueError:\n    pass\nelse:\n"
    "    raise AssertionError('did not raise')\n### BEGIN HIDDEN TESTS\nassert squares(3) == [1, 4, 9]\n"
    "### END HIDDEN TESTS",
    points=2,
)
TOTAL = Exercise(
    "total", "total = table['x'].sum()", test="assert total == table['x'].sum(), f'you have {total}'"
)
FRAME = Exercise(
    "frame",
    "table['y'] = table['x'] * 2\nframe = table",
    test="assert list(table['y']) == [2, 4]\nassert isinstance(frame, pd.DataFrame)",
)
CREDIT = Exercise("credit", "credit = 3", test="credit", points=3)
SETUP = "table = pd.DataFrame({'x': [1, 2]})"


USES = Exercise(
    "uses",
    "def uses(n):\n    return sum(squares(n))",
    starter="def uses(n):\n    ...",
    test="orig = squares\ndel squares\ntry:\n    uses(2)\nexcept NameError:\n    pass\nelse:\n"
    "    raise AssertionError('it does not use squares')\nfinally:\n    squares = orig\nassert uses(2) == 5",
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    course = course_in(tmp_path_factory.mktemp("course"), SQUARES, USES, TOTAL, FRAME, CREDIT, setup=SETUP)
    with bench_of(course) as opened:
        yield opened


def test_the_solution_gets_all_points(bench: Bench) -> None:
    scores = {name: cell.score for name, cell in bench.results({}).items() if cell.score is not None}
    assert scores == {
        "squares_check": 2,
        "uses_check": 1,
        "total_check": 1,
        "frame_check": 1,
        "credit_check": 3,
    }


def test_a_function_is_called_where_it_lives(bench: Bench) -> None:
    loop = """
def squares(n):
    if n < 1:
        raise ValueError
    found = []
    for i in range(n):
        found.append((i + 1) * (i + 1))
    return found
"""
    assert bench.try_answer("squares", loop).score == 2


def test_a_failed_visible_test_is_shown_and_a_hidden_one_is_not(bench: Bench) -> None:
    shown = bench.try_answer("squares", "def squares(n):\n    return []")
    assert shown.score == 0
    assert shown.message == "This test failed: assert squares(2) == [1, 4]"
    coded = "def squares(n):\n    if n < 1: raise ValueError\n    return [1, 4]"
    hidden = bench.try_answer("squares", coded)
    assert hidden.score == 0
    assert hidden.message == "A hidden test of this answer failed."


def test_a_test_may_take_a_name_away_to_see_who_needs_it(bench: Bench) -> None:
    own = "def uses(n):\n    return sum(i * i for i in range(n + 1))"
    assert bench.try_answer("uses", own).message == "it does not use squares"


def test_the_message_of_an_assert_is_the_authors(bench: Bench) -> None:
    assert bench.try_answer("total", "total = 7").message == "you have 7"


def test_what_students_change_in_the_courses_tables_does_not_count(bench: Bench) -> None:
    """`total` is compared with the author's table: a student can't bend the measure."""
    assert bench.try_answer("total", "table['x'] = 0\ntotal = 0").score == 0


def test_what_the_author_lets_them_change_does(bench: Bench) -> None:
    own = "table = table.assign(y=[2, 4])\nframe = table[['x', 'y']]"
    assert bench.try_answer("frame", own).score == 1


@pytest.mark.parametrize(
    ("value", "points"),
    [("3", 3), ("1.5", 1.5), ("0", 0), ("'text'", 3), ("None", 3), ("True", 3), ("pd.Series([1]).sum()", 1)],
)
def test_partial_credit_is_the_last_value_as_in_nbgrader(bench: Bench, value: str, points: float) -> None:
    assert bench.try_answer("credit", f"credit = {value}").score == points


@pytest.mark.parametrize("value", ["-1", "4", "float('nan')", "float('inf')"])
def test_an_impossible_credit_is_no_credit(bench: Bench, value: str) -> None:
    found = bench.try_answer("credit", f"credit = {value}")
    assert found.score == 0
    assert "is not between 0 and 3. Tell your instructor" in found.message


CHEATS = {
    "equal to everything": """
class E:
    def __eq__(self, other): return True
total = E()""",
    "a number that is equal to everything": """
class B(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
total = B(0)""",
    "an own check": """
def check(*anything): pass
total = 0""",
    "a transformer that drops asserts": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
total = 0""",
    "an input transformer": """
keep = lambda lines: [line for line in lines if "assert" not in line]
get_ipython().input_transformers_post.append(keep)
total = 0""",
    "a display hook": """
import sys
sys.displayhook(1.0)
total = 0""",
    "patched pandas": """
pd.Series.sum = lambda series: 0
total = 0""",
    "patched builtins": """
import builtins
builtins.AssertionError = Exception
builtins.sum = lambda *anything: 0
total = 0""",
    "a skipped cell": """%%script false
total = 0""",
    "the author's file": """
total = open("../../source/a1/a1.ipynb").read()""",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_no_cheat_gains_a_point(bench: Bench, cheat: str) -> None:
    results = bench.results({"total": CHEATS[cheat]})
    assert results["total_check"].score == 0
    assert results["squares_check"].score == 2


HONEST = {
    "a warning": "import warnings\nwarnings.warn('hm')\ntotal = 3",
    "prints": "import sys\nprint('x')\nprint('y', file=sys.stderr)\ntotal = 3",
    "numpy": "import numpy as np\ntotal = np.int64(3)",
    "a float": "total = 3.0",
    "a magic": "%precision 3\ntotal = 3",
    "a plot": "table.plot()\ntotal = 3",
}


@pytest.mark.parametrize("style", HONEST)
def test_no_right_answer_loses_a_point(bench: Bench, style: str) -> None:
    assert bench.try_answer("total", HONEST[style]).score == 1


def test_a_cell_that_ends_the_process_costs_only_itself(bench: Bench) -> None:
    results = bench.results({"total": "import os\nos._exit(1)"})
    assert results["total_check"].score == 0
    assert {results[name].score for name in ("squares_check", "frame_check", "credit_check")} == {2, 1, 3}
    assert any("ended the process" in note for note in bench.notes)


def test_a_function_that_ends_the_process_costs_only_its_test(bench: Bench) -> None:
    results = bench.results({"squares": "def squares(n):\n    import os\n    os._exit(1)"})
    assert results["squares_check"].score == 0
    assert "ended the process" in results["squares_check"].message
    assert results["total_check"].score == 1


def test_a_checked_function_that_ends_the_process_costs_only_its_check(
    open_bench: Callable[..., Bench],
) -> None:
    half = Exercise("half", "def half(n):\n    return n / 2", starter="def half(n):\n    ...")
    answers = '[half]\ndecimals = 1\ncalls = ["half(1)", "half(2)"]\n[one]\n'
    bench = open_bench(half, Exercise("one", "one = 1"), answers=answers)
    results = bench.results({"half": "def half(n):\n    import os\n    os._exit(1)"})
    assert (results["half_check"].score, results["one_check"].score) == (0, 1)
    assert results["half_check"].message == ("The answer ended the process (too much memory, or an exit).")


def test_many_exits_cost_no_right_answer(bench: Bench) -> None:
    answers = {exercise.name: exercise.solution for exercise in (SQUARES, USES, TOTAL, FRAME, CREDIT)}
    results = bench.results({}, Submitted(answers, {TOP: ["import os\nos._exit(1)"] * 8}))
    assert sum(cell.score or 0 for cell in results.values()) == 8


def test_the_end_of_an_iterator_is_an_error_like_any_other(bench: Bench) -> None:
    found = bench.try_answer("uses", "def uses(n):\n    raise StopIteration")
    assert (found.score, found.message) == (0, "Your code stopped with StopIteration: ")


SPY = """
seen = []
def squares(n):
    seen.append(n)
    if n < 1:
        raise ValueError
    if n == 3:
        raise ValueError(f"secret {n}")
    return [1, 4]
"""


def test_hidden_inputs_are_told_by_nothing(bench: Bench) -> None:
    """Not by an error, a print, a value or an error in a later cell."""
    answers = {
        "squares": SPY,
        "total": "print('seen', seen)\ntotal = seen",
        "frame": "raise Exception(repr(seen))",
    }
    results = bench.results(answers)
    assert (results["squares_check"].score, results["squares_check"].message) == (
        *(0, "A hidden test of this answer failed."),
    )
    assert results["total"].outputs[0]["text"] == "seen [2, 0, 2]\n"  # what the visible tests tried
    told = [results[name].message for name in ("total_check", "frame_check")]
    assert all("3" not in text.replace("3.", "") for text in told), told


HIDDEN_FIRST = Exercise(
    "late",
    "late = 5",
    test="### BEGIN HIDDEN TESTS\nexpected = 5\n### END HIDDEN TESTS\nassert late == expected",
)
HIDDEN_CREDIT = Exercise(
    "pair",
    "def pair(n):\n    return 2 * n",
    starter="def pair(n):\n    ...",
    points=2,
    test="score = 0\nif pair(1) == 2:\n    score += 1\n### BEGIN HIDDEN TESTS\nif pair(5) == 10:\n"
    "    score += 1\n### END HIDDEN TESTS\nscore",
)


def test_hidden_parts_count_wherever_they_stand(open_bench: Callable[..., Bench]) -> None:
    bench = open_bench(HIDDEN_FIRST, HIDDEN_CREDIT)
    for pair, points in (("2 * n", 2), ("10", 1), ("2", 1), ("0", 0)):
        results = bench.results({"pair": f"def pair(n):\n    return {pair}"})
        assert (results["late_check"].score, results["pair_check"].score) == (1, points), pair
        assert results["late_check"].message == ""


def test_text_that_can_not_be_written_is_mended(bench: Bench) -> None:
    results = bench.results({"total": "print('\\ud800')\ntotal = '\\ud800'"})
    assert results["total"].outputs[0]["text"] == "?\n"
    results["total_check"].message.encode()


def test_a_huge_value_costs_its_own_test_only(open_bench: Callable[..., Bench]) -> None:
    pair = Exercise("pair", "pair = pd.Series({0: 1, 1: 2})")
    bench = open_bench(pair, Exercise("one", "one = 1"), answers="[pair]\n[one]\n")
    for code in ("pair = pd.Series(range(90_000))", "pair = {n * (2**61 - 1): 1 for n in range(3_000)}"):
        results = bench.results({"pair": code})
        assert (results["pair_check"].score, results["one_check"].score) == (0, 1)


def test_missing_and_misspelt_answers_have_a_kind_word(bench: Bench) -> None:
    submitted = Submitted({"squares": SQUARES.solution, "total": "totl = 3"})
    results = bench.results({}, submitted)
    assert results["total_check"].message == "`total` is not there. Give your answer this exact name."
    assert results["credit_check"].message == "The answer cell for `credit` is missing."


def test_an_answer_that_stops_says_with_what(bench: Bench) -> None:
    message = bench.try_answer("total", "total = table['z'].sum()").message
    assert message == "total: your code stopped before it was made (KeyError: 'z')."


def test_extra_cells_help_the_answers_below_them(bench: Bench) -> None:
    answers = {
        "squares": SQUARES.solution,
        "total": "total = helper",
        "frame": FRAME.solution,
        "credit": "credit = 3",
    }
    for place in ("squares_check", TOP):
        results = bench.results({}, Submitted(answers, {place: ["helper = 3"]}))
        assert results["total_check"].score == 1
