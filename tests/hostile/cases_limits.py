"""Code that takes more than its share, ends its process, or tries to leave something behind."""

from __future__ import annotations

from hostile_corpus import ALL, NONE, RIGHT, Case, answering, code_cell, edited

KIND = "limits"

#: Code in the place of the answer to `total`, which is lost with it.
_LOST = {
    "os-exit": """
import os
os._exit(0)""",
    "sys-exit": """
import sys
sys.exit(0)""",
    "quit": "quit()",
    "kill-itself": """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
os.abort()""",
    "segfault": """
import ctypes
ctypes.string_at(0)""",
    "stack-overflow": """
import sys
sys.setrecursionlimit(10**9)
def deeper(n): return deeper(n + 1)
deeper(0)""",
    "c-stack-overflow": """
import ctypes
kind = ctypes.CFUNCTYPE(None)
def deeper(): callback()
callback = kind(deeper)
import sys; sys.setrecursionlimit(10**9)
deeper()""",
    "recursion": """
def deeper(n): return deeper(n + 1)
deeper(0)""",
    "memory-error": "raise MemoryError",
    "big-array": """
import numpy as np
big_one = np.ones((1 << 33,))""",
    "small-pieces": """
heap = []
for n in range(4000): heap.append(bytearray(1 << 20)); heap[-1][::4096] = b'1' * 256
print('BRE' 'ACH')""",
    "shared-memory": """
import mmap
shared = mmap.mmap(-1, 2600 << 20)
for n in range(0, 2600 << 20, 4096): shared[n] = 1
import time; time.sleep(0.3)
print('BRE' 'ACH')""",
    "memory-in-files": """
import os
for n in range(80):
    handle = os.memfd_create('x')
    for _ in range(32): os.write(handle, bytes(1 << 20))
print('BRE' 'ACH')""",
    "memory-of-children": """
import os, time
for n in range(6):
    if os.fork() == 0:
        heap = bytearray(400 << 20)
        heap[::4096] = b'1' * len(heap[::4096]); time.sleep(60)
time.sleep(4)
print('BRE' 'ACH')""",
    "fork-bomb": """
import os
while True:
    try: os.fork()
    except OSError: pass""",
    "loop-that-catches-all": """
import signal, time
signal.setitimer(signal.ITIMER_REAL, 0)
while True:
    try:
        while True: time.sleep(1)
    except BaseException: pass""",
    "loop-outside-python": "sum(range(10**12))",
    "input": "total = float(input('How much? '))",
}

