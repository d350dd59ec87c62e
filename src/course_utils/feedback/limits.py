"""Run a student's code with a time limit, its output kept apart and its arguments watched."""

import contextlib
import copy
import io
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.feedback.watcher import Watched, Watcher

_WATCHER = Watcher()


class TimeLimitError(Exception):
    """The student's code did not return within the time limit."""


@dataclass(frozen=True)
class Outcome:
    """What one call did: a value, or the exception it raised; and whether it changed arguments."""

    value: Any = None
    error: BaseException | None = None
    changed: tuple[int, ...] = ()
    printed: str = ""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitError in the block if it works longer than ``seconds`` by the ``Stopwatch``.

    Works on every system because it interrupts the main thread as Ctrl-C would; in another thread,
    or in a browser (which has no threads), the block runs without a limit.
    """
    if threading.current_thread() is not threading.main_thread() or sys.platform == "emscripten":
        yield
        return
    block = Watched(seconds)
    try:
        with _interrupts_heard():
            _WATCHER.add(block)
            try:
                yield
            finally:
                block.finish()
    except KeyboardInterrupt:
        block.finish()  # the interrupt may have come in the middle of it
        if not block.fired:
            raise
        raise TimeLimitError(f"stopped after {seconds:g} s") from None


@contextlib.contextmanager
def _interrupts_heard() -> Iterator[None]:
    """Let an interrupt raise KeyboardInterrupt: what a shell starts with ``&`` ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if before is not None:  # None: set by a program that embeds Python, and out of reach here
            signal.signal(signal.SIGINT, before)


def observe(call: Callable[..., Any], args: tuple, kwargs: dict, seconds: float) -> Outcome:
    """Call ``call(*args, **kwargs)`` on copies of the arguments and return what happened.

    Standard output and error are collected and warnings dropped: a stray print or warning must
    neither disturb the report nor cost points.
    """
    before, args = args, tuple(map(_copied, args))
    kwargs = {name: _copied(value) for name, value in kwargs.items()}
    output = io.StringIO()
    value, error = None, None
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        warnings.catch_warnings(),
        np.errstate(all="warn"),
    ):
        warnings.simplefilter("ignore")
        try:
            with time_limit(seconds):
                value = call(*args, **kwargs)
        except (Exception, SystemExit) as caught:
            error = caught
    changed = tuple(i for i, (a, b) in enumerate(zip(before, args, strict=True)) if _differs(a, b))
    return Outcome(value, error, changed, output.getvalue()[-2000:])


def _copied(value: Any) -> Any:
    """Copy an argument; a strided view stays one, where ``deepcopy`` would straighten it."""
    if type(value) in (list, tuple):
        return type(value)(map(_copied, value))
    if not isinstance(value, np.ndarray) or value.flags.c_contiguous:
        return copy.deepcopy(value)
    base = value.base
    if not isinstance(base, np.ndarray) or not base.flags.c_contiguous:
        return value.copy(order="K")  # keeps the order of the axes in memory
    offset = value.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return np.ndarray(value.shape, value.dtype, base.copy(), offset, value.strides)


def _differs(before: Any, after: Any) -> bool:
    """Return whether an argument of arrays, numbers, lists and dicts of them was changed."""
    if isinstance(before, np.ndarray):
        return not (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and np.array_equal(before, after, equal_nan=_floating(before))
        )
    if isinstance(before, list | tuple):
        if not isinstance(after, list | tuple) or len(before) != len(after):
            return True
        return any(map(_differs, before, after))
    if isinstance(before, dict):
        same = isinstance(after, dict) and before.keys() == after.keys()
        return not same or any(_differs(value, after[key]) for key, value in before.items())
    if isinstance(before, int | float):
        return type(before) is not type(after) or repr(before) != repr(after)  # nan is nan
    return False


def _floating(array: np.ndarray) -> bool:
    return np.issubdtype(array.dtype, np.inexact)
