"""Chapter 8: one step of the sampler that is sure of itself."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import (
    ALPHA_BARS,
    SAMPLERS,
    SAMPLERS_TITLE,
    Array,
    E,
    X,
    arrays,
    entrywise,
    float64_of_the_schedule,
    some_alpha_bars,
)


def ddim_step(x_t: Array, t: int, t_prev: int, eps_hat: Array, alpha_bars: Array) -> Array:
    """Turn the pair (signal, noise) from one angle to the other, entry by entry.

    With cos(u)^2 = alpha_bar, x_t = cos(u) x0 + sin(u) eps; the same x0 and eps at the angle v.
    """
    u, v = (math.acos(math.sqrt(float(alpha_bars[time]))) for time in (t, t_prev))
    keep, add = math.cos(v) / math.cos(u), math.sin(v - u) / math.cos(u)
    return entrywise(lambda x, e: keep * x + add * e, x_t, eps_hat)


def _start(x_t: Array, eps_hat: Array, now: Any) -> Array:
    return (x_t - np.sqrt(1 - now) * eps_hat) / np.sqrt(now)


def _wrong(
    start: Callable[[Array, Array, Any], Array] = _start,
    signal: Callable[[Any, Any], Any] = lambda now, then: np.sqrt(then),
    noisy: Callable[[Any, Any], Any] = lambda now, then: np.sqrt(1 - then),
    look: Callable[..., tuple[Any, Any]] = lambda bars, t, prev: (bars[t], bars[prev]),
    noise: Callable[[Array, Array], Array] = lambda x_t, eps_hat: eps_hat,
) -> Callable[..., Any]:
    """Return a step with one part changed."""

    def step(x_t: Array, t: int, t_prev: int, eps_hat: Array, alpha_bars: Array) -> Any:
        now, then = look(alpha_bars.astype(np.float64), t, t_prev)
        x0 = start(x_t, eps_hat, now)
        return signal(now, then) * x0 + noisy(now, then) * noise(x_t, eps_hat)

    return step


def _posterior_noise(now: Any, then: Any) -> Any:
    """Leave room for the noise that a step of full randomness would add."""
    variance = (1 - then) / (1 - now) * (1 - now / then)
    return np.sqrt(1 - then - variance)


_START = [
    *named(
        "x0-not-divided",
        "the guess of x0 is not divided by sqrt(alpha_bar_t).",
        _wrong(lambda x, e, now: x - np.sqrt(1 - now) * e),
    ),
    *named(
        "x0-divided-without-root",
        "the guess of x0 was divided by alpha_bar_t. Divide by its root.",
        _wrong(lambda x, e, now: (x - np.sqrt(1 - now) * e) / now),
    ),
    *named(
        "x0-only-x_t-divided",
        "only x_t was divided by sqrt(alpha_bar_t). Divide the difference.",
        _wrong(lambda x, e, now: x / np.sqrt(now) - np.sqrt(1 - now) * e),
    ),
    *named(
        "root-missing-in-x0",
        "1 - alpha_bar_t multiplies eps_hat in the guess of x0. Take its root.",
        _wrong(lambda x, e, now: (x - (1 - now) * e) / np.sqrt(now)),
    ),
    *named(
        "noise-not-removed",
        "x_t took the place of the guess of x0. Remove the noise first.",
        _wrong(lambda x, e, now: x),
        _wrong(lambda x, e, now: x / np.sqrt(now)),
    ),
    *named(
        "eps-added",
        "eps_hat was added in the guess of x0. It is the noise that is in x_t: subtract it.",
        _wrong(lambda x, e, now: (x + np.sqrt(1 - now) * e) / np.sqrt(now)),
    ),
    *named(
        "x0-clipped",
        "the guess of x0 was clipped. Samplers of pictures do so, but this function has data of "
        "any range.",
        *(_wrong(lambda x, e, now, c=c: np.clip(_start(x, e, now), *c)) for c in ((-1, 1), (0, 1))),
    ),
]

_NOISE = [
    *named(
        "x0-returned",
        "that is the guess of x0. Noise it again, to the level of t_prev.",
        _wrong(signal=lambda now, then: 1.0, noisy=lambda now, then: 0.0),
    ),
    *named(
        "noise-not-put-back",
        "the noise of t_prev is missing: add sqrt(1 - alpha_bar) of t_prev times eps_hat.",
        _wrong(noisy=lambda now, then: 0.0),
    ),
    *named(
        "noise-level-of-t",
        "the noise was put back at the level of t. It goes down to that of t_prev.",
        _wrong(noisy=lambda now, then: np.sqrt(1 - now)),
    ),
    *named(
        "signal-level-of-t",
        "the guess of x0 was multiplied by sqrt(alpha_bar_t). Take that of t_prev.",
        _wrong(signal=lambda now, then: np.sqrt(now)),
    ),
    *named(
        "signal-not-scaled",
        "the guess of x0 has factor 1. Multiply it by sqrt(alpha_bar) of t_prev.",
        _wrong(signal=lambda now, then: 1.0),
    ),
    *named(
        "root-missing-at-the-noise",
        "eps_hat was put back with 1 - alpha_bar of t_prev. Take the root.",
        _wrong(noisy=lambda now, then: 1 - then),
    ),
    *named(
        "root-missing-at-the-signal",
        "the guess of x0 was multiplied by alpha_bar of t_prev. Take the root.",
        _wrong(signal=lambda now, then: then),
    ),
    *named(
        "x_t-for-noise",
        "x_t was put back as if it were noise. Put eps_hat back.",
        _wrong(noise=lambda x_t, eps_hat: x_t),
    ),
    *named(
        "noise-subtracted",
        "the noise was put back with a minus. It has the sign of eps_hat.",
        _wrong(noisy=lambda now, then: -np.sqrt(1 - then)),
    ),
    *named(
        "room-left-for-noise",
        "eps_hat has a smaller factor, as if fresh noise were to follow (eta = 1). With eta = 0 "
        "all of the noise of t_prev is eps_hat.",
        _wrong(noisy=_posterior_noise),
    ),
]

_READING = [
    *named(
        "t-minus-1-for-t_prev",
        "the step goes to t - 1 whatever t_prev says. It may be longer.",
        _wrong(look=lambda bars, t, prev: (bars[t], bars[t - 1])),
    ),
    *named(
        "times-exchanged",
        "t and t_prev are exchanged: x_t has the noise of t.",
        _wrong(look=lambda bars, t, prev: (bars[prev], bars[t])),
    ),
    *named(
        "times-from-0",
        "alpha_bars[t - 1] was read for time t. The array starts with time 0: entry t belongs to "
        "time t, and an index of -1 would be the last.",
        _wrong(look=lambda bars, t, prev: (bars[t - 1], bars[prev - 1])),
    ),
    *named(
        "end-not-reached",
        "t_prev = 0 was treated as 1, so that some noise is left. Time 0 is the clean end.",
        _wrong(look=lambda bars, t, prev: (bars[t], bars[max(prev, 1)])),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    cases = []
    for note, (x, eps) in arrays(rng, 2):
        bars, t = some_alpha_bars(rng, 9), int(rng.integers(6, 9))
        cases.append(Case((2 * x, t, int(rng.integers(2, 5)), eps, bars), note=note))
    x, eps = rng.normal(size=(2, 4, 3))
    bars = some_alpha_bars(rng, 6)
    many = np.cumprod(1 - np.linspace(0.0, 0.02, 1001))
    return [
        *cases,
        Case((x, 4, 3, eps, bars), note="one step back"),
        Case((x, 5, 0, eps, bars), note="to the end in one step"),
        Case((x, 1, 0, eps, bars), note="the last step"),
        Case((x, 6, 1, eps, bars), note="from the last time"),
        Case((x, 900, 450, eps, many), note="450 of 1,000 steps at once"),
        Case((x, np.int64(5), np.int64(2), eps, bars), note="times that are numpy integers"),
    ]


DDIM_STEP = Exercise(
    key="diffusion/ddim_step",
    points=2,
    concept="Step of DDIM",
    section=SAMPLERS,
    section_title=SAMPLERS_TITLE,
    reference=ddim_step,
    worked=[
        Case(
            (X, 1, 0, E, ALPHA_BARS),
            note="to time 0: (x_t - 0.6 eps_hat) / 0.8",
            expected=np.array([[1.75, -3.5]]),
        ),
        Case(
            (X, 2, 1, E, ALPHA_BARS),
            note="0.8 (x_t - 0.8 eps_hat) / 0.6 + 0.6 eps_hat",
            expected=np.array([[2.2, -41 / 15]]),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((X, 3, 1, E, ALPHA_BARS), "a time after the last"),
        BadInput((X, 2, -1, E, ALPHA_BARS), "a negative t_prev"),
        BadInput((X, 1, 2, E, ALPHA_BARS), "a t_prev after t"),
        BadInput((X, 1, 1, E, ALPHA_BARS), "a t_prev equal to t"),
        BadInput((X, 1.5, 1, E, ALPHA_BARS), "a time that is not whole"),
        BadInput((X, 2, 0.5, E, ALPHA_BARS), "a t_prev that is not whole"),
        BadInput((X, 2, 1, E[:, :1], ALPHA_BARS), "an eps_hat that only broadcasts to x_t"),
        BadInput((X, 2, 1, E.T, ALPHA_BARS), "an eps_hat of another shape"),
        BadInput((X, 2, 1, E, ALPHA_BARS[None]), "alpha_bars with two axes"),
    ],
    misconceptions=[*float64_of_the_schedule(_wrong()), *_START, *_NOISE, *_READING],
    inputs=("x_t", "t", "t_prev", "eps_hat", "alpha_bars"),
)
