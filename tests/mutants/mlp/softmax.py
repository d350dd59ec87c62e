"""Wrong softmaxes."""

import numpy as np

from tests.bank import mutant


@mutant("no-max-subtraction")
def textbook_formula(z):
    return np.exp(z) / np.exp(z).sum(-1, keepdims=True)


@mutant("one-maximum-for-all")
def global_maximum(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e, axis=-1, keepdims=True)


@mutant("normalised-over-everything")
def global_sum(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


@mutant("normalised-over-the-batch")
def first_axis(z):
    e = np.exp(z - z.max(0))
    return e / e.sum(0)


@mutant("second-axis")
def axis_one(z):
    shifted = z - np.max(z, axis=1, keepdims=True)
    return np.exp(shifted) / np.sum(np.exp(shifted), axis=1, keepdims=True)


@mutant("no-keepdims")
def sum_without_keepdims(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1)


@mutant("sigmoid-instead")
def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), 1 - 1 / (1 + np.exp(-np.abs(z))))


@mutant("log-returned")
def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@mutant("logits-clipped")
def clipped(z):
    e = np.exp(np.minimum(np.maximum(z, -500), 500))
    return e / e.sum(axis=-1, keepdims=True)


@mutant("no-exponential")
def share_of_the_sum(z):
    return z / np.sum(z, axis=-1, keepdims=True)


@mutant("mutates")
def shifted_in_place(z):
    z -= z.max(axis=-1, keepdims=True)
    np.exp(z, out=z)
    return z / z.sum(axis=-1, keepdims=True)


@mutant("dtype")
def float64_throughout(z):
    e = np.exp(np.array(z, dtype=float) - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@mutant("exception")
def misspelt(z):
    return np.softmax(z)


@mutant("validation")
def no_classes_unchecked(z):
    if z.ndim < 1:
        raise ValueError("z must have an axis")
    e = np.exp(z - z.max(axis=-1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=-1, keepdims=True)
