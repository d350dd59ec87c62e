"""Wrong matchings of anchors."""

import numpy as np

from tests.bank import mutant


def refuse(anchors, boxes, pos, neg):
    for c in (anchors, boxes):
        if c.ndim != 2 or c.shape[1] != 4 or (c[:, 2:] < c[:, :2]).any():
            raise ValueError("boxes must be (n, 4) with x1 <= x2 and y1 <= y2")
    if not 0 <= neg <= pos <= 1:
        raise ValueError(f"0 <= neg <= pos <= 1 must hold, got {neg} and {pos}")


def overlaps(anchors, boxes, one=0, clamp=True, whole=None):
    low = np.maximum(anchors[:, None, :2], boxes[:, :2])
    sides = np.minimum(anchors[:, None, 2:], boxes[:, 2:]) - low + one
    inside = (np.maximum(sides, 0) if clamp else sides).prod(axis=2)
    a, b = ((c[:, 2:] - c[:, :2] + one).prod(axis=1) for c in (anchors, boxes))
    return inside / (a[:, None] + b - inside if whole is None else whole(a[:, None], b))


def start(anchors, boxes, pos, neg, **how):
    """Return the overlaps and what the thresholds say."""
    refuse(anchors, boxes, pos, neg)
    if len(boxes) == 0:
        return np.zeros((len(anchors), 0)), np.full(len(anchors), -1)
    iou = overlaps(anchors, boxes, **how)
    found = np.full(len(anchors), -2)
    largest = iou.max(axis=1)
    found[largest < neg] = -1
    found[largest >= pos] = iou.argmax(axis=1)[largest >= pos]
    return iou, found


def forced(iou, found):
    found = found.copy()
    for box in range(iou.shape[1]):
        found[np.argmax(iou[:, box])] = box
    return found


@mutant("no-ignored-ones")
def background_up_to_pos(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    return forced(*start(anchors, boxes, pos, pos))


@mutant("background-from-neg-on")
def positive_from_neg_on(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    return forced(*start(anchors, boxes, neg, neg))


@mutant("codes-exchanged")
def ignored_is_minus_one(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    return forced(iou, np.where(found >= 0, found, -3 - found))


@mutant("above-pos-only")
def greater(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    found[iou.max(axis=1, initial=0) == pos] = -2
    return forced(iou, found)


@mutant("neg-is-background")
def less_equal(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    found[(iou.max(axis=1, initial=0) <= neg) & (found == -2)] = -1
    return forced(iou, found)


@mutant("defaults-used")
def numbers_in_the_code(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    return forced(*start(anchors, boxes, 0.5, 0.4))


@mutant("counted-from-1")
def zero_is_nothing(anchors, boxes, pos=0.5, neg=0.4):
    found = forced(*start(anchors, boxes, pos, neg))
    return found + (found >= 0)


@mutant("best-anchor-of-each-box")
def one_a_box(anchors, boxes, pos=0.5, neg=0.4):
    iou, _ = start(anchors, boxes, pos, neg)
    return iou.argmax(axis=0)


@mutant("best-anchor-only")
def one_positive_a_box(anchors, boxes, pos=0.5, neg=0.4):
    iou, _ = start(anchors, boxes, pos, neg)
    return forced(iou, np.where(iou.max(axis=1, initial=0) < neg, -1, -2))


@mutant("overlap-returned")
def mask_of_positives(anchors, boxes, pos=0.5, neg=0.4):
    return forced(*start(anchors, boxes, pos, neg)) >= 0


@mutant("force-forgotten")
def thresholds_only(anchors, boxes, pos=0.5, neg=0.4):
    return start(anchors, boxes, pos, neg)[1]


@mutant("force-overridden")
def background_last(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    out = forced(iou, found)
    out[iou.max(axis=1, initial=0) < neg] = -1
    return out


@mutant("force-of-free-anchors")
def positives_last(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    out = forced(iou, np.where(found >= 0, -1, found))
    out[found >= 0] = found[found >= 0]
    return out


@mutant("force-of-free-anchors")
def nothing_taken_away(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    for box in range(len(boxes)):
        best = iou[:, box].argmax()
        if found[best] < 0:
            found[best] = box
    return found


@mutant("force-of-lonely-boxes")
def only_who_has_none(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    lonely = np.setdiff1d(np.arange(len(boxes)), found)
    for box in lonely:
        found[iou[:, box].argmax()] = box
    return found


@mutant("force-overridden")
def low_quality_left_out(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    for box in range(len(boxes)):
        if iou[:, box].max() >= neg:
            found[iou[:, box].argmax()] = box
    return found


@mutant("own-best-for-claimed")
def restored_to_its_own(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    if len(boxes):
        claimed = np.unique(iou.argmax(axis=0))
        found[claimed] = iou[claimed].argmax(axis=1)
    return found


@mutant("first-claim-kept")
def who_comes_first(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    claimed = set()
    for box in range(len(boxes)):
        best = int(iou[:, box].argmax())
        if best not in claimed:
            found[best] = box
            claimed.add(best)
    return found


@mutant("plus-one")
def closed_boxes(anchors, boxes, pos=0.5, neg=0.4):
    return forced(*start(anchors, boxes, pos, neg, one=1))


@mutant("smaller-area")
def share_of_the_smaller(anchors, boxes, pos=0.5, neg=0.4):
    return forced(*start(anchors, boxes, pos, neg, whole=np.minimum))


@mutant("negative-not-clamped")
def product_of_negatives(anchors, boxes, pos=0.5, neg=0.4):
    return forced(*start(anchors, boxes, pos, neg, clamp=False))


@mutant("corner-and-size")
def numbers_read_as_xywh(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    both = [np.hstack([c[:, :2], c[:, :2] + c[:, 2:]]) for c in (anchors, boxes)]
    iou = overlaps(*both)
    if len(boxes) == 0:
        return np.full(len(anchors), -1)
    best, largest = iou.argmax(axis=1), iou.max(axis=1)
    return forced(iou, np.select([largest >= pos, largest < neg], [best, -1], -2))


@mutant("no-boxes")
def ignored_without_boxes(anchors, boxes, pos=0.5, neg=0.4):
    iou, found = start(anchors, boxes, pos, neg)
    return forced(iou, found) if len(boxes) else np.full(len(anchors), -2)


@mutant("exception")
def maximum_of_nothing(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    iou = overlaps(anchors, boxes)
    best, largest = iou.argmax(axis=1), iou.max(axis=1)
    return forced(iou, np.select([largest >= pos, largest < neg], [best, -1], -2))


@mutant("dtype")
def whole_numbers_as_floats(anchors, boxes, pos=0.5, neg=0.4):
    return forced(*start(anchors, boxes, pos, neg)).astype(float)


@mutant("validation")
def thresholds_in_any_order(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, 1, 0)
    high = min(max(pos, neg, 0), 1)
    return forced(*start(anchors, boxes, high, min(max(neg, 0), high)))
