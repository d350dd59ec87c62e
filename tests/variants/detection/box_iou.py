"""Right overlaps of boxes, written differently."""

import numpy as np

from tests.bank import variant


def refuse(*sets):
    for boxes in sets:
        if boxes.ndim != 2 or boxes.shape[1] != 4 or not (boxes[:, 2:] >= boxes[:, :2]).all():
            raise ValueError("boxes must be (n, 4) with x1 <= x2 and y1 <= y2")


@variant
def broadcast(a, b):
    refuse(a, b)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    area_a, area_b = ((c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b))
    union = area_a[:, None] + area_b - inside
    return np.where(union > 0, inside / np.where(union > 0, union, 1), 0).astype(a.dtype)


@variant
def loops(a, b):
    refuse(a, b)
    out = np.zeros((len(a), len(b)), a.dtype)
    for i, (x1, y1, x2, y2) in enumerate(a.tolist()):
        for j, (u1, v1, u2, v2) in enumerate(b.tolist()):
            width, height = min(x2, u2) - max(x1, u1), min(y2, v2) - max(y1, v1)
            if width > 0 and height > 0:
                inside = width * height
                out[i, j] = inside / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inside)
    return out


@variant
def one_row_at_a_time(a, b):
    refuse(a, b)
    out = np.empty((len(a), len(b)), dtype=a.dtype)
    sizes = np.ptp(b.reshape(-1, 2, 2), axis=1).prod(axis=1) if len(b) else np.zeros(0)
    for row, box in zip(out, a, strict=True):
        width = np.maximum(np.minimum(box[2], b[:, 2]) - np.maximum(box[0], b[:, 0]), 0)
        height = np.maximum(np.minimum(box[3], b[:, 3]) - np.maximum(box[1], b[:, 1]), 0)
        union = (box[2] - box[0]) * (box[3] - box[1]) + sizes - width * height
        with np.errstate(invalid="ignore"):
            row[:] = np.nan_to_num(width * height / union)
    return out


@variant
def maximum_of_the_union(a, b):
    """Divide by at least the smallest number: an empty union has an empty intersection."""
    refuse(a, b)
    (x1, y1, x2, y2), (u1, v1, u2, v2) = a.T[:, :, None], b.T[:, None, :]
    inside = (np.minimum(x2, u2) - np.maximum(x1, u1)).clip(0)
    inside = inside * (np.minimum(y2, v2) - np.maximum(y1, v1)).clip(0)
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inside
    return inside / np.maximum(union, np.finfo(a.dtype).tiny)
