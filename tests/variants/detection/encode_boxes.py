"""Right encodings, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(*sets):
    if any(c.ndim != 2 or c.shape != (len(sets[0]), 4) for c in sets):
        raise ValueError("boxes and anchors must be (n, 4) both")
    if not all((c[:, 2:] > c[:, :2]).all() for c in sets):
        raise ValueError("boxes and anchors must have an area")


@variant
def halves(boxes, anchors):
    refuse(boxes, anchors)
    size, size_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    move = boxes[:, :2] + size / 2 - anchors[:, :2] - size_a / 2
    return np.concatenate([move / size_a, np.log(size / size_a)], axis=1)


@variant
def loops(boxes, anchors):
    refuse(boxes, anchors)
    out = np.zeros_like(boxes)
    for row, (x1, y1, x2, y2), (u1, v1, u2, v2) in zip(out, boxes, anchors, strict=True):
        w, h, p, q = (float(s) for s in (x2 - x1, y2 - y1, u2 - u1, v2 - v1))
        row[:2] = ((x1 + x2) - (u1 + u2)) / (2 * p), ((y1 + y2) - (v1 + v2)) / (2 * q)
        row[2:] = math.log(w / p), math.log(h / q)
    return out


@variant
def matrix(boxes, anchors):
    """Turn corners into centres and sizes by one matrix."""
    refuse(boxes, anchors)
    turn = np.array([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]])
    c, c_a = boxes @ turn, anchors @ turn
    parts = [(c[:, :2] - c_a[:, :2]) / c_a[:, 2:], np.log(c[:, 2:]) - np.log(c_a[:, 2:])]
    return np.hstack(parts).astype(boxes.dtype)


@variant
def columns_filled(boxes, anchors):
    refuse(boxes, anchors)
    out = np.empty(boxes.shape, boxes.dtype)
    for k in (0, 1):
        low, high, low_a, high_a = boxes[:, k], boxes[:, k + 2], anchors[:, k], anchors[:, k + 2]
        out[:, k] = (0.5 * (low + high) - 0.5 * (low_a + high_a)) / (high_a - low_a)
        out[:, k + 2] = np.log((high - low) / (high_a - low_a))
    return out
