"""Right smoothed labels, written differently."""

import numpy as np

from tests.bank import variant


def refuse(labels, num_classes, eps):
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be (B,) ints, got {labels}")
    if num_classes < 1 or labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(f"labels must be in 0..{num_classes - 1}")
    if not 0 <= eps <= 1:
        raise ValueError(f"eps must be in [0, 1], got {eps}")


@variant
def rows_of_the_identity(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return (1 - eps) * np.eye(num_classes)[labels] + eps / num_classes


@variant
def filled_then_added(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    out = np.full((labels.size, num_classes), eps / num_classes)
    out[np.arange(labels.size), labels] += 1 - eps
    return out


@variant
def loops(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    rows = [
        [eps / num_classes + (1 - eps) * (c == label) for c in range(num_classes)]
        for label in labels
    ]
    return np.array(rows, dtype=np.float64)


@variant
def smoothed_identity(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    table = np.eye(num_classes) - eps * (np.eye(num_classes) - 1 / num_classes)
    return np.take(table, labels, axis=0)
