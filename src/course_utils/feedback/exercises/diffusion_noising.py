"""Chapter 8: noise at once, in the closed form of the chain."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import (
    ALPHA_BARS,
    NOISING,
    NOISING_TITLE,
    Array,
    E,
    X,
    arrays,
    float64_of_the_schedule,
    some_alpha_bars,
)

ONE, EACH = "one time", "a time for each sample"
Time = int | Array


def q_sample(x0: Array, t: Time, noise: Array, alpha_bars: Array) -> Array:
    """Noise one sample after another, each at its own time."""
    if isinstance(t, int | np.integer):
        share = float(alpha_bars[t])
        noised = math.sqrt(share) * x0.astype(np.float64) + math.sqrt(1 - share) * noise
        return noised.astype(x0.dtype)
    pairs = zip(x0, t.tolist(), noise, strict=True)
    return np.stack([q_sample(x, time, e, alpha_bars) for x, time, e in pairs])


def _beside(share: Any, x0: Array) -> Array:
    """Return a share for each sample with as many axes as x0."""
    return np.reshape(share, np.shape(share) + (1,) * (x0.ndim - np.ndim(share)))


def _wrong(
    signal: Callable[[Any], Any] = np.sqrt,
    noisy: Callable[[Any], Any] = lambda share: np.sqrt(1 - share),
    look: Callable[[Array, Any], Any] = lambda alpha_bars, t: alpha_bars[t],
    lay: Callable[[Any, Array], Any] = _beside,
) -> Callable[..., Any]:
    """Return the closed form with one step changed."""

    def noised(x0: Array, t: Any, noise: Array, alpha_bars: Array) -> Any:
        share = lay(look(alpha_bars, t), x0)
        return signal(share) * x0 + noisy(share) * noise

    return noised


def _one_step(alpha_bars: Array, t: Any) -> Any:
    return alpha_bars[t] / alpha_bars[np.asarray(t) - 1]


def _of_the_first(alpha_bars: Array, t: Any) -> Any:
    return alpha_bars[np.ravel(t)[0]]


def _undecided(alpha_bars: Array, t: Any) -> Any:
    if t < 0:
        raise ValueError
    return alpha_bars[t]


def _axes(count: int) -> Callable[[Any, Array], Any]:
    """Return a layout that fits arrays of ``count`` axes only."""

    def lay(share: Any, x0: Array) -> Any:
        return np.reshape(share, (-1, *[1] * (count - 1))) if np.ndim(share) else share

    return lay


_WEIGHTS = [
    *named(
        "roots-missing",
        "the shares are shares of variance. What multiplies x0 and the noise are their roots.",
        _wrong(lambda share: share, lambda share: 1 - share),
    ),
    *named(
        "root-missing-at-the-noise",
        "the noise is multiplied by 1 - alpha_bar. Take its root, so that variances add to 1.",
        _wrong(noisy=lambda share: 1 - share),
    ),
    *named(
        "root-missing-at-the-signal",
        "x0 is multiplied by alpha_bar. Take its root.",
        _wrong(lambda share: share),
    ),
    *named(
        "weights-exchanged",
        "the two factors are exchanged. At small t most is signal: sqrt(alpha_bar) goes with x0.",
        _wrong(lambda share: np.sqrt(1 - share), np.sqrt),
    ),
    *named(
        "weights-add-to-one",
        "the factors add up to 1, so that variance is lost. Their squares must: "
        "sqrt(1 - alpha_bar) for the noise.",
        _wrong(noisy=lambda share: 1 - np.sqrt(share)),
    ),
    *named(
        "noise-not-scaled",
        "the noise has factor 1. Scale it by sqrt(1 - alpha_bar), or the variance grows.",
        _wrong(noisy=np.ones_like),
    ),
    *named(
        "signal-not-scaled",
        "x0 was left whole. Scale it by sqrt(alpha_bar): this chain keeps the variance.",
        _wrong(np.ones_like),
    ),
    *named(
        "noise-forgotten",
        "there is no noise in it. Add sqrt(1 - alpha_bar) * noise.",
        _wrong(noisy=np.zeros_like),
    ),
    *named(
        "noise-subtracted",
        "the noise was subtracted. It is added: the network is to predict it with this sign.",
        _wrong(noisy=lambda share: -np.sqrt(1 - share)),
    ),
    *named(
        "single-step-only",
        "that is one step, with alpha_t. All steps up to t are in alpha_bar_t.",
        _wrong(look=_one_step),
    ),
    *named(
        "times-from-0",
        "alpha_bars[t - 1] was read. The array starts with time 0, so entry t belongs to time t.",
        _wrong(look=lambda alpha_bars, t: alpha_bars[np.asarray(t) - 1]),
    ),
]

_AXES = [
    *named(
        "times-on-the-last-axis",
        "the factors, one for each sample, met the last axis of x0. Give them the shape "
        "(B, 1, ..., 1), with as many axes as x0.",
        _wrong(lay=lambda share, x0: share),
    ),
    *named(
        "two-axes-only",
        "the factors were laid out as (B, 1), which fits vectors only. Images have four axes: add "
        "as many as x0 has.",
        _wrong(lay=_axes(2)),
    ),
    *named(
        "four-axes-only",
        "the factors were laid out as (B, 1, 1, 1), which fits images only. Add as many axes as x0 "
        "has.",
        _wrong(lay=_axes(4)),
    ),
    *named(
        "first-time-for-all",
        "every sample was noised at the first time. Each has its own.",
        _wrong(look=_of_the_first),
    ),
    *named(
        "int-of-an-array",
        "int(t) fails for an array of times. Index alpha_bars with t itself.",
        _wrong(look=lambda alpha_bars, t: alpha_bars[int(t)]),
    ),
    *named(
        "truth-of-an-array",
        "an `if` or `and` asked whether a whole array is true, which it does not answer. Ask "
        "np.any or np.all.",
        _wrong(look=_undecided),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    cases = []
    for note, (x0, noise) in arrays(rng, 2):
        alpha_bars = some_alpha_bars(rng, 9)
        cases.append(Case((x0, int(rng.integers(2, 9)), noise, alpha_bars), note=note, part=ONE))
        t = rng.permutation(np.arange(1, 10))[: len(x0)]
        each = f"{note}, a time for each"
        cases.append(Case((x0, t, noise, alpha_bars), note=each, part=EACH))
    x0, noise = rng.normal(size=(2, 40, 3))
    times, alpha_bars = rng.integers(1, 6, size=40), some_alpha_bars(rng, 5)
    narrow = times.astype(np.int32)
    return [
        *cases,
        Case((x0, np.int64(3), noise, alpha_bars), note="t a numpy integer", part=ONE),
        Case((x0, 5, noise, alpha_bars), note="the last step", part=ONE),
        Case((x0, narrow, noise, alpha_bars), note="many samples, few times", part=EACH),
    ]


_X2, _E2 = np.array([[2.0, -1.0], [0.0, 5.0]]), np.array([[1.0, 3.0], [-2.0, 1.0]])

Q_SAMPLE = Exercise(
    key="diffusion/q_sample",
    points=2,
    concept="Noising at once",
    section=NOISING,
    section_title=NOISING_TITLE,
    reference=q_sample,
    worked=[
        Case(
            (X, 1, E, ALPHA_BARS), note="0.8 x0 + 0.6 noise", expected=0.8 * X + 0.6 * E, part=ONE
        ),
        Case(
            (_X2, np.array([2, 1]), _E2, ALPHA_BARS),
            note="time 2 for the first sample, 1 for the second",
            expected=np.array([[2.0, 1.8], [-1.2, 4.6]]),
            part=EACH,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((X, 3, E, ALPHA_BARS), "a time after the last"),
        BadInput((X, -1, E, ALPHA_BARS), "a negative time"),
        BadInput((X, 1.5, E, ALPHA_BARS), "a time that is not whole"),
        BadInput((_X2, np.array([1, 3]), _E2, ALPHA_BARS), "one time after the last"),
        BadInput((_X2, np.array([-1, 2]), _E2, ALPHA_BARS), "one negative time"),
        BadInput((_X2, np.array([1.0, 2.0]), _E2, ALPHA_BARS), "times that are floats"),
        BadInput((_X2, np.array([1, 2, 1]), _E2, ALPHA_BARS), "more times than samples"),
        BadInput((_X2, np.array([1]), _E2, ALPHA_BARS), "one time in an array for two samples"),
        BadInput((_X2, 1, _E2[:1], ALPHA_BARS), "noise that only broadcasts to x0"),
        BadInput((_X2, 1, _E2[:, :1], ALPHA_BARS), "noise of another shape"),
    ],
    misconceptions=[*float64_of_the_schedule(_wrong()), *_WEIGHTS, *_AXES],
    weights={ONE: 0.4, EACH: 0.4, VALIDATION: 0.2},
    inputs=("x0", "t", "noise", "alpha_bars"),
)
