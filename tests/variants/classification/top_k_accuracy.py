"""Right top-k accuracies, written differently."""

import numpy as np

from tests.bank import variant


def refuse(logits, labels, k):
    if logits.ndim != 2 or logits.size == 0 or labels.shape != (len(logits),):
        raise ValueError(f"shapes do not fit: {logits.shape}, {labels.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels are no classes: {labels}")
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"k must be in 1..{logits.shape[1]}, got {k}")


@variant
def stable_sort(logits, labels, k):
    refuse(logits, labels, k)
    top = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float((top == labels[:, None]).any(axis=1).mean())


@variant
def python_sort(logits, labels, k):
    refuse(logits, labels, k)
    hits = 0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        classes = sorted(range(len(row)), key=lambda c, row=row: (-row[c], c))
        hits += label in classes[:k]
    return hits / len(labels)


@variant
def one_maximum_at_a_time(logits, labels, k):
    refuse(logits, labels, k)
    left, hits = logits.copy(), np.zeros(len(labels), dtype=bool)
    for _ in range(k):
        top = left.argmax(axis=1)  # the first of equal ones
        hits |= top == labels
        left[np.arange(len(top)), top] = -np.inf
    return hits.mean()


@variant
def ranks(logits, labels, k):
    refuse(logits, labels, k)
    own = logits[np.arange(len(labels)), labels][:, None]
    before = np.tri(logits.shape[1], k=-1, dtype=bool)[labels]
    rank = np.sum(logits > own, axis=1) + np.sum((logits == own) & before, axis=1)
    return np.asarray((rank < k).mean())  # a 0-d array


@variant
def sorted_backwards(logits, labels, k):
    refuse(logits, labels, k)
    backwards = np.argsort(logits[:, ::-1], axis=1, kind="stable")[:, -k:]
    return float(np.mean(np.any(logits.shape[1] - 1 - backwards == labels[:, None], axis=1)))
