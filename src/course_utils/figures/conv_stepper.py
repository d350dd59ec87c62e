"""`ConvStepper`: a convolution done by hand, one output at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from course_utils.figures.base import InteractiveFigure, rounded_list

MAX_SIDE, MAX_CHANNELS, MAX_KERNEL = 8, 3, 5
KNOBS = {
    "stride": (1, 2, 3),
    "padding": (0, 1, 2, 3, 4),
    "dilation": (1, 2, 3),
}


class ConvStepper(InteractiveFigure):
    """An input, a kernel and their cross-correlation, which buttons and arrow keys fill in.

    The browser highlights the window of the current output and writes its sum out:
    ``y[i, j] = sum_{c, a, b} w[c, a, b] x[c, s i + r a - p, s j + r b - p]``, with zeros outside
    of the input; with `flip` the kernel is turned by half a turn first, which makes it a true
    convolution. The output has ``floor((n + 2p - r (k - 1) - 1) / s) + 1`` rows and columns.

    Args:
        inputs: (n, n) or (C, n, n), n up to 8, C up to 3.
        kernels: one array (k, k) or (C, k, k) for each kernel size offered, k up to 5.
        alt: see `InteractiveFigure`.
        kernel: the size shown first; by default that of the first kernel.
        stride, padding, dilation: shown first, in 1..3, 0..4 and 1..3.
        flip: whether the kernel is shown flipped first.
        channels: how many of the C channels are used first; by default all.
        knobs: which of "kernel", "stride", "padding", "dilation", "flip", "channels" the reader
            may change.
        caption: an optional line under the figure.

    Raises:
        ValueError: shapes that do not fit, two kernels of one size, or an unknown knob or value.
    """

    module = "conv_stepper.js"
    inputs = traitlets.List().tag(sync=True)
    kernels = traitlets.List().tag(sync=True)
    knobs = traitlets.Dict().tag(sync=True)
    value = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        inputs: ArrayLike,
        kernels: Sequence[ArrayLike],
        *,
        alt: str,
        kernel: int | None = None,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        flip: bool = False,
        channels: int | None = None,
        knobs: Sequence[str] = ("kernel", "stride", "padding", "dilation"),
        caption: str = "",
    ) -> None:
        planes = _planes("inputs", inputs, MAX_SIDE)
        filters = [_planes("kernels", one, MAX_KERNEL) for one in kernels]
        sizes = [one.shape[-1] for one in filters]
        if any(one.shape[0] != planes.shape[0] for one in filters):
            raise ValueError(
                f"kernels: got {[one.shape[0] for one in filters]} channels, "
                f"expected {planes.shape[0]} like the inputs"
            )
        if not sizes or len(set(sizes)) != len(sizes):
            raise ValueError(f"kernels: got the sizes {sizes}, expected one or more, none twice")
        offered: dict[str, Sequence[Any]] = {"kernel": sorted(sizes), **KNOBS}
        offered |= {"flip": (False, True), "channels": tuple(range(1, planes.shape[0] + 1))}
        start = {"kernel": sizes[0] if kernel is None else kernel, "stride": stride}
        start |= {"padding": padding, "dilation": dilation, "flip": flip}
        start["channels"] = len(planes) if channels is None else channels
        _check(start, offered, knobs)
        super().__init__(
            alt=alt,
            caption=caption,
            inputs=[[rounded_list(row) for row in plane] for plane in planes],
            kernels=[[[rounded_list(row) for row in plane] for plane in one] for one in filters],
            knobs={name: list(offered[name]) for name in knobs},
            value={**start, "position": 0},
        )

    def output(self) -> np.ndarray:
        """What the figure computes for the setting on show, (m, m); empty if nothing fits."""
        v = self.value
        w = np.array(next(one for one in self.kernels if len(one[0]) == v["kernel"]), dtype=float)
        w = w[: v["channels"], ::-1, ::-1] if v["flip"] else w[: v["channels"]]
        p, r, s = v["padding"], v["dilation"], v["stride"]
        x = np.pad(np.array(self.inputs, dtype=float)[: v["channels"]], ((0, 0), (p, p), (p, p)))
        span = r * (w.shape[-1] - 1) + 1
        starts = range(0, x.shape[-1] - span + 1, s)
        sums = [
            [np.sum(w * x[:, i : i + span : r, j : j + span : r]) for j in starts] for i in starts
        ]
        return np.array(sums).reshape(len(starts), len(starts))


def _planes(name: str, values: ArrayLike, most: int) -> np.ndarray:
    """`values` as (C, n, n)."""
    array = np.asarray(values, dtype=float)
    array = array[None] if array.ndim == 2 else array
    square = array.ndim == 3 and array.shape[1] == array.shape[2]
    if not square or not 1 <= array.shape[0] <= MAX_CHANNELS or not 1 <= array.shape[1] <= most:
        raise ValueError(
            f"{name}: got shape {np.shape(values)}, expected (n, n) or (C, n, n) with n up to "
            f"{most} and C up to {MAX_CHANNELS}"
        )
    return array


def _check(start: dict[str, Any], offered: dict[str, Sequence[Any]], knobs: Sequence[str]) -> None:
    unknown = sorted(set(knobs) - offered.keys())
    if unknown:
        raise ValueError(f"knobs: got {unknown}, expected some of {list(offered)}")
    for name, value in start.items():
        if value not in offered[name]:
            raise ValueError(f"{name}: got {value}, expected one of {list(offered[name])}")
