"""Chapter 7: labels of connected pixels, right and wrong."""

from collections.abc import Callable, Iterator

import numpy as np

FOUR = ((-1, 0), (1, 0), (0, -1), (0, 1))
EIGHT = (*FOUR, (-1, -1), (-1, 1), (1, -1), (1, 1))
Array = np.ndarray
Pixel = tuple[int, int]


def reading_order(mask: Array) -> Iterator[Pixel]:
    """Yield the pixels row by row."""
    yield from np.ndindex(*mask.shape)


def column_order(mask: Array) -> Iterator[Pixel]:
    """Yield the pixels column by column."""
    for j, i in np.ndindex(*mask.shape[::-1]):
        yield i, j


def backwards(mask: Array) -> Iterator[Pixel]:
    """Yield the pixels from the last to the first."""
    yield from reversed(list(np.ndindex(*mask.shape)))


def flood(
    steps: tuple[Pixel, ...] = FOUR,
    order: Callable[[Array], Iterator[Pixel]] = reading_order,
    wrap: Callable[[int, int], int] = lambda place, size: place,
    value: int = 1,
    finish: Callable[[Array], Array] = lambda labels: labels,
) -> Callable[[Array], Array]:
    """Return the labels by flooding from each pixel that has none, with one step changed."""

    def label(mask: Array) -> Array:
        inside = np.asarray(mask).astype(np.int64) == value
        labels, count = np.zeros(inside.shape, np.int64), 0
        for start in order(inside):
            if inside[start] and not labels[start]:
                count += 1
                _fill(inside, labels, start, count, steps, wrap)
        return finish(labels)

    return label


def _fill(
    inside: Array,
    labels: Array,
    start: Pixel,
    number: int,
    steps: tuple[Pixel, ...],
    wrap: Callable[[int, int], int],
) -> None:
    (height, width), stack = inside.shape, [start]
    labels[start] = number
    while stack:
        i, j = stack.pop()
        for di, dj in steps:
            r, c = wrap(i + di, height), wrap(j + dj, width)
            if 0 <= r < height and 0 <= c < width and inside[r, c] and not labels[r, c]:
                labels[r, c] = number
                stack.append((r, c))


connected_instances = flood()


def one_pass(mask: Array, equal: bool = False) -> Array:
    """Take the label above or, failing that, to the left; ``equal`` joins labels that meet."""
    labels, parent = np.zeros(mask.shape, np.int64), [0]

    def root(n: int) -> int:
        while parent[n] != n:
            n = parent[n]
        return n

    for i, j in np.ndindex(*mask.shape):
        if not mask[i, j]:
            continue
        above = int(labels[i - 1, j]) if i else 0
        left = int(labels[i, j - 1]) if j else 0
        if not above and not left:
            parent.append(len(parent))
        labels[i, j] = above or left or len(parent) - 1
        if equal and above and left:
            low, high = sorted((root(above), root(left)))
            parent[high] = low
    return np.array([root(n) for n in range(len(parent))])[labels]


def by_size(labels: Array) -> Array:
    """Number the objects by falling size, equal ones in reading order."""
    sizes = np.bincount(labels.ravel())[1:]
    new = np.zeros(len(sizes) + 1, np.int64)
    new[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, len(sizes) + 1)
    return new[labels]


def place_of_the_first(labels: Array) -> Array:
    """Give each object the position of its first pixel, counted from 1."""
    numbers, first = np.unique(labels, return_index=True)
    new = np.where(numbers > 0, first + 1, 0)
    return new[np.searchsorted(numbers, labels)]


def recursive(mask: Array) -> Array:
    """Flood by a function that calls itself for each pixel."""
    labels = np.zeros(mask.shape, np.int64)

    def visit(i: int, j: int, number: int) -> None:
        if 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1] and mask[i, j] and not labels[i, j]:
            labels[i, j] = number
            for di, dj in FOUR:
                visit(i + di, j + dj, number)

    for i, j in np.ndindex(*mask.shape):
        if mask[i, j] and not labels[i, j]:
            visit(i, j, int(labels.max()) + 1)
    return labels


def rows_apart(mask: Array) -> Array:
    """Number the runs of each row: upper and lower neighbours are not looked at."""
    return flood(((0, -1), (0, 1)))(mask)
