"""Chapter 3: the backward pass of batch normalisation."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.sgd_batch_norm import draw_affine, pair
from course_utils.feedback.exercises.sgd_normalisation import EPS, SECTION, TITLE

INPUT, AFFINE = "dx", "dgamma and dbeta"  # the parts of the mark, and what a case asks for
STEP = 1e-30
Grads = tuple[np.ndarray, np.ndarray, np.ndarray]


def run_backward(
    student: Mapping[str, Any],
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    grad_y: np.ndarray,
    wanted: str,
    **kwargs: float,
) -> Any:
    """Return the wanted gradients for a cache that the student's own forward pass made.

    Raises TypeError if the student's forward pass does not return a pair, or the backward pass
    not three gradients.
    """
    _, cache = pair(student["batch_norm_forward"](x, gamma, beta, **kwargs))
    grads = student["batch_norm_backward"](grad_y, cache)
    if grads is None:
        return None
    if not isinstance(grads, tuple | list) or len(grads) != 3:
        raise TypeError("batch_norm_backward must return three arrays, (dx, dgamma, dbeta)")
    return grads[0] if wanted == INPUT else tuple(grads[1:])


def _complex_forward(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
    centred = x - x.sum(axis=0) / len(x)
    return gamma * centred / np.sqrt((centred * centred).sum(axis=0) / len(x) + eps) + beta


def _complex_backward(grad_y: np.ndarray, cache: tuple) -> Grads:
    """Step each entry by 1e-30 i in turn: the imaginary part is the derivative."""
    *given, eps = cache
    x, gamma, beta = (array.astype(np.complex128) for array in given)
    grads = []
    for array, like in zip((x, gamma, beta), given, strict=True):
        grad = np.zeros(array.shape, like.dtype)
        for index in np.ndindex(array.shape):
            array[index] += 1j * STEP
            grad[index] = (grad_y * _complex_forward(x, gamma, beta, eps)).sum().imag / STEP
            array[index] = array[index].real
        grads.append(grad)
    return grads[0], grads[1], grads[2]


def _forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS
) -> tuple[None, dict[str, Any]]:
    spread = np.sqrt(x.var(axis=0) + eps)
    normal = (x - x.mean(axis=0)) / spread
    names = {"x": x, "gamma": gamma, "beta": beta, "spread": spread, "n": normal, "eps": eps}
    return None, names


def _dx(g: np.ndarray, c: dict[str, Any]) -> np.ndarray:
    """Subtract from the gradient its mean and its part along the normalised values."""
    inner = g - g.mean(axis=0) - c["n"] * (g * c["n"]).mean(axis=0)
    return c["gamma"] / c["spread"] * inner


def _variance_part(factor: float) -> Callable[[np.ndarray, dict[str, Any]], Any]:
    """Return dx with the part that comes through the variance multiplied."""
    return lambda g, c: (
        c["gamma"]
        / c["spread"]
        * (g - g.mean(axis=0) - factor * c["n"] * (g * c["n"]).mean(axis=0))
    )


def _wrong(
    dx: Callable[[np.ndarray, dict[str, Any]], Any] = _dx,
    dgamma: Callable[[np.ndarray, dict[str, Any]], Any] = lambda g, c: (g * c["n"]).sum(axis=0),
    dbeta: Callable[[np.ndarray, dict[str, Any]], Any] = lambda g, c: g.sum(axis=0),
    pack: Callable[..., Any] = lambda dx, dgamma, dbeta: (dx, dgamma, dbeta),
) -> dict[str, Any]:
    """Return both passes with one gradient changed; g is grad_y and c holds the forward's names."""

    def batch_norm_backward(grad_y: np.ndarray, cache: dict[str, Any]) -> Any:
        return pack(dx(grad_y, cache), dgamma(grad_y, cache), dbeta(grad_y, cache))

    return {"batch_norm_forward": _forward, "batch_norm_backward": batch_norm_backward}


