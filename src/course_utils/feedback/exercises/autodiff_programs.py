"""Small programs for a student's ``Dual`` and ``Value``, and references made of complex steps.

A program is one line of Python over ``x1, x2, ...``; it is plain data, so a case can be shown,
stored and sent. The references contain no rule of differentiation at all: a derivative is the
imaginary part that an imaginary step of 1e-30 leaves behind (Squire and Trapp, 1998), which has no
subtraction and so no cancellation.
"""

import cmath
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

STEP = 1e-30
_FUNCTIONS = {"log": cmath.log, "sin": cmath.sin, "cos": cmath.cos, "exp": cmath.exp}


class _Pair(NamedTuple):
    """What an f answers to plain numbers."""

    value: float
    tangent: float


def repeat(step: Callable[[Any], Any], start: Any, times: int) -> Any:
    """Return ``start`` after ``times`` applications of ``step``."""
    for _ in range(times):
        start = step(start)
    return start


def evaluate(program: str, names: Mapping[str, Any]) -> Any:
    """Return the value of the expression ``program`` over ``names`` and ``repeat``."""
    return eval(program, {"__builtins__": {}, "repeat": repeat, **names})


def _inputs(items: Sequence[Any]) -> dict[str, Any]:
    return {f"x{number}": item for number, item in enumerate(items, start=1)}


def run_dual(
    student: Mapping[str, Any], program: str, x: Sequence[float], tangents: Sequence[float]
) -> tuple[float, float]:
    """Return value and tangent of ``program`` in the student's dual numbers.

    ``student`` maps ``Dual, log, sin, cos, exp`` to the student's class and functions.
    """
    duals = [student["Dual"](v, t) for v, t in zip(x, tangents, strict=True)]
    out = evaluate(program, {**student, **_inputs(duals)})
    return out.value, out.tangent


def run_forward_gradient(student: Callable[..., Any], program: str, x: Any) -> Any:
    """Return ``student(f, x)`` for the f of ``program``.

    f reads ``value`` and ``tangent`` of what it is given, does the arithmetic in complex numbers,
    and answers in the class it was given. A mistake in the student's arithmetic of duals therefore
    costs nothing here: it has an exercise of its own.
    """

    def f(*duals: Any) -> Any:
        kind = next((type(d) for d in duals if hasattr(d, "tangent")), _Pair)
        steps = [STEP * getattr(d, "tangent", 0.0) for d in duals]
        numbers = [complex(getattr(d, "value", d), s) for d, s in zip(duals, steps, strict=True)]
        out = complex(evaluate(program, {**_FUNCTIONS, **_inputs(numbers)}))
        return kind(out.real, out.imag / STEP)

    return student(f, x)


def run_value(
    student: type, program: str, x: Sequence[float], passes: str = "backward"
) -> tuple[Any, list[float]]:
    """Return the data and the gradients of all inputs after the given passes.

    ``program`` may give a tuple of outputs; ``backward`` then runs on each of them in turn.
    ``passes`` is a list of words: ``backward``, ``zero`` (sets the gradients of the inputs to
    zero), or ``none``.
    """
    leaves = [student(number) for number in x]
    result = evaluate(program, _inputs(leaves))
    outputs = result if isinstance(result, tuple) else (result,)
    for word in passes.split(", "):
        if word == "zero":
            for leaf in leaves:
                leaf.grad = 0.0
        elif word == "backward":
            for output in outputs:
                output.backward()
    data = [output.data for output in outputs]
    return (data if len(data) > 1 else data[0]), [leaf.grad for leaf in leaves]


class ComplexDual:
    """A dual number kept as the complex number ``value + i * STEP * tangent``."""

    def __init__(self, value: float, tangent: float) -> None:
        self.z = complex(value, STEP * tangent)

    @property
    def value(self) -> float:
        """The number itself."""
        return self.z.real

    @property
    def tangent(self) -> float:
        """Its derivative along the chosen direction."""
        return self.z.imag / STEP

    def __add__(self, other: Any) -> "ComplexDual":
        return _wrap(self.z + _complex(other))

    def __sub__(self, other: Any) -> "ComplexDual":
        return _wrap(self.z - _complex(other))

    def __rsub__(self, other: Any) -> "ComplexDual":
        return _wrap(_complex(other) - self.z)

    def __mul__(self, other: Any) -> "ComplexDual":
        return _wrap(self.z * _complex(other))

    def __truediv__(self, other: Any) -> "ComplexDual":
        return _wrap(self.z / _complex(other))

    def __rtruediv__(self, other: Any) -> "ComplexDual":
        return _wrap(_complex(other) / self.z)

    def __pow__(self, exponent: int) -> "ComplexDual":
        return _wrap(self.z**exponent)

    __radd__, __rmul__ = __add__, __mul__


