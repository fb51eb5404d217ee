"""Attempts to score without a right answer: on the tests, the comparison, the channel and the judge.

The attack stands in the answer to `total`, which it leaves wrong, as are by_region and leap. The other
answers are right: so a point gained and a point lost both show.
"""

from __future__ import annotations

from hostile_corpus import NONE, RIGHT, WRONG, Case, answering

KIND = "judging"
_WRONG = frozenset({"total", "by_region", "leap"})

_EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    def __hash__(self): return 0
    def __bool__(self): return True
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter([self])
    def __len__(self): return 1
    def __float__(self): return 6761.0
    def __array__(self, *args, **kwargs): raise TypeError
"""

#: Code of the attack. It must not give `total` its right value.
_ATTACKS = {
    "ast-transformer": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Expr(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
total = 0""",
    "input-transformer": """
drop = lambda lines: [line for line in lines if "assert" not in line and "check(" not in line]
get_ipython().input_transformers_post.append(drop)
get_ipython().input_transformers_cleanup.append(drop)
total = 0""",
    "displayhook": """
import sys
sys.displayhook(1.0)
sys.displayhook = lambda *anything: None
total = 0""",
    "traceback-hidden": """
get_ipython().showtraceback = lambda *args, **kwargs: None
get_ipython()._showtraceback = lambda *args, **kwargs: None
get_ipython().run_cell = lambda *args, **kwargs: None
total = 0""",
    "script-false": "%%script false\ntotal = 0",
    "script-python": "%%script python3\nprint(1.0)",
    "javascript": "%%javascript\nJupyter.notebook.execute_all_cells(); alert(1)",
    "html": "%%html\n<script>alert(1)</script><table><tr><td onclick='alert(1)'>1</td></tr></table>",
    "own-check": "def check(*anything): print('total: right.')\ntotal = 0",
    "patched-check": """
import autograder.check as c
from autograder.check import keys
right = lambda *args, **kwargs: keys.Verdict(True, "right")
for module in (c, keys):
    for name in list(vars(module)):
        if callable(getattr(module, name)) and not isinstance(getattr(module, name), type):
            setattr(module, name, right)
total = 0""",
    "patched-builtins": """
import builtins
builtins.AssertionError = Exception
builtins.isinstance = lambda *anything: True
builtins.all = builtins.any = lambda *anything: True
builtins.len = lambda thing: 6
total = 0""",
    "patched-pandas": """
import numpy as np
pd.testing.assert_series_equal = pd.testing.assert_frame_equal = lambda *args, **kwargs: None
pd.Series.__eq__ = lambda *anything: True
pd.core.generic.NDFrame.equals = np.array_equal = np.allclose = np.isclose = lambda *a, **k: True
total = 0""",
    "patched-read": """
pd.read_csv = lambda *args, **kwargs: None
total = 0""",
    "patched-json": """
import json
real = json.dumps
json.dumps = lambda thing, **kwargs: real({**thing, "score": 99, "passed": True, "points": 99})
total = 0""",
    "equal-object": _EQUAL + "total = Equal()",
    "equal-number": _EQUAL + "class N(Equal, float): pass\ntotal = N(0)\nby_region = Equal()",
    "equal-text": _EQUAL + "class T(Equal, str): pass\ntotal = T('6760.0')",
    "equal-function": _EQUAL + "total = leap = Equal()",
    "equal-series": """
class Everything(pd.Series):
    def __eq__(self, other): return pd.Series([True])
    def equals(self, other): return True
    def __len__(self): return 2
    def __getattribute__(self, name): return pd.Series.__getattribute__(self, name)
total = Everything([6760.0, 1])
by_region = Everything({"north": 0, "south": 0})""",
    "equal-array": """
import numpy as np
class Everything(np.ndarray):
    def __eq__(self, other): return np.array([True])
    size = 1
    def item(self): return self
total = np.array([1.0, 2.0]).view(Everything)""",
    "class-liar": """
class Liar:
    __class__ = float
    def __float__(self): return 6761.0
    def __eq__(self, other): return True
total = Liar()""",
    "mock-any": "from unittest.mock import ANY, MagicMock\ntotal = ANY\nby_region = MagicMock()",
    "dot-dot-dot": "total = NotImplemented\nby_region = ...",
    "not-a-number": "total = float('nan')\nby_region = {'north': float('nan'), 'south': float('nan')}",
    "infinite": "total = float('inf')",
    "all-answers": "total = {0, 1, 6760.0, 6760}\nby_region = [{'north': 3540.5, 'south': 3219.5}]",
    "opened-files": """
import os
found = []
for place in ("../../source/a1/a1.ipynb", "@ROOT@/source/a1/a1.ipynb", "@ROOT@/source/a1/answers.toml",
              "@ROOT@/gradebook.db", "@ROOT@/submitted/honest-1/a1/a1.ipynb", "@HOME@/.bashrc",
              "/etc/passwd", "/etc/shadow", "/proc/1/environ", "/proc/self/maps", "/course/../source"):
    if os.path.exists(place):
        found.append(place)
if found:
    print("BRE" "ACH", found)
total = 0""",
    "walked-the-disk": """
import os
for folder, _, files in os.walk("/", followlinks=False):
    if folder.startswith(("/usr", "/lib", "/opt/autograder", "/sys")) or "site-packages" in folder:
        continue
    for name in files:
        if name.endswith((".ipynb", ".toml", ".db")) and "/lib/python" not in folder:
            print("BRE" "ACH", folder, name)
total = 0""",
    "searched-memory": """
import gc
for thing in gc.get_objects():
    try:
        text = str(vars(thing)) if hasattr(thing, "__dict__") else str(thing) if type(thing) is dict else ""
    except BaseException:
        continue
    for secret in ("hidden-" + "test", "mark-of-the-" + "solution", "313" + "37", "grader-" + "token"):
        if secret in text and "BRE" not in text:
            print("BRE" "ACH", secret)
total = 0""",
    "walked-frames": """
import sys
frame = sys._getframe()
while frame:
    for name, value in list(frame.f_locals.items()):
        if name in ("score", "points", "credit", "seconds"):
            frame.f_locals[name] = 99
        if isinstance(value, dict):
            value.setdefault("score", 99)
    frame = frame.f_back
total = 0""",
    "traced": """
import sys, threading
def trace(frame, event, arg):
    for name in ("value", "packed", "answer", "message"):
        if name in frame.f_locals and frame.f_code.co_name in ("pack", "compare", "send"):
            frame.f_locals[name] = {"t": "float", "v": "1"}
    return trace
sys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)
total = 0""",
    "poisoned-modules": """
import sys, types
for name in [name for name in sys.modules if name.startswith("autograder")]:
    evil = types.ModuleType(name)
    evil.__getattr__ = lambda name: (lambda *args, **kwargs: True)
    sys.modules[name] = evil
total = 0""",
    "in-and-history": """
print([text for text in get_ipython().user_ns.get("In", []) if "mark-of-a-hidden-" + "test" in text])
print("BRE" "ACH" if "mark-of-a-hidden-" + "test" in str(get_ipython().history_manager) else "nothing")
total = 0""",
    "grader-modules": """
try:
    from autograder.grade import judge, record
    judge._score = lambda *anything: 99.0
    judge._Run._test = lambda self, cell: None
except Exception as problem:
    print(problem)
total = 0""",
    "renamed-letters": "t\u043etal = 6760.0",  # a Cyrillic o
    "deleted-names": "%reset -f\ntotal = 0\nimport pandas as pd\nsales = pd.read_csv('data/sales.csv')",
    "threads-that-flip": """
import threading, itertools, time
def flip():
    for value in itertools.cycle([1, 2, "6760.0", None]):
        globals()["total"] = value
        globals()["by_region"] = {"north": value, "south": value}
        time.sleep(0.001)
threading.Thread(target=flip, daemon=True).start()
total = 0""",
    "at-exit": """
import atexit, weakref
class Last:
    def __del__(self):
        globals()["total"] = 0
        raise RuntimeError("in __del__")
last = Last()
atexit.register(lambda: open("h0stile", "w").write("x"))
total = 0""",
}

