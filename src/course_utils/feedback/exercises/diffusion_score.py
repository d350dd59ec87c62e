"""Chapter 8: the exact score of a mixture of Gaussians."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named, narrow, view
from course_utils.feedback.exercises.diffusion_parts import SAMPLERS, SAMPLERS_TITLE, Array

NEAR, FAR = "near the means", "far from them"


def gaussian_mixture_score(x: Array, means: Array, sigma: float) -> Array:
    """Weigh the pulls of the means, point by point; each weight is relative to the largest."""
    scores = []
    for point in x.astype(np.float64).tolist():
        pulls = [[m - p for m, p in zip(mean, point, strict=True)] for mean in means.tolist()]
        levels = [-math.fsum(d * d for d in pull) / (2 * sigma**2) for pull in pulls]
        weights = [math.exp(level - max(levels)) for level in levels]
        total = math.fsum(weights)
        pairs = list(zip(weights, pulls, strict=True))
        scores.append(
            [math.fsum(w * p[i] for w, p in pairs) / total / sigma**2 for i in range(len(point))]
        )
    return np.array(scores).reshape(x.shape).astype(x.dtype)


def _levels(squares: Array, sigma: float) -> Array:
    return -squares / (2 * sigma**2)


def _softmax(levels: Array) -> Array:
    weights = np.exp(levels - levels.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _pull(weights: Array, differences: Array, x: Array, means: Array) -> Array:
    return (weights[:, :, None] * differences).sum(axis=1)


def _wrong(
    levels: Callable[[Array, float], Array] = _levels,
    weigh: Callable[[Array], Array] = _softmax,
    gather: Callable[..., Any] = _pull,
    scale: Callable[[float], float] = lambda sigma: 1 / sigma**2,
) -> Callable[[Array, Array, float], Any]:
    """Return the score with one step changed."""

    def score(x: Array, means: Array, sigma: float) -> Any:
        differences = means[None].astype(np.float64) - x[:, None]  # (N, K, d)
        weights = weigh(levels((differences**2).sum(axis=2), sigma))
        return (gather(weights, differences, x, means) * scale(sigma)).astype(x.dtype)

    return score


def _nearest(levels: Array) -> Array:
    return (levels == levels.max(axis=1, keepdims=True)).astype(float)


def _first_nearest(levels: Array) -> Array:
    return np.eye(levels.shape[1])[levels.argmax(axis=1)]


def _plain(levels: Array) -> Array:
    return np.exp(levels) / np.exp(levels).sum(axis=1, keepdims=True)


def _guarded(small: float) -> Callable[[Array], Array]:
    return lambda levels: np.exp(levels) / (np.exp(levels).sum(axis=1, keepdims=True) + small)


def _one_maximum(levels: Array) -> Array:
    weights = np.exp(levels - levels.max())
    return weights / weights.sum(axis=1, keepdims=True)


def _over_points(levels: Array) -> Array:
    weights = np.exp(levels - levels.max(axis=0))
    return weights / weights.sum(axis=0)


def _density_gradient(normal: bool) -> Callable[[Array, Array, float], Array]:
    """Return the gradient of p, with or without the constant of a normal density."""

    def score(x: Array, means: Array, sigma: float) -> Array:
        constant = (2 * np.pi * sigma**2) ** (-x.shape[1] / 2) if normal else 1.0
        return constant * _wrong(weigh=lambda levels: np.exp(levels) / levels.shape[1])(
            x, means, sigma
        )

    return score


def _log_density(x: Array, means: Array, sigma: float) -> Array:
    squares = ((means[None] - x[:, None]) ** 2).sum(axis=2)
    return np.log(np.exp(-squares / (2 * sigma**2)).mean(axis=1))


_WEIGHTS = [
    *named(
        "nearest-mean-only",
        "only the nearest mean pulls. All do, each with the share that it has in the density here.",
        _wrong(weigh=_nearest),
        _wrong(weigh=_first_nearest),
    ),
    *named(
        "equal-pulls",
        "all means pull alike. The equal weights are those of the mixture; at a point each mean "
        "counts by its density there.",
        _wrong(weigh=lambda levels: np.full_like(levels, 1 / levels.shape[1])),
        _wrong(weigh=np.ones_like),
    ),
    *named(
        "weights-not-normalised",
        "the weights do not add to 1: that is the gradient of the density, not of its logarithm. "
        "Divide by the density.",
        _density_gradient(True),
        _density_gradient(False),
        _wrong(weigh=np.exp),
    ),
    *named(
        "normalised-over-the-points",
        "the weights add to 1 over the points. At each point they add to 1 over the means.",
        _wrong(weigh=_over_points),
    ),
    *named(
        "half-missing",
        "the exponent lacks its 1/2: a normal density falls as exp(-r^2 / (2 sigma^2)).",
        _wrong(lambda squares, sigma: -squares / sigma**2),
    ),
    *named(
        "sigma-not-squared-in-the-weights",
        "the exponent was divided by 2 sigma. It is 2 sigma^2.",
        _wrong(lambda squares, sigma: -squares / (2 * sigma)),
    ),
    *named(
        "sigma-missing-in-the-weights",
        "sigma is missing in the exponent: exp(-r^2 / (2 sigma^2)).",
        _wrong(lambda squares, sigma: -squares / 2),
    ),
    *named(
        "distance-not-squared",
        "the exponent holds the distance. It holds its square.",
        _wrong(lambda squares, sigma: -np.sqrt(squares) / (2 * sigma**2)),
        _wrong(lambda squares, sigma: -np.sqrt(squares) / sigma),
    ),
    *named(
        "far-means-weigh-more",
        "the sign of the exponent is lost, so that far means weigh more than near ones.",
        _wrong(lambda squares, sigma: squares / (2 * sigma**2)),
    ),
]

_FORM = [
    *named(
        "points-away",
        "this points away from the means. The score points to where the density grows: mean - x.",
        _wrong(scale=lambda sigma: -1 / sigma**2),
    ),
    *named(
        "sigma-not-squared",
        "the pull was divided by sigma. Divide by sigma^2.",
        _wrong(scale=lambda sigma: 1 / sigma),
    ),
    *named(
        "not-divided",
        "that is the way to the mean of the means. The score is that over sigma^2.",
        _wrong(scale=lambda sigma: 1.0),
    ),
    *named(
        "multiplied-by-the-variance",
        "the pull was multiplied by sigma^2. A narrow density is steep: divide.",
        _wrong(scale=lambda sigma: sigma**2),
    ),
    *named(
        "half-in-the-score",
        "the pull was divided by 2 sigma^2. The derivative of the square brings a 2.",
        _wrong(scale=lambda sigma: 1 / (2 * sigma**2)),
    ),
    *named(
        "mean-returned",
        "the weighted mean of the means came back. The score is its distance from x over sigma^2.",
        _wrong(gather=lambda w, differences, x, means: w @ means, scale=lambda sigma: 1.0),
        _wrong(gather=lambda w, differences, x, means: w @ means),
    ),
    *named(
        "log-density-returned",
        "the logarithm of the density came back, a number for each point. Its gradient by x is "
        "asked for.",
        _log_density,
        lambda x, means, sigma: (
            _log_density(x, means, sigma) - x.shape[1] / 2 * np.log(2 * np.pi * sigma**2)
        ),
    ),
]

_STABILITY = [
    *named(
        "densities-underflow",
        "far from all means every exp is 0, and 0 / 0 is nan. Subtract the largest exponent of "
        "each point first, as in a stable softmax.",
        _wrong(weigh=_plain),
    ),
    *named(
        "small-number-in-the-sum",
        "a small number in the denominator wins far from the means, and the score is 0 where it is "
        "largest. Subtract the largest exponent first.",
        *(
            _wrong(weigh=_guarded(small))
            for small in (1e-12, 1e-8, 1e-10, 1e-9, 1e-300, 1e-6, 1e-16, 1e-30)
        ),
    ),
    *named(
        "one-maximum-for-all",
        "the largest exponent of all points was subtracted. Each point needs its own.",
        _wrong(weigh=_one_maximum),
    ),
]
_MISTAKES = [*_WEIGHTS, *_FORM, *_STABILITY]


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(N: int, K: int, d: int, sigma: float, note: str) -> Case:
        return Case((rng.normal(size=(N, d)), rng.normal(size=(K, d)), sigma), note=note, part=NEAR)

    wide = rng.normal(size=(5, 2)) + 300 * np.array([1.0, -2.0])
    mixed = np.concatenate([rng.normal(size=(2, 2)), wide])
    single = narrow(rng, 5, 2), narrow(rng, 3, 2)
    return [
        case(7, 3, 2, 0.8, "three means in the plane"),
        case(4, 4, 4, 1.3, "as many means as points and axes"),
        case(9, 2, 1, 0.6, "one axis"),
        case(5, 1, 3, 1.7, "one mean: a normal density"),
        case(3, 6, 2, 2.5, "a wide sigma"),
        case(1, 5, 2, 0.5, "one point"),
        Case((*single, 0.75), note="float32", part=NEAR),
        Case((view(rng, 5, 3), view(rng, 4, 3), 1.2), note="views of larger arrays", part=NEAR),
        Case((wide, rng.normal(size=(3, 2)), 0.7), note="hundreds of sigmas away", part=FAR),
        Case((mixed, rng.normal(size=(3, 2)), 0.9), note="near and far points", part=FAR),
        Case(
            (rng.normal(size=(4, 2)), rng.normal(size=(3, 2)), 0.005),
            note="a very small sigma",
            part=FAR,
        ),
    ]


_LINE, _TWO = np.array([[0.0], [0.5], [-2.0]]), np.array([[-1.0], [1.0]])
_BAD = np.array([[1.0, 2.0]]), np.array([[0.0, 1.0], [3.0, 4.0]])

GAUSSIAN_MIXTURE_SCORE = Exercise(
    key="diffusion/gaussian_mixture_score",
    points=3,
    concept="Score of a mixture",
    section=SAMPLERS,
    section_title=SAMPLERS_TITLE,
    reference=gaussian_mixture_score,
    worked=[
        Case(
            (np.array([[1.0, 2.0]]), np.array([[3.0, 1.0]]), 2.0),
            note="one mean: (mean - x) / 4",
            expected=np.array([[0.5, -0.25]]),
            part=NEAR,
        ),
        # With means -1 and 1, the weighted mean is tanh(x / sigma^2).
        Case(
            (_LINE, _TWO, 0.5),
            note="means -1 and 1: (tanh(4 x) - x) / 0.25",
            expected=4 * (np.tanh(4 * _LINE) - _LINE),
            part=NEAR,
        ),
        Case(
            (np.array([[100.0], [-50.0]]), _TWO, 1.0),
            note="far out only the nearest mean counts",
            expected=np.array([[-99.0], [49.0]]),
            part=FAR,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((*_BAD, 0.0), "a sigma of 0"),
        BadInput((*_BAD, -1.0), "a negative sigma"),
        BadInput((_BAD[0][0], _BAD[1], 1.0), "one point without an axis for points"),
        BadInput((_BAD[0], _BAD[1][0], 1.0), "means with one axis"),
        BadInput((_BAD[0], _BAD[1][:, :1], 1.0), "means of another dimension that broadcasts"),
        BadInput((_BAD[0], np.ones((2, 3)), 1.0), "means of another dimension"),
        BadInput((_BAD[0], np.ones((0, 2)), 1.0), "no means"),
    ],
    misconceptions=_MISTAKES,
    weights={NEAR: 0.5, FAR: 0.3, VALIDATION: 0.2},
    inputs=("x", "means", "sigma"),
)