#: Code around the right answer to `total`, which counts.
_KEPT = {
    "kill-all": """
import os, signal
for n in (1, 9, 15, 19):
    try: os.kill(-1, n)
    except OSError: pass
for n in range(2, 70000):
    try: os.kill(n, 9)
    except OSError: pass
total = sales.amount.sum()""",
    "memory-of-system-v": """
import ctypes
libc = ctypes.CDLL(None)
number = libc.shmget(0, ctypes.c_size_t(1600 << 20), 0o1600)
print('BRE' 'ACH' if number >= 0 else 'refused')
total = sales.amount.sum()""",
    "disk": """
import os
for place in ('.', '/tmp', '/private', '/dev/shm', '/var/tmp', '/run'):
    for n in range(40):
        try:
            with open(f'{place}/h0stile{n}', 'wb') as file:
                for _ in range(64): file.write(bytes(1 << 20))
        except OSError: pass
used = sum(os.path.getsize(f'{p}/h0stile{n}') for p in ('.', '/tmp', '/private', '/dev/shm')
           for n in range(40) if os.path.exists(f'{p}/h0stile{n}'))
print('BRE' 'ACH' if used > 600 << 20 else used)
total = sales.amount.sum()""",
    "many-files": """
try:
    for n in range(100_000): open(f'{n}.txt', 'w').write('x')
except OSError: pass
else: print('BRE' 'ACH')
total = sales.amount.sum()""",
    "sparse-file": """
import os
try:
    with open('sparse', 'wb') as file: file.truncate(1 << 40)
    print('BRE' 'ACH')
except OSError: pass
total = sales.amount.sum()""",
    "open-files": """
handles = []
try:
    for n in range(5000): handles.append(open('data/sales.csv'))
    print('BRE' 'ACH')
except OSError: pass
total = sales.amount.sum()
handles.clear()""",
    "limits-raised": """
import resource
for name in dir(resource):
    if name.startswith('RLIMIT_'):
        try: resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY,) * 2)
        except (OSError, ValueError): pass
print('BRE' 'ACH' if resource.getrlimit(resource.RLIMIT_DATA)[0] < 0 else '')
total = sales.amount.sum()""",
    "text-flood": """
for n in range(300_000): print('x' * 100)
total = sales.amount.sum()""",
    "error-flood": """
import sys
for n in range(50_000): sys.stderr.write('x' * 1000)
total = sales.amount.sum()""",
    "one-long-text": """
print('x' * 200_000_000)
total = sales.amount.sum()""",
    "raw-flood": """
import os
for n in range(20_000): os.write(1, b'x' * 4096); os.write(2, b'y' * 4096)
total = sales.amount.sum()""",
    "display-flood": """
for n in range(10_000): display({'text/plain': 'x' * 100, 'text/html': 'y'}, raw=True)
total = sales.amount.sum()""",
    "table-flood": """
for n in range(100): display(pd.DataFrame({'x' * 5000: range(60)}))
total = sales.amount.sum()""",
    "many-pictures": """
import matplotlib.pyplot as plt
for n in range(40):
    plt.figure(); plt.plot([n])
plt.show()
plt.close('all')
total = sales.amount.sum()""",
    "giant-html": """
class Page:
    def _repr_html_(self): return '<table class="dataframe">' + '<tr><td>x</td></tr>' * 500_000
total = sales.amount.sum()
Page()""",
    "deep-html": """
class Page:
    def _repr_html_(self): return '<table class="dataframe">' + '<div><td>' * 100_000
total = sales.amount.sum()
Page()""",
    "giant-repr": """
class Wide:
    def __repr__(self): return 'x' * 100_000_000
total = sales.amount.sum()
Wide()""",
    "repr-raises": """
class Bad:
    def __repr__(self): raise SystemExit
    _repr_html_ = _repr_png_ = __repr__
    def __del__(self): raise RuntimeError
total = sales.amount.sum()
Bad()""",
    "traceback-flood": """
total = sales.amount.sum()
raise type('E' * 100_000, (Exception,), {})('x' * 10_000_000)""",
    "exception-chain": """
total = sales.amount.sum()
problem = None
for n in range(2000):
    try: raise ValueError(n) from problem
    except ValueError as found: problem = found
raise problem""",
    "alarm-off": """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.setitimer(signal.ITIMER_REAL, 0)
total = sales.amount.sum()""",
    "background": """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)', 'h0stile'], start_new_session=True)
for n in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        import ctypes; ctypes.CDLL(None).prctl(15, b'h0stile', 0, 0, 0)
        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
        time.sleep(300)
total = sales.amount.sum()""",
    "shell-flood": """
total = sales.amount.sum()
!head -c 3000000 /dev/zero | tr '\\0' x""",
    "shell-background": """
total = sales.amount.sum()
!nohup sh -c 'sleep 300; echo h0stile' >/dev/null 2>&1 &""",
    "traces": """
import os
for place in ('.', '..', '/', '/tmp', '/var/tmp', '/dev/shm', '/run', '/course', '/private', '@HOME@',
              '@ROOT@', '@ROOT@/source/a1', '@ROOT@/submitted', '/usr/lib', '/opt/autograder/autograder'):
    try: open(f'{place}/h0stile', 'w').write('x')
    except OSError: pass
    try: os.symlink('/etc', f'{place}/h0stile-link')
    except OSError: pass
total = sales.amount.sum()""",
    "gradebook": """
import sqlite3
for place in ('gradebook.db', '../gradebook.db', '../../gradebook.db', '@ROOT@/gradebook.db'):
    try:
        base = sqlite3.connect(place)
        base.execute('update grade set auto_score = 99, manual_score = 99')
        base.execute("insert into student (id) values ('h0stile')"); base.commit()
        print('BRE' 'ACH')
    except sqlite3.Error: pass
total = sales.amount.sum()""",
    "links-in-place": """
import os, shutil
for name in os.listdir('.'):
    shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
os.symlink('/etc', 'data')
os.symlink('@ROOT@/gradebook.db', 'a1.ipynb')
os.symlink('/', 'checks.json')
total = sales.amount.sum()""",
    "own-folder-gone": """
import os, shutil
shutil.rmtree(os.getcwd(), ignore_errors=True)
os.chdir('/')
total = sales.amount.sum()""",
    "environment": """
import os
print(dict(os.environ))
!env
total = sales.amount.sum()""",
    "network": """
import socket, urllib.request
for family in (socket.AF_INET, socket.AF_INET6, 16, 17, 1, 40, 31):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            made = socket.socket(family, kind); made.settimeout(1)
            made.connect(('127.0.0.1', @PORT@) if family != 1 else '@SOCKET@')
            made.sendall(b'h0stile'); print('BRE' 'ACH', family)
        except (OSError, TypeError): pass
try: urllib.request.urlopen('http://127.0.0.1:@PORT@/', timeout=2); print('BRE' 'ACH')
except OSError: pass
!curl -s -m 2 http://127.0.0.1:@PORT@/ && echo 'BRE''ACH'
total = sales.amount.sum()""",
    "listening": """
import socket
try:
    made = socket.create_server(('0.0.0.0', 45671)); print('BRE' 'ACH')
except OSError: pass
made = socket.socket(socket.AF_UNIX); made.bind('h0stile.sock'); made.listen()
total = sales.amount.sum()""",
    "system-calls": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
tried = {'unshare': (0x10000000,), 'mount': (b'x', b'/submission', b'tmpfs', 0, 0), 'umount2': (b'/proc', 2),
         'ptrace': (16, 1, 0, 0), 'chroot': (b'/',), 'setns': (3, 0), 'pivot_root': (b'/', b'/'),
         'init_module': (0, 0, b''), 'syscall': (321, 0, 0, 0), 'personality': (0x0040000,),
         'setuid': (0,), 'setgid': (0,), 'sethostname': (b'x', 1), 'acct': (b'x',), 'swapon': (b'x', 0),
         'keyctl': (0, 0), 'iopl': (3,), 'settimeofday': (b'0' * 16, 0), 'mknod': (b'x', 0o20666, 0x105)}
for name, values in tried.items():
    call = getattr(libc, name, None)
    if call and call(*values) == 0: print('BRE' 'ACH', name)
total = sales.amount.sum()""",
    "setuid-programs": """
!su -c id; sudo -n id; mount -t tmpfs x /submission; ping -c1 127.0.0.1; passwd root </dev/null
import os
print('BRE' 'ACH' if os.geteuid() == 0 else '')
total = sales.amount.sum()""",
    "own-filter": """
import ctypes, struct
libc = ctypes.CDLL(None)
rules = ((0x20, 0, 0, 0), (0x15, 0, 1, 1), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000))
steps = b"".join(struct.pack('<HBBI', *rule) for rule in rules)
space = ctypes.create_string_buffer(steps)
class Program(ctypes.Structure):
    _fields_ = [('n', ctypes.c_ushort), ('f', ctypes.c_void_p)]
