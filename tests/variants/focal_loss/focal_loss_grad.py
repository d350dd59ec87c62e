"""Right gradients of the focal loss, written differently."""

import math

import numpy as np
import torch

from tests.bank import variant


def refuse(logits, targets, gamma, alpha):
    if logits.shape != targets.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError("targets must be 0 or 1, in the shape of the logits")
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma must be at least 0, alpha in [0, 1], got {gamma}, {alpha}")


def one(z, positive, gamma, alpha):
    u = z if positive else -z
    small = math.exp(-abs(u))
    p, q = (1 / (1 + small), small / (1 + small))[:: 1 if u > 0 else -1]
    log_p = min(u, 0.0) - math.log1p(small)
    weight = 1.0 if alpha is None else alpha if positive else 1 - alpha
    return (1 if positive else -1) * weight * q**gamma * (gamma * p * log_p - q)


@variant
def loops(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    flat = [
        one(float(z), t == 1, gamma, alpha)
        for z, t in zip(logits.ravel(), targets.ravel(), strict=True)
    ]
    return np.array(flat, logits.dtype).reshape(logits.shape)


@variant
def stays_in_the_dtype(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    s = 2 * targets.astype(logits.dtype) - 1
    u = s * logits
    small = np.exp(-np.abs(u))
    p = np.where(u >= 0, 1, small) / (1 + small)
    q = np.where(u >= 0, small, 1) / (1 + small)
    nll = np.maximum(-u, 0) + np.log1p(small)
    grad = -s * q**gamma * (gamma * p * nll + q)
    return grad if alpha is None else grad * ((1 + s) / 2 * alpha + (1 - s) / 2 * (1 - alpha))


@variant
def autograd(logits, targets, gamma=2.0, alpha=0.25):
    """Leave the derivative to torch, by the logarithm of both factors."""
    refuse(logits, targets, gamma, alpha)
    z = torch.tensor(np.ascontiguousarray(logits), requires_grad=True)
    positive = torch.tensor(np.ascontiguousarray(targets == 1))
    u = torch.where(positive, z, -z)
    log_p, log_q = (torch.nn.functional.logsigmoid(side) for side in (u, -u))
    a = 1.0 if alpha is None else torch.where(positive, alpha, 1 - alpha).to(z.dtype)
    (-a * torch.exp(gamma * log_q) * log_p).sum().backward()
    return z.grad.numpy()


@variant
def case_by_case(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    z = logits.astype(np.float64)
    p, not_p = np.exp(-np.logaddexp(0, -z)), np.exp(-np.logaddexp(0, z))
    log_p, log_not_p = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    a, b = (1, 1) if alpha is None else (alpha, 1 - alpha)
    positives = a * not_p**gamma * (gamma * p * log_p - not_p)
    negatives = b * p**gamma * (p - gamma * not_p * log_not_p)
    return np.where(targets, positives, negatives).astype(logits.dtype)
