"""Right gradient checks, written in three ways."""

import numpy as np

from tests.bank import variant


def checked(theta, grad, eps):
    if np.shape(theta) != np.shape(grad):
        raise ValueError(f"grad must be {np.shape(theta)}, got {np.shape(grad)}")
    if not eps > 0:
        raise ValueError(f"eps must be above 0, got {eps}")


@variant
def perturbs_a_copy(f, theta, grad, eps=1e-6):
    checked(theta, grad, eps)
    point = np.array(theta, dtype=np.float64)
    worst = 0.0
    for index in np.ndindex(point.shape):
        kept = point[index]
        point[index] = kept + eps
        above = f(point)
        point[index] = kept - eps
        below = f(point)
        point[index] = kept
        numeric, given = (above - below) / (2 * eps), float(grad[index])
        scale = max(abs(numeric), abs(given))
        if scale > 0:
            worst = max(worst, abs(numeric - given) / scale)
    return worst


@variant
def basis_vectors(f, theta, grad, eps=1e-6):
    checked(theta, grad, eps)
    flat = np.asarray(theta, dtype=np.float64).ravel()

    def along(e):
        above, below = (f((flat + s * eps * e).reshape(np.shape(theta))) for s in (1, -1))
        return (above - below) / (2 * eps)

    numeric = np.array([along(e) for e in np.eye(flat.size)])
    given = np.asarray(grad, dtype=np.float64).ravel()
    scale = np.maximum(np.abs(numeric), np.abs(given))
    return np.max(np.abs(numeric - given) / np.where(scale > 0, scale, 1))


@variant
def in_place_and_put_back(f, theta, grad, eps=1e-6):
    checked(theta, grad, eps)
    work = theta if theta.dtype == np.float64 else theta.astype(np.float64)
    errors = np.zeros(work.shape)
    for i in np.ndindex(work.shape):
        old = work[i].copy()
        try:
            work[i] = old + eps
            numeric = f(work)
            work[i] = old - eps
            numeric = (numeric - f(work)) / (2 * eps)
        finally:
            work[i] = old
        if numeric != grad[i]:
            errors[i] = abs(numeric - grad[i]) / max(abs(numeric), abs(grad[i]))
    return errors.max()