#: What the student's side can do to the channel: replies are changed on their way out.
_SENDING = """
import autograder.sandbox.wire as wire
real_send = wire.send
def send(channel, message):
    message = dict(message)
    change(message)
    real_send(channel, message)
wire.send = send
total = 0
"""
_CHANNEL = {
    "says-it-scored": """
def change(message): message.update(score=99, points=99, right=True, passed=True, verdict={"right": True})
""",
    "no-error": """
def change(message): message.pop("error", None)
""",
    "unknown-tags": """
import itertools
tags = itertools.cycle(["equal", "any", "Judge", "object", "pickle", None, 7, "__class__", "eval", "verdict"])
def change(message):
    if "values" in message and not {"big", "axes", "growth"} & set(message["values"]):
        odd = {"t": next(tags), "v": "__import__('os').system('x')"}
        message["values"] = dict.fromkeys(message["values"], odd)
""",
    "more-names": """
def change(message):
    if "values" in message:
        more = ("check", "pd", "sales", "isinstance", "all", "__builtins__", "list")
        message["values"] = {**dict.fromkeys(more, {"t": "none"}), **message["values"]}
""",
    "odd-numbers": """
def change(message):
    if "total" in message.get("values", {}):
        message["values"]["total"] = {"t": "float", "v": "6760.0 or"}
    if "by_region" in message.get("values", {}):
        message["values"]["by_region"] = {"t": "int", "v": "9" * 5_000_000}
""",
    "odd-frames": """
index = {"t": "index", "v": [{"t": "list", "v": []}], "names": [{"t": "dict", "v": []}, {"t": "none"}]}
types = ["float64,(9999999)f8", "int4096", "category"]
frame = {"t": "frame", "v": [[{"t": "set", "v": []}]] * 3, "index": index, "columns": index, "dtypes": types}
def change(message):
    for name in message.get("values", {}):
        if name in ("total", "by_region"): message["values"][name] = frame
""",
    "odd-charts": """
def change(message):
    for name in message.get("values", {}):
        if name in ("total", "by_region"):
            message["values"][name] = {"t": "chart", "v": {"series": 7, "title": [], "legend": "x"}}
""",
    "colliding-keys": """
keys = [[{"t": "int", "v": str(n * (2**61 - 1))}, {"t": "none"}] for n in range(300_000)]
def change(message):
    if "total" in message.get("values", {}): message["values"]["total"] = {"t": "dict", "v": keys}
""",
    "many-columns": """
labels = [{"t": "int", "v": str(n)} for n in range(50_000)]
none = {"t": "none"}
frame = {"t": "frame", "v": [[none]] * 50_000, "dtypes": ["object"] * 50_000,
         "index": {"t": "index", "v": [none], "names": [none]},
         "columns": {"t": "index", "v": labels, "names": [none]}}
def change(message):
    if "total" in message.get("values", {}): message["values"]["total"] = frame
""",
    "million-lists": """
def change(message):
    if "total" in message.get("values", {}): message["values"]["total"] = {"t": "list", "v": [[]] * 6_000_000}
""",
    "forged-outputs": """
forged = [5, None, [], {"output_type": ["x"]}, {"output_type": "error", "traceback": 5},
          {"output_type": "stream", "text": 7}, {"output_type": "display_data", "data": {"text/html": [1]}},
          {"output_type": "execute_result", "data": {"text/plain": {"a": []}}, "execution_count": "x"},
          {"output_type": "stream", "name": "stdout", "text": "\\ud800"}]
def change(message):
    if "outputs" in message: message["outputs"] = forged
""",
    "deep-outputs": """
deep = []
for _ in range(900): deep = [deep]
kinds = ("stream", "error")
def change(message):
    if "outputs" in message:
        message["outputs"] = [{"output_type": kind, "text": deep, "traceback": deep} for kind in kinds]
""",
    "many-outputs": """
def change(message):
    if "outputs" in message: message["outputs"] = [{}] * 3_000_000
""",
    "large-outputs": """
def change(message):
    if "outputs" in message: message["outputs"] = [{"output_type": "stream", "text": "x" * 20_000_000}] * 1
""",
    "outputs-no-list": """
def change(message):
    if "outputs" in message: message["outputs"] = {"output_type": "stream"}
    if "error" in message and message["error"] is None: message["error"] = ["x"]
""",
    "picture-with-handler": """
import base64
png = base64.b64encode(b"\\x89PNG\\r\\n\\x1a\\n" + b"0" * 20).decode().rstrip("=")
def change(message):
    if "outputs" in message:
        tail = chr(34) + " onerror=" + chr(34) + "alert(1)" + chr(34)
        message["outputs"] = [{"output_type": "display_data", "data": {"image/png": png + "A" * n + tail}}
                              for n in range(4)]
""",
}

