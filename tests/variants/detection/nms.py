"""Right suppressions, written differently."""

import numpy as np

from tests.bank import variant


def refuse(boxes, scores, threshold):
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != (len(boxes),):
        raise ValueError(f"boxes must be (n, 4), scores (n,): {boxes.shape}, {scores.shape}")
    if (boxes[:, 2:] < boxes[:, :2]).any() or not 0 <= threshold <= 1:
        raise ValueError("inverted boxes, or a threshold outside [0, 1]")


def overlap(box, others):
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    inside = np.maximum(sides, 0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - inside
    return np.divide(inside, union, out=np.zeros_like(inside), where=union > 0)


@variant
def rounds(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    left, kept = np.argsort(-scores, kind="stable"), []
    while left.size:
        kept.append(left[0])
        left = left[1:][overlap(boxes[left[0]], boxes[left[1:]]) <= iou_threshold]
    return np.array(kept, dtype=np.int64)


@variant
def a_mask_of_the_living(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    alive = np.ones(len(boxes), dtype=bool)
    order = np.lexsort([np.arange(len(boxes)), -scores])
    for place, index in enumerate(order):
        if alive[index]:
            later = order[place + 1 :]
            alive[later[overlap(boxes[index], boxes[later]) > iou_threshold]] = False
    return order[alive[order]]


@variant
def python_sets(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    waiting, kept = set(range(len(boxes))), []
    while waiting:
        best = max(waiting, key=lambda i: (scores[i], -i))
        kept.append(best)
        rivals = sorted(waiting - {best})
        iou = overlap(boxes[best].astype(float), boxes[rivals].astype(float))
        waiting = {i for i, value in zip(rivals, iou, strict=True) if not value > iou_threshold}
    return np.asarray(kept, dtype=np.int32)


@variant
def whole_table_first(boxes, scores, iou_threshold):
    refuse(boxes, scores, iou_threshold)
    order = sorted(range(len(boxes)), key=lambda i: -scores[i])
    table = np.array([overlap(box, boxes) for box in boxes]).reshape(len(boxes), len(boxes))
    kept = np.zeros(0, dtype=int)
    for index in order:
        if np.all(table[index, kept] <= iou_threshold):
            kept = np.append(kept, index)
    return kept
