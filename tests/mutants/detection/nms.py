"""Wrong suppressions."""

import numpy as np

from tests.bank import mutant


def refuse(boxes, scores, threshold):
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
        raise ValueError(f"boxes must be (n, 4), scores (n,): {boxes.shape}, {scores.shape}")
    if (boxes[:, 2:] < boxes[:, :2]).any() or not 0 <= threshold <= 1:
        raise ValueError("inverted boxes, or a threshold outside [0, 1]")


def overlap(box, others, one=0, clamp=True, whole=None):
    """Return the IoU of a box with others; one, clamp and whole are for mistakes."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    sides = high - low + one
    inside = np.prod(np.maximum(sides, 0) if clamp else sides, axis=1)
    area = np.prod(box[2:] - box[:2] + one)
    areas = np.prod(others[:, 2:] - others[:, :2] + one, axis=1)
    union = area + areas - inside if whole is None else whole(area, areas)
    return np.where(union > 0, inside / np.where(union > 0, union, 1), 0)


def falling(scores):
    return np.argsort(-scores, kind="stable")


def rounds(boxes, scores, threshold, order=falling, stays=np.less_equal, iou=overlap):
    """Keep the best, drop what overlaps it, and go on with the rest."""
    refuse(boxes, scores, threshold)
    left, kept = order(scores), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[stays(iou(boxes[best], boxes[left]), threshold)]
    return np.array(kept, dtype=int)


@mutant("lowest-score-first")
def ascending(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, order=np.argsort)


@mutant("scores-unsorted")
def as_they_come(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, order=lambda s: np.arange(len(s)))


@mutant("ties-reordered")
def argsort_reversed(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, order=lambda s: np.argsort(s, kind="stable")[::-1])


@mutant("result-by-index")
def sorted_again(boxes, scores, iou_threshold):
    return np.sort(rounds(boxes, scores, iou_threshold))


@mutant("places-for-indices")
def index_of_the_sorted(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    order = np.argsort(-scores, kind="stable")
    return rounds(boxes[order], scores[order], iou_threshold)


@mutant("mask-returned")
def mask(boxes, scores, iou_threshold):
    keep = np.zeros(len(boxes), dtype=bool)
    keep[rounds(boxes, scores, iou_threshold)] = True
    return keep


@mutant("boxes-returned")
def survivors(boxes, scores, iou_threshold):
    return boxes[rounds(boxes, scores, iou_threshold)]


@mutant("stops-at-zero")
def suppressed_get_zero(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    left, kept = scores.astype(float), []
    while len(left) and left.max() > 0:
        best = int(np.argmax(left))
        kept.append(best)
        left[overlap(boxes[best], boxes) > iou_threshold] = 0
        left[best] = 0
    return np.array(kept, dtype=int)


@mutant("at-the-threshold-dropped")
def strictly_below_stays(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, stays=np.less)


@mutant("dropped-boxes-suppress")
def everyone_suppresses(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    order, kept = falling(scores), []
    for place, index in enumerate(order):
        if not (overlap(boxes[index], boxes[order[:place]]) > iou_threshold).any():
            kept.append(index)
    return np.array(kept, dtype=int)


@mutant("last-kept-only")
def looks_back_once(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    kept = []
    for index in falling(scores):
        if not kept or overlap(boxes[index], boxes[kept[-1:]])[0] <= iou_threshold:
            kept.append(index)
    return np.array(kept, dtype=int)


@mutant("first-round-only")
def one_round(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    order = falling(scores)
    if len(order) == 0:
        return order
    rest = order[1:]
    stay = overlap(boxes[order[0]], boxes[rest]) <= iou_threshold
    return np.concatenate([order[:1], rest[stay]])


@mutant("overlapping-ones-kept")
def wrong_way_round(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, stays=np.greater)


@mutant("all-must-overlap")
def all_for_any(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    kept = []
    for index in falling(scores).tolist():
        over = overlap(boxes[index], boxes[kept]) > iou_threshold
        if not kept or not np.all(over):
            kept.append(index)
    return np.array(kept, dtype=int)


@mutant("threshold-ignored")
def any_touch(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, stays=lambda iou, t: iou == 0)


@mutant("nothing-dropped")
def order_only(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    return falling(scores)


@mutant("plus-one")
def closed_boxes(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, iou=lambda a, b: overlap(a, b, one=1))


@mutant("smaller-area")
def share_of_the_smaller(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, iou=lambda a, b: overlap(a, b, whole=np.minimum))


@mutant("negative-not-clamped")
def product_of_negatives(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold, iou=lambda a, b: overlap(a, b, clamp=False))


@mutant("corner-and-size")
def numbers_read_as_xywh(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    wide = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    kept, left = [], falling(scores)
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[overlap(wide[best], wide[left]) <= iou_threshold]
    return np.array(kept, dtype=int)


@mutant("type")
def a_list(boxes, scores, iou_threshold):
    return rounds(boxes, scores, iou_threshold).tolist()


@mutant("indices-as-floats")
def empty_array_of_floats(boxes, scores, iou_threshold):
    return np.array(rounds(boxes, scores, iou_threshold).tolist())


@mutant("exception")
def best_of_nothing(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    first = int(np.argmax(scores))
    kept = rounds(boxes, scores, iou_threshold)
    return kept if first in kept else kept[:0]


@mutant("mutates")
def scores_sorted_in_place(boxes, scores, iou_threshold):
    kept = rounds(boxes, scores, iou_threshold)
    scores[::-1].sort()
    return kept


@mutant("validation")
def scores_of_any_length(boxes, scores, iou_threshold):
    refuse(boxes, np.zeros(len(boxes)), iou_threshold)
    return rounds(boxes, np.resize(scores, len(boxes)), iou_threshold)
