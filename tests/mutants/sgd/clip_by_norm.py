"""Wrong clippings."""

import numpy as np

from tests.bank import mutant


@mutant("clipped-by-value")
def entry_by_entry(grad, max_norm):
    return np.maximum(-max_norm, np.minimum(max_norm, grad))


@mutant("lengthened")
def always_scaled(grad, max_norm):
    return grad / np.linalg.norm(grad) * max_norm


@mutant("lengthened")
def always_scaled_with_epsilon(grad, max_norm):
    return grad * max_norm / (np.linalg.norm(grad) + 1e-12)


@mutant("short-ones-scaled")
def wrong_way_round(grad, max_norm):
    norm = np.linalg.norm(grad)
    return grad * (max_norm / norm) if 0 < norm < max_norm else grad


@mutant("row-by-row")
def last_axis(grad, max_norm):
    norm = np.linalg.norm(grad, axis=-1, keepdims=True)
    return grad * np.minimum(1, max_norm / np.maximum(norm, 1e-12))


@mutant("largest-entry")
def infinity_norm(grad, max_norm):
    largest = abs(grad).max()
    return grad * (max_norm / largest) if largest > max_norm else grad


@mutant("sum-of-sizes")
def one_norm(grad, max_norm):
    total = np.abs(grad).sum()
    return grad / total * max_norm if total > max_norm else grad


@mutant("spectral-norm")
def norm_two(grad, max_norm):
    norm = np.linalg.norm(grad, ord=2)
    return grad * (max_norm / norm) if norm > max_norm else grad


@mutant("root-forgotten")
def squared(grad, max_norm):
    norm = (grad * grad).sum()
    return grad * (max_norm / norm) if norm > max_norm else grad


@mutant("mean-square")
def rms(grad, max_norm):
    norm = np.sqrt(np.mean(grad**2))
    return grad * (max_norm / norm) if norm > max_norm else grad


@mutant("unit-length")
def to_length_one(grad, max_norm):
    norm = np.sqrt((grad**2).sum())
    if norm > max_norm:
        grad = grad / norm
    return grad


@mutant("dropped")
def skipped(grad, max_norm):
    return grad if (grad**2).sum() <= max_norm**2 else 0 * grad


@mutant("divided-by-the-limit")
def over_max_norm(grad, max_norm):
    return grad / max_norm if np.linalg.norm(grad) > max_norm else grad


@mutant("mutates")
def in_place(grad, max_norm):
    norm = np.linalg.norm(grad)
    if norm > max_norm:
        grad *= max_norm / norm
    return grad


@mutant("dtype")
def in_float64(grad, max_norm):
    wide = np.array(grad, dtype=float)
    return wide * min(1.0, max_norm / max(np.linalg.norm(wide), 1e-12))


@mutant("validation")
def limit_of_zero(grad, max_norm):
    norm = np.linalg.norm(grad)
    return grad * (max_norm / norm) if norm > max_norm else grad
