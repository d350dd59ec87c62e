"""The student's process: it runs the cells of a notebook and answers the grader's questions.

Everything here may be changed by the student's program, which runs in the same process. Nothing
here is trusted: the grader reads the answers as bytes, and compares them where this program is not.
"""

import ast
import json
import pickle
import socket
import sys
import warnings
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

import course_utils.feedback
from course_utils.feedback import Report, checking
from course_utils.feedback.limits import Outcome, observe, time_limit
from course_utils.grading.wire import encode, encode_outcome, receive, send

REQUEST_LIMIT = 1 << 30
_PACKAGES = "site-packages"


def make_shell() -> InteractiveShell:
    """Return the shell that runs cells: magics and ``await`` work, history and display do not."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = InteractiveShell.instance(config=config)
    # Formatting a traceback takes longer than most cells, and nobody would read it.
    shell.showtraceback = lambda *_, **__: None
    shell.showsyntaxerror = lambda *_, **__: None
    # In a notebook, these never end a cell: here they do nothing.
    shell.system = shell.system_piped = shell.system_raw = lambda *_, **__: None
    shell.getoutput = lambda *_, **__: SList([])
    quiet: Any = shell  # whose types know no magic that is a function, and a GUI that never returns
    quiet.enable_gui = lambda *_, **__: None
    shell.enable_matplotlib = lambda *_, **__: (None, None)
    for name in ("autosave", "connect_info", "qtconsole"):  # of ipykernel
        quiet.register_magic_function(_nothing, "line", name)
    return shell


def _nothing(_line: str = "") -> None:
    """Do nothing, as a magic."""


def _no_check(key: str, student: Any, hidden: bool = False) -> Report:
    """Stand for ``check`` in a student's cells: what it needs is not in this process."""
    return Report(key=key, points=0.0, earned=0.0, section="")


class Worker:
    """One submission's notebook, half run."""

    def __init__(self) -> None:
        self.shell = InteractiveShell.instance()
        self.program: Any = None
        self.student: Any = None

    def broken(self, sources: list[str], seconds: float) -> list[dict[str, Any] | None]:
        """Return, for each cell, the class and the line of its SyntaxError, or None; run none."""
        with time_limit(seconds), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [self._syntax(source) for source in sources]

    def _syntax(self, source: str) -> dict[str, Any] | None:
        try:
            # As IPython does: one statement after the other, and with `await` outside functions.
            for statement in self._parsed(source).body:
                module = ast.Module([statement], [])
                compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return {"names": _names(error), "line": _line(error)}
        except (ValueError, MemoryError, RecursionError):
            return None  # which says how it fails when it is run
        return None

    def _parsed(self, source: str) -> ast.Module:
        try:
            return ast.parse(source)  # most cells have no magic, and to look for one takes longer
        except SyntaxError:
            return ast.parse(self.shell.transform_cell(source))

    def cell(self, source: str, seconds: float) -> dict[str, Any] | None:
        """Run a cell; return the class of its error and the line, or None."""
        error: BaseException | None = None
        sys.stdout, sys.stderr = sys.stdout or sys.__stdout__, sys.stderr or sys.__stderr__
        try:
            with time_limit(seconds):
                done = self.shell.run_cell(source, store_history=False, silent=True)
            error = done.error_before_exec or done.error_in_exec
        except BaseException as caught:  # what the shell itself lets out
            error = caught
        if error is None:
            return None
        names = ["TimeLimitError"] if isinstance(error, KeyboardInterrupt) else _names(error)
        return {"names": names, "line": _line(error)}

    def object(self, expression: str, program: bytes) -> bool:
        """Find the object to ask about; return whether there is one."""
        self.program = pickle.loads(program)
        try:
            code = compile(ast.parse(expression, mode="eval"), "<question>", "eval")
            self.student = eval(code, self.shell.user_ns)
        except Exception:
            return False
        return True

    def case(self, args: tuple, kwargs: dict[str, Any], seconds: float) -> Any:
        """Return what the student's object does on a case."""
        outcome = observe(self._called, args, kwargs, seconds)
        if outcome.error is not None:  # its frames hold what the call has allocated
            outcome.error.__traceback__ = outcome.error.__context__ = None
        return outcome

    def kernels(self, program: bytes, seconds: float) -> Any:
        """Return what a compiler is to be asked about the kernels of the student's function."""
        return observe(pickle.loads(program), (self.student,), {}, seconds)

    def translate(self, question: str) -> dict[str, Any]:
        """Return whether a kernel can be translated: for a worker that compiles."""
        from course_utils.kernels.compiler_child import translated  # noqa: PLC0415 - Triton

        return translated(json.loads(question))

    def _called(self, *args: Any, **kwargs: Any) -> Any:
        return self.program(self.student, *args, **kwargs)


def _names(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__][:20]


def _line(error: BaseException) -> int:
    """Return the line of the cell that raised: the last one that is in no library."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    line = 0
    step: TracebackType | None = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if "ipython-input" in name or "ipykernel" in name:
            line = step.tb_lineno
        step = step.tb_next
    return line


def work(channel: socket.socket) -> None:
    """Answer requests until the grader closes the channel."""
    sys.modules["__main__"].__dict__.setdefault("__builtins__", __builtins__)
    for module in (course_utils.feedback, checking):
        setattr(module, "check", _no_check)  # noqa: B010 - to the type checker a module is fixed
    worker = Worker()
    while True:
        try:
            what, *request = pickle.loads(receive(channel, REQUEST_LIMIT))
        except EOFError:
            return
        answer = getattr(worker, what)(*request)
        send(channel, encode_outcome(answer) if isinstance(answer, Outcome) else encode(answer))
