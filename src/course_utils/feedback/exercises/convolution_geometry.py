"""Chapter 4: which weight meets which pixel, and shapes shared by the exercises.

The references of the convolution exercises are all sums over one list of connections, taken from
the definition. Nothing is padded, sliced or reshaped there, as it is in every usual solution.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception

Pair = int | tuple[int, int]
Two = tuple[int, int]


def pair(value: Pair) -> Two:
    """Return a setting for rows and columns: a single number holds for both."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def output_shape(image: Two, kernel: Two, stride: Two, padding: Two, dilation: Two = (1, 1)) -> Two:
    """Return floor((n + 2p - d(k-1) - 1) / s) + 1 for rows and columns."""
    rows, columns = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(image, kernel, stride, padding, dilation, strict=True)
    )
    return rows, columns


def connections(
    image: Two, kernel: Two, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1
) -> Iterator[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]:
    """Yield (i, j), (u, v), (r, c): output (i, j) takes weight (u, v) times pixel (r, c).

    r = s_h i - p_h + d_h u, and likewise c. Pixels outside of the image count as 0: left out.
    """
    s, p, d = pair(stride), pair(padding), pair(dilation)
    for i, j in np.ndindex(output_shape(image, kernel, s, p, d)):
        for u, v in np.ndindex(kernel):
            r, c = s[0] * i - p[0] + d[0] * u, s[1] * j - p[1] + d[1] * v
            if 0 <= r < image[0] and 0 <= c < image[1]:
                yield (i, j), (u, v), (r, c)


def padded(x: np.ndarray, before: Two, after: Two) -> np.ndarray:
    """Return x (B, C, H, W) with zeros before and after its rows and columns."""
    sides = [(0, 0), (0, 0), *zip(before, after, strict=True)]
    return np.pad(x, sides)


def narrow(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return normal numbers in float32."""
    return rng.normal(size=shape).astype(np.float32)


def view(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return an array of this shape that is a view: a step of -1 in the rows, 2 in the columns."""
    *front, rows, columns = shape
    return rng.normal(size=(*front, rows, 2 * columns))[..., ::-1, ::2]


def swap(value: Two) -> Two:
    """Return a pair in the wrong order."""
    return value[1], value[0]


def first(value: Two) -> Two:
    """Return the first number of a pair twice."""
    return value[0], value[0]


def strict(wrong: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Return a mistake made by a student who refuses to return an empty result."""

    def refusing(*args: Any, **settings: Any) -> np.ndarray:
        result = wrong(*args, **settings)
        if result.size == 0:
            raise ValueError("no window fits")
        return result

    return refusing


def named(name: str, hint: str, *wrong: Callable[..., Any]) -> list[Misconception]:
    """Return one mistake in the several forms that students give it."""
    return [Misconception(name, hint, each) for each in wrong]
