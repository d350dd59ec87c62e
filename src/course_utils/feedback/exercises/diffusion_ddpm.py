"""Chapter 8: one step of the sampler that adds noise again."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import (
    BAD_BETAS,
    BETAS,
    SAMPLERS,
    SAMPLERS_TITLE,
    Array,
    E,
    X,
    arrays,
    entrywise,
    float64_of_the_schedule,
    running_product,
    some_betas,
)

LATER, LAST = "steps with noise", "the last step, t = 1"


def ddpm_step(x_t: Array, t: int, eps_hat: Array, betas: Array, noise: Array) -> Array:
    """Go back from the guess of x0 to the posterior's mean, entry by entry, and add the noise."""
    beta = float(betas[t - 1])
    before = math.prod(1 - b for b in betas[: t - 1].tolist())
    now = before * (1 - beta)

    def step(x: float, e: float, z: float) -> float:
        x0 = (x - math.sqrt(1 - now) * e) / math.sqrt(now)
        mean = math.sqrt(before) * beta * x0 + math.sqrt(1 - beta) * (1 - before) * x
        return mean / (1 - now) + (math.sqrt(beta) * z if t > 1 else 0.0)

    return entrywise(step, x_t, eps_hat, noise)


class _Shares:
    """What the schedule says of step t; ``first`` is whether it is the last one taken."""

    def __init__(self, betas: Array, t: int, beta: int, product: int) -> None:
        shares = running_product(1 - betas.astype(np.float64))
        self.beta, self.alpha = betas[beta], 1 - betas[beta]
        self.now, self.before = shares[product], shares[max(product - 1, 0)]
        self.first = t == 1


def _read(betas: Array, t: int) -> _Shares:
    return _Shares(betas, t, t - 1, t)


def _wrong(
    weight: Callable[[_Shares], Any] = lambda s: s.beta / np.sqrt(1 - s.now),
    scale: Callable[[_Shares], Any] = lambda s: 1 / np.sqrt(s.alpha),
    spread: Callable[[_Shares], Any] = lambda s: 0.0 if s.first else np.sqrt(s.beta),
    read: Callable[[Array, int], _Shares] = _read,
    put: Callable[..., Any] = lambda x, e, z, scale: scale * (x - e) + z,
) -> Callable[..., Any]:
    """Return a step with one part changed; ``put`` joins x, the scaled noises and the scale."""

    def step(x_t: Array, t: int, eps_hat: Array, betas: Array, noise: Array) -> Any:
        s = read(betas, t)
        return put(x_t, weight(s) * eps_hat, spread(s) * noise, scale(s))

    return step


def _of_floats(s: _Shares) -> float:
    """Return the weight by Python numbers, which raise an error where numpy divides by 0."""
    return float(s.beta) / math.sqrt(1 - float(s.now))


def _noised_before(s: _Shares) -> Any:
    return 0.0 if s.first else np.sqrt(1 - s.before)


def _posterior(s: _Shares) -> Any:
    return np.sqrt(s.beta * (1 - s.before) / (1 - s.now))


_NOISE = [
    *named(
        "noise-at-the-last-step",
        "noise was added at t = 1. Nothing comes after this step to remove it.",
        _wrong(spread=lambda s: np.sqrt(s.beta)),
    ),
    *named(
        "variance-for-deviation",
        "the noise is multiplied by beta_t, a variance. Take its root.",
        _wrong(spread=lambda s: 0.0 if s.first else s.beta),
        _wrong(spread=lambda s: s.beta),
    ),
    *named(
        "deviation-of-the-posterior",
        "the noise has the posterior's deviation, which is smaller. Here it is sqrt(beta_t).",
        _wrong(spread=_posterior),
    ),
    *named(
        "posterior-variance-for-deviation",
        "the noise is multiplied by the posterior's variance. Here its factor is sqrt(beta_t).",
        _wrong(spread=lambda s: _posterior(s) ** 2),
    ),
    *named(
        "noise-forgotten",
        "no noise was added at all: the samples shrink together. Add sqrt(beta_t) * noise.",
        _wrong(spread=lambda s: 0.0),
    ),
    *named(
        "noise-not-scaled",
        "the noise was added whole. Multiply it by sqrt(beta_t).",
        _wrong(spread=lambda s: 0.0 if s.first else 1.0),
        _wrong(spread=lambda s: 1.0),
    ),
    *named(
        "noise-of-the-level",
        "the noise has the factor sqrt(1 - alpha_bar), that of all steps. One step "
        "adds sqrt(beta_t).",
        _wrong(spread=lambda s: 0.0 if s.first else np.sqrt(1 - s.now)),
        _wrong(spread=_noised_before),
    ),
    *named(
        "noise-divided-too",
        "the noise stands inside of the bracket that is divided by sqrt(alpha_t). Add it after.",
        _wrong(put=lambda x, e, z, scale: scale * (x - e + z)),
    ),
]

