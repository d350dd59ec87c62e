"""Chapter 10: which pixel meets which weight, and what becomes of it when an index is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import connections
from course_utils.kernels.exercises.arrays import Array

Index = Callable[[Array, Array, int, int], Array]  # of output pixels, taps, stride, padding
Edge = Callable[[Array, Array, Array, int, int], Array]

EDGES = (
    "pixels beyond the left or right edge were read from the neighbouring row. Mask rows and "
    "columns, each on both sides: 0 <= h < H and 0 <= v < W."
)


def convolution(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    """Add up the connections of the definition, in float64 and without rounding the result."""
    images, weights = x.astype(np.float64), w.astype(np.float64)
    size = [
        (n + 2 * padding - k) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True)
    ]
    y = np.zeros((x.shape[0], w.shape[0], *size)) + b.astype(np.float64)[:, None, None]
    for (i, j), (u, v), (r, c) in connections(x.shape[2:], w.shape[2:], stride, padding):
        y[:, :, i, j] += images[:, :, r, c] @ weights[:, :, u, v].T
    return y


def weight_gradient(grad_y: Array, x: Array, w: Array, stride: int = 1, padding: int = 0) -> Array:
    """Add up the connections of the definition, in float64 and without rounding the result."""
    images, gradients, dw = x.astype(np.float64), grad_y.astype(np.float64), np.zeros(w.shape)
    for (i, j), (u, v), (r, c) in connections(x.shape[2:], w.shape[2:], stride, padding):
        dw[:, :, u, v] += gradients[:, :, i, j].T @ images[:, :, r, c]
    return dw


def zeros_outside(x: Array, rows: Array, columns: Array) -> Array:
    """Return the pixels (B, C, ...) at these places, 0 outside of the image."""
    height, width = x.shape[2:]
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    found = x[:, :, rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return found * there


def wrapped_in_image(x: Array, rows: Array, columns: Array) -> Array:
    """The same where only the place in the whole image is masked: rows run into each other."""
    height, width = x.shape[2:]
    place = rows * width + columns
    found = x.reshape(*x.shape[:2], -1)[:, :, place.clip(0, height * width - 1)]
    return found * ((place >= 0) & (place < height * width))


def wrapped_in_batch(x: Array, rows: Array, columns: Array) -> Array:
    """The same where only the place in the whole batch is masked, channels last."""
    batch, channels, height, width = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, channels)
    image = np.arange(batch).reshape(-1, *[1] * rows.ndim)
    place = image * height * width + rows * width + columns
    found = flat[place.clip(0, len(flat) - 1)] * ((place >= 0) & (place < len(flat)))[..., None]
    return np.moveaxis(found, -1, 1)


def wrapped_columns(x: Array, rows: Array, columns: Array) -> Array:
    """The same where rows are masked and columns are not: they run into the next row."""
    height = x.shape[2]
    return wrapped_in_batch(x, rows, columns) * ((rows >= 0) & (rows < height))


def straight(p: Array, r: Array, stride: int, padding: int) -> Array:
    """Return the row of x that tap r of output row p reads."""
    return p * stride - padding + r


@dataclass(frozen=True)
class Windows:
    """How a kernel reads the windows of an image: (B, C, P, Q, R, S), maybe wrongly."""

    index: Index = straight
    pixels: Callable[[Array, Array, Array], Array] = zeros_outside
    taps_exchanged: bool = False

    def __call__(
        self, x: Array, kernel: tuple[int, int], stride: int, padding: int, size: tuple[int, int]
    ) -> Array:
        """Return float32 windows of x for outputs of ``size``."""
        p, q, r, s = np.ogrid[: size[0], : size[1], : kernel[0], : kernel[1]]
        if self.taps_exchanged:
            tap = r * kernel[1] + s
            r, s = tap % kernel[0], tap // kernel[0]
        rows, columns = np.broadcast_arrays(
            self.index(p, r, stride, padding), self.index(q, s, stride, padding)
        )
        return self.pixels(x.astype(np.float32), rows, columns)


RIGHT = Windows()


def output_size(x: Array, w: Array, stride: int, padding: int) -> tuple[int, int]:
    """Return (P, Q)."""
    p, q = (
        (n + 2 * padding - k) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True)
    )
    return p, q


def layer(rng: np.random.Generator, make: Callable[..., Array], *sizes: int) -> tuple:
    """Return x, w, b by ``make(rng, *shape)`` for the sizes B, C, H, W, F, R, S."""
    batch, channels, height, width, filters, r, s = sizes
    shapes = ((batch, channels, height, width), (filters, channels, r, s), (filters,))
    return tuple(make(rng, *shape) for shape in shapes)


def cancelling_images(
    rng: np.random.Generator, batch: int, channels: int, filters: int, across: str, scale: float
) -> tuple[Array, Array, Array]:
    """Return x, w, b in float16, for windows of 3 x 2: huge partial sums, small results.

    What one half of the channels adds, or the first row of a window, the other half takes away.
    """
    x = np.repeat(rng.uniform(2, 4, (batch, channels, 1, 9)), 8, axis=2)
    w = rng.uniform(2, 4, (filters, channels, 3, 2))
    if across == "rows":
        w[:, :, 1] = rng.normal(size=w[:, :, 1].shape) / 16
        w[:, :, 2] = -w[:, :, 0]
    else:
        first = channels // 2
        x[:, first:], w[:, first:] = -x[:, : channels - first], w[:, : channels - first]
    x += rng.normal(size=x.shape) / 16
    b = rng.normal(size=filters)
    return (scale * x).astype(np.float16), (scale * w).astype(np.float16), b.astype(np.float16)
