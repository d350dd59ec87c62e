"""`NormCube`: click a value of a tensor and see which values are averaged with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import traitlets

from course_utils.figures.base import InteractiveFigure

NORMS = ("batch", "layer", "instance", "group")
MOST = 9


def norm_sets(norm: str, shape: Sequence[int], groups: int = 1) -> np.ndarray:
    """Number the set that each value of a tensor is standardised with.

    Args:
        norm: "batch", "layer", "instance" or "group".
        shape: (N, C, HW): samples, channels, places.
        groups: number of equal groups of channels, for "group" only.

    Returns:
        int array (N, C, HW); values with the same number share mean and deviation.

    Raises:
        ValueError: an unknown norm, sizes outside 1..9, or groups that do not divide C.
    """
    _check(norm, shape, groups)
    n, c, _ = np.indices(tuple(shape))
    group = c * groups // shape[1]
    return {"batch": c, "layer": n, "instance": n * shape[1] + c, "group": n * groups + group}[norm]


class NormCube(InteractiveFigure):
    """A tensor (N, C, HW), one slab a sample; the set of the chosen value is filled.

    The reader changes norm, sizes and groups, and chooses a value by pointer or arrow keys (page
    up and down change the sample).

    Args:
        alt: see `InteractiveFigure`.
        norm: "batch", "layer", "instance" or "group".
        shape: (N, C, HW), each in 1..9.
        groups: number of groups of channels; must divide C.
        cell: the value chosen first, (n, c, place), counted from 0.

    Raises:
        ValueError: see `norm_sets`, or a cell outside the tensor.
    """

    module = "norm_cube.js"
    norm = traitlets.Unicode().tag(sync=True)
    shape = traitlets.List(trait=traitlets.Int()).tag(sync=True)
    groups = traitlets.Int().tag(sync=True)
    cell = traitlets.List(trait=traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        *,
        alt: str,
        norm: str = "batch",
        shape: Sequence[int] = (3, 4, 4),
        groups: int = 2,
        cell: Sequence[int] = (0, 1, 0),
        caption: str = "",
    ) -> None:
        _check(norm, shape, groups)
        if len(cell) != 3 or not all(0 <= at < size for at, size in zip(cell, shape, strict=True)):
            raise ValueError(f"cell: got {tuple(cell)}, expected a place in {tuple(shape)}")
        super().__init__(
            alt=alt,
            caption=caption,
            norm=norm,
            shape=list(shape),
            groups=groups,
            cell=list(cell),
        )

    def members(self) -> np.ndarray:
        """Which values share the statistics of the chosen one: bool (N, C, HW)."""
        sets = norm_sets(self.norm, self.shape, self.groups)
        return sets == sets[tuple(self.cell)]


def _check(norm: str, shape: Sequence[int], groups: int) -> None:
    if norm not in NORMS:
        raise ValueError(f"norm: got {norm!r}, expected one of {list(NORMS)}")
    if len(shape) != 3 or not all(1 <= size <= MOST for size in shape):
        raise ValueError(f"shape: got {tuple(shape)}, expected (N, C, HW), each in 1..{MOST}")
    if groups < 1 or shape[1] % groups:
        raise ValueError(f"groups: got {groups}, expected a divisor of the {shape[1]} channels")
