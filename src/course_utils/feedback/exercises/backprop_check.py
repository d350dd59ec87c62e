"""Chapter 2: a gradient checked against central differences."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

SECTION, TITLE = "02_autodiff/01_four_ways", "Four ways to differentiate"

# Central differences at eps = 1e-6 agree with a right gradient to about 1e-9. What is below this
# counts as no error at all, so that the last digits of a difference quotient decide nothing.
NOISE = 1e-6


def run_check(
    student: Callable[..., Any], program: str, theta: np.ndarray, *args: Any, **kwargs: Any
) -> Any:
    """Return the student's result for the function of theta that ``program`` writes in numpy."""

    def f(theta: np.ndarray) -> float:
        names = {"__builtins__": {}, "theta": theta, "np": np}
        return float(eval(program, names))

    result = student(f, theta, *args, **kwargs)
    number = isinstance(result, float | np.floating) and 0 <= result < NOISE
    return 0.0 if number else result


def _reference(f: Callable[..., float], theta: Any, grad: Any, eps: float = 1e-6) -> float:
    """Put all points (2n of them) in one array first, then compare, in float64."""
    base, given = np.array(theta, dtype=np.float64), np.array(grad, dtype=np.float64)
    steps = eps * np.eye(base.size).reshape(base.size, *base.shape)
    values = np.array([[f(base + step), f(base - step)] for step in steps])
    numeric = (values[:, 0] - values[:, 1]) / (2 * eps)
    pairs = zip(numeric.tolist(), given.ravel().tolist(), strict=True)
    return max(abs(n - g) / (max(abs(n), abs(g)) or 1.0) for n, g in pairs)


def _ratio(numeric: np.ndarray, grad: np.ndarray) -> np.ndarray:
    scale = np.maximum(np.abs(numeric), np.abs(grad))
    return np.divide(np.abs(numeric - grad), scale, out=np.zeros_like(scale), where=scale > 0)


def _wrong(
    quotient: Callable[..., float] = lambda f, p, e, eps: (f(p + e) - f(p - e)) / (2 * eps),
    errors: Callable[..., np.ndarray] = _ratio,
    gather: Callable[..., Any] = np.max,
    dtype: Any = np.float64,
) -> Callable[..., Any]:
    """Return a gradient check with one step changed."""

    def gradient_check(f: Callable, theta: Any, grad: Any, eps: float = 1e-6) -> Any:
        point = np.array(theta, dtype=dtype)
        numeric = np.zeros(point.shape)
        for index in np.ndindex(point.shape):
            step = np.zeros_like(point)
            step[index] = eps
            numeric[index] = quotient(f, point, step, eps)
        result = gather(errors(numeric, np.asarray(grad, dtype=np.float64)))
        return float(result) if np.ndim(result) == 0 else result

    return gradient_check


def _summed_scale(numeric: np.ndarray, grad: np.ndarray) -> np.ndarray:
    scale = np.abs(numeric) + np.abs(grad)
    return np.divide(np.abs(numeric - grad), scale, out=np.zeros_like(scale), where=scale > 0)


def _of_norms(numeric: np.ndarray, grad: np.ndarray) -> np.ndarray:
    total = max(np.linalg.norm(numeric), np.linalg.norm(grad))
    return np.array(np.linalg.norm(numeric - grad) / total if total else 0.0)


def _zero_by_zero(numeric: np.ndarray, grad: np.ndarray) -> np.ndarray:
    return np.abs(numeric - grad) / np.maximum(np.abs(numeric), np.abs(grad))


def _signed(numeric: np.ndarray, grad: np.ndarray) -> np.ndarray:
    scale = np.maximum(np.abs(numeric), np.abs(grad))
    return np.divide(numeric - grad, scale, out=np.zeros_like(scale), where=scale > 0)


def _not_restored(f: Callable, theta: Any, grad: Any, eps: float = 1e-6) -> float:
    """Leave theta one step down after each entry."""
    numeric = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        theta[index] += eps
        above = f(theta)
        theta[index] -= 2 * eps
        numeric[index] = (above - f(theta)) / (2 * eps)
    return float(_ratio(numeric, np.asarray(grad, dtype=np.float64)).max())


def _restored_by_adding(f: Callable, theta: Any, grad: Any, eps: float = 1e-6) -> float:
    numeric = np.zeros(theta.shape)
    for index in np.ndindex(theta.shape):
        theta[index] += eps
        above = f(theta)
        theta[index] -= 2 * eps
        numeric[index] = (above - f(theta)) / (2 * eps)
        theta[index] += eps
    return float(_ratio(numeric, np.asarray(grad, dtype=np.float64)).max())


def _forward_in_turn(f: Callable, theta: Any, grad: Any, eps: float = 1e-6) -> float:
    """Step one way, and compare each entry in the dtype of grad."""
    point, worst = np.array(theta, dtype=np.float64), 0.0
    for index in np.ndindex(point.shape):
        step = np.zeros_like(point)
        step[index] = eps
        numeric = (f(point + step) - f(point)) / eps
        if numeric or grad[index]:
            error = abs(numeric - grad[index]) / max(abs(numeric), abs(grad[index]))
            worst = max(worst, error)
    return float(worst)


def _rows_moved(f: Callable, theta: Any, grad: Any, eps: float = 1e-6) -> float:
    """Step along the first axis only, as if theta had no other."""
    point = np.array(theta, dtype=np.float64)
    axes = eps * np.eye(len(point))
    numeric = np.array([(f(point + e) - f(point - e)) / (2 * eps) for e in axes])
    return float(_ratio(numeric, np.asarray(grad, dtype=np.float64)).max())


