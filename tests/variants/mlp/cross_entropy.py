"""Right cross-entropies, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(logits, labels):
    if logits.ndim != 2 or 0 in logits.shape or labels.shape != (len(logits),):
        raise ValueError(f"shapes do not fit: {logits.shape}, {labels.shape}")
    if labels.dtype.kind not in "iu" or not all(0 <= k < logits.shape[1] for k in labels):
        raise ValueError(f"labels must be integers in 0..C-1, got {labels}")


@variant
def loops(logits, labels):
    refuse(logits, labels)
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[label]
    return total / len(labels)


@variant
def one_hot(logits, labels):
    refuse(logits, labels)
    hot = np.eye(logits.shape[1])[labels]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.einsum("ij,ij->", hot, log_p) / len(labels)


@variant
def differences_from_the_label(logits, labels):
    refuse(logits, labels)
    gaps = logits - np.take_along_axis(logits, labels[:, None].astype(int), axis=1)  # (B, C)
    top = gaps.max(axis=1)
    losses = np.log(np.exp(gaps - top[:, None]).sum(axis=1)) + top
    return np.mean(losses)  # a numpy scalar


@variant
def log_add_exp(logits, labels):
    refuse(logits, labels)
    picked = logits[np.arange(len(labels)), labels]
    return np.array(np.mean(np.logaddexp.reduce(logits, axis=1) - picked))  # a 0-d array
