"""Chapter 3: a schedule of the learning rate, warm-up and half a cosine."""

import math
from collections.abc import Callable
from typing import Any

from numpy.random import Generator

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception

RISE, DECAY = "warm-up", "decay"
ROUNDING = 1e-12  # of the top rate: a cosine of pi / 2 is not exactly 0


def _call(student: Callable[..., Any], t: int, total: int, warmup: int, lr_max: float) -> Any:
    """Return the student's rate, 0.0 where only rounding keeps it from 0."""
    rate = student(t, total, warmup, lr_max)
    return 0.0 if isinstance(rate, float) and abs(rate) < ROUNDING * lr_max else rate


def _reference(t: int, total: int, warmup: int, lr_max: float) -> float:
    """Write the half cosine as a squared cosine of half the angle."""
    if t >= total:
        return 0.0
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * math.cos(math.pi / 2 * (t - warmup) / (total - warmup)) ** 2


def _half_cosine(s: float) -> float:
    return (1 + math.cos(math.pi * s)) / 2


def _wrong(
    rise: Callable[[int, int], float] = lambda t, warmup: t / warmup,
    share: Callable[[int, int, int], float] = lambda t, total, warmup: (
        (t - warmup) / (total - warmup)
    ),
    fall: Callable[[float], float] = _half_cosine,
    over: bool = True,
) -> Callable[..., float]:
    """Return a schedule with one line changed; ``over`` says whether it ends at total."""

    def warmup_cosine(t: int, total: int, warmup: int, lr_max: float) -> float:
        if t < warmup:
            return lr_max * rise(t, warmup)
        return 0.0 if over and t >= total else lr_max * fall(share(t, total, warmup))

    return warmup_cosine


def _no_warmup(t: int, total: int, warmup: int, lr_max: float) -> float:
    return 0.0 if t >= total else lr_max * _half_cosine(t / total)


def _nothing_left(t: int, total: int, warmup: int, lr_max: float) -> float:
    """Clip the share of the decay, which leaves 0 / 0 where the warm-up takes all steps."""
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * _half_cosine(min((t - warmup) / (total - warmup), 1.0))


def _warmup_of_zero(t: int, total: int, warmup: int, lr_max: float) -> float:
    ramp = t / warmup
    return lr_max * ramp if ramp < 1 else _reference(t, total, warmup, lr_max)


def _draw(rng: Generator) -> list[Case]:
    total, warmup = int(rng.integers(80, 160)), int(rng.integers(10, 30))
    lr_max = float(rng.uniform(0.05, 0.9))
    early, late = (int(rng.integers(a, b)) for a, b in [(warmup + 5, 60), (60, total - 5)])
    last = total + int(rng.integers(5, warmup))

    def case(t: int, note: str, part: str = DECAY, warmup: int = warmup) -> Case:
        return Case((t, total, warmup, lr_max), note=note, part=part)

    return [
        case(int(rng.integers(2, warmup)), "in the warm-up", RISE),
        case(warmup - 1, "the last step of the warm-up", RISE),
        case(0, "the first step", RISE),
        case(warmup, "the end of the warm-up"),
        case(early, "early in the decay"),
        case(late, "late in the decay"),
        case(total - 1, "the last step but one"),
        case(total, "t = total"),
        case(last, "after total"),
        case(0, "no warm-up, the first step", warmup=0),
        case(early, "no warm-up", warmup=0),
        case(early, "nothing but warm-up", RISE, warmup=total),
        case(total, "nothing but warm-up, t = total", warmup=total),
    ]