def _draw(rng: np.random.Generator) -> list[Case]:
    def both(
        x: np.ndarray, note: str, dtype: type = np.float64, grad: Any = None, **kwargs: float
    ) -> list[Case]:
        gamma, beta = draw_affine(rng, x.shape[1])
        grad_y = rng.normal(size=x.shape) if grad is None else grad
        args = [array.astype(dtype) for array in (x, gamma, beta)]
        upstream = grad_y if dtype is np.float64 else grad_y.astype(dtype)
        return [
            Case((*args, upstream, part), kwargs, note=note, part=part) for part in (INPUT, AFFINE)
        ]

    view = rng.normal(size=(8, 6))[::-2, ::2]
    return [
        *both(1 + 2 * rng.normal(size=(4, 2)), "a batch of four"),
        *both(rng.normal(size=(3, 3)), "as many rows as features"),
        *both(2 - rng.normal(size=(6, 3)), "a batch of six"),
        *both(rng.normal(size=(4, 3)), "a large eps", eps=0.5),
        *both(rng.normal(size=(5, 2)), "float32", np.float32),
        *both(rng.normal(size=(4, 3)), "grad_y a view of a larger array", grad=view),
        both(rng.normal(size=(1, 3)), "a batch of one, which normalises to 0")[1],
    ]


# Mean 3 and variance 4; with eps = 5 the root is 3, so that the normalised values are -2/3, 2/3.
# g - mean = (2, -2), and mean(g n) = (-10 + 2) / 6 = -4/3, so that dx = 6/3 (2 - 8/9) at first.
_HAND = (np.array([[1.0], [5.0]]), np.array([6.0]), np.array([1.0]), np.array([[5.0], [1.0]]))
_B = (np.array([[1.0, 6.0], [3.0, -8.0]]), np.array([2.0, 4.0]), np.array([0.5, -1.0]))

