"""Chapter 8: the cosine schedule."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import NOISING, NOISING_TITLE, Array

S, LARGEST = 0.008, 0.999


def _signal(t: int, T: int) -> float:
    """Return cos^2 of the angle at time t, which is (1 + cos of twice it) / 2."""
    return (1 + math.cos(math.pi * (t / T + S) / (1 + S))) / 2


def cosine_betas(T: int) -> Array:
    """Take one quotient after another, in Python's own numbers."""
    quotients = [_signal(t, T) / _signal(t - 1, T) for t in range(1, T + 1)]
    return np.array([min(1 - quotient, LARGEST) for quotient in quotients])


def _angle(t: Array, T: int) -> Array:
    return (t / T + S) / (1 + S) * np.pi / 2


def _clipped(betas: Array) -> Array:
    return np.minimum(betas, LARGEST)


def _loss(signal: Array) -> Array:
    return 1 - signal[1:] / signal[:-1]


def _wrong(
    angle: Callable[[Array, int], Array] = _angle,
    wave: Callable[[Array], Array] = lambda angle: np.cos(angle) ** 2,
    times: Callable[[int], Array] = lambda T: np.arange(T + 1),
    betas: Callable[[Array], Array] = _loss,
    clip: Callable[[Array], Any] = _clipped,
) -> Callable[[int], Any]:
    """Return the schedule with one step changed."""
    return lambda T: clip(betas(wave(angle(times(T), T))))


def _turned(signal: Array) -> Array:
    return 1 - signal[:-1] / signal[1:]


def _one_first(signal: Array) -> Array:
    """Set the signal of time 0 to 1 and leave the others undivided."""
    return _loss(np.concatenate([[1.0], signal[1:]]))


def _as_is(betas: Array) -> Array:
    return betas


def _draw(rng: np.random.Generator) -> list[Case]:
    few, some, many = (int(rng.integers(*ends)) for ends in ((3, 8), (20, 60), (200, 400)))
    return [
        Case((few,), note="a few steps"),
        Case((some,), note="tens of steps"),
        Case((many,), note="hundreds of steps"),
        Case((1000,), note="a thousand steps"),
    ]


def _worked() -> list[Case]:
    start, half = (math.cos(share / 1.008 * math.pi / 2) ** 2 for share in (0.008, 0.508))
    return [
        Case((1,), note="one step: the signal ends at 0, so clipped", expected=np.array([0.999])),
        Case(
            (2,),
            note="two steps",
            expected=np.array([1 - half / start, 0.999]),
        ),
    ]


COSINE_BETAS = Exercise(
    key="diffusion/cosine_betas",
    points=2,
    concept="Cosine schedule",
    section=NOISING,
    section_title=NOISING_TITLE,
    reference=cosine_betas,
    worked=_worked(),
    draw=_draw,
    bad_inputs=[
        BadInput((0,), "no steps"),
        BadInput((-3,), "a negative number of steps"),
        BadInput((2.5,), "a number of steps that is not whole"),
    ],
    misconceptions=[
        *named(
            "alpha-bars-returned",
            "these are shares of signal, f(t) / f(0). Return the betas, 1 - f(t) / f(t - 1).",
            _wrong(betas=lambda signal: signal / signal[0], clip=_as_is),
            _wrong(betas=lambda signal: signal[1:] / signal[0], clip=_as_is),
            _wrong(betas=lambda signal: signal, clip=_as_is),
        ),
        *named(
            "alphas-returned",
            "these are the alphas. A beta is 1 minus the quotient.",
            _wrong(betas=lambda signal: signal[1:] / signal[:-1]),
            _wrong(betas=lambda signal: signal[1:] / signal[:-1], clip=_as_is),
        ),
        *named(
            "not-clipped",
            "the last beta reaches 1, and no signal is left to start from. Clip at 0.999.",
            _wrong(clip=_as_is),
        ),
        *named(
            "clipped-elsewhere",
            "the betas are clipped at another value. The largest is 0.999.",
            *(
                _wrong(clip=lambda betas, c=c: np.minimum(betas, c))
                for c in (0.9999, 0.99, 0.9, 0.5, 0.02)
            ),
        ),
        *named(
            "clipped-from-below",
            "small betas were raised to a least value. Only large ones are clipped.",
            *(
                _wrong(clip=lambda betas, c=c: np.clip(betas, c, LARGEST))
                for c in (1e-4, 1e-3, 0.001 / 3)
            ),
        ),
        *named(
            "offset-missing",
            "s = 0.008 is not in it: without it the first betas are too small to matter.",
            _wrong(lambda t, T: t / T * np.pi / 2),
        ),
        *named(
            "offset-not-divided",
            "the angle is not divided by 1 + s, so that it runs past a quarter turn.",
            _wrong(lambda t, T: (t / T + S) * np.pi / 2),
        ),
        *named(
            "offset-in-steps",
            "s was added to t. It is added to t / T.",
            _wrong(lambda t, T: (t + S) / (T + S) * np.pi / 2),
            _wrong(lambda t, T: (t + S) / T / (1 + S) * np.pi / 2),
        ),
        *named(
            "cosine-not-squared",
            "the cosine is not squared. alpha_bar is a share of variance: cos^2.",
            _wrong(wave=np.cos),
        ),
        *named(
            "angle-doubled",
            "the angle runs to pi. A quarter turn, pi / 2, brings the cosine to 0.",
            _wrong(lambda t, T: (t / T + S) / (1 + S) * np.pi),
        ),
        *named(
            "sine-for-cosine",
            "sin^2 grows. The share of signal falls from 1 to 0, as cos^2 does.",
            _wrong(wave=lambda angle: np.sin(angle) ** 2),
        ),
        *named(
            "difference-for-quotient",
            "the difference of two alpha_bars was taken. A beta is 1 minus their quotient: the "
            "share of what was left.",
            _wrong(betas=lambda signal: (signal[:-1] - signal[1:]) / signal[0]),
            _wrong(betas=lambda signal: signal[:-1] - signal[1:]),
        ),
        *named(
            "quotient-turned-round",
            "the quotient is upside down: alpha_bar of t over that of t - 1.",
            _wrong(betas=_turned),
        ),
        *named(
            "compared-with-the-start",
            "each share was compared with that of time 0. A beta compares t with t - 1.",
            _wrong(betas=lambda signal: 1 - signal[1:] / signal[0]),
        ),
        *named(
            "one-time-too-few",
            "T betas need T + 1 times, 0 to T. Here are T of them.",
            _wrong(times=np.arange),
            _wrong(lambda t, T: (t / max(T - 1, 1) + S) / (1 + S) * np.pi / 2, times=np.arange),
        ),
        *named(
            "first-share-not-divided",
            "the share of time 0 was set to 1 and the others left as they are, so that the first "
            "beta is too large. Divide all by f(0), or none.",
            _wrong(betas=_one_first),
        ),
    ],
    inputs=("T",),
)
