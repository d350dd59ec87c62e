"""What a centre-point detector must predict: a heat map with a soft bump at every centre."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .boxes import as_boxes, to_centre

SPREAD = 6.0  # the bump's standard deviation is the object's size over this


def centre_targets(
    boxes: ArrayLike, labels: ArrayLike, num_classes: int, height: int, width: int, stride: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return ``(heat, cells)``: the heat map ``(C, height, width)`` and the cell of each centre.

    ``cells`` is ``(n, 2)``, row and column of the cell of ``stride`` pixels that holds the centre
    of each box. ``heat`` is 1 there and falls off as ``exp(-d_x^2 / 2 s_x^2 - d_y^2 / 2 s_y^2)``
    with a deviation of a sixth of the box's size; where bumps meet the larger counts. Raises
    ValueError for labels outside ``0..C-1``. Source: Zhou, Wang and Krähenbühl (2019), Objects as
    points; the elliptic bump is that of Liu et al. (2020), Training-time-friendly network.
    """
    found, kinds = to_centre(as_boxes(boxes)), np.asarray(labels, np.int64)
    if len(kinds) and not 0 <= kinds.min() <= kinds.max() < num_classes:
        raise ValueError(f"labels must be in 0..{num_classes - 1}, got {np.unique(kinds)}")
    last = (height - 1, width - 1)
    cells = np.minimum((found[:, 1::-1] / stride).astype(np.int64), last)  # (n, 2): row, column
    heat = np.zeros((num_classes, height, width), np.float32)
    y, x = np.arange(height), np.arange(width)
    for (row, column), (w, h), kind in zip(cells, found[:, 2:] / stride, kinds, strict=True):
        s_x, s_y = max(w / SPREAD, 0.3), max(h / SPREAD, 0.3)
        bump = np.exp(-((y - row) ** 2) / (2 * s_y**2))[:, None] * np.exp(
            -((x - column) ** 2) / (2 * s_x**2)
        )
        np.maximum(heat[kind], bump, out=heat[kind])
    return heat, cells


def near_cells(
    cells: NDArray[np.int64], boxes: ArrayLike, height: int, width: int, stride: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells that learn a box: ``(rows, columns, owner)``, each ``(k,)``.

    These are the up to 3 x 3 cells around each centre whose own centre lies inside the box and the
    image; the cell that holds the centre is always among them. ``owner`` is the row of the box.
    """
    found = as_boxes(boxes)
    step = np.indices((3, 3)).reshape(2, -1).T - 1  # (9, 2): row, column
    around = (cells[:, None] + step).reshape(-1, 2)  # (9 n, 2)
    owner = np.repeat(np.arange(len(cells)), 9)
    place = stride * (around[:, ::-1] + 0.5)  # (9 n, 2): x, y
    box = found[owner]
    inside = ((place > box[:, :2]) & (place < box[:, 2:])).all(axis=1)
    inside |= (around == cells[owner]).all(axis=1)
    inside &= ((around >= 0) & (around < (height, width))).all(axis=1)
    return around[inside, 0], around[inside, 1], owner[inside]
