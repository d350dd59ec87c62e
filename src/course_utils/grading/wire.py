"""What the grader and a student's process say to each other, and how it is read.

A frame is its length in eight bytes and a body. To the student's process goes a pickle: it comes
from the grader. Back comes a description in JSON and the bytes of arrays, which are checked against
limits and never unpickled: whatever a student's process says, reading it runs nothing.
"""

import builtins
import json
import math
import re
import select
import socket
import struct
import time
from typing import Any

import numpy as np

from course_utils.feedback.exercise import RefusalError
from course_utils.feedback.limits import Outcome, TimeLimitError

FRAME_LIMIT = 64 << 20  # bytes of one answer
HEADER_LIMIT = 4 << 20  # bytes of its description
DEPTH_LIMIT, NODE_LIMIT = 8, 20_000
DIGITS = 400  # of an integer
TEXT_LIMIT = 200_000  # characters of a string: the source of a kernel is one
MOST_AXES = 32
PAUSE = 0.005  # seconds, where the system says that there is something and there is nothing
_DTYPE = re.compile(r"[<>|=][biufc](1|2|4|8|16|32)")
_LENGTH, _HEADER = struct.Struct(">Q"), struct.Struct(">I")
# Errors of numpy and torch that students meet; everything else becomes its built-in base.
KNOWN_ERRORS = {
    "LinAlgError": ValueError,
    "AxisError": ValueError,
    "OutOfMemoryError": RuntimeError,
}


class WireError(Exception):
    """What came is not an answer: too long, cut off, or not in the form."""


class Foreign:
    """Stands for an object that has no form on the wire; its class bears the object's name."""


def send(channel: socket.socket, body: bytes, deadline: float = math.inf) -> None:
    """Send a frame. Raises TimeoutError where it was not taken by ``deadline`` (monotonic)."""
    view = memoryview(_LENGTH.pack(len(body)) + body)
    while view:
        _wait(channel, select.POLLOUT, deadline)
        try:
            sent = channel.send(view[: 1 << 20], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            time.sleep(PAUSE)
            continue
        view = view[sent:]


def receive(channel: socket.socket, limit: int, deadline: float = math.inf) -> bytes:
    """Return the body of a frame.

    Raises TimeoutError where it was not there by ``deadline``, EOFError where the other side has
    gone, and WireError where it is longer than ``limit``.
    """
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size, deadline))
    if length > limit:
        raise WireError(f"an answer of {length} bytes, allowed are {limit}")
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, length: int, deadline: float) -> bytes:
    parts = []
    while length:
        _wait(channel, select.POLLIN, deadline)
        try:
            part = channel.recv(min(length, 1 << 20), socket.MSG_DONTWAIT)
        except BlockingIOError:  # an out-of-band byte makes poll say that there is something
            time.sleep(PAUSE)
            continue
        if not part:
            raise EOFError("the other side has gone")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _wait(channel: socket.socket, event: int, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    poll = select.poll()
    poll.register(channel, event)
    if not poll.poll(None if left == math.inf else math.ceil(left * 1000)):
        raise TimeoutError


def encode(value: Any) -> bytes:
    """Return the form of a value: numbers, text, arrays, and tuples, lists and dicts of them."""
    blobs: list[bytes] = []
    header = json.dumps(_described(value, blobs, DEPTH_LIMIT)).encode()
    return _HEADER.pack(len(header)) + header + b"".join(blobs)


def _described(value: Any, blobs: list[bytes], depth: int) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if isinstance(value, np.ndarray | np.generic):
        return _array_described(value, blobs)
    if depth and kind in (list, tuple):
        return {kind.__name__: [_described(each, blobs, depth - 1) for each in value]}
    if depth and kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: _described(each, blobs, depth - 1) for key, each in value.items()}}
    return {"other": kind.__name__}


def _array_described(value: Any, blobs: list[bytes]) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return {"other": type(value).__name__}
    blobs.append(array.tobytes())
    return {"array" if isinstance(value, np.ndarray) else "scalar": [array.dtype.str, *array.shape]}


_SCALARS: dict[type, Any] = {
    str: lambda text: text[:TEXT_LIMIT],
    int: lambda n: {"int": str(n)} if abs(n) < 10**DIGITS else {"other": "int"},
    float: lambda x: {"float": x.hex()},
    complex: lambda z: {"complex": [z.real.hex(), z.imag.hex()]},
}