BATCH_NORM_BACKWARD = Exercise(
    key="sgd/batch_norm_backward",
    points=4,
    concept="Backward pass of batch normalisation",
    section=SECTION,
    section_title=TITLE,
    reference={
        "batch_norm_forward": lambda x, gamma, beta, eps=EPS: (None, (x, gamma, beta, eps)),
        "batch_norm_backward": _complex_backward,
    },
    worked=[
        Case(
            (*_HAND, AFFINE),
            {"eps": 5.0},
            note="normalised to -2/3 and 2/3",
            expected=(np.array([-8 / 3]), np.array([6.0])),
            part=AFFINE,
        ),
        Case(
            (*_HAND, INPUT),
            {"eps": 5.0},
            note="normalised to -2/3 and 2/3",
            expected=np.array([[20 / 9], [-20 / 9]]),
            part=INPUT,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((*_B, np.ones((2, 3)), INPUT), "a gradient wider than y"),
        BadInput((*_B, np.ones((1, 2)), INPUT), "a gradient of another batch size"),
        BadInput((*_B, np.ones(2), INPUT), "a gradient without a batch axis"),
        BadInput((*_HAND[:3], np.ones((1, 2)), INPUT), "a gradient that is transposed"),
    ],
    misconceptions=[
        Misconception(
            "statistics-held-constant",
            "dx takes mean and variance for constants. Every x moves both, and so every y.",
            _wrong(dx=lambda g, c: g * c["gamma"] / c["spread"]),
        ),
        Misconception(
            "variance-held-constant",
            "dx takes the variance for a constant. Every x moves it: a term with the normalised "
            "values is missing.",
            _wrong(dx=lambda g, c: c["gamma"] / c["spread"] * (g - g.mean(axis=0))),
        ),
        Misconception(
            "mean-held-constant",
            "dx takes the mean for a constant. Every x moves it: subtract the gradient's mean.",
            _wrong(
                dx=lambda g, c: c["gamma"] / c["spread"] * (g - c["n"] * (g * c["n"]).mean(axis=0))
            ),
        ),
        Misconception(
            "variance-part-halved",
            "the part of dx that comes through the variance is half of what it is. The square in "
            "the variance gives a factor of 2.",
            _wrong(dx=_variance_part(0.5)),
        ),
        Misconception(
            "variance-part-doubled",
            "the part of dx that comes through the variance is twice what it is. The root gives a "
            "factor of 1/2.",
            _wrong(dx=_variance_part(2.0)),
        ),
        Misconception(
            "variance-part-of-the-wrong-sign",
            "the part of dx that comes through the variance has the wrong sign. A larger variance "
            "shrinks the normalised values.",
            _wrong(dx=_variance_part(-1.0)),
        ),
        Misconception(
            "gamma-twice",
            "dx has gamma twice. Multiply grad_y by it once, or the result, not both.",
            _wrong(dx=lambda g, c: _dx(g, c) * c["gamma"]),
        ),
        Misconception(
            "gamma-left-out",
            "dx lacks gamma, by which the normalised values were multiplied on the way forward.",
            _wrong(dx=lambda g, c: _dx(g, c) / c["gamma"]),
        ),
        Misconception(
            "deviation-left-out",
            "dx lacks the division by the standard deviation.",
            _wrong(dx=lambda g, c: _dx(g, c) * c["spread"]),
        ),
        Misconception(
            "divided-by-the-variance",
            "dx is divided by the variance. Divide by its root.",
            _wrong(dx=lambda g, c: _dx(g, c) / c["spread"]),
        ),
        Misconception(
            "sums-for-means",
            "the two terms of dx that come from mean and variance are sums over the batch. Each "
            "sample has 1 / B of a mean: average.",
            _wrong(
                dx=lambda g, c: (
                    c["gamma"]
                    / c["spread"]
                    * (g - g.sum(axis=0) - c["n"] * (g * c["n"]).sum(axis=0))
                )
            ),
        ),
        Misconception(
            "epsilon-left-out",
            "dx divides by the root of the variance alone. The forward pass added eps under it.",
            _wrong(dx=lambda g, c: _dx(g, c) * c["spread"] / np.sqrt(c["spread"] ** 2 - c["eps"])),
        ),
        Misconception(
            "dgamma-from-x",
            "dgamma uses x. It is the normalised values that gamma multiplies.",
            _wrong(dgamma=lambda g, c: (g * c["x"]).sum(axis=0)),
        ),
        Misconception(
            "dgamma-from-y",
            "dgamma uses y. It is the values before gamma and beta that gamma multiplies.",
            _wrong(dgamma=lambda g, c: (g * (c["gamma"] * c["n"] + c["beta"])).sum(axis=0)),
        ),
        Misconception(
            "averaged-over-the-batch",
            "dgamma and dbeta were averaged. One gamma serves all rows: sum over the batch.",
            _wrong(
                dgamma=lambda g, c: (g * c["n"]).mean(axis=0), dbeta=lambda g, c: g.mean(axis=0)
            ),
        ),
        Misconception(
            "not-summed",
            "dgamma and dbeta have a batch axis. One gamma serves all rows: sum over the batch.",
            _wrong(dgamma=lambda g, c: g * c["n"], dbeta=lambda g, c: g),
        ),
        Misconception(
            "summed-over-features",
            "dgamma and dbeta were summed over the features. Sum over the batch, the first axis.",
            _wrong(dgamma=lambda g, c: (g * c["n"]).sum(axis=1), dbeta=lambda g, c: g.sum(axis=1)),
        ),
        Misconception(
            "dgamma-and-dbeta-exchanged",
            "dgamma and dbeta are exchanged. Return (dx, dgamma, dbeta).",
            _wrong(pack=lambda dx, dgamma, dbeta: (dx, dbeta, dgamma)),
        ),
        Misconception(
            "dx-last",
            "dx came last. Return (dx, dgamma, dbeta).",
            _wrong(pack=lambda dx, dgamma, dbeta: (dgamma, dbeta, dx)),
        ),
    ],
    call=run_backward,
    weights={INPUT: 0.5, AFFINE: 0.3, VALIDATION: 0.2},
    inputs=("x", "gamma", "beta", "grad_y", "wanted"),
    outputs=("dgamma", "dbeta"),
)
