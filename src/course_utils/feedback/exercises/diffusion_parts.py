"""Chapter 8: what the exercises share: pages, schedules, and the arrays of their cases."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.convolution_geometry import named, narrow, view

Array = np.ndarray

NOISING, NOISING_TITLE = "08_diffusion/03_noising", "Destroying a picture, step by step"
BOUND, BOUND_TITLE = "08_diffusion/04_bound", "The loss, derived line by line"
SAMPLERS = "08_diffusion/05_samplers"
SAMPLERS_TITLE = "From noise to data: DDPM, DDIM and an ODE"
GUIDANCE, GUIDANCE_TITLE = "08_diffusion/07_guidance", "Asking for a seven"

# Squares inside: 1 - betas = 0.8**2, 0.75**2, and the products are 0.8**2, 0.6**2.
BETAS = np.array([0.36, 0.4375])
ALPHA_BARS = np.array([1.0, 0.64, 0.36])
X, E = np.array([[2.0, -1.0]]), np.array([[1.0, 3.0]])

BAD_BETAS = ((np.array([0.1, -0.2]), "a negative beta"), (np.array([0.1, 1.5]), "a beta above 1"))


def some_betas(rng: np.random.Generator, T: int) -> Array:
    """Return T noise levels that neither rise nor fall, so that each step differs."""
    return rng.uniform(0.02, 0.4, size=T)


def some_alpha_bars(rng: np.random.Generator, T: int) -> Array:
    """Return the shares of signal of such a schedule, from 1."""
    return running_product(1 - some_betas(rng, T))


def running_product(alphas: Array) -> Array:
    """Return 1 and the products of the first 1, 2, ... entries, one after another."""
    products = [1.0]
    for alpha in alphas.tolist():
        products.append(products[-1] * alpha)
    return np.array(products)


def without_1(betas: Array, place: int) -> tuple[float, float]:
    """Return two neighbours of the products that lack the 1 of time 0: at ``place`` and before."""
    products = np.cumprod(1 - betas.astype(np.float64))
    return products[place], products[place - 1]


def arrays(rng: np.random.Generator, count: int) -> list[tuple[str, tuple[Array, ...]]]:
    """Return tuples of ``count`` arrays of one shape, with what is special about each."""

    def normal(*shape: int) -> tuple[Array, ...]:
        return tuple(rng.normal(size=(count, *shape)))

    return [
        ("a batch of vectors", normal(5, 3)),
        ("images of four axes", normal(3, 2, 4, 5)),
        ("one axis", normal(6)),
        ("as many axes as samples", normal(4, 4)),
        ("float32", tuple(narrow(rng, 3, 1, 4, 4) for _ in range(count))),
        ("views of larger arrays", tuple(view(rng, 4, 6) for _ in range(count))),
    ]


def entrywise(formula: Callable[..., float], *inputs: Array) -> Array:
    """Apply a formula of Python numbers to the entries of arrays of one shape, one by one."""
    rows = zip(*(each.ravel().tolist() for each in inputs), strict=True)
    return np.array([formula(*row) for row in rows], inputs[0].dtype).reshape(inputs[0].shape)


def float64_of_the_schedule(*right: Callable[..., Any]) -> list[Misconception]:
    """Return the mistake of a right function that lets a float64 schedule widen float32 arrays."""
    return named(
        "float64-of-the-schedule",
        "float32 arrays came back as float64: a number taken out of a float64 array is a float64, "
        "too, and widens what it meets. Return the dtype of the first array, by float(...) of the "
        "schedule's numbers or .astype at the end.",
        *right,
    )
