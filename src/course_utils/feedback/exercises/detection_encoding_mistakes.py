"""Chapter 6: mistakes in the encoding and decoding of boxes."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.detection_boxes import Array

Pairs = Callable[[Array, Array], Array]
Part = Callable[..., Array]


def _split(boxes: Array) -> tuple[Array, Array]:
    """Return centres and sizes (n, 2)."""
    low, high = boxes[:, :2].astype(np.float64), boxes[:, 2:].astype(np.float64)
    return (low + high) / 2, high - low


def _corner(boxes: Array) -> tuple[Array, Array]:
    """Return first corners and sizes."""
    return boxes[:, :2].astype(np.float64), _split(boxes)[1]


def _joined(centre: Array, sides: Array) -> Array:
    return np.concatenate([centre - sides / 2, centre + sides / 2], axis=1)


def kept(name: str, hint: str, *wrong: Pairs) -> list[Misconception]:
    """Return a mistake in its forms, results in the dtype of the first argument."""

    def cast(change: Pairs) -> Pairs:
        return lambda first, anchors: change(first, anchors).astype(first.dtype)

    return named(name, hint, *map(cast, wrong))


def encoding(
    move: Part = lambda c, c_a, s, s_a: (c - c_a) / s_a,
    grow: Part = lambda s, s_a: np.log(s / s_a),
    split: Callable[[Array], tuple[Array, Array]] = _split,
    finish: Callable[[Array], Array] = lambda deltas: deltas,
) -> Pairs:
    """Return the encoding with one step changed."""

    def encode(boxes: Array, anchors: Array) -> Array:
        (centre, sides), (centre_a, sides_a) = split(boxes), split(anchors)
        parts = [move(centre, centre_a, sides, sides_a), grow(sides, sides_a)]
        return finish(np.concatenate(parts, axis=1))

    return encode


def decoding(
    move: Part = lambda t, c_a, s_a, s: c_a + t * s_a,
    grow: Part = lambda t, s_a: s_a * np.exp(t),
    split: Callable[[Array], tuple[Array, Array]] = _split,
    join: Callable[[Array, Array], Array] = _joined,
    read: Callable[[Array], Array] = lambda deltas: deltas,
) -> Pairs:
    """Return the decoding with one step changed."""

    def decode(deltas: Array, anchors: Array) -> Array:
        t, (centre_a, sides_a) = read(deltas.astype(np.float64)), split(anchors)
        sides = grow(t[:, 2:], sides_a)
        return join(move(t[:, :2], centre_a, sides_a, sides), sides)

    return decode


def _plus_one(boxes: Array) -> tuple[Array, Array]:
    centre, sides = _split(boxes)
    return centre, sides + 1


def _sum_for_centre(boxes: Array) -> tuple[Array, Array]:
    centre, sides = _split(boxes)
    return 2 * centre, sides


def _turned(sides: Array) -> Array:
    return sides[:, ::-1]


def _widths(sides: Array) -> Array:
    return sides[:, :1] + 0 * sides


_MIXED = [0, 2, 1, 3]
_VARIANCES = np.array([0.1, 0.1, 0.2, 0.2])

ENCODE_MISTAKES = [
    *kept(
        "log-missing",
        "the quotient of the sizes came without its logarithm. tw = log(w / w_a) is 0 for an "
        "anchor that fits, and any number is a valid width.",
        encoding(grow=lambda s, s_a: s / s_a),
        encoding(grow=lambda s, s_a: s / s_a - 1),
    ),
    *kept(
        "difference-of-sizes",
        "the sizes were subtracted. Take the logarithm of their quotient.",
        encoding(grow=lambda s, s_a: s - s_a),
        encoding(grow=lambda s, s_a: np.log(np.abs(s - s_a) + 1e-300)),
    ),
    *kept(
        "divided-by-the-box",
        "the move was divided by the size of the box. Divide by the anchor's: the box is not known "
        "when it is decoded.",
        encoding(move=lambda c, c_a, s, s_a: (c - c_a) / s),
    ),
    *kept(
        "not-divided",
        "the move of the centre is in pixels. Divide by the size of the anchor.",
        encoding(move=lambda c, c_a, s, s_a: c - c_a),
    ),
    *kept(
        "corners-for-centres",
        "the first corners were compared. tx and ty are moves of the centre.",
        encoding(split=_corner),
    ),
    *kept(
        "centre-not-halved",
        "x1 + x2 is twice the centre.",
        encoding(split=_sum_for_centre),
    ),
    *kept(
        "turned-round",
        "anchor and box are exchanged: the move leads from the anchor to the box, and w stands "
        "over w_a.",
        encoding(lambda c, c_a, s, s_a: (c_a - c) / s_a, lambda s, s_a: np.log(s_a / s)),
        encoding(move=lambda c, c_a, s, s_a: (c_a - c) / s_a),
        encoding(grow=lambda s, s_a: np.log(s_a / s)),
        encoding(lambda c, c_a, s, s_a: (c_a - c) / s, lambda s, s_a: np.log(s_a / s)),
    ),
    *kept(
        "width-and-height-exchanged",
        "widths and heights are exchanged: x goes with w, y with h.",
        encoding(move=lambda c, c_a, s, s_a: (c - c_a) / _turned(s_a)),
        encoding(grow=lambda s, s_a: np.log(_turned(s) / _turned(s_a))),
        encoding(
            lambda c, c_a, s, s_a: (c - c_a) / _turned(s_a),
            lambda s, s_a: np.log(_turned(s) / _turned(s_a)),
        ),
    ),
    *kept(
        "width-for-both",
        "the width was used for y, too. ty and th take the height of the anchor.",
        encoding(move=lambda c, c_a, s, s_a: (c - c_a) / _widths(s_a)),
    ),
    *kept(
        "plus-one",
        "widths were taken as x2 - x1 + 1. Boxes are half-open: the width is x2 - x1.",
        encoding(split=_plus_one),
    ),
    *kept(
        "columns-mixed",
        "the columns are in the wrong order: tx, ty, tw, th.",
        encoding(finish=lambda deltas: deltas[:, _MIXED]),
        encoding(finish=lambda deltas: deltas[:, [2, 3, 0, 1]]),
    ),
    *kept(
        "variances",
        "the deltas were scaled by 0.1 and 0.2, as SSD does. Here they are not.",
        encoding(finish=lambda deltas: deltas / _VARIANCES),
        encoding(finish=lambda deltas: deltas * _VARIANCES),
    ),
    *kept(
        "log2",
        "log2 was taken. Decoding uses exp: take the natural logarithm.",
        encoding(grow=lambda s, s_a: np.log2(s / s_a)),
        encoding(grow=lambda s, s_a: np.log10(s / s_a)),
    ),
]

DECODE_MISTAKES = [
    *kept(
        "exp-missing",
        "tw is a logarithm: w = w_a exp(tw).",
        decoding(grow=lambda t, s_a: s_a * t),
        decoding(grow=lambda t, s_a: s_a * (1 + t)),
        decoding(grow=lambda t, s_a: s_a + t),
    ),
    *kept(
        "anchor-size-missing",
        "exp(tw) is the size in widths of the anchor. Multiply by w_a.",
        decoding(grow=lambda t, s_a: np.exp(t)),
        decoding(grow=lambda t, s_a: s_a + np.exp(t)),
    ),
    *kept(
        "move-in-pixels",
        "tx is a move in widths of the anchor. Multiply it by w_a.",
        decoding(move=lambda t, c_a, s_a, s: c_a + t),
    ),
    *kept(
        "move-by-the-box",
        "the move was multiplied by the new size. It was divided by the anchor's.",
        decoding(move=lambda t, c_a, s_a, s: c_a + t * s),
    ),
    *kept(
        "anchor-centre-missing",
        "the move starts at the centre of the anchor: add it.",
        decoding(move=lambda t, c_a, s_a, s: t * s_a),
    ),
    *kept(
        "move-turned-round",
        "the move was subtracted. It leads from the anchor to the box.",
        decoding(move=lambda t, c_a, s_a, s: c_a - t * s_a),
    ),
    *kept(
        "corner-for-centre",
        "the move starts at the anchor's centre, not at its first corner.",
        decoding(split=_corner),
        decoding(split=_corner, join=lambda c, s: np.concatenate([c, c + s], axis=1)),
    ),
    *kept(
        "centre-and-size-returned",
        "centres and sizes came back. Return the corners.",
        decoding(join=lambda c, s: np.concatenate([c, s], axis=1)),
        decoding(join=lambda c, s: np.concatenate([c - s / 2, s], axis=1)),
    ),
    *kept(
        "size-not-halved",
        "the corners lie half a width from the centre, not a whole one.",
        decoding(join=lambda c, s: np.concatenate([c - s, c + s], axis=1)),
    ),
    *kept(
        "centre-taken-for-the-corner",
        "the new centre was taken for the first corner. It lies half a width further.",
        decoding(join=lambda c, s: np.concatenate([c, c + s], axis=1)),
    ),
    *kept(
        "width-and-height-exchanged",
        "widths and heights are exchanged: x goes with w, y with h.",
        decoding(move=lambda t, c_a, s_a, s: c_a + t * _turned(s_a)),
        decoding(grow=lambda t, s_a: _turned(s_a) * np.exp(t)),
        decoding(grow=lambda t, s_a: s_a * np.exp(_turned(t))),
        decoding(
            lambda t, c_a, s_a, s: c_a + t * _turned(s_a), lambda t, s_a: _turned(s_a) * np.exp(t)
        ),
    ),
    *kept(
        "columns-mixed",
        "the columns were read in the wrong order. They are tx, ty, tw, th.",
        decoding(read=lambda deltas: deltas[:, _MIXED]),
        decoding(read=lambda deltas: deltas[:, [2, 3, 0, 1]]),
    ),
    *kept(
        "plus-one",
        "widths were taken as x2 - x1 + 1. Boxes are half-open: the width is x2 - x1.",
        decoding(split=_plus_one),
    ),
    *kept(
        "clipped",
        "boxes were cut at 0, or sizes at a limit. Decoding is the inverse of the encoding: "
        "clip afterwards where an image ends.",
        lambda deltas, anchors: np.maximum(decoding()(deltas, anchors), 0),
        *(
            decoding(grow=lambda t, s_a, c=c: s_a * np.exp(np.clip(t, -c, c)))
            for c in (1.0, 2.0, 0.5)
        ),
    ),
]
