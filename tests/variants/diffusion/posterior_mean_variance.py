"""Right posteriors of one step, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(x0, x_t, t, betas):
    if x0.shape != x_t.shape:
        raise ValueError(f"x_t must be {x0.shape}, got {x_t.shape}")
    if betas.ndim != 1 or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"betas must be numbers in (0, 1) on one axis, got {betas}")
    if int(t) != t or not 1 <= t <= len(betas):
        raise ValueError(f"t must be an int in 1 to {len(betas)}, got {t}")


@variant
def as_on_paper(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    bars = np.concatenate([[1.0], np.cumprod(1 - betas)])
    beta, now, before = betas[t - 1], bars[t], bars[t - 1]
    mean = np.sqrt(before) * beta * x0 + np.sqrt(1 - beta) * (1 - before) * x_t
    return (mean / (1 - now)).astype(x0.dtype), beta * (1 - before) / (1 - now)


@variant
def python_numbers(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    beta, before = float(betas[t - 1]), math.prod(1 - float(b) for b in betas[: t - 1])
    left = 1 - before * (1 - beta)
    a, b = math.sqrt(before) * beta / left, math.sqrt(1 - beta) * (1 - before) / left
    return a * x0 + b * x_t, np.array(beta * (1 - before) / left)


@variant
def covariances(x0, x_t, t, betas):
    """Condition the pair (x_{t-1}, x_t), given x0, on its second entry."""
    refuse(x0, x_t, t, betas)
    beta, before = float(betas[t - 1]), float(np.prod(1 - betas[: t - 1]))
    root = math.sqrt(1 - beta)
    first, both = 1 - before, root * (1 - before)
    gain = both / ((1 - beta) * first + beta)
    expected = math.sqrt(before)
    mean = expected * x0 + gain * (x_t - root * expected * x0)
    return mean, first - gain * both


@variant
def loops(x0, x_t, t, betas):
    refuse(x0, x_t, t, betas)
    before = 1.0
    for beta in betas[: t - 1]:
        before *= 1.0 - beta
    beta = betas[t - 1]
    variance = beta * (1 - before) / (1 - before * (1 - beta))
    mean = np.empty_like(x0)
    for index in np.ndindex(x0.shape):
        start = before**0.5 * beta * x0[index] + (1 - beta) ** 0.5 * (1 - before) * x_t[index]
        mean[index] = start / (1 - before * (1 - beta))
    return [mean, np.float64(variance)]
