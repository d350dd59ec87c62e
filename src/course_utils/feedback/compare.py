"""Compare a returned value with the expected one and say in words how they differ."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from course_utils.feedback.report import counted

# Relative tolerance of a float32 result: 24-bit mantissas and a few hundred operations.
FLOAT32_RTOL = 2e-4
# Gives the relative error that a whole array may have, by the name of its dtype.
Norm = Callable[[str], float]


@dataclass(frozen=True)
class Difference:
    """How two values differ: ``kind`` is none, type, length, shape, dtype, nan or value."""

    kind: str
    text: str


def tolerance(args: Any, rtol: float) -> float:
    """Return ``rtol``, or that of float32 where an argument is float32.

    A right answer may leave float32 as a Python number, which hides how it was computed.
    """
    if isinstance(args, list | tuple):
        return max((tolerance(each, rtol) for each in args), default=rtol)
    single = isinstance(args, np.ndarray | np.generic) and args.dtype == np.float32
    return max(rtol, FLOAT32_RTOL) if single else rtol


def difference(
    got: Any, expected: Any, rtol: float, labels: Sequence[str] = (), norm: Norm | None = None
) -> Difference | None:
    """Return how ``got`` differs from ``expected``, or None where they agree.

    Scalars may be Python numbers or 0-d arrays; arrays must have the expected shape and dtype;
    tuples and lists are compared item by item, named by ``labels``. With ``norm`` arrays are
    compared as wholes, by their relative error.
    """
    if isinstance(expected, list | tuple):
        return _sequence_difference(got, expected, rtol, labels, norm)
    if got is None:
        return Difference("none", "the function returned None: is the return statement missing?")
    if isinstance(expected, Number) or np.ndim(expected) == 0:
        return _scalar_difference(got, expected, rtol)
    return _array_difference(got, np.asarray(expected), rtol, norm)


def _sequence_difference(
    got: Any, expected: Sequence, rtol: float, labels: Sequence[str], norm: Norm | None
) -> Difference | None:
    if got is None:
        return Difference("none", "the function returned None: is the return statement missing?")
    items = counted(str(len(expected)), "item")
    if not isinstance(got, list | tuple):
        kind = "an array" if isinstance(got, np.ndarray) else type(got).__name__
        return Difference("type", f"expected {items}, got {kind}")
    if len(got) != len(expected):
        return Difference("length", f"expected {items}, got {len(got)}")
    for index, (a, b) in enumerate(zip(got, expected, strict=True)):
        if found := difference(a, b, rtol, labels, norm):
            many = isinstance(expected, list) or len(labels) != len(expected)
            name = f"item {index}" if many else labels[index]
            return Difference(found.kind, f"{name}: {found.text}")
    return None


def _scalar_difference(got: Any, expected: Any, rtol: float) -> Difference | None:
    if isinstance(expected, bool | np.bool_ | str):
        same = np.ndim(got) == 0 and type(got) in (type(expected), np.bool_) and got == expected
        return None if same else Difference("value", f"got {got!r}, expected {expected!r}")
    if isinstance(got, bool) or not isinstance(
        got, int | float | complex | np.ndarray | np.generic
    ):
        return Difference("type", f"expected a number, got {type(got).__name__}")
    array = np.asarray(got)
    if array.ndim != 0:
        return Difference("shape", f"expected one number, got an array of shape {array.shape}")
    whole = np.issubdtype(np.asarray(expected).dtype, np.integer)
    if whole and not np.issubdtype(array.dtype, np.integer):
        return Difference("dtype", f"expected an int, got {type(got).__name__} {got}")
    return _number_difference(array, np.asarray(expected), rtol)


def _array_difference(
    got: Any, expected: np.ndarray, rtol: float, norm: Norm | None
) -> Difference | None:
    if not isinstance(got, np.ndarray | np.generic):
        return Difference("type", f"expected a numpy array, got {type(got).__name__}")
    if np.shape(got) != expected.shape:
        return Difference("shape", f"expected shape {expected.shape}, got {np.shape(got)}")
    if np.asarray(got).dtype != expected.dtype:
        kinds = (np.asarray(got).dtype.kind, expected.dtype.kind)
        if kinds != ("i", "i"):  # int32 on one system is int64 on another
            found = np.asarray(got).dtype
            return Difference("dtype", f"expected dtype {expected.dtype}, got {found}")
    return _number_difference(np.asarray(got), expected, rtol, norm)


def _number_difference(
    got: np.ndarray, expected: np.ndarray, rtol: float, norm: Norm | None = None
) -> Difference | None:
    if not np.issubdtype(got.dtype, np.number):
        return Difference("type", f"expected numbers, got dtype {got.dtype}")
    if np.float32 in (got.dtype, expected.dtype):
        rtol = max(rtol, FLOAT32_RTOL)
    bad = ~np.isfinite(got) & np.isfinite(expected)
    if bad.any():
        return Difference("nan", f"{_share(bad)} nan or infinite")
    if norm is not None:
        error, allowed = relative_error(got, expected), norm(expected.dtype.name)
        text = f"the relative error is {error:.1e}, allowed are {allowed:g}"
        return None if error <= allowed else Difference("value", text)
    finite = expected[np.isfinite(expected)]
    scale = float(np.abs(finite).max()) if finite.size else 1.0
    close = np.isclose(got, expected, rtol=rtol, atol=rtol * max(scale, 1e-30), equal_nan=True)
    if close.all():
        return None
    return Difference("value", f"{_share(~close)} wrong")


def _share(found: np.ndarray) -> str:
    """Return how many of an array's values something is found in: "1 of 4 values is"."""
    if found.size == 1:
        return "the value is"
    number = int(np.sum(found))
    return f"{number} of {found.size} values {'is' if number == 1 else 'are'}"


