"""Wrong precision, recall and F1."""

import numpy as np

from tests.bank import mutant


def divide(a, b, undefined=0.0):
    out = np.full(len(a), undefined)
    np.divide(a, b, out=out, where=b != 0)
    return out


def both(matrix, undefined=0.0):
    hits = np.diag(matrix).astype(float)
    return (
        divide(hits, matrix.sum(axis=0), undefined),
        divide(hits, matrix.sum(axis=1), undefined),
    )


@mutant("precision-and-recall-exchanged")
def axes_exchanged(matrix):
    p, r = both(matrix)
    return r, p, divide(2 * p * r, p + r)


@mutant("undefined-left-nan")
def unguarded(matrix):
    hits = matrix.diagonal()
    p, r = hits / matrix.sum(0), hits / matrix.sum(1)
    return p, r, 2 * p * r / (p + r)


@mutant("f1-undefined-left-nan")
def f1_unguarded(matrix):
    p, r = both(matrix)
    return p, r, 2 * (p * r) / (p + r)


@mutant("undefined-taken-as-one")
def one_where_undefined(matrix):
    p, r = both(matrix, 1.0)
    return p, r, divide(2 * p * r, p + r, 1.0)


@mutant("undefined-taken-as-one")
def one_for_precision_and_recall(matrix):
    p, r = both(matrix, 1.0)
    return p, r, divide(2 * p * r, p + r)


@mutant("arithmetic-mean")
def average(matrix):
    p, r = both(matrix)
    return p, r, np.mean([p, r], axis=0)


@mutant("factor-two-lost")
def without_two(matrix):
    p, r = both(matrix)
    return p, r, divide(p * r, p + r)


@mutant("geometric-mean")
def root_of_the_product(matrix):
    p, r = both(matrix)
    return p, r, np.sqrt(p) * np.sqrt(r)


@mutant("divided-by-all-samples")
def shares_of_all(matrix):
    p = np.diag(matrix) / np.sum(matrix)
    return p, p.copy(), divide(2 * p * p, p + p)


@mutant("averaged-over-the-classes")
def macro(matrix):
    p, r = both(matrix)
    f1 = divide(2 * p * r, p + r)
    return p.mean(), r.mean(), f1.mean()


@mutant("accuracy-instead")
def accuracy_as_f1(matrix):
    p, r = both(matrix)
    return p, r, np.ones(len(p)) * matrix.trace() / matrix.sum()


@mutant("length")
def f1_forgotten(matrix):
    return both(matrix)


@mutant("type")
def stacked(matrix):
    p, r = both(matrix)
    return np.stack([p, r, divide(2 * p * r, p + r)])


@mutant("mutates")
def zeros_replaced_in_place(matrix):
    matrix[matrix == 0] = 1
    p, r = both(matrix)
    return p, r, 2 * p * r / (p + r)


@mutant("dtype")
def float32_scores(matrix):
    p, r = both(matrix)
    return tuple(a.astype(np.float32) for a in (p, r, divide(2 * p * r, p + r)))


@mutant("validation")
def negative_counts_accepted(matrix):
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError("matrix must be square")
    p, r = both(matrix)
    return p, r, divide(2 * p * r, p + r)


@mutant("precision-and-recall-exchanged")
def exchanged_and_undefined(matrix):
    hits = np.diag(matrix)
    p, r = hits / matrix.sum(axis=1), hits / matrix.sum(axis=0)
    return p, r, 2 * p * r / (p + r)