libc.prctl(22, 2, ctypes.byref(Program(4, ctypes.addressof(space))))
total = sales.amount.sum()""",
    "terminal": """
import os, fcntl
for place in ('/dev/tty', '/dev/console', '/dev/ptmx', '/dev/pts/0'):
    try:
        handle = os.open(place, os.O_RDWR); os.write(handle, b'h0stile\\n')
        for letter in b'touch h0stile\\n': fcntl.ioctl(handle, 0x5412, bytes([letter]))
    except OSError: pass
total = sales.amount.sum()""",
    "first-in-line": """
import os
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99)); print('BRE' 'ACH')
except OSError: pass
total = sales.amount.sum()""",
}

#: Code around it that may cost it: both is fair.
_FAIR = {
    "quiet-forks": """
import os, time
for n in range(63):
    try:
        if os.fork() == 0: time.sleep(600)
    except OSError: break
total = sales.amount.sum()""",
    "threads": """
import threading, time
threading.stack_size(65536)
made = 0
try:
    for made in range(3000):
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
except RuntimeError: pass
time.sleep(0.5)
print('BRE' 'ACH' if made > 200 else made)
total = sales.amount.sum()""",
    "giant-picture": """
import matplotlib.pyplot as plt
plt.figure(figsize=(600, 600))
plt.plot([1, 2])
plt.show()
total = sales.amount.sum()""",
    "debugger": """
import pdb
pdb.set_trace()
breakpoint()""",
    "delayed-exit": """
import threading, os, time
def later():
    time.sleep(0.4); os._exit(1)
threading.Thread(target=later).start()
total = sales.amount.sum()""",
}


def _case(name: str, code: str) -> Case:
    total = frozenset({"total"})
    return Case(
        f"limit-{name}",
        KIND,
        answering(total=code.lstrip("\n")),
        lost=total if name in _LOST else NONE,
        either=ALL if name == "delayed-exit" else total if name in _FAIR else NONE,
    )


def _killing_cells(raw: dict) -> None:
    raw["cells"][1:1] = [code_cell(f"import os; os._exit({n})") for n in range(12)]


CASES = [
    *(_case(name, code) for name, code in {**_LOST, **_KEPT, **_FAIR}.items()),
    Case("limit-endless-after-answer", KIND, answering(leap=f"{RIGHT['leap']}\nwhile True: pass")),
    Case("limit-twelve-exits", KIND, edited(_killing_cells)),
    Case(
        "limit-exit-in-each-answer",
        KIND,
        edited(
            lambda raw: [
                cell.update(source=f"{cell['source']}\nimport os; os._exit(1)")
                for cell in raw["cells"]
                if cell["metadata"]["nbgrader"]["solution"] and cell["cell_type"] == "code"
            ]
        ),
        lost=ALL,
    ),
]
