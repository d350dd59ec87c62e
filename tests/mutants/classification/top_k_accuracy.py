"""Wrong top-k accuracies."""

import numpy as np

from tests.bank import mutant


def refuse(logits, labels, k):
    if logits.ndim != 2 or logits.size == 0 or labels.shape != (len(logits),):
        raise ValueError(f"shapes do not fit: {logits.shape}, {labels.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(f"labels are no classes: {labels}")
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"k must be in 1..{logits.shape[1]}, got {k}")


def best(logits, k):
    return np.argsort(-logits, axis=1, kind="stable")[:, :k]


@mutant("k-ignored")
def argmax(logits, labels, k):
    refuse(logits, labels, k)
    return float((logits.argmax(axis=1) == labels).mean())


@mutant("smallest-logits")
def first_of_argsort(logits, labels, k):
    refuse(logits, labels, k)
    top = np.argsort(logits, axis=1, kind="stable")[:, :k]
    return float(np.mean([label in row for label, row in zip(labels, top, strict=True)]))


@mutant("ties-to-the-higher-class")
def last_of_argsort(logits, labels, k):
    refuse(logits, labels, k)
    top = np.argsort(logits, axis=1, kind="stable")[:, -k:]
    return float((top == labels[:, None]).any(axis=1).mean())


@mutant("every-tie-counts")
def threshold(logits, labels, k):
    refuse(logits, labels, k)
    kth = np.sort(logits, axis=1)[:, -k]
    return float(np.mean(logits[np.arange(len(labels)), labels] >= kth))


@mutant("exactly-at-rank-k")
def only_the_last_place(logits, labels, k):
    refuse(logits, labels, k)
    return float((best(logits, k)[:, -1] == labels).mean())


@mutant("one-place-too-many")
def ranks_from_zero(logits, labels, k):
    refuse(logits, labels, k)
    order = best(logits, logits.shape[1])
    ranks = np.argmax(order == labels[:, None], axis=1)
    return float((ranks <= k).mean())


@mutant("divided-by-k")
def mean_of_the_table(logits, labels, k):
    refuse(logits, labels, k)
    return float((best(logits, k) == labels[:, None]).mean())


@mutant("hits-counted")
def number_of_hits(logits, labels, k):
    refuse(logits, labels, k)
    return int((best(logits, k) == labels[:, None]).sum())


@mutant("in-percent")
def percent(logits, labels, k):
    refuse(logits, labels, k)
    return 100.0 * (best(logits, k) == labels[:, None]).any(axis=1).mean()


@mutant("error-for-accuracy")
def misses(logits, labels, k):
    refuse(logits, labels, k)
    return float(1 - (best(logits, k) == labels[:, None]).any(axis=1).mean())


@mutant("a-hit-a-row")
def not_averaged(logits, labels, k):
    refuse(logits, labels, k)
    return (best(logits, k) == labels[:, None]).any(axis=1)


@mutant("mutates")
def taken_out_one_by_one(logits, labels, k):
    refuse(logits, labels, k)
    hits = np.zeros(len(labels), dtype=bool)
    for _ in range(k):
        top = logits.argmax(axis=1)
        hits |= top == labels
        logits[np.arange(len(top)), top] = -np.inf
    return float(hits.mean())


@mutant("exception")
def labels_as_columns(logits, labels, k):
    refuse(logits, labels, k)
    return float((best(logits, k) == labels.reshape(len(labels), k)).mean())


@mutant("validation")
def any_k(logits, labels, k):
    refuse(logits, labels, 1)
    return float((best(logits, k) == labels[:, None]).any(axis=1).mean())


@mutant("validation")
def any_label(logits, labels, k):
    if logits.ndim != 2 or labels.shape != (len(logits),) or not 1 <= k <= logits.shape[1]:
        raise ValueError("shapes do not fit")
    return float((best(logits, k) == labels[:, None]).any(axis=1).mean())
