"""Right clippings, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be above 0, got {max_norm}")


@variant
def branch(grad, max_norm):
    refuse(max_norm)
    norm = np.linalg.norm(grad)
    return grad * (max_norm / norm) if norm > max_norm else grad


@variant
def with_an_epsilon(grad, max_norm):
    """As torch does it."""
    refuse(max_norm)
    norm = np.sqrt(np.sum(grad**2))
    return grad * min(1.0, max_norm / (float(norm) + 1e-6))


@variant
def loops(grad, max_norm):
    refuse(max_norm)
    norm = math.sqrt(math.fsum(float(g) ** 2 for g in grad.flat))
    out = grad.copy()
    for index in np.ndindex(grad.shape):
        out[index] = grad[index] * max_norm / max(norm, max_norm)
    return out


@variant
def dot_product(grad, max_norm):
    refuse(max_norm)
    flat = grad.ravel()
    norm = np.sqrt(np.einsum("i,i->", flat, flat))
    return grad / np.maximum(1, norm / max_norm).astype(grad.dtype)
