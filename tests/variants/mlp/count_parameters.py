"""Right counts of parameters, written differently."""

from itertools import pairwise

import numpy as np

from tests.bank import variant


def refuse(widths):
    if len(widths) < 2 or any(w < 1 for w in widths):
        raise ValueError(f"widths must be at least two numbers above 0, got {widths}")


@variant
def shapes(widths):
    refuse(widths)
    layers = [((n, d), (n,)) for d, n in pairwise(widths)]
    return sum(int(np.prod(W)) + b[0] for W, b in layers)


@variant
def dot_product(widths):
    refuse(widths)
    w = np.array(widths, dtype=np.int64)
    return np.dot(w[:-1] + 1, w[1:])  # a numpy integer


@variant
def running_total(widths):
    refuse(widths)
    total, before = 0, widths[0]
    for width in widths[1:]:
        total += before * width
        total += width
        before = width
    return total
