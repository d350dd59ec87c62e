"""Chapter 8: one step back, if the start is known."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import (
    BAD_BETAS,
    BETAS,
    BOUND,
    BOUND_TITLE,
    Array,
    E,
    X,
    arrays,
    float64_of_the_schedule,
    running_product,
    some_betas,
    without_1,
)


def posterior_mean_variance(x0: Array, x_t: Array, t: int, betas: Array) -> tuple[Array, float]:
    """Multiply two densities of x_{t-1}: their precisions add, and so do precision times mean.

    The chain says x_{t-1} = sqrt(abar_{t-1}) x0 give or take 1 - abar_{t-1}; the last step says
    x_{t-1} = x_t / sqrt(alpha_t) give or take beta_t / alpha_t.
    """
    beta = float(betas[t - 1])
    share = math.prod(1 - b for b in betas[: t - 1].tolist())
    if t == 1:  # the chain has not begun: x_{t-1} is x0 for certain
        return x0.copy(), 0.0
    from_start, from_step = 1 / (1 - share), (1 - beta) / beta
    total = from_start + from_step
    start = x0.astype(np.float64) * math.sqrt(share)
    step = x_t.astype(np.float64) / math.sqrt(1 - beta)
    return ((from_start * start + from_step * step) / total).astype(x0.dtype), 1 / total


class _Shares(NamedTuple):
    beta: float
    now: float  # alpha_bar after t steps
    before: float  # and after t - 1

    @property
    def alpha(self) -> float:
        return 1 - self.beta


def _read(betas: Array, t: int) -> _Shares:
    shares = running_product(1 - betas.astype(np.float64))
    return _Shares(float(betas[t - 1]), shares[t], shares[t - 1])


def _of_x0(s: _Shares) -> float:
    return np.sqrt(s.before) * s.beta / (1 - s.now)


def _of_x_t(s: _Shares) -> float:
    return np.sqrt(s.alpha) * (1 - s.before) / (1 - s.now)


def _variance(s: _Shares) -> float:
    return s.beta * (1 - s.before) / (1 - s.now)


def _wrong(
    a: Callable[[_Shares], float] = _of_x0,
    b: Callable[[_Shares], float] = _of_x_t,
    variance: Callable[[_Shares], float] = _variance,
    read: Callable[[Array, int], _Shares] = _read,
    pack: Callable[[Array, float], Any] = lambda mean, variance: (mean, variance),
) -> Callable[..., Any]:
    """Return mean and variance with one step changed."""

    def posterior(x0: Array, x_t: Array, t: int, betas: Array) -> Any:
        s = read(betas, t)
        return pack(a(s) * x0 + b(s) * x_t, variance(s))

    return posterior


def _from_0(betas: Array, t: int) -> _Shares:
    return _read(betas, t + 1) if t < len(betas) else _Shares(betas[t], 0.0, 0.0)


def _late(betas: Array, t: int) -> _Shares:
    s = _read(betas, t)
    return _Shares(s.beta, s.now, s.now)


def _next_beta(betas: Array, t: int) -> _Shares:
    s = _read(betas, t)
    return _Shares(float(betas[t]), s.now, s.before)


_MEAN = [
    *named(
        "coefficients-exchanged",
        "the factors of x0 and x_t are exchanged. At t = 1 the mean is x0.",
        _wrong(_of_x_t, _of_x0),
    ),
    *named(
        "root-missing-at-x0",
        "the factor of x0 has sqrt(alpha_bar_{t-1}); its root is missing.",
        _wrong(lambda s: s.before * s.beta / (1 - s.now)),
    ),
    *named(
        "root-missing-at-x_t",
        "the factor of x_t has sqrt(alpha_t); its root is missing.",
        _wrong(b=lambda s: s.alpha * (1 - s.before) / (1 - s.now)),
    ),
    *named(
        "alpha-bar-for-alpha",
        "x_t was multiplied by sqrt(alpha_bar_t). One step lies between: sqrt(alpha_t).",
        _wrong(b=lambda s: np.sqrt(s.now) * (1 - s.before) / (1 - s.now)),
    ),
    *named(
        "alpha-bar-of-t-at-x0",
        "x0 was multiplied by sqrt(alpha_bar_t). The mean is one of x_{t-1}: "
        "sqrt(alpha_bar_{t-1}).",
        _wrong(lambda s: np.sqrt(s.now) * s.beta / (1 - s.now)),
    ),
    *named(
        "beta-missing-at-x0",
        "beta_t is missing in the factor of x0.",
        _wrong(lambda s: np.sqrt(s.before) / (1 - s.now)),
    ),
    *named(
        "not-normalised",
        "the factors of the mean are not divided by 1 - alpha_bar_t.",
        _wrong(lambda s: np.sqrt(s.before) * s.beta, lambda s: np.sqrt(s.alpha) * (1 - s.before)),
    ),
    *named(
        "denominator-of-t-minus-1",
        "the mean was divided by 1 - alpha_bar_{t-1}, which is 0 for t = 1. Divide by "
        "1 - alpha_bar_t.",
        *(
            _wrong(
                lambda s: np.sqrt(s.before) * s.beta / (1 - s.before),
                lambda s: np.sqrt(s.alpha) * (1 - s.before) / (1 - s.before),
                variance,
            )
            for variance in (
                _variance,
                lambda s: s.beta * (1 - s.before) / (1 - s.before),
            )
        ),
    ),
    *named(
        "step-of-the-chain",
        "that is the step forward, from x_{t-1} to x_t, without x0. The posterior goes back and "
        "knows both ends.",
        _wrong(lambda s: 0.0, lambda s: np.sqrt(s.alpha), lambda s: s.beta),
        _wrong(lambda s: 0.0, lambda s: 1 / np.sqrt(s.alpha), lambda s: s.beta),
    ),
    *named(
        "x_t-ignored",
        "that is where x_{t-1} lies if only x0 is known. x_t says more.",
        _wrong(lambda s: np.sqrt(s.before), lambda s: 0.0, lambda s: 1 - s.before),
    ),
]

_VARIANCE = [
    *named(
        "variance-of-the-step",
        "the variance is beta_t, that of the step forward. Knowing x0 makes it smaller, and 0 at "
        "t = 1.",
        _wrong(variance=lambda s: s.beta),
    ),
    *named(
        "deviation-for-variance",
        "the standard deviation came back. Return its square, the variance.",
        _wrong(variance=lambda s: np.sqrt(_variance(s))),
    ),
    *named(
        "logarithm-of-the-variance",
        "the logarithm of the variance came back. Return the variance.",
        _wrong(variance=lambda s: np.log(_variance(s))),
    ),
    *named(
        "variance-of-the-noised",
        "the variance is 1 - alpha_bar, which is that of x_{t-1} or x_t if only x0 is known.",
        _wrong(variance=lambda s: 1 - s.before),
        _wrong(variance=lambda s: 1 - s.now),
    ),
    *named(
        "variance-not-normalised",
        "the variance is not divided by 1 - alpha_bar_t.",
        _wrong(variance=lambda s: s.beta * (1 - s.before)),
    ),
    *named(
        "variance-upside-down",
        "the quotient of the variance is upside down: 1 - alpha_bar_{t-1} over 1 - alpha_bar_t, "
        "which is below 1.",
        _wrong(variance=lambda s: s.beta * (1 - s.now) / (1 - s.before)),
    ),
]

_READING = [
    *named(
        "times-from-0",
        "everything is one step late: betas[t] was taken for beta_t. Times start at 1, so "
        "beta_t is betas[t - 1].",
        _wrong(read=_from_0),
    ),
    *named(
        "next-beta",
        "betas[t] was taken for beta_t, beside the right alpha_bars. beta_t is betas[t - 1].",
        _wrong(read=_next_beta),
    ),
    *named(
        "wraps-around-at-1",
        "at t = 1 an index of -1 read the last product. Put the 1 of time 0 in front of the "
        "products.",
        _wrong(read=lambda betas, t: _Shares(float(betas[t - 1]), *without_1(betas, t - 1))),
    ),
    *named(
        "one-missing-in-front",
        "every alpha_bar is that of the next time: entry t of the products belongs to time t once "
        "the 1 of time 0 stands in front.",
        _wrong(read=lambda betas, t: _Shares(float(betas[t - 1]), *without_1(betas, t))),
    ),
    *named(
        "alpha-bar-of-t-twice",
        "alpha_bar_t stands where alpha_bar_{t-1} belongs.",
        _wrong(read=_late),
    ),
    *named(
        "results-exchanged",
        "the pair is (variance, mean). Return (mean, variance).",
        _wrong(pack=lambda mean, variance: (variance, mean)),
    ),
    *named(
        "variance-not-returned",
        "only the mean came back. Return the variance, too.",
        _wrong(pack=lambda mean, variance: mean),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    cases = []
    for note, (x0, x_t) in arrays(rng, 2):
        betas = some_betas(rng, 8)
        cases.append(Case((x0, x_t, int(rng.integers(3, 8)), betas), note=note))
    x0, x_t = rng.normal(size=(2, 4, 3))
    return [
        *cases,
        Case((x0, x_t, 1, some_betas(rng, 6)), note="the first step: the mean is x0"),
        Case((x0, x_t, 2, some_betas(rng, 6)), note="the second step"),
        Case((x0, x_t, 6, some_betas(rng, 6)), note="the last step"),
        Case((x0, x_t, 400, np.linspace(1e-4, 0.02, 1000)), note="step 400 of 1,000"),
        Case((x0, x_t, np.int64(2), some_betas(rng, 3)), note="t a numpy integer"),
    ]


POSTERIOR_MEAN_VARIANCE = Exercise(
    key="diffusion/posterior_mean_variance",
    points=3,
    concept="Posterior of one step",
    section=BOUND,
    section_title=BOUND_TITLE,
    reference=posterior_mean_variance,
    worked=[
        Case((X, E, 1, BETAS), note="t = 1: x0 is known", expected=(X, 0.0)),
        Case(
            (X, E, 2, BETAS),
            note="alpha_2 = 0.75 squared, alpha_bar 0.64 and 0.36",
            expected=(0.546875 * X + 0.421875 * E, 0.24609375),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((X, E, 0, BETAS), "time 0, which has no step before it"),
        BadInput((X, E, 3, BETAS), "a time after the last"),
        BadInput((X, E, -1, BETAS), "a negative time"),
        BadInput((X, E, 1.5, BETAS), "a time that is not whole"),
        BadInput((X, E[:, :1], 1, BETAS), "an x_t that only broadcasts to x0"),
        BadInput((X, E.T, 1, BETAS), "an x_t of another shape"),
        BadInput((X, E, 1, BETAS[None]), "betas with two axes"),
        *(BadInput((X, E, 1, betas), because) for betas, because in BAD_BETAS),
    ],
    misconceptions=[
        *float64_of_the_schedule(_wrong(), _wrong(variance=lambda s: float(_variance(s)))),
        *_MEAN,
        *_VARIANCE,
        *_READING,
    ],
    inputs=("x0", "x_t", "t", "betas"),
    outputs=("mean", "variance"),
)
