"""Hangs, deaths and floods: each costs its own question or cell, in bounded time."""

import time
from pathlib import Path

import pytest
from attacks.stage import (
    LIMITS,
    MORE,
    POINTS,
    QUESTION_SECONDS,
    Attack,
    Stage,
    as_told,
    code_cell,
    notebook_of,
    repelled,
    right,
    right_answers,
    stage,
    table,
)

from course_utils.grading import workers
from course_utils.grading.sandbox import Limits

FAILED, ENDED = ("cell-failed",), ("cell-ended",)
EITHER = ("cell-failed|cell-ended",)
STOPPED = f"was stopped after {LIMITS.cell:g} seconds|did not end within {LIMITS.cell:g} seconds"
KEPT = POINTS - 2  # without confusion_matrix
FOREVER = "while True: pass"
# Neither Ctrl-C nor an alarm is heard.
DEAF = (
    "import signal\nfor number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM):\n"
    "    signal.signal(number, signal.SIG_IGN)\n"
)
MASKED = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, set(range(1, 65)))\n"
SWALLOW = (
    "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass\n"
)
REGEX = "import re\nre.match(r'(a|aa)+$', 'a' * 200 + 'b')"
POWER = "str(7 ** (7 ** 9))"
IN_C = "import itertools\nall(itertools.repeat(1))"
LOCKED = "import threading\nthreading.Lock().acquire() and threading.Event().wait()"
SEGV = "import ctypes\nctypes.string_at(0)"
SELF_KILL = "import signal\nsignal.raise_signal(signal.SIGKILL)"
SELF_STOP = "import signal\nsignal.raise_signal(signal.SIGSTOP)"
HOG = "kept = [bytes(300 << 20) for _ in range(5)]"
DEEP = "def down(n): return down(n + 1) + 1\ndown(0)"
DEEPER = "import sys\nsys.setrecursionlimit(1 << 30)\n" + DEEP
THREADS = (
    "import threading\nthreading.stack_size(1 << 16)\nstop = threading.Event()\n"
    "for _ in range(200): threading.Thread(target=stop.wait, daemon=True).start()\n"
)
WAIT = "import time\ntime.sleep(5)\n"
FILES = "for i in range(400):\n    open(f'{i}', 'wb').write(bytes(100_000))\n"


LOOPING_ATTRIBUTE = """class Dense:
    def __call__(self, *args):
        return self
    def __getattribute__(self, name):
        while True: pass
confusion_matrix = Dense()
"""


def cell(
    name: str, code: str, code_of: tuple[str, ...], says: str = "", quick=False, **more
) -> Attack:
    """Return right answers with a cell that does not end well, and costs nothing."""
    return right(name, code, messages=code_of, says=says, quick=quick, **more)


def function(
    name: str, code: str, kind: str, *, before: str = "", quick: bool = False, **more
) -> Attack:
    """Return right answers but for confusion_matrix, whose body is ``code``."""
    body = "".join(f"    {line}\n" for line in code.splitlines())
    answers = {"confusion_matrix": f"{before}\ndef confusion_matrix(labels, *args):\n{body}"}
    kinds = more.pop("kinds", (kind,))
    seconds = more.pop("seconds", 3 * QUESTION_SECONDS + MORE)
    return Attack(name, "", answers, KEPT, kinds=kinds, quick=quick, seconds=seconds, **more)


