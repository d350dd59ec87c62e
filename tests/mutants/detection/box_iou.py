"""Wrong overlaps of boxes."""

import numpy as np

from tests.bank import mutant


def refuse(*sets):
    for boxes in sets:
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"boxes must be (n, 4), got {boxes.shape}")
        if (boxes[:, 2:] < boxes[:, :2]).any():
            raise ValueError("x1 <= x2 and y1 <= y2 must hold")


def sides(a, b):
    """Return width and height of what each pair shares, negative where they are apart."""
    width = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    height = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    return width, height


def areas(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def shared(a, b):
    width, height = sides(a, b)
    return np.where((width > 0) & (height > 0), width * height, 0)


def divided(part, whole):
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), 0).astype(part.dtype)


@mutant("negative-not-clamped")
def product_of_negatives(a, b):
    refuse(a, b)
    width, height = sides(a, b)
    inside = width * height
    return divided(inside, areas(a)[:, None] + areas(b) - inside)


@mutant("negative-not-clamped")
def clamped_too_late(a, b):
    refuse(a, b)
    width, height = sides(a, b)
    inside = np.clip(width * height, 0, None)
    return divided(inside, areas(a)[:, None] + areas(b) - inside)


@mutant("plus-one")
def closed_boxes(a, b):
    refuse(a, b)
    one = a.dtype.type(1)
    width, height = sides(a, b)
    inside = np.maximum(width + one, 0) * np.maximum(height + one, 0)
    area_a, area_b = ((c[:, 2] - c[:, 0] + one) * (c[:, 3] - c[:, 1] + one) for c in (a, b))
    return inside / (area_a[:, None] + area_b - inside)


@mutant("corner-and-size")
def numbers_read_as_xywh(a, b):
    refuse(a, b)
    a, b = (np.hstack([c[:, :2], c[:, :2] + c[:, 2:]]) for c in (a, b))
    inside = shared(a, b)
    return divided(inside, areas(a)[:, None] + areas(b) - inside)


@mutant("order-x1-x2-y1-y2")
def intervals(a, b):
    refuse(a, b)
    a, b = (np.stack([c[:, 0], c[:, 2], c[:, 1], c[:, 3]], axis=1) for c in (a, b))
    width, height = sides(a, b)
    inside = np.maximum(width, 0) * np.maximum(height, 0)
    return divided(inside, areas(a)[:, None] + areas(b) - inside)


@mutant("smaller-area")
def share_of_the_smaller(a, b):
    refuse(a, b)
    return divided(shared(a, b), np.minimum(areas(a)[:, None], areas(b)))


@mutant("smaller-area")
def share_of_the_first(a, b):
    refuse(a, b)
    return divided(shared(a, b), np.repeat(areas(a)[:, None], len(b), axis=1))


@mutant("intersection-counted-twice")
def sum_of_areas(a, b):
    refuse(a, b)
    return divided(shared(a, b), areas(a)[:, None] + areas(b))


@mutant("dice")
def dice(a, b):
    refuse(a, b)
    return divided(2 * shared(a, b), areas(a)[:, None] + areas(b))


@mutant("hull-for-union")
def box_around_both(a, b):
    refuse(a, b)
    low = np.minimum(a[:, None, :2], b[:, :2])
    high = np.maximum(a[:, None, 2:], b[:, 2:])
    return divided(shared(a, b), np.prod(high - low, axis=-1))


@mutant("empty-union")
def nothing_over_nothing(a, b):
    refuse(a, b)
    inside = shared(a, b)
    return inside / (areas(a)[:, None] + areas(b) - inside)


@mutant("epsilon-in-the-union")
def a_little_added(a, b):
    refuse(a, b)
    inside = shared(a, b)
    return inside / (areas(a)[:, None] + areas(b) - inside + a.dtype.type(1e-6))


@mutant("only-one-direction")
def widths_only(a, b):
    refuse(a, b)
    width = np.maximum(sides(a, b)[0], 0)
    return divided(width, (a[:, 2] - a[:, 0])[:, None] + (b[:, 2] - b[:, 0]) - width)


@mutant("row-by-row")
def pairs_of_rows(a, b):
    refuse(a, b)
    width = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    height = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    inside = np.maximum(width, 0) * np.maximum(height, 0)
    return divided(inside, areas(a) + areas(b) - inside)


@mutant("transposed")
def columns_first(a, b):
    refuse(a, b)
    inside = shared(b, a)
    return divided(inside, areas(b)[:, None] + areas(a) - inside)


@mutant("max-and-min-exchanged")
def starts_at_the_earlier_start(a, b):
    refuse(a, b)
    low, high = np.minimum(a[:, None, :2], b[:, :2]), np.maximum(a[:, None, 2:], b[:, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    union = areas(a)[:, None] + areas(b) - inside
    return np.where(union == 0, 0, inside / np.where(union == 0, 1, union)).astype(a.dtype)


@mutant("intersection-returned")
def area_alone(a, b):
    refuse(a, b)
    return shared(a, b)


@mutant("dtype")
def table_of_float64(a, b):
    refuse(a, b)
    out = np.zeros((len(a), len(b)))
    inside = shared(a, b)
    out[:] = divided(inside, areas(a)[:, None] + areas(b) - inside)
    return out


@mutant("exception")
def first_box_of_an_empty_list(a, b):
    refuse(a, b)
    rows = [
        divided(shared(o[None], b), areas(o[None])[:, None] + areas(b) - shared(o[None], b))
        for o in a
    ]
    return np.concatenate(rows)


@mutant("mutates")
def sizes_in_place(a, b):
    refuse(a, b)
    inside = shared(a, b)
    for boxes in (a, b):
        boxes[:, 2:] -= boxes[:, :2]
    union = (a[:, 2] * a[:, 3])[:, None] + b[:, 2] * b[:, 3] - inside
    return divided(inside, union)


@mutant("validation")
def corners_in_any_order(a, b):
    refuse(np.sort(a.reshape(-1, 4)), np.sort(b.reshape(-1, 4)))
    if a.ndim != 2 or b.shape[1:] != (4,):
        raise ValueError("shapes")
    inside = shared(a, b)
    return divided(inside, areas(a)[:, None] + areas(b) - inside)
