"""Answers that are no answers: values that lie, never end or hide, and functions that misbehave."""

from __future__ import annotations

from hostile_corpus import NONE, RIGHT, Case, answering

KIND = "values"

#: exercise -> name -> answer. Each loses its exercise and nothing else.
_WRONG_VALUES = {
    "total": {
        "recursive-list": """
total = []
total.append(total)""",
        "deep-list": """
total = []
for _ in range(100_000): total = [total]""",
        "huge-list": "total = list(range(3_000_000))",
        "huge-text": "total = 'x' * 50_000_000",
        "huge-number": "total = 10 ** 100_000",
        "negative-zero": "total = -0.0",
        "complex": "total = 6760 + 0j",
        "bytes": "total = b'6760.0'",
        "generator": "total = (n for n in iter(int, 1))",
        "surrogate": "total = '\\ud800'",
        "a-class": "total = float",
        "a-module": "import math as total",
        "a-coroutine": """
async def run(): return 6760.0
total = run()""",
        "a-lock": """
import threading
total = threading.Lock()""",
        "exception": "total = Exception(6760.0)",
        "never-ends": """
import collections.abc
class Endless(collections.abc.Mapping):
    def __getitem__(self, name): return 1
    def __iter__(self): return iter(int, 1)
    def __len__(self): return 2
    def items(self):
        while True: yield ("north", 1)
total = Endless()""",
        "exits-when-read": """
import os
class Exit(float):
    def __float__(self): os._exit(1)
    def __repr__(self): os._exit(1)
total = Exit(6760.0)""",
        "raises-when-read": """
class Raise:
    def __getattribute__(self, name): raise KeyboardInterrupt(name)
    def __iter__(self): raise SystemExit
total = Raise()""",
        "lying-array": """
import numpy as np
class Lying(np.ndarray):
    size = 1
    shape = (1,)
    def ravel(self): return self
    def __iter__(self): return iter(int, 1)
total = np.zeros(10).view(Lying)""",
    },
    "by_region": {
        "huge-series": "by_region = pd.Series(range(400_000))",
        "long-labels": "by_region = {'x' * 400_000: 1, 'y' * 400_000: 2}",
        "hostile-labels": """
by_region = {('<script>alert(1)</script>', b'x', None): 1, float('nan'): 2, '\\ud800': 3}""",
        "many-rows": "by_region = pd.DataFrame({'a': range(250_000), 'b': 1})",
        "wide-table": "by_region = pd.DataFrame([range(4_000)])",
        "twice-a-label": "by_region = pd.Series([3540.5, 3219.5, 3219.5], ['north', 'south', 'south'])",
        "endless-index": """
class Endless(pd.Index):
    def __iter__(self): return iter(int, 1)
class Lying(pd.Series):
    index = property(lambda self: Endless([1, 2]))
    size = 2
by_region = Lying([3540.5, 3219.5])""",
        "hostile-keys": """
class Key(str):
    def __hash__(self): return hash("north")
    def __eq__(self, other): return True
    def __str__(self): return "north"
by_region = {Key("north"): 0, Key("south"): 0}""",
        "colliding": "by_region = {n * (2**61 - 1): n for n in range(3000)}",
    },
    "big": {
        "objects": "big = pd.DataFrame({'month': [object()] * 3, 'amount': [object()] * 3})",
        "nested": "big = pd.DataFrame({'month': [[1], {2: 3}, pd.DataFrame()], 'amount': [1, 2, 3]})",
        "odd-columns": "big = pd.DataFrame([[1, 2]], columns=['month', 'month'])",
        "columns-of-columns": "big = pd.DataFrame({('month', 'a'): [1], ('amount', 'b'): [2]})",
        "hidden-values": "big = sales[sales.amount > 1200].assign(amount=float('nan'))",
    },
    "axes": {
        "no-chart": """
import matplotlib.pyplot as plt
axes = plt""",
        "hidden-marks": RIGHT["axes"] + "\nfor bar in axes.patches: bar.set_height(1)",
        "endless-marks": RIGHT["axes"] + "\naxes.containers[0].patches = iter(int, 1)",
        "chart-of-50000": """
axes = pd.Series(range(50_000)).plot()
axes.set_title('x')""",
        "truncated": RIGHT["axes"] + "\naxes.set_ylim(2000, 3000)",
    },
    "growth": {
        "hard-coded": """
def growth(new, old):
    return {(30, 40): -25, (9, 6): 50}.get((new, old), 0)""",
        "hangs": """
def growth(new, old):
    while True: pass""",
        "recurses": """
def growth(new, old):
    return growth(new, old)""",
        "exits": """
def growth(new, old):
    import os; os._exit(0)""",
        "counts-calls": """
calls = iter([-25.0, 50.0])
def growth(new, old):
    return next(calls)""",
        "changes-its-mind": """
import itertools
turns = itertools.cycle([True, False])
def growth(new, old):
    return 100 * new / old - 100 if next(turns) else 0""",
        "shows-its-arguments": """
def growth(new, old):
    raise ValueError(f'{new} {old}' if new > 100 else '')""",
        "prints-tests": """
import inspect
def growth(new, old):
    for frame in inspect.stack():
        print(frame.function, {k: str(v)[:500] for k, v in frame.frame.f_locals.items()})
    print(new, old)
    return 0""",
        "a-number": "growth = 50.0",
        "a-class": """
class growth:
    def __init__(self, new, old): self.value = 100 * new / old - 100""",
        "equal-results": """
class Equal(float):
    def __eq__(self, other): return True
def growth(new, old): return Equal(0)""",
        "wrong-arity": "def growth(): return 50",
    },
    "leap": {
        "ends-loops": """
def leap(year):
    if year == 1600 + 4: raise StopIteration
    return year in (2012, 2000)""",
        "always-true": "def leap(year): return True",
        "a-set": "leap = {2012, 2000, 1948}",
        "raises-assertion": """
def leap(year):
    if year > 1950: return year == 2012
    raise AssertionError(f'tested with {year}')""",
        "leaves-loops": """
def leap(year):
    if year != 2014: return True
    raise GeneratorExit""",
        "raises-exit": "def leap(year): raise SystemExit(0)",
        "raises-interrupt": "def leap(year): raise KeyboardInterrupt",
        "endless-answer": "def leap(year): return iter(int, 1)",
        "truthy": """
class T(int):
    def __bool__(self): return True
def leap(year): return T(0)""",
        "sleeps": """
import time
def leap(year):
    time.sleep(9)
    return year % 4 == 0""",
        "another-function": "def leap(year): return leap",
    },
}

