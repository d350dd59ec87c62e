"""Attacks on the checks: patched comparisons, odd results, expected values looked for."""

from attacks.stage import Attack, Stage, repelled, right_answers, table

FAILED = ("cell-failed",)
NAMES = tuple(right_answers())


def all_return(expression: str, before: str = "") -> dict[str, str]:
    """Return answers that all return the value of one expression."""
    return {
        name: f"{before}\ndef {name}(*args):\n    return {expression}\n"
        if name == NAMES[0]
        else f"def {name}(*args):\n    return {expression}\n"
        for name in NAMES
    }


ODD = """
import numpy as np
class Equal:
    "Equal to everything, close to everything."
    __array_priority__ = 1e9
    shape, dtype, ndim, size = (2, 2), np.dtype(float), 2, 4
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return 0
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = lambda self, *a: 0.0
    def __float__(self): return 0.0
    def __len__(self): return 3
    def __iter__(self): return iter([self] * 3)
    def __bool__(self): return True
class Ufunc(Equal):
    def __array_ufunc__(self, *a, **k): return np.True_
    def __array_function__(self, *a, **k): return True
class Array(Equal):
    def __array__(self, *a, **k): return np.zeros((2, 2))
class Interface(Equal):
    __array_interface__ = {"shape": (2,), "typestr": "<f8", "data": (0, False), "version": 3}
class Sub(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __sub__(self, other): return np.zeros(self.shape)
    def __array_ufunc__(self, *a, **k): return np.ones(self.shape, bool)
    def tobytes(self, *a): return b"\\0" * 16
class Text(str):
    __eq__, __hash__ = Equal.__eq__, Equal.__hash__
class Whole(int):
    __eq__, __hash__ = Equal.__eq__, Equal.__hash__
class Real(float):
    __eq__, __hash__ = Equal.__eq__, Equal.__hash__
    def hex(self): return "0x1p+0"
class Items(list):
    __eq__ = Equal.__eq__
    def __len__(self): return 3
    def __getitem__(self, index): return Equal()
sub = np.zeros((2, 2)).view(Sub)
"""


def odd(name: str, expression: str, *kinds: str, quick: bool = False) -> Attack:
    """Return a submission whose functions return something odd."""
    return Attack(name, ODD, all_return(expression), kinds=kinds, quick=quick)


ANSWERS = all_return("np.zeros((2, 2))")


def patched(name: str, code: str, *kinds: str, quick: bool = False, **more) -> Attack:
    """Return a submission with wrong answers that patches what compares."""
    return Attack(name, code, ANSWERS, kinds=kinds or WRONG, quick=quick, **more)


WRONG = ("shape", "type", "dtype")
# What the frames and the objects around a call hold that could be a result.
LOOKING = """
import gc, inspect, sys
def looks_like(value):
    name = type(value).__name__
    if name in ("Case", "Exercise", "Trial", "Misconception", "Prepared", "Question"):
        success(name)
    name = getattr(value, "__name__", "") if callable(value) else ""
    if name in ("reference", "_network", "_confusion"):
        success(name)
def frames(*args):
    frame = sys._getframe()
    while frame:
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            looks_like(value)
            if name in ("expected", "reference", "cases"): success(name)
        frame = frame.f_back
    return 0
def objects(*args):
    for value in gc.get_objects(): looks_like(value)
    return 0
def stack(*args):
    for each in inspect.stack(0):
        for name in each.frame.f_locals:
            if name in ("expected", "reference", "cases"): success(name)
    return 0
def threads(*args):
    for frame in sys._current_frames().values():
        while frame:
            if {"expected", "cases", "trials"} & set(frame.f_locals): success("a thread")
            frame = frame.f_back
    return 0
def modules(*args):
    for name in list(sys.modules):
        if name.startswith(("course_utils.feedback.exercises", "course_utils.kernels.exercises")):
            success(name)
        if name.startswith("course_utils.grading.") and name.split(".")[-1] in (
            "checker", "intake", "gradebook", "pipeline", "seed", "conversation"):
            success(name)
    return 0
def registry(*args):
    from course_utils.feedback.registry import exercise_for
    success(exercise_for("mlp/dense").reference(*args))
def imported(*args):
    from course_utils.feedback.exercises import mlp_layers
    success(mlp_layers.__file__)
def checked(*args):
    from course_utils.feedback.checking import examine
    success(examine("mlp/dense", lambda *a: 0))
"""


def looking(function: str, *kinds: str, quick: bool = False) -> Attack:
    """Return a submission whose functions look for what they should return."""
    answers = {name: f"{name} = {function}" for name in NAMES}
    return Attack(f"looks-in-{function}", LOOKING, answers, kinds=kinds, quick=quick)


WORKER = """import sys, pickle
import numpy as np
worker = sys.modules["course_utils.grading.worker"]
wire = sys.modules["course_utils.grading.wire"]
"""