_MEAN = [
    *named(
        "root-missing-at-alpha",
        "the bracket was divided by alpha_t. Divide by its root.",
        _wrong(scale=lambda s: 1 / s.alpha),
    ),
    *named(
        "multiplied-instead-of-divided",
        "the bracket was multiplied by sqrt(alpha_t), as in a step forward. Going back, divide.",
        _wrong(scale=lambda s: np.sqrt(s.alpha)),
    ),
    *named(
        "not-rescaled",
        "the division by sqrt(alpha_t) is missing: each step forward shrank x by this.",
        _wrong(scale=lambda s: 1.0),
    ),
    *named(
        "alpha-bar-for-alpha",
        "the bracket was divided by sqrt(alpha_bar_t), as if all steps were undone at once. "
        "Divide by sqrt(alpha_t).",
        _wrong(scale=lambda s: 1 / np.sqrt(s.now)),
    ),
    *named(
        "root-missing-at-the-level",
        "eps_hat has the factor beta_t / (1 - alpha_bar_t). A root is missing below.",
        _wrong(lambda s: s.beta / (1 - s.now)),
    ),
    *named(
        "alpha-for-alpha-bar",
        "eps_hat has the factor beta_t / sqrt(1 - alpha_t). Below stands the noise of all steps: "
        "sqrt(1 - alpha_bar_t).",
        _wrong(lambda s: s.beta / np.sqrt(1 - s.alpha)),
    ),
    *named(
        "root-at-beta",
        "eps_hat has the factor sqrt(beta_t) / sqrt(1 - alpha_bar_t). It is beta_t above.",
        _wrong(lambda s: np.sqrt(s.beta) / np.sqrt(1 - s.now)),
    ),
    *named(
        "all-noise-removed",
        "all the noise was taken away at once. One step removes beta_t / sqrt(1 - alpha_bar_t) "
        "of eps_hat.",
        _wrong(lambda s: np.sqrt(1 - s.now)),
        _wrong(lambda s: np.sqrt(1 - s.now), lambda s: 1 / np.sqrt(s.now)),
        _wrong(lambda s: np.sqrt(1 - s.now), lambda s: np.sqrt(s.before / s.now)),
    ),
    *named(
        "eps-not-weighted",
        "eps_hat was subtracted whole. Its factor is beta_t / sqrt(1 - alpha_bar_t).",
        _wrong(lambda s: 1.0),
    ),
    *named(
        "eps-added",
        "eps_hat was added. It is the noise that is in x_t: subtract it.",
        _wrong(lambda s: -s.beta / np.sqrt(1 - s.now)),
    ),
    *named(
        "eps-outside-the-bracket",
        "only x_t was divided by sqrt(alpha_t). The bracket holds eps_hat, too.",
        _wrong(put=lambda x, e, z, scale: scale * x - e + z),
    ),
]

_READING = [
    *named(
        "times-from-0",
        "betas[t] was taken for beta_t. Times start at 1, so beta_t is betas[t - 1].",
        _wrong(read=lambda betas, t: _Shares(betas, t, t, t + 1)),
        _wrong(read=lambda betas, t: _Shares(betas, t, t, t)),
    ),
    *named(
        "alpha-bar-of-t-minus-1",
        "alpha_bar is that of t - 1, one factor short. It holds all steps up to t.",
        _wrong(read=lambda betas, t: _Shares(betas, t, t - 1, t - 1)),
        _wrong(_of_floats, read=lambda betas, t: _Shares(betas, t, t - 1, t - 1)),
    ),
    *named(
        "alpha-bar-of-t-plus-1",
        "alpha_bar is that of t + 1, one factor too many. betas[:t] are the factors up to t; in "
        "their running products, without a 1 in front, time t stands at t - 1.",
        _wrong(read=lambda betas, t: _Shares(betas, t, t - 1, t + 1)),
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    cases = []
    for note, (x, eps, noise) in arrays(rng, 3):
        betas = some_betas(rng, 8)
        t = int(rng.integers(3, 8))
        cases.append(Case((x, t, eps, betas, noise), note=note, part=LATER))
        cases.append(Case((x, 1, eps, betas, noise), note=f"{note}, t = 1", part=LAST))
    x, eps, noise = rng.normal(size=(3, 4, 3))
    betas, many = some_betas(rng, 6), np.linspace(1e-4, 0.02, 1000)
    return [
        *cases,
        Case((x, 2, eps, betas, noise), note="the step before the last", part=LATER),
        Case((x, 6, eps, betas, noise), note="the first step taken, t = T", part=LATER),
        Case((x, 500, eps, many, noise), note="step 500 of 1,000", part=LATER),
        Case((x, np.int64(3), eps, betas, noise), note="t a numpy integer", part=LATER),
    ]


_Z = np.array([[2.0, -4.0]])

DDPM_STEP = Exercise(
    key="diffusion/ddpm_step",
    points=2,
    concept="Step of DDPM",
    section=SAMPLERS,
    section_title=SAMPLERS_TITLE,
    reference=ddpm_step,
    worked=[
        Case(
            (X, 1, E, BETAS, _Z),
            note="(x_t - 0.6 eps_hat) / 0.8",
            expected=np.array([[1.75, -3.5]]),
            part=LAST,
        ),
        Case(
            (X, 2, E, BETAS, _Z),
            note="(x_t - 0.4375/0.8 eps_hat) / 0.75 + sqrt(0.4375) noise",
            expected=(X - 0.546875 * E) / 0.75 + math.sqrt(0.4375) * _Z,
            part=LATER,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((X, 0, E, BETAS, _Z), "time 0, from which no step leads back"),
        BadInput((X, 3, E, BETAS, _Z), "a time after the last"),
        BadInput((X, -1, E, BETAS, _Z), "a negative time"),
        BadInput((X, 1.5, E, BETAS, _Z), "a time that is not whole"),
        BadInput((X, 2, E[:, :1], BETAS, _Z), "an eps_hat that only broadcasts to x_t"),
        BadInput((X, 2, E.T, BETAS, _Z), "an eps_hat of another shape"),
        BadInput((X, 2, E, BETAS, _Z[0]), "noise that only broadcasts to x_t"),
        BadInput((X, 2, E, BETAS[None], _Z), "betas with two axes"),
        *(BadInput((X, 1, E, betas, _Z), because) for betas, because in BAD_BETAS),
    ],
    misconceptions=[*float64_of_the_schedule(_wrong()), *_NOISE, *_MEAN, *_READING],
    weights={LATER: 0.6, LAST: 0.2, VALIDATION: 0.2},
    inputs=("x_t", "t", "eps_hat", "betas", "noise"),
)
