"""Right mixups, written differently."""

import numpy as np

from tests.bank import variant


def refuse(x, y, alpha):
    if alpha <= 0:
        raise ValueError(f"alpha must be above 0, got {alpha}")
    if y.ndim != 2 or len(x) != len(y) or len(x) == 0:
        raise ValueError(f"x and y must have the same number of rows, got {x.shape}, {y.shape}")


@variant
def permutation_first(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    partner = rng.permutation(len(x))
    lam = float(rng.beta(alpha, alpha))
    return lam * x + (1 - lam) * x[partner], lam * y_onehot + (1 - lam) * y_onehot[partner]


@variant
def two_gammas(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    a, b = rng.gamma(alpha, size=2).tolist()
    lam = a / (a + b) if a + b > 0 else 0.5
    order = np.argsort(rng.random(len(x)))
    return x[order] * lam + x * (1 - lam), y_onehot[order] * lam + y_onehot * (1 - lam)


@variant
def mixing_matrix(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, batch = rng.beta(alpha, alpha), len(x)
    matrix = lam * np.eye(batch) + (1 - lam) * rng.permutation(np.eye(batch))
    images = np.einsum("ij,j...->i...", matrix, x).astype(x.dtype)
    return images, (matrix @ y_onehot).astype(y_onehot.dtype)


@variant
def loops_in_a_list(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    order = list(range(len(x)))
    rng.shuffle(order)
    lam = rng.beta(alpha, alpha)
    mixed = [
        np.stack([lam * a[i] + (1 - lam) * a[j] for i, j in enumerate(order)])
        for a in (x, y_onehot)
    ]
    return [m.astype(a.dtype) for m, a in zip(mixed, (x, y_onehot), strict=True)]
