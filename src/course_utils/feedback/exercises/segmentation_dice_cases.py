"""Chapter 7: maps, bad input and wrong axes that the Dice loss and its gradient share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Misconception
from course_utils.feedback.exercises.convolution_geometry import named

SECTION, TITLE = "07_segmentation/04_losses", "Losses under imbalance"
ONE, SEVERAL = "one map", "several maps"
Array = np.ndarray


def maps(probabilities: Array, target: Array) -> list[tuple[Array, Array]]:
    """Return each pair of maps as vectors of float64."""
    shape = (-1, int(np.prod(probabilities.shape[-2:])))
    pairs = zip(probabilities.reshape(shape), target.reshape(shape), strict=True)
    return [(p.astype(np.float64), t.astype(np.float64)) for p, t in pairs]


def last(ndim: int) -> tuple[int, ...]:
    """Return the axes H and W, counted from the back."""
    return -2, -1


def _all(ndim: int) -> tuple[int, ...]:
    return tuple(range(ndim))


def _batch_too(ndim: int) -> tuple[int, ...]:
    return 0, 2, 3


def _channels_too(ndim: int) -> tuple[int, ...]:
    return tuple(range(1, ndim)) if ndim > 2 else (0, 1)


def _three_last(ndim: int) -> tuple[int, ...]:
    return -3, -2, -1


def _four_axes(ndim: int) -> tuple[int, ...]:
    return 2, 3


def _three_axes(ndim: int) -> tuple[int, ...]:
    return 1, 2


def summed(values: Array, axes: tuple[int, ...]) -> Array:
    """Return the sum over ``axes``, which stay with length 1."""
    return values.sum(axis=axes, keepdims=True)


def softmax(z: Array) -> Array:
    """Return the softmax over the channels (C, H, W), of a single map over its columns."""
    axis = -3 if z.ndim > 2 else -1
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _masks(rng: np.random.Generator, *shape: int) -> tuple[Array, Array]:
    """Return probabilities and 0/1 maps, each with 1 and 0; the maps of one class are unequal."""
    p = rng.uniform(0.02, 0.98, size=shape)
    share = rng.uniform(0.2, 0.8, size=(*shape[:-2], 1, 1))
    t = (rng.random(shape) < share).astype(np.float64)
    t[..., 0, 0], t[..., -1, -1] = 1, 0
    return p, t


def _one_hot(rng: np.random.Generator, *shape: int) -> tuple[Array, Array]:
    """Return softmax probabilities (B, C, H, W) and one-hot maps."""
    p, classes = softmax(rng.normal(size=shape)), rng.integers(0, shape[-3], size=shape)
    t = np.arange(shape[-3])[:, None, None] == classes[..., :1, :, :]
    return p, t


def draw(rng: np.random.Generator) -> list[Case]:
    """Return further cases for the loss and its gradient."""
    eps = round(float(rng.uniform(0.2, 2.0)), 3)
    p, t = _masks(rng, 4, 6)
    single, hot = _masks(rng, 2, 3, 4, 5)
    wide, marks = _masks(rng, 3, 6, 8)
    return [
        Case((p, t, eps), note="one map", part=ONE),
        Case((p[::-1, ::2], t[::-1, ::2], 1.0), note="views", part=ONE),
        Case((p, np.zeros((4, 6)), eps), note="a class that is not there", part=ONE),
        Case((p, t.astype(bool), 0.5), note="a target of bools", part=ONE),
        Case((*_masks(rng, 3, 5, 4), eps), note="three maps", part=SEVERAL),
        Case((*_one_hot(rng, 2, 3, 4, 5), eps), note="(B, C, H, W)", part=SEVERAL),
        Case((*_masks(rng, 3, 3, 3, 3), 1.0), note="all axes equal", part=SEVERAL),
        Case((*_masks(rng, 2, 2, 3, 2, 4), eps), note="five axes", part=SEVERAL),
        Case(
            (single.astype(np.float32), hot.astype(np.float32), eps), note="float32", part=SEVERAL
        ),
        Case((wide[..., ::2], marks.astype(np.uint8)[..., ::2], eps), note="uint8", part=SEVERAL),
    ]


P, T = np.array([[0.5, 0.5], [0.0, 0.0]]), np.array([[1, 0], [0, 0]])
PAIR = np.stack([P, [[0.0, 0.0], [0.5, 0.0]]]), np.stack([T, np.zeros((2, 2), int)])


def bad_inputs() -> list[BadInput]:
    """Return what both must refuse."""
    p, t = PAIR
    return [
        BadInput((p, t[:1], 1.0), "a target of another shape"),
        BadInput((p, t[0], 1.0), "a target with fewer axes"),
        BadInput((p + 0.6, t, 1.0), "a probability above 1"),
        BadInput((p - 0.1, t, 1.0), "a negative probability"),
        BadInput((p, 2 * t, 1.0), "a target that holds a 2: class numbers, not one-hot"),
        BadInput((p, p, 1.0), "a target that is not 0 or 1"),
        BadInput((p, t, -1.0), "a negative eps"),
        BadInput((p[0, 0], t[0, 0], 1.0), "a single axis"),
        BadInput((p[:0], t[:0], 1.0), "no maps"),
    ]


_AXES = {
    "all-maps-pooled": (
        "the sums run over all axes, so that one large object hides a lost small one. Sum over H "
        "and W, then take the mean over the maps.",
        (_all,),
    ),
    "batch-pooled": (
        "the sums run over the batch, too. Each image has a loss of its own; the mean comes last.",
        (_batch_too,),
    ),
    "classes-pooled": (
        "the sums run over the classes, too. Each class has a loss of its own; the mean comes "
        "last.",
        (_channels_too, _three_last),
    ),
    "axes-by-number": (
        "the axes of the sums are counted from the front, which fits one number of axes only. "
        "Count from the back: axis=(-2, -1).",
        (_four_axes, _three_axes),
    ),
}


def mistaken_axes(make: Callable[..., Any]) -> list[Misconception]:
    """Return the mistakes in the axes of the sums; ``make`` takes ``axes``."""
    return [
        mistake
        for name, (hint, choices) in _AXES.items()
        for mistake in named(name, hint, *(make(axes=axes) for axes in choices))
    ]
