"""Right dense layers, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x, W, b):
    if W.ndim != 2 or x.ndim < 1 or x.shape[-1] != W.shape[1] or b.shape != (W.shape[0],):
        raise ValueError(f"shapes do not fit: {x.shape}, {W.shape}, {b.shape}")


@variant
def loops(x, W, b):
    refuse(x, W, b)
    y = np.empty((*x.shape[:-1], len(b)), dtype=x.dtype)
    for place in np.ndindex(*x.shape[:-1]):
        for i in range(len(b)):
            y[(*place, i)] = sum(W[i, j] * x[(*place, j)] for j in range(x.shape[-1])) + b[i]
    return y


@variant
def einsum_then_in_place(x, W, b):
    refuse(x, W, b)
    y = np.einsum("...j,ij->...i", x, W)
    y += b
    return y


@variant
def columns(x, W, b):
    refuse(x, W, b)
    flat = x.reshape(-1, x.shape[-1]).T  # (d_in, N)
    return (W @ flat + b[:, None]).T.reshape(*x.shape[:-1], len(b))


@variant
def float64_and_back(x, W, b):
    refuse(x, W, b)
    return np.inner(x.astype(np.float64), W).astype(x.dtype) + b
