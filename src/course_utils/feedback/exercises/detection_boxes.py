"""Chapter 6: boxes for the cases, and the overlap of two of them in plain Python.

The references go from pair to pair and from number to number; the mistakes are made on whole
tables, as students make them.
"""

from collections.abc import Callable, Sequence

import numpy as np

Array = np.ndarray
Table = Callable[[Array, Array], Array]
BOXES = "06_detection/01_boxes"
BOXES_TITLE = "Boxes and their overlap"


def shared(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the area that two boxes share."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


def size(a: Sequence[float]) -> float:
    """Return the area of a box."""
    return (a[2] - a[0]) * (a[3] - a[1])


def pair_iou(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the intersection over union of two boxes, 0 where the union is empty."""
    union = size(a) + size(b) - shared(a, b)
    return shared(a, b) / union if union > 0 else 0.0


def rows(boxes: Array) -> list[list[float]]:
    """Return boxes as lists of Python numbers."""
    return boxes.astype(np.float64).tolist()


def iou_of_pairs(a: Array, b: Array) -> Array:
    """Return the table of `pair_iou`, (n, m), in float64."""
    table = [[pair_iou(one, other) for other in rows(b)] for one in rows(a)]
    return np.array(table, dtype=np.float64).reshape(len(a), len(b))


def clamped(sides: Array) -> Array:
    """Return the areas of sides (..., 2), where a negative side counts 0."""
    return np.maximum(sides, 0).prod(axis=-1)


def ratio(part: Array, whole: Array) -> Array:
    """Return part / whole, and 0 where the whole is not above 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=whole > 0)


def over_union(inside: Array, a: Array, b: Array) -> Array:
    """Return intersection over union from three tables of areas."""
    return ratio(inside, a + b - inside)


def table(
    inside: Callable[[Array], Array] = clamped,
    area: Callable[[Array], Array] = lambda sides: sides.prod(axis=-1),
    share: Callable[[Array, Array, Array], Array] = over_union,
    read: Callable[[Array], Array] = lambda boxes: boxes,
) -> Table:
    """Return a table of overlaps with one step changed, in float64."""

    def overlaps(a: Array, b: Array) -> Array:
        a, b = (read(boxes.astype(np.float64)) for boxes in (a, b))
        low = np.maximum(a[:, None, :2], b[None, :, :2])
        high = np.minimum(a[:, None, 2:], b[None, :, 2:])
        sizes = (area(boxes[:, 2:] - boxes[:, :2]) for boxes in (a, b))
        area_a, area_b = next(sizes)[:, None], next(sizes)[None, :]
        return share(inside(high - low), area_a + 0 * area_b, area_b + 0 * area_a)

    return overlaps


def plus_one(sides: Array) -> Array:
    """Return areas by the old convention, in which both ends belong to the box."""
    return np.maximum(sides + 1, 0).prod(axis=-1)


def as_corner_and_size(boxes: Array) -> Array:
    """Return the corners of boxes that were read as (x, y, w, h)."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def as_centre_and_size(boxes: Array) -> Array:
    """Return the corners of boxes that were read as (cx, cy, w, h)."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def as_intervals(boxes: Array) -> Array:
    """Return the corners of boxes that were read as (x1, x2, y1, y2)."""
    return boxes[:, [0, 2, 1, 3]]


PLUS_ONE = table(inside=plus_one, area=plus_one)
SMALLER = table(share=lambda inside, a, b: ratio(inside, np.minimum(a, b)))
UNCLAMPED = table(inside=lambda sides: sides.prod(axis=-1))


def scattered(rng: np.random.Generator, count: int, side: float = 60.0) -> Array:
    """Return boxes of 4 to 24 pixels that begin somewhere on a square."""
    start = rng.uniform(-5.0, side, size=(count, 2))
    return np.concatenate([start, start + rng.uniform(4.0, 24.0, size=(count, 2))], axis=1)


def shaken(rng: np.random.Generator, boxes: Array, share: float = 0.15) -> Array:
    """Return the boxes with each corner moved by up to a share of the sides."""
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], (1, 2))
    return boxes + share * sides * rng.uniform(-1, 1, size=boxes.shape)


def crowd(rng: np.random.Generator, objects: int, copies: int, share: float = 0.15) -> Array:
    """Return shaken copies of a few boxes, mixed."""
    return rng.permutation(shaken(rng, np.repeat(scattered(rng, objects), copies, axis=0), share))


def eighths(boxes: Array) -> Array:
    """Return boxes in float32 with corners at eighths of a pixel: their areas are exact."""
    return (np.round(8 * boxes) / 8).astype(np.float32)


def strided(boxes: Array) -> Array:
    """Return the same numbers as a view with a negative and a wide step."""
    wide = np.full((len(boxes), 2 * boxes.shape[1]), np.nan, boxes.dtype)
    wide[::-1, ::2] = boxes
    return wide[::-1, ::2]
