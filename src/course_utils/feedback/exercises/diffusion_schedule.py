"""Chapter 8: the share of signal that is left after each step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import (
    NOISING,
    NOISING_TITLE,
    Array,
    running_product,
    some_betas,
)


def alpha_bar(betas: Array) -> Array:
    """Multiply one after another, in Python's own numbers."""
    return running_product(1 - betas.astype(np.float64)).astype(betas.dtype)


def _wrong(
    products: Callable[[Array], Array] = lambda betas: np.cumprod(1 - betas),
    finish: Callable[[Array], Any] = lambda products: np.concatenate([[1.0], products]),
) -> Callable[[Array], Any]:
    """Return the running product with one step changed."""
    return lambda betas: finish(products(betas.astype(np.float64)))


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(betas: Array, note: str) -> Case:
        return Case((betas,), note=note)

    return [
        case(some_betas(rng, 5), "five steps"),
        case(some_betas(rng, 1), "one step"),
        case(np.linspace(1e-4, 0.02, 1000), "the linear schedule of 1,000 steps"),
        case(rng.uniform(0.5, 0.95, size=8), "large betas"),
        case(some_betas(rng, 6).astype(np.float32), "float32"),
        case(some_betas(rng, 14)[::-2], "a view with a negative step"),
    ]


ALPHA_BAR = Exercise(
    key="diffusion/alpha_bar",
    points=1,
    concept="Share of signal",
    section=NOISING,
    section_title=NOISING_TITLE,
    reference=alpha_bar,
    worked=[
        Case(
            (np.array([0.5, 0.5]),),
            note="half of the variance is kept twice",
            expected=np.array([1.0, 0.5, 0.25]),
        ),
        Case(
            (np.array([0.1, 0.2, 0.5]),),
            note="0.9, then 0.9 * 0.8, then 0.9 * 0.8 * 0.5",
            expected=np.array([1.0, 0.9, 0.72, 0.36]),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((np.array([0.1, -0.2]),), "a negative beta"),
        BadInput((np.array([0.1, 1.5]),), "a beta above 1"),
        BadInput((np.zeros(0),), "no betas"),
        BadInput((np.full((2, 3), 0.1),), "betas with two axes"),
        BadInput((np.array([0.1, np.nan]),), "a beta that is nan"),
    ],
    misconceptions=[
        *named(
            "leading-one-missing",
            "entry t is to belong to time t: put the 1 of time 0 in front, T + 1 entries in all.",
            _wrong(finish=lambda products: products),
        ),
        *named(
            "last-step-missing",
            "the 1 of time 0 is there, but the last step is not: T + 1 entries in all.",
            _wrong(finish=lambda products: np.concatenate([[1.0], products[:-1]])),
        ),
        *named(
            "one-at-the-end",
            "the 1 stands at the end. It belongs to time 0, in front.",
            _wrong(finish=lambda products: np.concatenate([products, [1.0]])),
        ),
        *named(
            "zero-in-front",
            "entry 0 is 0. Before the first step all is signal: the empty product is 1.",
            _wrong(finish=lambda products: np.concatenate([[0.0], products])),
        ),
        *named(
            "first-step-twice",
            "the first product stands in the place of time 0. Before any step the share is 1.",
            _wrong(finish=lambda products: np.concatenate([products[:1], products])),
        ),
        *named(
            "sum-for-product",
            "the betas were summed. Each step keeps a share 1 - beta of what is left: multiply.",
            _wrong(lambda betas: 1 - np.cumsum(betas)),
        ),
        *named(
            "exponential-of-the-sum",
            "exp(-sum of the betas) is close for small betas only. Multiply the 1 - beta.",
            _wrong(lambda betas: np.exp(-np.cumsum(betas))),
        ),
        *named(
            "betas-multiplied",
            "the betas were multiplied. They are what is lost: multiply the 1 - beta.",
            _wrong(np.cumprod),
        ),
        *named(
            "alphas-not-multiplied",
            "these are the alphas of the single steps. alpha_bar is their running product.",
            _wrong(lambda betas: 1 - betas),
        ),
        *named(
            "root-taken",
            "the root was taken. alpha_bar is a share of variance; roots come in q_sample.",
            _wrong(lambda betas: np.sqrt(np.cumprod(1 - betas))),
        ),
        *named(
            "share-of-noise",
            "these are shares of noise, 1 - alpha_bar. Return the share of signal.",
            _wrong(finish=lambda products: 1 - np.concatenate([[1.0], products])),
            _wrong(finish=lambda products: np.concatenate([[1.0], 1 - products])),
        ),
        *named(
            "product-from-the-end",
            "the product runs from the last step back. Start with the first.",
            _wrong(lambda betas: np.cumprod((1 - betas)[::-1])),
            _wrong(lambda betas: np.cumprod((1 - betas)[::-1])[::-1]),
        ),
        *named(
            "one-number",
            "one number came back. Return the product after each step.",
            lambda betas: np.prod(1 - betas),
        ),
    ],
    inputs=("betas",),
)
