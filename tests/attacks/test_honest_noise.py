"""Right answers that are noisy, untidy or unlucky: none of it costs a point."""

from attacks.stage import POINTS, Attack, Stage, repelled, right, right_answers, table

FAILED = ("cell-failed",)
RIGHT = right_answers()


def noisy(name: str, line: str, before: str = "", quick: bool = False) -> Attack:
    """Return right answers of which each runs one more line when it is called."""
    answers = {}
    for cell, source in RIGHT.items():
        lines = source.splitlines()
        place = next(i for i, text in enumerate(lines) if "BEGIN SOLUTION" in text)
        answers[cell] = "\n".join([*lines[: place + 1], f"    {line}", *lines[place + 1 :]])
    return Attack(name, before, answers, POINTS, kinds=(), quick=quick)


def written(name: str, answer: str, quick: bool = False) -> Attack:
    """Return right answers of which dense is written in another way."""
    return Attack(name, "", {"dense": f"{RIGHT['dense']}\n{answer}"}, POINTS, kinds=(), quick=quick)


PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('x')\nplt.show()"
THREAD = "import threading\ndef fail(): raise RuntimeError('in the background')\n"
SPIN = (
    "def spin():\n    import time\n    while True:\n        print('x')\n        time.sleep(0.001)\n"
)


@table(
    noisy("print", "print('x' * 1000)", quick=True),
    noisy("stderr", "import sys; print('x', file=sys.stderr); sys.stderr.write('y')", quick=True),
    noisy("warning", "import warnings; warnings.warn('careful', UserWarning)", quick=True),
    noisy("deprecated", "np.array([1, 2]) / 0"),
    noisy("logging", "import logging; logging.error('x')"),
    noisy("low-level-output", "import os; os.write(1, b'x'); os.write(2, b'y')"),
    noisy("thread", "import threading; threading.Thread(target=fail).start()", THREAD, quick=True),
    noisy(
        "warnings-as-errors-before",
        "np.float64(1) / 0",
        "import warnings\nwarnings.simplefilter('error')",
    ),
    noisy("numpy-raises-before", "pass", "np.seterr(all='raise')"),
    noisy("much-output", "print('x' * 1_000_000)"),
    noisy("random", "np.random.seed(0)"),
    noisy("collect", "import gc; gc.collect(); gc.disable()"),
    noisy("progress", "from tqdm import tqdm; list(tqdm(range(3)))"),
    noisy("display", "from IPython.display import display; display(1)"),
    noisy("flush", "import sys; sys.stdout.flush()"),
    right("output", "for _ in range(100): print('x' * 1_000_000)", quick=True),
    right("output-of-errors", "import sys\nfor _ in range(100): sys.stderr.write('x' * 1_000_000)"),
    right("output-of-the-process", "import os\nfor _ in range(100): os.write(1, bytes(1_000_000))"),
    right(
        "shown",
        "from IPython.display import display, HTML\nfor _ in range(100): display(HTML('x'))",
    ),
    right("last-value", "'x' * 100_000_000"),
    right("plot", PLOT),
    right("plot-inline", "%matplotlib inline\n" + PLOT),
    right(
        "magics-of-the-kernel",
        "%autosave 0\n%matplotlib widget\n%config Completer.use_jedi = False",
    ),
    right("time", "%time 1 + 1\n%timeit -n 1 -r 1 1 + 1"),
    right("time-of-a-cell", "%%time\nx = 1"),
    right("captured", "%%capture\nprint(1)"),
    right("await", "import asyncio\nawait asyncio.sleep(0)"),
    right("warning-in-a-cell", "import warnings\nwarnings.warn('x')", quick=True),
    right("thread-in-a-cell", THREAD + "threading.Thread(target=fail).start()", quick=True),
    right("thread-that-talks", SPIN + "import threading\nthreading.Thread(target=spin).start()"),
    right(
        "thread-pool",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(abs, range(9)))",
    ),
    right("no-output", "import sys\nsys.stdout = sys.stderr = None"),
    right("closed-output", "import sys\nsys.stderr.close()"),
    right("closed-descriptors", "import os\nos.close(1)\nos.close(2)"),
    right("output-to-a-file", "import sys\nsys.stdout = open('log.txt', 'w')"),
    right("folder", "import os\nos.mkdir('x')\nos.chdir('x')"),
    right(
        "files",
        "import numpy as np\nnp.save('x.npy', np.ones(9))\nassert np.load('x.npy').sum() == 9",
    ),
    right("temporary", "import tempfile\nwith tempfile.TemporaryFile() as f: f.write(b'x')"),
    right("interrupts", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"),
    right(
        "alarm", "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.alarm(1)"
    ),
    right("printing", "import numpy as np\nnp.set_printoptions(precision=1)"),
    right("recursion-limit", "import sys\nsys.setrecursionlimit(100_000)"),
    right("types", "T = type('T', (), {})\nnp_ = __import__('numpy')"),
    right("no-check", last="del check"),
    right(
        "own-error", "raise ValueError('not mine')", messages=FAILED, says="ValueError", quick=True
    ),
    right("own-assertion", "assert 1 + 1 == 3", messages=FAILED, says="raised AssertionError"),
    right("own-exit", "raise SystemExit", messages=FAILED),
    right("deleted-afterwards", last="del dense, softmax, cross_entropy"),
    right("overwritten-afterwards", last="dense = softmax = None"),
    right(
        "builtins-lost-afterwards", last="import builtins\ndel builtins.len, builtins.isinstance"
    ),
    right("process-ended-afterwards", last="import os\nos._exit(0)", quick=True),
    written("lambda", "kept = dense\ndense = lambda *args: kept(*args)", quick=True),
    written("partial", "import functools\ndense = functools.partial(dense)"),
    written("cached", "import functools\ndense = functools.wraps(dense)(dense)"),
    written(
        "object",
        "class D:\n    def __call__(self, *args): return kept(*args)\nkept = dense\ndense = D()",
    ),
    written(
        "method",
        "kept = dense\nclass D:\n    def go(self, *args): return kept(*args)\ndense = D().go",
    ),
    written("static", "kept = dense\nclass D:\n    go = staticmethod(kept)\ndense = D.go"),
    written("not-contiguous", "kept = dense\ndef dense(*args): return kept(*args).T.copy().T"),
    written(
        "subclass",
        "kept = dense\nclass A(np.ndarray): pass\ndef dense(*a): return kept(*a).view(A)",
    ),
    written(
        "read-only",
        "kept = dense\ndef dense(*a):\n    r = kept(*a)\n    r.flags.writeable = 0\n    return r",
    ),
    written("shadow", "send = receive = pickle = json = worker = None"),
)
def test_noise_costs_nothing(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


DELETED = "import builtins\nfor name in {names}: delattr(builtins, name)"


@table(
    Attack(
        "builtins",
        DELETED.format(names="('len', 'isinstance', 'type', 'print')"),
        "right",
        POINTS,
        kinds=(),
        messages=("cell-ended",),
    ),
    Attack(
        "all-builtins",
        DELETED.format(names="dir(builtins)"),
        "right",
        POINTS,
        kinds=(),
        messages=("cell-ended",),
    ),
    Attack("own-names", "%reset -f", "right", 0, kinds=("stub",), messages=("cell-failed",)),
)
def test_what_one_destroys_costs_nobody_else(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)