def _complex(x: Any) -> complex:
    return x.z if isinstance(x, ComplexDual) else complex(x)


def _wrap(z: complex) -> ComplexDual:
    return ComplexDual(z.real, z.imag / STEP)


def _lifted(function: Callable[[complex], complex]) -> Callable[[Any], ComplexDual]:
    return lambda x: _wrap(function(_complex(x)))


COMPLEX: dict[str, Any] = {
    "Dual": ComplexDual,
    **{name: _lifted(function) for name, function in _FUNCTIONS.items()},
}


def forward_gradient_reference(f: Callable[..., Any], x: Any) -> np.ndarray:
    """Return the gradient of f at x: one complex step along each axis."""
    axes = np.eye(len(x))
    return np.array([f(*map(ComplexDual, x, axis)).tangent for axis in axes])


class TapeValue:
    """Reverse mode by creation order; the partials of each operation are complex steps."""

    _clock = itertools.count()

    def __init__(self, data: float, parents: tuple = (), partials: tuple = ()) -> None:
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials
        self.born = next(TapeValue._clock)

    def __add__(self, other: Any) -> "TapeValue":
        return _record(lambda a, b: a + b, self, other)

    def __sub__(self, other: Any) -> "TapeValue":
        return _record(lambda a, b: a - b, self, other)

    def __rsub__(self, other: Any) -> "TapeValue":
        return _record(lambda a, b: a - b, other, self)

    def __mul__(self, other: Any) -> "TapeValue":
        return _record(lambda a, b: a * b, self, other)

    def __truediv__(self, other: Any) -> "TapeValue":
        return _record(lambda a, b: a / b, self, other)

    def __rtruediv__(self, other: Any) -> "TapeValue":
        return _record(lambda a, b: a / b, other, self)

    def __pow__(self, exponent: float) -> "TapeValue":
        return _record(lambda a: a**exponent, self)

    __radd__, __rmul__ = __add__, __mul__

    def exp(self) -> "TapeValue":
        """Return e to this power."""
        return _record(cmath.exp, self)

    def log(self) -> "TapeValue":
        """Return the natural logarithm."""
        return _record(cmath.log, self)

    def sin(self) -> "TapeValue":
        """Return the sine."""
        return _record(cmath.sin, self)

    def tanh(self) -> "TapeValue":
        """Return the hyperbolic tangent."""
        return _record(cmath.tanh, self)

    def relu(self) -> "TapeValue":
        """Return the positive part."""
        return _record(lambda z: z if z.real > 0 else 0 * z, self)

    def backward(self) -> None:
        """Add the gradient of this node to the ``grad`` of every node it depends on."""
        reached, stack = {self}, [self]
        while stack:
            fresh = set(stack.pop().parents) - reached
            reached |= fresh
            stack += fresh
        adjoint = dict.fromkeys(reached, 0.0) | {self: 1.0}
        for node in sorted(reached, key=lambda item: -item.born):
            for parent, partial in zip(node.parents, node.partials, strict=True):
                adjoint[parent] += partial * adjoint[node]
            node.grad += adjoint[node]


def _record(function: Callable[..., Any], *operands: Any) -> TapeValue:
    nodes = tuple(x if isinstance(x, TapeValue) else TapeValue(x) for x in operands)
    data = [complex(node.data) for node in nodes]
    partials = []
    for index, number in enumerate(data):
        stepped = [*data[:index], complex(number.real, STEP), *data[index + 1 :]]
        partials.append(complex(function(*stepped)).imag / STEP)
    return TapeValue(complex(function(*data)).real, nodes, tuple(partials))
