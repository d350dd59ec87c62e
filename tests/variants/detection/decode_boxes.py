"""Right decodings, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(deltas, anchors):
    if deltas.ndim != 2 or deltas.shape != anchors.shape or deltas.shape[1] != 4:
        raise ValueError("deltas and anchors must be (n, 4) both")
    if not (anchors[:, 2:] > anchors[:, :2]).all():
        raise ValueError("anchors must have an area")


@variant
def halves(deltas, anchors):
    refuse(deltas, anchors)
    size = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2 + deltas[:, :2] * size
    half = size * np.exp(deltas[:, 2:]) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


@variant
def loops(deltas, anchors):
    refuse(deltas, anchors)
    out = np.zeros_like(deltas)
    for i, ((tx, ty, tw, th), (u1, v1, u2, v2)) in enumerate(zip(deltas, anchors, strict=True)):
        p, q = u2 - u1, v2 - v1
        x, y = (u1 + u2) / 2 + tx * p, (v1 + v2) / 2 + ty * q
        w, h = p * math.exp(tw), q * math.exp(th)
        out[i] = x - w / 2, y - h / 2, x + w / 2, y + h / 2
    return out


@variant
def columns_filled(deltas, anchors):
    refuse(deltas, anchors)
    out = np.empty(deltas.shape, deltas.dtype)
    for k in (0, 1):
        side = anchors[:, k + 2] - anchors[:, k]
        grown = np.exp(deltas[:, k + 2] + np.log(side))
        out[:, k] = anchors[:, k] + side * (0.5 + deltas[:, k]) - 0.5 * grown
        out[:, k + 2] = out[:, k] + grown
    return out
