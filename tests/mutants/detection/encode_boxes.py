"""Wrong encodings of boxes."""

import numpy as np

from tests.bank import mutant


def refuse(*sets):
    if any(c.ndim != 2 or c.shape[1] != 4 or c.shape != sets[0].shape for c in sets):
        raise ValueError("boxes and anchors must be (n, 4) both")
    if any((c[:, 2:] <= c[:, :2]).any() for c in sets):
        raise ValueError("boxes and anchors must have an area")


def centre(boxes):
    """Return cx, cy, w, h, one column each."""
    x1, y1, x2, y2 = boxes.T
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def columns(*parts):
    return np.stack(parts, axis=1)


@mutant("log-missing")
def plain_quotient(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / q, w / p, h / q)


@mutant("difference-of-sizes")
def sizes_subtracted(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / q, w - p, h - q)


@mutant("divided-by-the-box")
def by_the_box(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / w, (y - v) / h, np.log(w / p), np.log(h / q))


@mutant("not-divided")
def in_pixels(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns(x - u, y - v, np.log(w / p), np.log(h / q))


@mutant("corners-for-centres")
def first_corners(boxes, anchors):
    refuse(boxes, anchors)
    (_, _, w, h), (_, _, p, q) = centre(boxes), centre(anchors)
    move = (boxes[:, :2] - anchors[:, :2]) / columns(p, q)
    return np.hstack([move, columns(np.log(w / p), np.log(h / q))])


@mutant("centre-not-halved")
def sums(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns(2 * (x - u) / p, 2 * (y - v) / q, np.log(w / p), np.log(h / q))


@mutant("turned-round")
def from_box_to_anchor(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((u - x) / p, (v - y) / q, np.log(w / p), np.log(h / q))


@mutant("turned-round")
def arguments_exchanged(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(anchors), centre(boxes)
    return columns((x - u) / p, (y - v) / q, np.log(w / p), np.log(h / q))


@mutant("width-and-height-exchanged")
def height_first(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, h, w), (u, v, q, p) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / q, np.log(w / p), np.log(h / q))


@mutant("width-for-both")
def copied_line(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / p, np.log(w / p), np.log(h / q))


@mutant("plus-one")
def closed_boxes(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    w, h, p, q = w + 1, h + 1, p + 1, q + 1
    return columns((x - u) / p, (y - v) / q, np.log(w / p), np.log(h / q))


@mutant("columns-mixed")
def axis_by_axis(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, np.log(w / p), (y - v) / q, np.log(h / q))


@mutant("variances")
def as_in_ssd(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    move = columns((x - u) / p / 0.1, (y - v) / q / 0.1)
    return np.hstack([move, columns(np.log(w / p) / 0.2, np.log(h / q) / 0.2)])


@mutant("log2")
def bits(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / q, np.log2(w / p), np.log2(h / q))


@mutant("dtype")
def filled_in(boxes, anchors):
    refuse(boxes, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    out = np.empty(boxes.shape)
    out[:] = columns((x - u) / p, (y - v) / q, np.log(w / p), np.log(h / q))
    return out


@mutant("mutates")
def sizes_in_place(boxes, anchors):
    refuse(boxes, anchors)
    for c in (boxes, anchors):
        c[:, 2:] -= c[:, :2]
        c[:, :2] += c[:, 2:] / 2
    move = (boxes[:, :2] - anchors[:, :2]) / anchors[:, 2:]
    return np.hstack([move, np.log(boxes[:, 2:] / anchors[:, 2:])])


@mutant("validation")
def sizes_of_zero(boxes, anchors):
    if boxes.ndim != 2 or boxes.shape != anchors.shape or boxes.shape[1] != 4:
        raise ValueError("boxes and anchors must be (n, 4) both")
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / q, np.log(w / p), np.log(h / q))


@mutant("validation")
def one_anchor_for_all(boxes, anchors):
    refuse(boxes, boxes)
    refuse(anchors, anchors)
    (x, y, w, h), (u, v, p, q) = centre(boxes), centre(anchors)
    return columns((x - u) / p, (y - v) / q, np.log(w / p), np.log(h / q))
