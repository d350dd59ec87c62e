"""Wrong gradients of the Dice loss."""

import numpy as np

from tests.bank import mutant


def refuse(p, t, eps):
    if p.shape != t.shape or p.ndim < 2 or p.size == 0 or eps < 0:
        raise ValueError(f"{p.shape}, {t.shape}, {eps} do not fit")
    if p.min() < 0 or p.max() > 1 or not np.isin(t, (0, 1)).all():
        raise ValueError("values out of range")


def made(kind, rule, axis=(-2, -1), share=lambda p, n: n.size, square=True, up=1, down=1):
    """Mark the gradient ``rule(p, t, n, d)`` with its mistake."""

    def gradient(probabilities, target, eps):
        refuse(probabilities, target, eps)
        p, t = probabilities, target.astype(probabilities.dtype)
        n = 2 * (p * t).sum(axis=axis, keepdims=True) + up * eps
        d = ((p**2 if square else p) + t).sum(axis=axis, keepdims=True) + down * eps
        return (rule(p, t, n, d) / share(p, n)).astype(p.dtype)

    return mutant(kind)(gradient)


def right(p, t, n, d):
    return (2 * p * n - 2 * t * d) / d**2


global_dice = made("all-maps-pooled", right, axis=None)
batch_dice = made("batch-pooled", right, axis=(0, 2, 3))
image_dice = made("classes-pooled", right, axis=(-3, -2, -1))
four_axes = made("axes-by-number", right, axis=(2, 3))
three_axes = made("axes-by-number", right, axis=(1, 2))
no_mean = made("mean-forgotten", right, share=lambda p, n: 1)
all_pixels = made("divided-by-all-pixels", right, share=lambda p, n: p.size)
batch = made("divided-by-the-batch", right, share=lambda p, n: len(p) if p.ndim > 2 else 1)
uphill = made("sign-flipped", lambda p, t, n, d: -right(p, t, n, d))
numerator = made("denominator-kept-constant", lambda p, t, n, d: -2 * t / d)
denominator = made("numerator-kept-constant", lambda p, t, n, d: 2 * p * n / d**2)
divided_once = made("denominator-once", lambda p, t, n, d: (2 * p * n - 2 * t * d) / d)
no_cross = made("quotient-rule-without-cross", lambda p, t, n, d: 2 * (p * d - t * n) / d**2)
half_square = made("derivative-of-the-square", lambda p, t, n, d: (p * n - 2 * t * d) / d**2)
half_overlap = made("derivative-of-the-overlap", lambda p, t, n, d: (2 * p * n - t * d) / d**2)
plain = made("denominator-not-squared", lambda p, t, n, d: (n - 2 * t * d) / d**2, square=False)
logits = made("with-respect-to-logits", lambda p, t, n, d: right(p, t, n, d) * p * (1 - p))
without = made("eps-not-used", right, up=0, down=0)
below = made("eps-below-only", right, up=0)


@mutant("difference-to-the-target")
def squared_error(probabilities, target, eps):
    refuse(probabilities, target, eps)
    return probabilities - target


@mutant("difference-to-the-target")
def mean_squared_error(probabilities, target, eps):
    refuse(probabilities, target, eps)
    return (probabilities - target) / np.prod(probabilities.shape[:-2])


@mutant("dtype")
def always_double(probabilities, target, eps):
    refuse(probabilities, target, eps)
    p, t = probabilities.astype(np.float64), target.astype(np.float64)
    n = 2 * (p * t).sum(axis=(-2, -1), keepdims=True) + eps
    d = (p**2 + t**2).sum(axis=(-2, -1), keepdims=True) + eps
    return right(p, t, n, d) / n.size


@mutant("validation")
def no_checks(probabilities, target, eps):
    p, t = probabilities, target.astype(probabilities.dtype)
    n = 2 * (p * t).sum(axis=(-2, -1), keepdims=True) + eps
    d = (p**2 + t**2).sum(axis=(-2, -1), keepdims=True) + eps
    return right(p, t, n, d) / n.size