@table(
    cell("loop", FOREVER, EITHER, STOPPED, quick=True),
    cell("deaf", DEAF + FOREVER, ENDED, STOPPED),
    cell("masked", MASKED + FOREVER, ENDED, STOPPED),
    cell("swallow", SWALLOW, EITHER, STOPPED),
    cell("regex", REGEX, EITHER, STOPPED),
    cell("power", POWER, ENDED, "did not end|far too much memory"),
    cell("in-c", IN_C, ENDED, STOPPED),
    cell("sleep", "import time\ntime.sleep(1000)", ENDED, STOPPED),
    cell("lock", LOCKED, ENDED, STOPPED),
    cell("read", "import socket\na, b = socket.socketpair()\na.recv(1)", ENDED, STOPPED),
    cell("input", "input()", FAILED, "raised EOFError"),
    cell("self-stop", SELF_STOP, ENDED, STOPPED),
    cell(
        "join",
        "import threading\nt = threading.Thread(target=threading.Event().wait)\n"
        "t.start()\nt.join()",
        ENDED,
        STOPPED,
    ),
    cell("await", "import asyncio\nawait asyncio.Event().wait()", ENDED, STOPPED),
    cell(
        "trace",
        "import sys, time\nsys.settrace(lambda *a: time.sleep(1000))\nlen.__name__\n(lambda: 0)()",
        ENDED,
        STOPPED,
    ),
    cell(
        "watcher",
        "from course_utils.feedback import limits\nlimits._WATCHER._blocks.clear()\n" + FOREVER,
        ENDED,
        STOPPED,
    ),
    cell(
        "clock",
        "import time\ntime.monotonic = time.process_time = lambda: 0.0\n" + FOREVER,
        ENDED,
        STOPPED,
    ),
    cell(
        "thread-and-loop",
        "import threading\ndef spin():\n    while True: pass\n"
        "threading.Thread(target=spin).start()\n" + FOREVER,
        EITHER,
        STOPPED,
    ),
)
def test_a_cell_that_hangs_costs_itself(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


@table(
    cell("os-exit", "import os\nos._exit(0)", ENDED, "Python itself ended", quick=True),
    cell("self-kill", SELF_KILL, ENDED, "Python itself ended"),
    cell("kill-own-number", "import os\nos.kill(os.getpid(), 9)", FAILED, "PermissionError"),
    cell("segmentation", SEGV, ENDED, "Python itself ended"),
    cell("abort", "import os\nos.abort()", ENDED, "Python itself ended"),
    cell("recursion", DEEP, FAILED, "RecursionError"),
    cell("deeper-recursion", DEEPER, ENDED, "Python itself ended|did not end"),
    cell("memory", HOG, FAILED, "MemoryError", quick=True),
    cell("memory-at-once", "kept = bytearray(3 << 30)", FAILED, "MemoryError"),
    cell("memory-numpy", "import numpy as np\nkept = np.ones(1 << 28)", FAILED, "MemoryError"),
    cell("shared-memory", "import mmap\nkept = mmap.mmap(-1, (1 << 30) + (64 << 20))", FAILED),
    cell("threads", THREADS + WAIT, ENDED, "far more threads"),
    cell("scratch", FILES + WAIT, ENDED, "far more to disk"),
    cell("threads-left", THREADS, ENDED, "far more threads"),
    cell("scratch-left", FILES, ENDED, "far more to disk"),
    cell("large-file", "open('x', 'wb').write(bytes(8 << 20))", FAILED, "OSError"),
    cell("sparse-file", "open('x', 'wb').truncate(1 << 40)", FAILED, "OSError"),
    cell("descriptors", "kept = [open('x', 'w') for _ in range(1000)]", FAILED, "OSError"),
    cell("forks", "import os\nfor _ in range(300): os.fork()", FAILED, "PermissionError"),
    cell("parser", "(" * 10_000 + "1" + ")" * 10_000, FAILED, "SyntaxError|MemoryError"),
    cell("parser-deep", "-" * 60_000 + "1", EITHER),
    cell("constant", "x = ((10 ** 4000) ** 4000) ** 4000", ENDED, ""),
    cell("long-line", "x = '" + "y" * 1_000_000 + "'\n1 / 0", FAILED, "ZeroDivisionError: 1 / 0$"),
    cell("long-message", "raise ValueError('x' * 10_000_000)", FAILED, "^.{,200}$"),
    cell("long-name", "raise type('X' * 1_000_000, (ValueError,), {})()", FAILED, "^.{,200}$"),
    cell(
        "raising-text",
        "class E(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\nraise E",
        FAILED,
        "raised Exception",
    ),
    cell(
        "looping-text",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        FAILED,
        "raised Exception",
    ),
    cell(
        "looping-name",
        "class M(type):\n    @property\n    def __name__(self):\n"
        "        while True: pass\nclass E(Exception, metaclass=M): pass\nraise E",
        ENDED,
        STOPPED,
    ),
    cell(
        "no-mro",
        "class M(type):\n    __mro__ = 5\nclass E(Exception, metaclass=M): pass\nraise E",
        ENDED,
    ),
    cell(
        "chain",
        "e = None\nfor _ in range(200_000):\n    n = ValueError()\n    n.__context__ = e\n"
        "    e = n\nraise e",
        FAILED,
    ),
    cell("group", "raise BaseExceptionGroup('x', [KeyboardInterrupt()] * 1000)", FAILED),
)
def test_a_cell_that_dies_or_floods_costs_itself(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


@table(
    function("loop", FOREVER, "time"),
    function("deaf", DEAF + FOREVER, "time", quick=True),
    function("swallow", SWALLOW, "time"),
    function("in-c", IN_C, "time"),
    function("sleep", "import time\ntime.sleep(1000)", "time"),
    function("lock", LOCKED, "time"),
    function("self-stop", SELF_STOP, "time"),
    function("os-exit", "import os\nos._exit(0)", "process-died", quick=True),
    function("system-exit", "raise SystemExit", "exception"),
    function("interrupt", "raise KeyboardInterrupt", "process-died"),
    function("generator-exit", "raise GeneratorExit", "process-died"),
    function("self-kill", SELF_KILL, "process-died"),
    function("segmentation", SEGV, "process-died"),
    function("recursion", DEEP, "exception"),
    function("memory", "return bytearray(3 << 30)", "exception"),
    function("threads", THREADS + WAIT, "process-threads"),
    function("scratch", FILES + WAIT, "process-scratch"),
    function("forks", "import os\nfor _ in range(300): os.fork()", "exception"),
    function("large-array", "return np.zeros(100_000_000, np.uint8)", "process-answer", quick=True),
    function("array-of-many-axes", "return np.zeros((1,) * 64)", "shape|process-answer"),
    function("million-items", "return [[0.0]] * 1_000_000", "time|process-answer"),
    function("deep-list", "r = []\nfor _ in range(5000): r = [r]\nreturn r", "type"),
    function("wide-text", "return 'x' * 100_000_000", "type"),
    function("large-integer", "return 10 ** 100_000", "type"),
    function("long-message", "raise TypeError('x' * 10_000_000)", "exception"),
    function(
        "raising-text",
        "class E(Exception):\n    def __str__(self): raise self\nraise E",
        "exception",
    ),
    function(
        "looping-text",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        "time",
    ),
    function(
        "exiting-text",
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "process-died",
    ),
    function(
        "looping-array",
        "class A(np.ndarray):\n    def tobytes(self, *a):\n"
        "        while True: pass\n    __array__ = tobytes\nreturn np.zeros(3).view(A)",
        "shape",
    ),
    Attack("looping-attribute", "", {"confusion_matrix": LOOPING_ATTRIBUTE}, KEPT, kinds=("time",)),
)
def test_a_function_that_hangs_or_dies_costs_itself(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


@pytest.mark.slow
def test_time_is_measured_with_the_real_grace(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "GRACE", 4.0)
    repelled(stage, right("deaf", DEAF + FOREVER, messages=ENDED, says=STOPPED))


@pytest.mark.slow
def test_many_hangs_cost_the_time_of_a_submission(tmp_path: Path) -> None:
    limits = Limits(cell=1, submission=4, memory=LIMITS.memory)
    with stage(tmp_path, limits=limits) as made:
        notebook = notebook_of(right("cells"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["source"] = DEAF + FOREVER
        start = time.monotonic()
        result = made.hand_in("mallory", notebook)
        assert time.monotonic() - start < limits.submission + limits.cell + MORE
        assert result.earned == 0
        assert as_told({v.kind for v in result.verdicts}, ("time", "stub|time"))
        assert "cell-ended" in {message.code for message in result.messages}


@pytest.mark.slow
def test_many_errors_are_told_in_short(stage: Stage) -> None:
    notebook = notebook_of(right("right"))
    notebook["cells"][2:2] = [code_cell("1 / 0 # " + "x" * 300)] * 1000
    result = stage.hand_in("mallory", notebook)
    assert result.earned == POINTS
    assert 0 < len(result.messages) < 50
    assert len(result.record()) < 50_000


SLOW_CALLS = """
import time
def confusion_matrix(labels, predictions, num_classes):
    time.sleep(0.9)
    return []
"""
SLOW_REFUSALS = (
    right_answers()["confusion_matrix"]
    + """
kept = confusion_matrix
def confusion_matrix(labels, predictions, num_classes):
    try:
        return kept(labels, predictions, num_classes)
    except ValueError:
        time.sleep(0.9)
        raise
import time
"""
)


@pytest.mark.slow
@pytest.mark.parametrize("code", [SLOW_CALLS, SLOW_REFUSALS], ids=["cases", "refusals"])
def test_slow_calls_share_the_time_of_a_question(stage: Stage, code: str) -> None:
    attack = Attack("slow", answers={"confusion_matrix": code})
    start = time.monotonic()
    result = stage.hand_in("mallory", notebook_of(attack))
    assert time.monotonic() - start < QUESTION_SECONDS + MORE
    assert result.earned < POINTS
