"""Right means of the IoU, written differently."""

import numpy as np

from tests.bank import variant


def checked(pred, target, num_classes, ignore_index):
    """Return the pixels that count as two vectors, or raise ValueError."""
    if num_classes < 1 or pred.size < 1 or pred.shape != target.shape:
        raise ValueError(f"{pred.shape}, {target.shape}, {num_classes} do not fit")
    if pred.dtype.kind not in "iu" or target.dtype.kind not in "iu":
        raise ValueError(f"integers expected, got {pred.dtype} and {target.dtype}")
    p, t = pred.ravel().astype(int), target.ravel().astype(int)
    if ignore_index is not None:
        p, t = p[t != ignore_index], t[t != ignore_index]
    if not (np.isin(p, range(num_classes)).all() and np.isin(t, range(num_classes)).all()):
        raise ValueError(f"classes must be in 0..{num_classes - 1}")
    return p, t


@variant
def by_the_matrix(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    counts = np.bincount(t * num_classes + p, minlength=num_classes**2)
    counts = counts.reshape(num_classes, num_classes)
    union = counts.sum(0) + counts.sum(1) - np.diag(counts)
    with np.errstate(invalid="ignore"):
        scores = np.diag(counts) / union
    return np.nanmean(scores)


@variant
def class_by_class(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    total, present = 0.0, 0
    for c in range(num_classes):
        found, true = p == c, t == c
        union = np.logical_or(found, true).sum()
        if union > 0:
            total += np.logical_and(found, true).sum() / union
            present += 1
    return total / present if present else float("nan")


@variant
def by_dice(pred, target, num_classes, ignore_index=None):
    """IoU = D / (2 - D)."""
    p, t = checked(pred, target, num_classes, ignore_index)
    classes = np.union1d(p, t)[:, None]
    dice = (
        2
        * ((p == classes) & (t == classes)).sum(1)
        / ((p == classes).sum(1) + (t == classes).sum(1))
    )
    return np.asarray((dice / (2 - dice)).mean() if len(p) else np.nan)


@variant
def one_hot(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    a, b = np.eye(num_classes)[p], np.eye(num_classes)[t]
    union = np.maximum(a, b).sum(axis=0)
    return float(np.mean((np.minimum(a, b).sum(axis=0) / np.where(union, union, 1))[union > 0]))
