"""What a student reads about each mistake in forward mode."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.autodiff_mistakes import DERIVATIVES, wrong_dual


def _dual(name: str, hint: str, **changes: Callable[..., Any]) -> Misconception:
    return Misconception(name, hint, wrong_dual(**changes))


def _no_factor(function: str) -> Misconception:
    return _dual(
        f"no-chain-factor-{function}",
        f"the tangent of {function}(u) lacks a factor: by the chain rule it is the derivative of "
        f"{function} at the value, times the tangent of u.",
        **{function: lambda u, du: DERIVATIVES[function](u)},
    )


def _passed_on(function: str) -> Misconception:
    return _dual(
        f"tangent-passed-on-{function}",
        f"{function}(u) hands the tangent of u on unchanged. Multiply it by the derivative of "
        f"{function} at the value.",
        **{function: lambda u, du: du},
    )


def _duals_only(reflected: Any) -> dict[str, Any]:
    """Return dual numbers that read .value of whatever stands on the right of an operator."""
    made = wrong_dual()
    made["Dual"].lift = staticmethod(lambda x: x)
    for name in ("__radd__", "__rsub__", "__rmul__", "__rtruediv__"):
        setattr(made["Dual"], name, reflected)
    return made


def _of_floats_fails() -> dict[str, Any]:
    right = wrong_dual()

    def only_duals(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            if isinstance(x, float | int):
                raise AttributeError("'float' object has no attribute 'value'")
            return function(x)

        return apply

    names = ("log", "sin", "cos", "exp")
    return {"Dual": right["Dual"], **{name: only_duals(right[name]) for name in names}}


DUAL_MISCONCEPTIONS = [
    _dual(
        "product-of-tangents",
        "the tangent of u * v is not the product of the tangents: it is u' v + u v'.",
        mul=lambda u, du, v, dv: du * dv,
    ),
    _dual(
        "half-a-product-rule",
        "only one of the two terms of u' v + u v' is there: both factors may carry a tangent.",
        mul=lambda u, du, v, dv: du * v,
    ),
    _dual(
        "subtraction-adds-tangents",
        "u - v subtracts the values but adds the tangents. The tangent is u' - v'.",
        sub=lambda u, du, v, dv: du + dv,
    ),
    _dual(
        "quotient-sign",
        "the quotient rule has the wrong sign: it is (u' v - u v') / v^2.",
        div=lambda u, du, v, dv: (u * dv - du * v) / v**2,
    ),
    _dual(
        "quotient-not-squared",
        "the quotient rule divides by v^2, not by v: (u' v - u v') / v^2.",
        div=lambda u, du, v, dv: (du * v - u * dv) / v,
    ),
    _dual(
        "quotient-of-tangents",
        "the tangent of u / v is not the quotient of the tangents: it is (u' v - u v') / v^2.",
        div=lambda u, du, v, dv: du / dv if dv else math.inf,
    ),
    _dual(
        "reflected-subtraction-swapped",
        "10 - x came out as x - 10. In __rsub__(self, other), self is on the right.",
        rsub=lambda constant, x: x - constant,
    ),
    _dual(
        "reflected-division-swapped",
        "12 / x came out as x / 12. In __rtruediv__(self, other), self is on the right.",
        rdiv=lambda constant, x: x / constant,
    ),
    _dual(
        "constant-tangent-one",
        "a plain number was given the tangent 1. A constant does not move: its tangent is 0.",
        constant=lambda: 1.0,
    ),
    _dual(
        "power-no-chain-factor",
        "the power rule stops at n u^(n-1): multiply by the tangent of u.",
        pow=lambda u, du, n: n * u ** (n - 1),
    ),
    _dual(
        "power-no-exponent",
        "the power rule lacks its factor n: the tangent of u^n is n u^(n-1) u'.",
        pow=lambda u, du, n: u ** (n - 1) * du,
    ),
    _dual(
        "power-exponent-kept",
        "the power rule lowers the exponent by one: n u^(n-1) u'.",
        pow=lambda u, du, n: n * u**n * du,
    ),
    _dual(
        "power-by-logarithm",
        "u^n was computed as exp(n log u), which fails for u <= 0. Use the power rule.",
        pow=lambda u, du, n: n * math.exp((n - 1) * math.log(u)) * du,
    ),
    *[_no_factor(name) for name in ("log", "sin", "cos", "exp")],
    *[_passed_on(name) for name in ("log", "sin", "cos", "exp")],
    _dual(
        "cosine-sign",
        "the derivative of cos is -sin: a minus is missing.",
        cos=lambda u, du: math.sin(u) * du,
    ),
    _dual(
        "sine-sign",
        "the derivative of sin is cos, without a minus.",
        sin=lambda u, du: -math.cos(u) * du,
    ),
    _dual(
        "power-rule-for-exp",
        "exp was differentiated like a power. Its derivative is exp itself.",
        exp=lambda u, du: u * math.exp(u - 1) * du,
    ),
    *[
        Misconception(
            "plain-numbers-refused",
            "a plain number, as in x + 3, has no value and no tangent to read. It is a constant: "
            "turn it into a dual number with the tangent 0 first.",
            _duals_only(reflected),
        )
        for reflected in (None, lambda dual, other: other.value)
    ],
    Misconception(
        "functions-of-floats",
        "log, sin, cos and exp must take a plain number too, as in log(2.0) * x.",
        _of_floats_fails(),
    ),
]


def _seeded(seeds: Callable[[np.ndarray], np.ndarray], read: str = "tangent") -> Any:
    """Return a forward_gradient that seeds row i of ``seeds(x)`` and reads attribute ``read``."""
    dual = wrong_dual()["Dual"]

    def forward_gradient(f: Callable[..., Any], x: np.ndarray) -> np.ndarray:
        return np.array([getattr(f(*map(dual, x, row)), read) for row in seeds(x)])

    return forward_gradient


def _differences(step: float) -> Any:
    dual = wrong_dual()["Dual"]

    def forward_gradient(f: Callable[..., Any], x: np.ndarray) -> np.ndarray:
        def value(point: np.ndarray) -> float:
            return f(*[dual(v, 0.0) for v in point]).value

        wide = np.asarray(x, dtype=np.float64)
        return np.array([(value(wide + step * e) - value(wide)) / step for e in np.eye(len(x))])

    return forward_gradient


def _in_dtype_of_input(f: Callable[..., Any], x: np.ndarray) -> np.ndarray:
    return _seeded(lambda x: np.eye(len(x)))(f, x).astype(np.asarray(x).dtype)


def _last_only(x: np.ndarray) -> np.ndarray:
    return np.tril(np.ones((len(x), len(x))))


GRADIENT_MISCONCEPTIONS = [
    Misconception(
        "all-inputs-seeded",
        "every input had the tangent 1 at once, which gives the sum of all partial derivatives. "
        "Seed one input with 1 and the others with 0, one pass for each.",
        _seeded(lambda x: np.ones((len(x), len(x)))),
    ),
    Misconception(
        "one-pass-only",
        "one pass with all tangents 1 gives a single number, the derivative along (1, ..., 1). "
        "The gradient takes one pass for each input.",
        lambda f, x: _seeded(lambda x: np.ones((1, len(x))))(f, x)[0],
    ),
    Misconception(
        "seeds-left-on",
        "the tangent of an earlier input stayed 1 in the later passes. Set it back to 0.",
        _seeded(_last_only),
    ),
    Misconception(
        "value-instead-of-tangent",
        "these are values of f. The derivative is in the tangent of the result.",
        _seeded(lambda x: np.eye(len(x)), read="value"),
    ),
    Misconception(
        "seed-is-the-input",
        "the tangent was seeded with x itself. Its size scales the derivative: seed 1.",
        _seeded(np.diag),
    ),
    Misconception(
        "unseeded",
        "all tangents were 0, and so is the result. The input of this pass needs the tangent 1.",
        _seeded(lambda x: np.zeros((len(x), len(x)))),
    ),
    Misconception(
        "finite-differences",
        "this is a difference quotient, good to a few digits. Dual numbers give the derivative "
        "to the last digit: read the tangent of the result.",
        _differences(1e-6),
    ),
    Misconception(
        "integer-gradient",
        "the result took the integer type of x and lost its fractions. Gradients are float64.",
        _in_dtype_of_input,
    ),
]