CUBES = "np.sum(theta ** 3)"
SINES = "np.sum(np.sin(theta) * np.arange(1, 1 + theta.size).reshape(theta.shape))"
FIRST_ONLY = "theta[0] ** 2"


def _draw(rng: np.random.Generator) -> list[Case]:
    line = rng.uniform(0.5, 1.5, size=4)
    table = rng.uniform(0.2, 1.2, size=(2, 3))
    slope = np.cos(table) * np.arange(1, 7).reshape(2, 3)
    wrong = slope * np.array([[1.0, 1.5, 1.0], [1.0, 1.0, 0.9]])
    single = rng.integers(2, 9, size=5).astype(np.float32) / 4
    return [
        Case((CUBES, line, 3 * line**2), note="a right gradient"),
        Case((SINES, table, slope), note="a right gradient, two axes"),
        Case((SINES, table, wrong), note="two entries wrong"),
        Case((SINES, table, -slope), note="the sign swapped"),
        Case((CUBES, line, 3 * line**2, 0.1), note="eps = 0.1"),
        Case((CUBES, line[:1], 3 * line[:1] ** 2), {"eps": 0.05}, note="eps = 0.05"),
        Case((SINES, table.T, (wrong * 2).T), note="theta a transposed view"),
        Case((CUBES, single, 3 * single**2), note="float32, a right gradient"),
    ]


GRADIENT_CHECK = Exercise(
    key="backprop/gradient_check",
    points=2,
    concept="Gradient check",
    section=SECTION,
    section_title=TITLE,
    reference=_reference,
    worked=[
        # ((1 + e)^3 - (1 - e)^3) / 2e = 3 + e^2 = 3.01 against 3.
        Case((CUBES, np.array([1.0]), np.array([3.0]), 0.1), note="3.01", expected=0.01 / 3.01),
        # The numeric gradient is (4, 0) in both: the second entry is 0 / 0, which counts as 0.
        Case((FIRST_ONLY, np.array([2.0, 1.0]), np.array([5.0, 0.0]), 0.5), expected=0.2),
        Case((FIRST_ONLY, np.array([2.0, 1.0]), np.array([4.0, 0.5]), 0.5), expected=1.0),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((CUBES, np.ones(3), np.ones(2)), "a grad that is shorter than theta"),
        BadInput((CUBES, np.ones(3), np.ones(1)), "a grad that only broadcasts to theta"),
        BadInput((CUBES, np.ones((2, 3)), np.ones((3, 2))), "a grad of another shape"),
        BadInput((CUBES, np.ones(3), np.ones(3), 0.0), "eps = 0"),
        BadInput((CUBES, np.ones(3), np.ones(3), -1e-6), "a negative eps"),
    ],
    misconceptions=[
        *(
            Misconception(
                "forward-difference",
                "this is a forward difference, whose error falls with eps only. Step both ways.",
                way,
            )
            for way in (
                _wrong(lambda f, p, e, eps: (f(p + e) - f(p)) / eps),
                _forward_in_turn,
            )
        ),
        Misconception(
            "divided-by-eps",
            "the two points are 2 eps apart: divide by 2 eps.",
            _wrong(lambda f, p, e, eps: (f(p + e) - f(p - e)) / eps),
        ),
        Misconception(
            "all-entries-moved",
            "all entries moved at once. A partial derivative moves one and holds the others.",
            _wrong(lambda f, p, e, eps: (f(p + eps) - f(p - eps)) / (2 * eps)),
        ),
        Misconception(
            "one-axis-only",
            "the loop runs over the first axis only. theta may have any shape: go through all its "
            "indices with np.ndindex.",
            _rows_moved,
        ),
        Misconception(
            "absolute-error",
            "this is the absolute error. Divide each by the larger of the two magnitudes.",
            _wrong(errors=lambda numeric, grad: np.abs(numeric - grad)),
        ),
        Misconception(
            "mean-for-maximum",
            "this is the mean error. One wrong entry hides among right ones: take the largest.",
            _wrong(gather=np.mean),
        ),
        Misconception(
            "errors-of-every-entry",
            "every entry's error came back. Return the largest one.",
            _wrong(gather=lambda errors: errors),
        ),
        Misconception(
            "sum-for-larger",
            "the scale is |numeric| + |grad|. The exercise divides by the larger of the two.",
            _wrong(errors=_summed_scale),
        ),
        Misconception(
            "norms",
            "norms of the whole gradient were compared. Go entry by entry: a small one counts too.",
            _wrong(errors=_of_norms),
        ),
        Misconception(
            "zero-by-zero",
            "0 / 0 where both gradients are 0. The error counts as 0 there.",
            _wrong(errors=_zero_by_zero),
        ),
        Misconception(
            "signed-error",
            "the error kept its sign, so the largest one missed those below 0. Take |.| first.",
            _wrong(errors=_signed),
        ),
        Misconception(
            "steps-in-float32",
            "a step of 1e-6 is lost in float32. Copy theta to float64 first.",
            _wrong(dtype=None),
        ),
        Misconception(
            "not-restored",
            "theta stayed moved after its turn, and the next entries were measured elsewhere. "
            "Work on a copy, or keep the old number and put it back.",
            _not_restored,
        ),
        Misconception(
            "restored-by-adding",
            "adding eps back does not restore the last digit. Keep the old number.",
            _restored_by_adding,
        ),
    ],
    call=run_check,
    inputs=("f", "theta", "grad", "eps"),
    rtol=1e-5,
)
