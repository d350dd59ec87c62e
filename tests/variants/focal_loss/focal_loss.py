"""Right focal losses, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(logits, targets, gamma, alpha):
    if logits.shape != targets.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError("targets must be 0 or 1, in the shape of the logits")
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma must be at least 0, alpha in [0, 1], got {gamma}, {alpha}")


def one(z, positive, gamma, alpha):
    u = z if positive else -z
    nll = math.log1p(math.exp(-u)) if u > 0 else -u + math.log1p(math.exp(u))
    q = math.exp(-u) / (1 + math.exp(-u)) if u > 0 else 1 / (1 + math.exp(u))
    weight = 1.0 if alpha is None else alpha if positive else 1 - alpha
    return weight * q**gamma * nll


@variant
def loops(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    out = np.empty(logits.shape, logits.dtype)
    for index in np.ndindex(logits.shape):
        out[index] = one(float(logits[index]), bool(targets[index]), gamma, alpha)
    return out


@variant
def stays_in_the_dtype(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    t = targets.astype(logits.dtype)
    cross_entropy = np.maximum(logits, 0) - t * logits + np.log1p(np.exp(-np.abs(logits)))
    loss = cross_entropy * (-np.expm1(-cross_entropy)) ** gamma  # p_t = exp(-cross-entropy)
    return loss if alpha is None else loss * (alpha * t + (1 - alpha) * (1 - t))


@variant
def masks(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    positive = targets.astype(bool)
    loss = np.zeros_like(logits)
    for mask, sign, weight in ((positive, 1, alpha), (~positive, -1, 1 - (alpha or 0))):
        u = sign * logits[mask]
        part = np.logaddexp(0, -u) * np.exp(-np.logaddexp(0, u)) ** gamma
        loss[mask] = part if alpha is None else weight * part
    return loss


@variant
def a_small_sigmoid(logits, targets, gamma=2.0, alpha=0.25):
    """Let e^-u run to infinity where that only makes a quotient 0."""
    refuse(logits, targets, gamma, alpha)
    wide = np.asarray(logits, dtype=np.longdouble)
    u = np.where(np.asarray(targets) > 0, wide, -wide)
    log_p = -(np.clip(-u, 0, None) + np.log1p(np.exp(-np.abs(u))))
    a = 1 if alpha is None else np.where(targets, alpha, 1 - alpha)
    return (-a * (1 / (1 + np.exp(u))) ** gamma * log_p).astype(logits.dtype)
