"""Chapter 7: pairs of label maps, and which of their pixels count."""

from collections.abc import Callable
from typing import Any

import numpy as np

SECTION, TITLE = "07_segmentation/01_pixels", "A class for every pixel"
IGNORED = "ignored pixels"
Array = np.ndarray
# Which pixels count: of the predicted map, the true one, and the class to ignore.
Keep = Callable[[Array, Array, int], Any]
# Six pixels: predicted, true.
P, T = np.array([[0, 1, 1], [1, 0, 1]]), np.array([[0, 0, 0], [1, 1, 1]])


def by_target(pred: Array, target: Array, ignore_index: int) -> Any:
    """Keep the pixels whose true class is not ignored."""
    return target != ignore_index


def everything(pred: Array, target: Array, ignore_index: int) -> Any:
    """Keep all pixels."""
    return np.ones(target.shape, bool)


def in_range(values: Array, num_classes: int) -> None:
    """Raise ValueError where a class is not in 0..num_classes-1."""
    if values.size and not 0 <= values.min() <= values.max() < num_classes:
        raise ValueError(f"classes must lie in 0..{num_classes - 1}")


def early(pred: Array, target: Array, num_classes: int, ignore_index: Any) -> None:
    """Raise ValueError for a class outside the range, also where it is to be ignored."""
    in_range(target, num_classes)


def early_predictions(pred: Array, target: Array, num_classes: int, ignore_index: Any) -> None:
    """Raise ValueError for a prediction outside the range, also at ignored pixels."""
    in_range(pred, num_classes)


def label_maps(rng: np.random.Generator, shape: tuple[int, ...], classes: int) -> tuple[Any, Any]:
    """Return a predicted and a true map: each class occurs, about half of the pixels are right."""
    size = int(np.prod(shape))
    target = rng.permutation(np.arange(size) % classes)
    pred = np.where(rng.random(size) < 0.5, target, rng.integers(0, classes, size))
    pred[np.flatnonzero(target == 0)[0]] = classes - 1  # rows and columns never agree
    return pred.reshape(shape), target.reshape(shape)


def holes(rng: np.random.Generator, target: Array, value: int) -> Array:
    """Return the true map with a quarter of its pixels set to ``value``."""
    marked = target.copy()
    marked.flat[rng.permutation(target.size)[: target.size // 4]] = value
    return marked
