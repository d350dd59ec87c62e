"""Right generalised overlaps, written differently."""

import numpy as np

from tests.bank import variant


def refuse(*sets):
    for boxes in sets:
        if boxes.ndim != 2 or boxes.shape[1] != 4 or not (boxes[:, 2:] >= boxes[:, :2]).all():
            raise ValueError("boxes must be (n, 4) with x1 <= x2 and y1 <= y2")


@variant
def broadcast(a, b):
    refuse(a, b)
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    far = np.maximum(a[:, None, 2:], b[:, 2:]) - np.minimum(a[:, None, :2], b[:, :2])
    inside = np.maximum(high - low, 0).prod(axis=-1)
    hull = far.prod(axis=-1)
    area_a, area_b = ((c[:, 2:] - c[:, :2]).prod(axis=1) for c in (a, b))
    union = area_a[:, None] + area_b - inside
    iou = np.divide(inside, union, out=np.zeros_like(union), where=union > 0)
    return iou - np.divide(hull - union, hull, out=np.zeros_like(hull), where=hull > 0)


def one(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    inside = max(width, 0.0) * max(height, 0.0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inside
    hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
    return (inside / union if union else 0.0) - (1 - union / hull if hull else 0.0)


@variant
def loops(a, b):
    refuse(a, b)
    out = np.zeros((len(a), len(b)), a.dtype)
    for i, j in np.ndindex(out.shape):
        out[i, j] = one(a[i].astype(float), b[j].astype(float))
    return out


@variant
def rewritten(a, b):
    """IoU - 1 + union / hull, where there is a hull."""
    refuse(a, b)
    (x1, y1, x2, y2), (u1, v1, u2, v2) = a.T[..., None], b.T[:, None]
    inside = np.fmax(np.fmin(x2, u2) - np.fmax(x1, u1), 0)
    inside = inside * np.fmax(np.fmin(y2, v2) - np.fmax(y1, v1), 0)
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inside
    hull = (np.fmax(x2, u2) - np.fmin(x1, u1)) * (np.fmax(y2, v2) - np.fmin(y1, v1))
    some, wide = np.where(union > 0, union, 1), np.where(hull > 0, hull, 1)
    return (inside / some + np.where(hull > 0, union / wide - 1, 0)).astype(a.dtype)