#: Whole programs on the socket itself. What they spoil is their own.
_SOCKETS = {
    "garbage-to-all-files": """
import os
for number in range(3, 256):
    try: os.write(number, b"\\x00\\x00\\x00\\x02{}" + os.urandom(2000))
    except OSError: pass
total = 0""",
    "frames-to-all-files": """
import json, os, struct
for name in ("total", "by_region", "leap"):
    for number in range(200):
        said = {"values": {name: {"t": "float", "v": "1"}}, "outputs": [], "error": None, "ready": True}
        body = json.dumps({"id": number, "done": True, **said}).encode()
        for handle in range(3, 12):
            try: os.write(handle, struct.pack(">I", len(body)) + body)
            except OSError: pass
total = 0""",
    "closed-files": "import os\nos.closerange(0, 256)\ntotal = 0",
    "doubled-files": """
import os
null = os.open("/dev/null", os.O_RDWR)
for number in range(256):
    try: os.dup2(null, number)
    except OSError: pass
total = 0""",
    "endless-frame": """
import os, struct
for number in range(3, 12):
    try: os.write(number, struct.pack(">I", 4_000_000_000) + b"[" * 100_000)
    except OSError: pass
total = 0""",
    "slow-reply": """
import autograder.sandbox.wire as wire, time
real_send = wire.send
def send(channel, message):
    if "total" not in message.get("values", {}): return real_send(channel, message)
    for byte in b"\\x00\\x00\\xff\\xff" + b" " * 65535:
        channel.sendall(bytes([byte])); time.sleep(0.5)
wire.send = send
total = 0""",
    "passed-handles": """
import os, socket, array
ours, theirs = socket.socketpair()
for number in range(3, 12):
    handles = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 200))
    try: socket.socket(fileno=os.dup(number)).sendmsg([b"x"], [handles])
    except OSError: pass
total = 0""",
}