WARMUP_COSINE = Exercise(
    key="sgd/warmup_cosine",
    points=2,
    concept="Warm-up and cosine decay",
    section="03_sgd/02_minibatches",
    section_title="Gradients from a handful of samples",
    reference=_reference,
    worked=[
        Case((1, 20, 4, 0.8), note="a quarter up", expected=0.2, part=RISE),
        # A third of the way from 5 to 20: (1 + cos 60 degrees) / 2 = 3/4.
        Case((10, 20, 5, 0.8), note="a third down", expected=0.6, part=DECAY),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((-1, 20, 4, 0.8), "a negative t"),
        BadInput((0, 0, 0, 0.8), "total below 1"),
        BadInput((0, 20, -1, 0.8), "a negative warmup"),
        BadInput((0, 20, 21, 0.8), "a warmup longer than total"),
    ],
    misconceptions=[
        # Before the next one, which decays in the same way.
        *(
            Misconception(
                "decay-counted-from-zero",
                "the decay counts steps from 0, so that the rate drops at the end of the warm-up. "
                "Count from its end: (t - warmup) / (total - warmup).",
                _wrong(share=lambda t, total, warmup: t / total, over=over),
            )
            for over in (True, False)
        ),
        Misconception(
            "no-warm-up",
            "the cosine starts at step 0. First climb: lr_max * t / warmup for t < warmup.",
            _no_warmup,
        ),
        Misconception(
            "held-during-the-warm-up",
            "the rate is at its top from the first step. In the warm-up it climbs from 0.",
            _wrong(rise=lambda t, warmup: 1.0),
        ),
        Misconception(
            "warm-up-one-step-ahead",
            "the warm-up is one step ahead. t counts from 0, and step 0 has the rate 0.",
            _wrong(rise=lambda t, warmup: (t + 1) / warmup),
        ),
        Misconception(
            "warm-up-too-short",
            "the warm-up is at its top at t = warmup - 1. The top comes at t = warmup: divide by "
            "warmup.",
            _wrong(rise=lambda t, warmup: t / max(warmup - 1, 1)),
        ),
        Misconception(
            "decay-too-long",
            "the steps since the warm-up are divided by total: at total the rate is not 0 yet. "
            "Divide by the steps that are left, total - warmup.",
            _wrong(share=lambda t, total, warmup: (t - warmup) / total),
        ),
        Misconception(
            "decay-too-long",
            "the steps since the warm-up are divided by total: at total the rate is not 0 yet. "
            "Divide by the steps that are left, total - warmup.",
            _wrong(share=lambda t, total, warmup: min((t - warmup) / total, 1.0), over=False),
        ),
        Misconception(
            "decay-not-shifted",
            "t was divided by the steps of the decay, but it still counts from 0. Subtract warmup "
            "above the line too.",
            _wrong(share=lambda t, total, warmup: t / max(total - warmup, 1)),
        ),
        Misconception(
            "decay-too-short",
            "the cosine is down at total - 1. The rate is 0 from total on: divide by "
            "total - warmup.",
            _wrong(share=lambda t, total, warmup: (t - warmup) / max(total - warmup - 1, 1)),
        ),
        Misconception(
            "rises-again",
            "the cosine goes up again after total. The rate stays at 0 from there on.",
            _wrong(over=False),
        ),
        Misconception(
            "linear-decay",
            "the decay is a straight line. Half a cosine leaves the top slowly and lands softly.",
            _wrong(fall=lambda s: 1 - s),
        ),
        Misconception(
            "quarter-cosine",
            "the angle ends at pi / 2. Half a cosine goes from 0 to pi: (1 + cos(pi s)) / 2.",
            _wrong(fall=lambda s: math.cos(math.pi / 2 * s)),
        ),
        Misconception(
            "whole-cosine",
            "the angle ends at 2 pi, so that the rate is back at its top. It goes from 0 to pi.",
            _wrong(fall=lambda s: _half_cosine(2 * s)),
        ),
        Misconception(
            "cosine-upside-down",
            "the decay climbs from 0 to lr_max: 1 - cos grows. 1 + cos falls.",
            _wrong(fall=lambda s: 1 - _half_cosine(s)),
        ),
        Misconception(
            "pi-forgotten",
            "the angle ends at 1, and the rate far above 0. Half a cosine ends at pi: cos(pi s).",
            _wrong(fall=lambda s: (1 + math.cos(s)) / 2),
        ),
        Misconception(
            "half-forgotten",
            "the rate starts at twice lr_max: 1 + cos goes from 2 to 0. Halve it.",
            _wrong(fall=lambda s: 1 + math.cos(math.pi * s)),
        ),
        Misconception(
            "negative-rate",
            "cos(pi s) falls to -1, and a negative rate climbs. Take (1 + cos(pi s)) / 2.",
            _wrong(fall=lambda s: math.cos(math.pi * s)),
        ),
        Misconception(
            "nothing-left-to-decay",
            "where the warm-up takes all steps, total - warmup is 0. Answer for t >= total first.",
            _nothing_left,
        ),
        Misconception(
            "warm-up-of-zero-steps",
            "t / warmup divides by 0 where there is no warm-up. Compute it for t < warmup only.",
            _warmup_of_zero,
        ),
    ],
    call=_call,
    weights={RISE: 0.3, DECAY: 0.5, VALIDATION: 0.2},
    inputs=("t", "total", "warmup", "lr_max"),
)