@table(
    odd("equal-to-all", "Equal()", "type", quick=True),
    odd("ufunc", "Ufunc()", "type"),
    odd("array-protocol", "Array()", "type"),
    odd("array-interface", "Interface()", "type"),
    odd("subclass-of-array", "sub", *WRONG, quick=True),
    odd("text", "Text('1')", "type"),
    odd("whole", "Whole(1)", "type"),
    odd("real", "Real(1)", "type"),
    odd("items", "Items()", "type"),
    odd("items-of-equal", "(Equal(), Equal(), Equal())", "type"),
    odd("generator", "(x for x in (1, 2, 3))", "type"),
    odd("iterator", "iter([1])", "type"),
    odd("none", "None", "none"),
    odd("true", "True", "type"),
    odd("nan", "float('nan')", "type", "nan", "dtype"),
    odd("object-array", "np.array([Equal()], dtype=object)", "type"),
    odd("masked", "np.ma.masked_all((2, 2))", *WRONG),
    odd("memory-map-of-nothing", "np.broadcast_to(0.0, (2, 2))", *WRONG),
    odd("mock", "__import__('unittest.mock').mock.MagicMock()", "type", quick=True),
    odd("class", "Equal", "type"),
    odd("the-arguments", "args", "type", "length"),
    odd("itself-inside", "(lambda x: (x.append(x), x)[1])([])", "type", "length"),
    odd("not-implemented", "NotImplemented", "type"),
    odd("ellipsis", "...", "type"),
    Attack(
        "a-mock-for-all",
        "from unittest.mock import MagicMock",
        {name: f"{name} = MagicMock()" for name in NAMES},
        kinds=("type",),
    ),
    Attack("no-function", "", {name: f"{name} = 15" for name in NAMES}, kinds=("exception",)),
    Attack("a-type", "", {name: f"{name} = type(None)" for name in NAMES}, kinds=("exception",)),
    Attack("refuses-all", "", all_return("int('x')"), kinds=("exception",), quick=True),
)
def test_odd_results_give_no_points(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


@table(
    patched("check", "import course_utils.feedback as f\nf.check = f.examine = lambda *a, **k: 15"),
    patched(
        "examine",
        "from course_utils.feedback import checking, compare, trials, diagnosis\n"
        "checking.examine = checking.run_cases = lambda *a, **k: []\n"
        "compare.difference = trials.found_in = trials.difference = lambda *a, **k: None\n"
        "checking.diagnose = lambda *a: None",
        quick=True,
    ),
    patched(
        "numpy-testing",
        "import numpy.testing as t\nfor name in dir(t):\n"
        "    if name.startswith('assert'): setattr(t, name, lambda *a, **k: None)",
    ),
    patched(
        "numpy-comparisons",
        "yes = lambda *a, **k: True\nfor name in ('allclose', 'array_equal', 'isclose', 'equal', "
        "'all', 'any', 'array_equiv', 'isfinite'): setattr(np, name, yes)",
        quick=True,
    ),
    patched("asarray", "kept = np.asarray\nnp.asarray = lambda *a, **k: kept([[1.0, 2], [1, 1]])"),
    patched("array-type", "np.ndarray = np.generic = object", "process-died", "process-answer"),
    patched("random", "np.random.default_rng = lambda *a: np.random.Generator(np.random.PCG64(0))"),
    patched(
        "report",
        "from course_utils.feedback.report import Report\n"
        "Report.earned = property(lambda self: 15)\nReport.__float__ = lambda self: 15.0",
    ),
    patched("operators", "import operator\noperator.eq = lambda a, b: True"),
    patched(
        "all-any",
        "import builtins\nbuiltins.all = lambda x: True\nbuiltins.any = all",
        *WRONG,
        "mutates",
    ),
    patched(
        "isinstance",
        "import builtins\nbuiltins.isinstance = lambda a, b: True",
        messages=("cell-ended",),
    ),
    patched("observe", WORKER + "worker.observe = lambda *a: wire.Outcome(np.eye(2))"),
    patched(
        "observe-error",
        WORKER + "worker.observe = lambda *a: wire.Outcome(None, ValueError())",
        "exception",
    ),
    patched(
        "encode", WORKER + "worker.encode_outcome = lambda o: wire.encode(True)", "process-answer"
    ),
    patched("encode-nothing", WORKER + "worker.encode_outcome = lambda o: b''", "process-answer"),
    patched(
        "loads",
        WORKER + "kept = pickle.loads\n"
        "def loads(data, *a, **k):\n"
        "    found = kept(data, *a, **k)\n"
        "    return (lambda student, *args: np.eye(2)) if callable(found) else found\n"
        "pickle.loads = loads",
        quick=True,
    ),
    patched(
        "cloudpickle",
        WORKER + "import cloudpickle\ncloudpickle.loads = cloudpickle.dumps = lambda *a: b''",
    ),
    patched("program", WORKER + "worker.Worker._called = lambda self, *a, **k: np.eye(2)"),
    patched(
        "arguments-of-the-program",
        WORKER + "kept = worker.Worker.object\n"
        "def found(self, expression, program):\n"
        "    done = kept(self, expression, program)\n"
        "    text = repr(self.program.__code__.co_consts) + repr(self.program.__globals__.keys())\n"
        "    for word in ('expected', 'reference', 'misconceptions', 'worked', 'draw'):\n"
        "        if word in text: raise BufferError(word)\n"
        "    return done\n"
        "worker.Worker.object = found",
    ),
    patched(
        "time",
        "import time\ntime.monotonic = time.perf_counter = time.process_time = lambda: 0.0",
    ),
)
def test_patches_give_no_points(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


@table(
    looking("frames", "type", "value", quick=True),
    looking("objects", "type", "value"),
    looking("stack", "type", "value"),
    looking("threads", "type", "value"),
    looking("modules", "type", "value"),
    looking("registry", "exception", quick=True),
    looking("imported", "exception"),
    looking("checked", "exception"),
)
def test_nothing_expected_is_to_be_found(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)