#: Right answers that remember what they were asked and try to bring it to the page.
_REMEMBER = """
asked = []
def leap(year):
    asked.append(year)
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)"""
_KEEP = "kept = []\ndef growth(new, old):\n    kept.append((new, old))\n    return 100 * new / old - 100"
_REMEMBERED: dict[str, tuple[dict[str, str], frozenset[str]]] = {
    "prints-later": ({"leap": _REMEMBER, "big": RIGHT["big"] + "\nprint(asked)"}, NONE),
    "draws-later": (
        {"growth": _KEEP, "axes": RIGHT["axes"] + "\nprint(kept)\ndisplay(pd.DataFrame(kept))"},
        NONE,
    ),
    "answers-with-it": (
        {"leap": _REMEMBER, "growth": _KEEP, "axes": "axes = [*asked, *kept]"},
        frozenset({"axes"}),
    ),
    "stops-with-it": ({"leap": _REMEMBER, "big": "raise Exception(repr(asked))"}, frozenset({"big"})),
    "titles-with-it": (
        {"leap": _REMEMBER, "axes": RIGHT["axes"].replace("sum", "mean") + "\naxes.set_title(str(asked))"},
        frozenset({"axes"}),
    ),
    "written-to-disk": (
        {"leap": _REMEMBER, "axes": "open('h0stile', 'w').write(str(asked))\n" + RIGHT["axes"]},
        NONE,
    ),
}

CASES = [
    *(
        Case(
            f"value-{exercise.replace('_', '-')}-{name}",
            KIND,
            answering(**{exercise: code.lstrip("\n")}),
            lost=frozenset({exercise}),
            never=("tested with 1900",) if name == "raises-assertion" else (),
        )
        for exercise, answers in _WRONG_VALUES.items()
        for name, code in answers.items()
    ),
    *(
        Case(
            f"value-{name}",
            KIND,
            answering(**{n: c.lstrip("\n") for n, c in answers.items()}),
            lost,
            never=("1896", "1904", "29000"),
        )
        for name, (answers, lost) in _REMEMBERED.items()
    ),
]
