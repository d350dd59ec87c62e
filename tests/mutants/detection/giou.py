"""Wrong generalised overlaps."""

import numpy as np

from tests.bank import mutant


def refuse(*sets):
    for boxes in sets:
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"boxes must be (n, 4), got {boxes.shape}")
        if (boxes[:, 2:] < boxes[:, :2]).any():
            raise ValueError("x1 <= x2 and y1 <= y2 must hold")


def pieces(a, b):
    """Return intersection, union and hull of each pair."""
    refuse(a, b)
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    width, height = np.moveaxis(np.clip(high - low, 0, None), -1, 0)
    far = np.maximum(a[:, None, 2:], b[:, 2:]) - np.minimum(a[:, None, :2], b[:, :2])
    area_a, area_b = ((c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1]) for c in (a, b))
    inside = width * height
    return inside, area_a[:, None] + area_b - inside, far[..., 0] * far[..., 1]


def over(part, whole):
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), 0).astype(part.dtype)


def right(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - over(hull - union, hull)


@mutant("iou-only")
def plain(a, b):
    inside, union, _ = pieces(a, b)
    return over(inside, union)


@mutant("hull-is-the-intersection")
def max_and_min_exchanged(a, b):
    inside, union, _ = pieces(a, b)
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    hull = np.prod(high - low, axis=2)
    return over(inside, union) - over(hull - union, hull)


@mutant("divided-by-the-union")
def wrong_divisor(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - over(hull - union, union)


@mutant("not-divided")
def pixels(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - (hull - union)


@mutant("hull-minus-intersection")
def all_but_the_shared(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - over(hull - inside, hull)


@mutant("hull-minus-both-areas")
def shared_subtracted_twice(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - over(hull - (union + inside), hull)


@mutant("penalty-added")
def rewarded(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) + over(hull - union, hull)


@mutant("share-of-the-union")
def filled_share(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - over(union, hull)


@mutant("never-below-zero")
def cut(a, b):
    return np.clip(right(a, b), 0, 1)


@mutant("loss-returned")
def loss(a, b):
    return 1 - right(a, b)


@mutant("distance-of-the-centres")
def diou(a, b):
    inside, union, _ = pieces(a, b)
    middle_a, middle_b = ((c[:, :2] + c[:, 2:]) / 2 for c in (a, b))
    far = np.maximum(a[:, None, 2:], b[:, 2:]) - np.minimum(a[:, None, :2], b[:, :2])
    apart = ((middle_a[:, None] - middle_b) ** 2).sum(axis=2)
    return over(inside, union) - over(apart, (far**2).sum(axis=2))


@mutant("negative-not-clamped")
def product_of_negatives(a, b):
    _, _, hull = pieces(a, b)
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    inside = np.prod(high - low, axis=2)
    area_a, area_b = (np.prod(c[:, 2:] - c[:, :2], axis=1) for c in (a, b))
    union = area_a[:, None] + area_b - inside
    return over(inside, union) - over(hull - union, hull)


@mutant("plus-one")
def closed_boxes(a, b):
    refuse(a, b)
    a, b = (np.hstack([c[:, :2], c[:, 2:] + 1]).astype(c.dtype) for c in (a, b))
    return right(a, b)


@mutant("empty-hull")
def nothing_over_nothing(a, b):
    inside, union, hull = pieces(a, b)
    return inside / union - (hull - union) / hull


@mutant("empty-hull")
def guarded_by_halves(a, b):
    inside, union, hull = pieces(a, b)
    return over(inside, union) - (hull - union) / hull


@mutant("epsilon-in-the-union")
def a_little_added(a, b):
    inside, union, hull = pieces(a, b)
    little = a.dtype.type(1e-7)
    return inside / (union + little) - (hull - union) / (hull + little)


@mutant("row-by-row")
def diagonal(a, b):
    return np.diag(right(a, b))


@mutant("transposed")
def columns_first(a, b):
    return right(b, a)


@mutant("dtype")
def zeros_of_float64(a, b):
    out = np.zeros((len(a), len(b)))
    out += right(a, b)
    return out


@mutant("validation")
def any_boxes(a, b):
    if a.shape[-1:] != (4,) or b.shape[-1:] != (4,):
        raise ValueError("boxes must be (n, 4)")
    return right(
        *(np.hstack([np.minimum(c[:, :2], c[:, 2:]), c[:, 2:]]) for c in (np.atleast_2d(a), b))
    )
