"""Attacks on the shell that runs the cells, and on the worker's own loop around it."""

from attacks.stage import POINTS, Attack, Stage, repelled, right, right_answers, table

FAILED = ("cell-failed",)
ENDED = ("cell-ended",)
WRONG = dict.fromkeys(right_answers(), "pass")  # no such function at all
# The loop of the worker is a frame above every cell, its channel a descriptor of the process.
LOOP = """import gc, socket, sys
channel = socket.socket(1, 1, 0, fileno=3)
wire = sys.modules["course_utils.grading.wire"]
Worker = sys.modules["course_utils.grading.worker"].Worker
"""
ANYTHING = """
class Anything:
    "Calls, items and attributes of it are of its kind; it is equal to everything."
    def __call__(self, *a, **k): return self
    def __getattr__(self, name): return self
    def __getitem__(self, index): return self
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __bool__(self): return True
    def __float__(self): return 2.0
    def __array__(self, *a, **k):
        import numpy
        return numpy.ones(1)
"""


@table(
    Attack("number-shown", "15", quick=True),
    Attack("display-hook", "import sys\nsys.displayhook = lambda x: print(15)\n15", quick=True),
    Attack("shell-display-hook", "get_ipython().displayhook = lambda x: 15\n15"),
    Attack(
        "formatter",
        "plain = get_ipython().display_formatter.formatters['text/plain']\n"
        "plain.for_type(object, lambda o, p, c: p.text('15'))\n"
        "plain.for_type(type(None), lambda o, p, c: p.text('15'))\nobject()",
    ),
    Attack("publisher", "get_ipython().display_pub.publish({'text/plain': '15'}, {})"),
    Attack(
        "input-transformer",
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
    ),
    Attack(
        "ast-transformer",
        """import ast
class NoRaise(ast.NodeTransformer):
    def visit_Raise(self, node):
        return ast.copy_location(ast.Return(ast.Constant(15)), node)
get_ipython().ast_transformers.append(NoRaise())""",
        kinds=("type", "value"),
    ),
    Attack("run-cell", "get_ipython().run_cell = lambda *a, **k: None", messages=FAILED),
    Attack(
        "run-cell-class",
        "type(get_ipython()).run_cell = lambda *a, **k: type('R', (), "
        "{'success': True, 'error_before_exec': None, 'error_in_exec': None})()",
    ),
    Attack(
        "run-cell-async",
        "async def run(*a, **k): return 15\nget_ipython().run_cell_async = run",
        messages=FAILED,
    ),
    Attack("run-code", "async def run(*a, **k): return False\nget_ipython().run_code = run"),
    Attack(
        "hooks",
        "for name in ('pre_execute', 'post_execute', 'pre_run_cell', 'post_run_cell'):\n"
        "    get_ipython().events.register(name, lambda *a: 1 / 0)",
    ),
    Attack("kernel-execute", "get_ipython().kernel.do_execute = None", messages=FAILED),
    Attack("kernel-session", "get_ipython().kernel.session.send('15')", messages=FAILED),
    Attack("custom-exceptions", "get_ipython().set_custom_exc((Exception,), lambda *a, **k: 15)"),
    Attack(
        "names",
        ANYTHING + "class Names(dict):\n"
        "    def __missing__(self, name): return Anything()\n"
        "    def get(self, *a): return Anything()\n"
        "    def __getitem__(self, name): return Anything()\n"
        "get_ipython().user_ns = Names()",
        answers=WRONG,
        kinds=("type",),
        others=False,
    ),
    Attack(
        "eval", ANYTHING + "import builtins\nbuiltins.eval = lambda *a: Anything()", kinds=("type",)
    ),
    Attack("compile", "import builtins\nbuiltins.compile = lambda *a, **k: 15", messages=FAILED),
    Attack(
        "modules",
        ANYTHING + "import sys\nfor name in list(sys.modules):\n"
        "    if name.split('.')[0] in ('numpy', 'course_utils', 'pickle', 'json'):\n"
        "        sys.modules[name] = Anything()",
        kinds=("process-died",),
    ),
    Attack(
        "trace",
        "import sys\ndef trace(frame, event, arg):\n"
        "    if event == 'return' and 'error' in frame.f_locals: frame.f_locals['error'] = None\n"
        "    return trace\nsys.settrace(trace)",
    ),
    Attack("profile", "import sys\nsys.setprofile(lambda frame, event, arg: None)"),
    Attack("at-exit", "import atexit\natexit.register(lambda: open(PRECIOUS, 'w').write('15'))"),
    Attack("hook-of-errors", "import sys\nsys.excepthook = sys.unraisablehook = lambda *a: 15"),
    Attack("interactivity", "get_ipython().ast_node_interactivity = 'all'\n15\n15"),
    Attack("shell-command", "!echo changed > {PRECIOUS}"),
    Attack("magic-bash", "%%bash\necho 15", messages=FAILED),
    Attack("magic-script", "%%script python3\nprint(15)", messages=FAILED),
    Attack("magic-write", "%%writefile $PRECIOUS\nchanged", messages=FAILED),
    Attack("magic-run", "%run -i $SOURCES/solutions/mlp/mlp.ipynb", messages=FAILED),
    Attack("magic-load", "%load $SOURCES/solutions/mlp/mlp.ipynb", messages=FAILED),
    Attack("magic-pip", "%pip install nothing-of-this-name"),
    Attack("magic-change-folder", "%cd $COURSE", messages=FAILED),
    Attack("magic-history", "%history -g"),
    Attack("magic-store", "dense = 15\n%load_ext storemagic\n%store dense", messages=FAILED),
    right("magic-reset", last="%reset -f"),
    Attack(
        "loop-true",
        LOOP + "for _ in range(100): channel.send((8).to_bytes(8, 'big') + b'\\0\\0\\0\\4true')",
        kinds=("process-answer",),
    ),
    Attack(
        "loop-forged-results",
        LOOP + "for _ in range(100): wire.send(channel, wire.encode_outcome(wire.Outcome(15)))",
        messages=FAILED,
    ),
    Attack("loop-closed", LOOP + "channel.close()", messages=ENDED),
    Attack("loop-long-frame", LOOP + "channel.send(b'\\x10' + bytes(7))", messages=ENDED),
    Attack(
        "loop-half-a-frame",
        LOOP + "channel.send(bytes(6))\nimport time\ntime.sleep(100)",
        messages=ENDED,
    ),
    Attack(
        "loop-a-byte-a-time",
        LOOP + "import threading, time\n"
        "channel.send((1 << 20).to_bytes(8, 'big'))\n"
        "while True:\n    time.sleep(0.05)\n    channel.send(b'0')",
        messages=ENDED,
    ),
    Attack("loop-no-frame", LOOP + "channel.send(bytes(4096))", messages=ENDED),
    Attack(
        "loop-own-worker",
        LOOP + "Worker.case = lambda self, a, k, s: wire.Outcome(15)",
        kinds=("type", "value"),
    ),
    Attack(
        "loop-forged-errors",
        LOOP + "Worker.cell = lambda *a: {'names': [[1], {}, 'ValueError'], 'line': [2]}",
        messages=FAILED,
        says="raised ValueError",
        quick=True,
    ),
    Attack(
        "loop-forged-class",
        LOOP + "Worker.cell = lambda *a: {'names': ['<b>x</b>', '__import__'], 'line': 10**30}",
        messages=FAILED,
        says="raised an error",
    ),
    Attack(
        "loop-forged-nonsense",
        LOOP + "Worker.cell = lambda *a: {'names': 5, 'line': {}, 'x': [1] * 1000}",
        messages=FAILED,
        says="raised an error",
    ),
    Attack("loop-found-nothing", LOOP + "Worker.object = lambda self, e, p: False"),
)
def test_the_shell_gives_no_points(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)


@table(
    right("display-hook", "import sys\nsys.displayhook = lambda x: print(15)\n15"),
    right("exit", "exit()", messages=FAILED),
    right("quit", "quit", messages=FAILED),
    right("system-exit", "raise SystemExit", messages=FAILED),
    right("ask-exit", "get_ipython().ask_exit()", messages=FAILED),
    right("interrupt", "raise KeyboardInterrupt", messages=FAILED),
    right("own-error", "1 / 0", messages=FAILED, says="raised ZeroDivisionError: 1 / 0"),
    right("syntax", "def (:", messages=FAILED, says="SyntaxError"),
    right("bad-magic", "%no_such_magic", messages=FAILED),
    Attack(
        "commands-before-code",  # as in a notebook, the rest of the cell runs
        "!pip install nothing-of-this-name\n%pip install nothing-of-this-name\nHELPER = 1",
        {"count_parameters": right_answers()["count_parameters"] + "\nHELPER"},
        POINTS,
        kinds=(),
    ),
    right("check-as-number", "check = lambda *a, **k: 15"),
)
def test_the_shell_costs_no_points(stage: Stage, attack: Attack) -> None:
    repelled(stage, attack)