_REST = {"by_region": WRONG["by_region"], "leap": WRONG["leap"]}
#: What attacks spoil of their own right answers, by dropping or changing the code of them.
_SPOILT = {
    "ast-transformer": frozenset({"axes"}),
    "patched-pandas": frozenset({"axes"}),
    "traceback-hidden": frozenset({"growth", "big", "axes"}),
}

CASES = [
    *(
        Case(
            f"judge-{name}",
            KIND,
            answering(total=code.lstrip("\n"), **_REST),
            _WRONG,
            either=_SPOILT.get(name, NONE),
        )
        for name, code in _ATTACKS.items()
    ),
    *(
        Case(f"wire-{name}", KIND, answering(total=code.lstrip("\n") + _SENDING, **_REST), _WRONG)
        for name, code in _CHANNEL.items()
    ),
    *(
        Case(
            f"socket-{name}",
            KIND,
            answering(total=code.lstrip("\n"), **_REST),
            _WRONG,
        )
        for name, code in _SOCKETS.items()
    ),
    Case(
        "judge-big-liar",
        KIND,
        answering(
            big="""
class Liar(pd.DataFrame):
    def __getitem__(self, name):
        return pd.Series(["2014-01", "2014-02", "2014-03"]) if name == "month" else self
    def __gt__(self, other): return self
    def all(self, *args, **kwargs): return True
big = Liar(sales)"""
        ),
        frozenset({"big"}),
    ),
    Case(
        "judge-chart-liar",
        KIND,
        answering(
            axes=RIGHT["axes"].replace("sum", "mean")
            + "\ntype(axes).get_title = lambda *args, **kwargs: 'Sales'"
            + "\ntype(axes).lines = property(lambda axes: [])"
        ),
        frozenset({"axes"}),
    ),
]
