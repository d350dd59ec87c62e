"""Right matchings, written differently."""

import numpy as np

from tests.bank import variant


def refuse(anchors, boxes, pos, neg):
    for c in (anchors, boxes):
        if c.ndim != 2 or c.shape[1] != 4 or (c[:, 2:] < c[:, :2]).any():
            raise ValueError("boxes must be (n, 4) with x1 <= x2 and y1 <= y2")
    if not 0 <= neg <= pos <= 1:
        raise ValueError(f"0 <= neg <= pos <= 1 must hold, got {neg} and {pos}")


def overlaps(anchors, boxes):
    low = np.maximum(anchors[:, None, :2], boxes[:, :2])
    inside = np.maximum(np.minimum(anchors[:, None, 2:], boxes[:, 2:]) - low, 0).prod(axis=2)
    a, b = ((c[:, 2:] - c[:, :2]).prod(axis=1) for c in (anchors, boxes))
    return inside / (a[:, None] + b - inside)


@variant
def tables(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    if len(boxes) == 0:
        return np.full(len(anchors), -1)
    iou = overlaps(anchors, boxes)
    largest = iou.max(axis=1)
    found = np.where(largest >= pos, iou.argmax(axis=1), np.where(largest < neg, -1, -2))
    found[iou.argmax(axis=0)] = np.arange(len(boxes))
    return found


@variant
def loops(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    iou = overlaps(anchors, boxes).tolist()
    found = []
    for row in iou:
        best = max(range(len(row)), key=row.__getitem__, default=None)
        if best is None or row[best] < neg:
            found.append(-1)
        else:
            found.append(best if row[best] >= pos else -2)
    for box in range(len(boxes)):
        column = [row[box] for row in iou]
        found[column.index(max(column))] = box
    return np.array(found, dtype=np.int32)


@variant
def masks(anchors, boxes, pos=0.5, neg=0.4):
    refuse(anchors, boxes, pos, neg)
    padded = np.hstack([np.zeros((len(anchors), 1)), overlaps(anchors, boxes)])
    best, largest = padded.argmax(axis=1) - 1, padded.max(axis=1)
    found = np.full(len(anchors), -2, dtype=np.int64)
    found[largest < neg] = -1
    found[largest >= pos] = best[largest >= pos]
    if len(boxes):
        for box, anchor in enumerate(padded[:, 1:].argmax(axis=0)):
            found[anchor] = box
    return found