def decode(body: bytes) -> Any:
    """Return the value of a form, however it was made. Raises WireError where it is none."""
    try:
        (length,) = _HEADER.unpack_from(body)
        if length > HEADER_LIMIT:
            raise WireError(f"a description of {length} bytes")
        start = _HEADER.size
        reader = _Reader(memoryview(body)[start + length :])
        value = reader.value(json.loads(body[start : start + length]), DEPTH_LIMIT)
    except WireError:
        raise
    except Exception as error:  # nothing of the student's runs here: the form is wrong
        raise WireError(f"not an answer: {type(error).__name__}") from None
    if reader.blobs:
        raise WireError("more bytes than described")
    return value


class _Reader:
    """Builds a value from its description and the bytes of its arrays."""

    def __init__(self, blobs: memoryview) -> None:
        self.blobs = blobs
        self.nodes = 0

    def value(self, node: Any, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > NODE_LIMIT or depth < 0:
            raise WireError("too many items, or nested too deeply")
        if node is None or isinstance(node, bool | str):
            return node
        if not isinstance(node, dict) or len(node) != 1:
            raise WireError("no form")
        ((form, content),) = node.items()
        if form in ("list", "tuple"):
            items = [self.value(each, depth - 1) for each in content]
            return items if form == "list" else tuple(items)
        if form == "dict":
            return {str(key): self.value(each, depth - 1) for key, each in content.items()}
        if form in ("array", "scalar"):
            array = self._array(*content)
            return array if form == "array" else array[()]
        return _number(form, content)

    def _array(self, dtype: str, *shape: int) -> np.ndarray:
        # numpy would evaluate a text such as "(1,2)i4"
        if not _DTYPE.fullmatch(str(dtype)) or len(shape) > MOST_AXES:
            raise WireError("an array of another kind")
        if not all(type(n) is int and 0 <= n <= FRAME_LIMIT for n in shape):
            raise WireError("an array of another shape")
        kind = np.dtype(str(dtype))
        size = math.prod(shape) * kind.itemsize
        if size > len(self.blobs):
            raise WireError("fewer bytes than described")
        array = np.frombuffer(self.blobs[:size], kind).reshape(shape).copy()
        self.blobs = self.blobs[size:]
        return array


def _number(form: str, content: Any) -> Any:
    if form == "int" and len(content) <= DIGITS + 2:
        return int(content)
    if form == "float":
        return float.fromhex(content)
    if form == "complex":
        real, imaginary = content
        return complex(float.fromhex(real), float.fromhex(imaginary))
    if form == "other":
        return type(_identifier(content), (Foreign,), {})()
    raise WireError("an unknown form")


def _identifier(name: Any) -> str:
    text = str(name)[:40]
    return text if text.isidentifier() and text.isascii() else "object"


def encode_outcome(outcome: Outcome) -> bytes:
    """Return the form of what a call did."""
    error, described = outcome.error, None
    if error is not None:
        names = [each.__name__ for each in type(error).__mro__]
        described = {"names": names[:20], "text": _said(error)[:200]}
        if isinstance(error, RefusalError):
            described |= {"kind": error.kind, "value": error.value}
    return encode({"value": outcome.value, "error": described, "changed": list(outcome.changed)})


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the student's own that fails when it is printed
        return ""


def decode_outcome(body: bytes) -> Outcome:
    """Return the outcome of a form. Raises WireError where it is none."""
    found = decode(body)
    try:
        changed = tuple(int(index) for index in found["changed"])
        error = found["error"]
        return Outcome(found["value"], _error(error) if error else None, changed)
    except Exception:  # as in decode
        raise WireError("not an outcome") from None


def _error(found: dict[str, Any]) -> BaseException:
    """Return an exception of the same built-in class; its text serves the name of a stub only.

    The caller replaces a refusal and a stub by what it knows of them.
    """
    names = [str(name) for name in found["names"]]
    if "RefusalError" in names:
        return RefusalError(str(found["kind"])[:40], "", value=found["value"])
    if "TimeLimitError" in names:
        return TimeLimitError("no answer in time")
    for name in names:
        if name in KNOWN_ERRORS:
            return type(name, (KNOWN_ERRORS[name],), {})()
        known = getattr(builtins, name, None)
        if isinstance(known, type) and issubclass(known, Exception):
            return _made(known, str(found["text"]))
    return SystemExit() if "SystemExit" in names else RuntimeError()


def _made(known: type[Exception], text: str) -> BaseException:
    if known is NotImplementedError:
        name, written, _ = text.partition(": not written yet")
        plain = written and name.replace(".", "").isidentifier() and len(name) < 60
        return NotImplementedError(text if plain else "")
    try:
        return known()
    except TypeError:  # such as UnicodeDecodeError, which wants five arguments
        return ValueError() if issubclass(known, ValueError) else RuntimeError()
