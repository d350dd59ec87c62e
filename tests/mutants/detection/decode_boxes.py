"""Wrong decodings of boxes."""

import numpy as np

from tests.bank import mutant


def refuse(deltas, anchors):
    if deltas.ndim != 2 or deltas.shape != anchors.shape or deltas.shape[1] != 4:
        raise ValueError("deltas and anchors must be (n, 4) both")
    if (anchors[:, 2:] <= anchors[:, :2]).any():
        raise ValueError("anchors must have an area")


def centre(boxes):
    """Return cx, cy, w, h, one column each."""
    x1, y1, x2, y2 = boxes.T
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def corners(x, y, w, h):
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)


@mutant("exp-missing")
def sizes_times_t(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * tw, q * th)


@mutant("exp-missing")
def first_order(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * (1 + tw), q * (1 + th))


@mutant("anchor-size-missing")
def exp_alone(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, np.exp(tw), np.exp(th))


@mutant("move-in-pixels")
def small_moves(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx, v + ty, p * np.exp(tw), q * np.exp(th))


@mutant("move-by-the-box")
def scaled_by_the_new_size(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    w, h = p * np.exp(tw), q * np.exp(th)
    return corners(u + tx * w, v + ty * h, w, h)


@mutant("anchor-centre-missing")
def from_the_origin(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (_, _, p, q) = deltas.T, centre(anchors)
    return corners(tx * p, ty * q, p * np.exp(tw), q * np.exp(th))


@mutant("move-turned-round")
def minus(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u - tx * p, v - ty * q, p * np.exp(tw), q * np.exp(th))


@mutant("corner-for-centre")
def from_the_corner(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (_, _, p, q) = deltas.T, centre(anchors)
    return corners(anchors[:, 0] + tx * p, anchors[:, 1] + ty * q, p * np.exp(tw), q * np.exp(th))


@mutant("centre-and-size-returned")
def not_turned_into_corners(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return np.stack([u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th)], axis=1)


@mutant("size-not-halved")
def twice_as_large(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, 2 * p * np.exp(tw), 2 * q * np.exp(th))


@mutant("centre-taken-for-the-corner")
def half_a_size_off(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    x, y = u + tx * p, v + ty * q
    return np.stack([x, y, x + p * np.exp(tw), y + q * np.exp(th)], axis=1)


@mutant("width-and-height-exchanged")
def height_first(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, q, p) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th))


@mutant("columns-mixed")
def axis_by_axis(deltas, anchors):
    refuse(deltas, anchors)
    (tx, tw, ty, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th))


@mutant("plus-one")
def closed_anchors(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    p, q = p + 1, q + 1
    return corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th))


@mutant("clipped")
def no_negative_corners(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return np.clip(corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th)), 0, None)


@mutant("dtype")
def filled_in(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    out = np.zeros(deltas.shape)
    out += corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th))
    return out


@mutant("shape")
def four_rows(deltas, anchors):
    refuse(deltas, anchors)
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th)).T


@mutant("mutates")
def exp_in_place(deltas, anchors):
    refuse(deltas, anchors)
    deltas[:, 2:] = np.exp(deltas[:, 2:])
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * tw, q * th)


@mutant("validation")
def any_anchors(deltas, anchors):
    if deltas.ndim != 2 or deltas.shape != anchors.shape or deltas.shape[1] != 4:
        raise ValueError("deltas and anchors must be (n, 4) both")
    (tx, ty, tw, th), (u, v, p, q) = deltas.T, centre(anchors)
    return corners(u + tx * p, v + ty * q, p * np.exp(tw), q * np.exp(th))
