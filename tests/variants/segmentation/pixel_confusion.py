"""Right confusion matrices of pixels, written differently."""

from collections import Counter

import numpy as np

from tests.bank import variant


def checked(pred, target, num_classes, ignore_index):
    """Return the pixels that count as two vectors, or raise ValueError."""
    if num_classes < 1 or pred.size < 1 or pred.shape != target.shape:
        raise ValueError(f"{pred.shape}, {target.shape}, {num_classes} do not fit")
    if pred.dtype.kind not in "iu" or target.dtype.kind not in "iu":
        raise ValueError(f"integers expected, got {pred.dtype} and {target.dtype}")
    p, t = pred.ravel(), target.ravel()
    if ignore_index is not None:
        p, t = p[t != ignore_index], t[t != ignore_index]
    for values in (p, t):
        if ((values < 0) | (values >= num_classes)).any():
            raise ValueError(f"classes must be in 0..{num_classes - 1}")
    return p, t


@variant
def pixel_by_pixel(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    counts = np.zeros((num_classes, num_classes), dtype=np.int64)
    for found, true in zip(p, t, strict=True):
        counts[true, found] += 1
    return counts


@variant
def histogram(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    edges = np.arange(num_classes + 1) - 0.5
    return np.histogram2d(t, p, bins=(edges, edges))[0].astype(np.int64)


@variant
def one_hot_product(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    eye = np.eye(num_classes, dtype=int)
    return eye[t].T @ eye[p]


@variant
def counter(pred, target, num_classes, ignore_index=None):
    p, t = checked(pred, target, num_classes, ignore_index)
    pairs = Counter(zip(t.tolist(), p.tolist(), strict=True))
    rows = [[pairs[i, j] for j in range(num_classes)] for i in range(num_classes)]
    return np.array(rows, dtype=np.int32)


@variant
def an_extra_class(pred, target, num_classes, ignore_index=None):
    """Move ignored pixels to a class of their own and cut it off."""
    checked(pred, target, num_classes, ignore_index)
    p, t = pred.astype(np.int64), target.astype(np.int64)
    if ignore_index is not None:
        p = np.where(t == ignore_index, 0, p)
        t = np.where(t == ignore_index, num_classes, t)
    counts = np.zeros((num_classes + 1, num_classes), np.int64)
    np.add.at(counts, (t, p), 1)
    return counts[:-1]