def relative_error(got: np.ndarray, expected: np.ndarray) -> float:
    """Return ||got - expected|| / ||expected|| in float64; infinite where one of them is not.

    Where both are nan, or the same infinity, they agree.
    """
    a, b = (np.asarray(x, dtype=np.float64) for x in (got, expected))
    finite = np.isfinite(b)
    if (
        not np.array_equal(a[~finite], b[~finite], equal_nan=True)
        or not np.isfinite(a[finite]).all()
    ):
        return math.inf
    error, size = np.linalg.norm(a[finite] - b[finite]), np.linalg.norm(b[finite])
    return float(error / size) if size else (math.inf if error else 0.0)


def same_outcome_value(got: Any, other: Any, rtol: float, norm: Norm | None = None) -> bool:
    """Return whether two results agree in value: shapes must fit, dtypes need not."""
    if isinstance(other, list | tuple):
        return (
            isinstance(got, list | tuple)
            and len(got) == len(other)
            and all(same_outcome_value(a, b, rtol, norm) for a, b in zip(got, other, strict=True))
        )
    if got is None or other is None:
        return got is other
    try:
        if np.shape(got) != np.shape(other):
            return False
        a, b = np.asarray(got, dtype=np.float64), np.asarray(other, dtype=np.float64)
    except Exception:  # no numbers, or an object of the student's own that fails
        return False
    if norm is not None:
        # Emulated in numpy, a mistake rounds otherwise than in the kernel.
        allowed = max(norm(kind.__name__) for kind in _dtypes(got, other))
        return relative_error(a, b) <= max(2.5 * allowed, 1e-4)
    finite = np.abs(b[np.isfinite(b)])
    scale = float(finite.max()) if finite.size else 1.0
    rtol = max(rtol, FLOAT32_RTOL if np.float32 in _dtypes(got, other) else rtol)
    return bool(np.isclose(a, b, rtol=rtol, atol=rtol * scale, equal_nan=True).all())


def _dtypes(*values: Any) -> set:
    return {np.asarray(value).dtype.type for value in values}


def told_apart(got: Any, expected: Any, kind: str) -> tuple[str, str]:
    """Return two results that differ in ``kind`` as short texts that differ, too.

    Dtypes are named; where the digits shown are the same, so is the largest difference. Never
    raises, as ``brief``.
    """
    texts = brief(got), brief(expected)
    same = texts[0] == texts[1]
    with suppress(Exception):  # an object of the student's own that fails when it is looked at
        if kind == "dtype" or (kind == "shape" and same):
            here, there = _trait(got, kind), _trait(expected, kind)
            return f"{texts[0]} ({kind} {here})", f"{texts[1]} ({kind} {there})"
        if kind in ("value", "nan") and same:
            return f"{texts[0]}\n{_largest_difference(got, expected)}", texts[1]
    return texts


def _trait(value: Any, name: str) -> str:
    """Return the dtype or shape of a result, or of its items; of a plain number its type."""
    if isinstance(value, list | tuple):
        return ", ".join(_trait(item, name) for item in value[:20])
    if isinstance(value, np.ndarray | np.generic):
        return str(getattr(value, name))
    return type(value).__name__


def _largest_difference(got: Any, expected: Any) -> str:
    size, place = _gap(got, expected)
    where = f" at {place}" if place else ""
    return f"largest difference {size:.3g}{where}" if size < math.inf else f"not finite{where}"


def _gap(got: Any, expected: Any) -> tuple[float, str]:
    """Return the largest difference, infinite where one is nan, and its place as an index."""
    if isinstance(expected, list | tuple):
        gaps = map(_gap, got, expected)
        found = [(size, f"[{index}]{place}") for index, (size, place) in enumerate(gaps)]
        return max(found, key=lambda each: each[0])
    a, b = (np.asarray(x, dtype=np.float64) for x in (got, expected))
    agree = (a == b) | (np.isnan(a) & np.isnan(b))
    sizes = np.nan_to_num(np.where(agree, 0.0, np.abs(a - b)), nan=math.inf, posinf=math.inf)
    place = np.unravel_index(sizes.argmax(), sizes.shape)
    return float(sizes[place]), f"[{', '.join(map(str, place))}]" if place else ""


def brief(value: Any, limit: int = 400) -> str:
    """Return a short text of arrays, numbers, lists of them, or an exception, for a person.

    Never raises: what a student's object does when it is printed is the student's business.
    """
    try:
        text = _text(value, limit)
    except (Exception, RecursionError):
        text = f"<{type(value).__name__} that cannot be printed>"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _text(value: Any, limit: int) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return np.array2string(value, precision=5, suppress_small=True, threshold=24, edgeitems=3)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.7g}"
    if isinstance(value, list | tuple):
        # Each item takes two characters at least, so that no more of them can be shown.
        items = [_text(item, limit).replace("\n", "\n ") for item in value[: limit // 2]]
        inside = (",\n " if any("\n" in item for item in items) else ", ").join(items)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return f"{value}" if isinstance(value, np.ndarray) else repr(value)
