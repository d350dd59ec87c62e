"""Wrong gradient checks."""

import numpy as np

from tests.bank import mutant


def prepared(theta, grad, eps):
    if np.shape(theta) != np.shape(grad):
        raise ValueError(f"grad must be {np.shape(theta)}, got {np.shape(grad)}")
    if eps <= 0:
        raise ValueError(f"eps must be positive, got {eps}")
    return np.array(theta, dtype=np.float64), np.asarray(grad, dtype=np.float64)


def central(f, point, eps):
    numeric = np.zeros_like(point)
    for i in np.ndindex(point.shape):
        kept = point[i]
        point[i] = kept + eps
        above = f(point)
        point[i] = kept - eps
        below = f(point)
        point[i] = kept
        numeric[i] = (above - below) / (2 * eps)
    return numeric


def relative(numeric, grad):
    scale = np.maximum(np.abs(numeric), np.abs(grad))
    return np.abs(numeric - grad) / np.where(scale == 0, 1.0, scale)


@mutant("forward-difference")
def one_sided(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    base, numeric = f(point), np.zeros_like(point)
    for i in np.ndindex(point.shape):
        moved = point.copy()
        moved[i] += eps
        numeric[i] = (f(moved) - base) / eps
    return float(relative(numeric, grad).max())


@mutant("divided-by-eps")
def forgets_the_two(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    return float(relative(2 * central(f, point, eps), grad).max())


@mutant("all-entries-moved")
def adds_eps_to_the_array(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    numeric = np.zeros_like(point)
    for i in np.ndindex(point.shape):
        numeric[i] = (f(point + eps) - f(point - eps)) / (2 * eps)
    return float(relative(numeric, grad).max())


@mutant("absolute-error")
def not_relative(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    return float(np.abs(central(f, point, eps) - grad).max())


@mutant("mean-for-maximum")
def mean_error(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    return float(relative(central(f, point, eps), grad).mean())


@mutant("errors-of-every-entry")
def no_maximum(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    return relative(central(f, point, eps), grad)


@mutant("sum-for-larger")
def divides_by_the_sum(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    numeric = central(f, point, eps)
    scale = np.abs(numeric) + np.abs(grad)
    return float(np.max(np.abs(numeric - grad) / np.where(scale == 0, 1, scale)))


@mutant("norms")
def compares_norms(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    numeric = central(f, point, eps)
    scale = max(np.sqrt((numeric**2).sum()), np.sqrt((grad**2).sum()))
    return float(np.sqrt(((numeric - grad) ** 2).sum()) / scale)


@mutant("zero-by-zero")
def divides_by_zero(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    numeric = central(f, point, eps)
    return float(np.max(np.abs(numeric - grad) / np.maximum(np.abs(numeric), np.abs(grad))))


@mutant("signed-error")
def forgets_the_absolute_value(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    numeric = central(f, point, eps)
    scale = np.maximum(np.abs(numeric), np.abs(grad))
    return float(np.max((numeric - grad) / np.where(scale == 0, 1, scale)))


@mutant("steps-in-float32")
def keeps_the_dtype(f, theta, grad, eps=1e-6):
    _, grad = prepared(theta, grad, eps)
    return float(relative(central(f, theta.copy(), eps), grad).max())


@mutant("not-restored")
def one_step_down(f, theta, grad, eps=1e-6):
    _, grad = prepared(theta, grad, eps)
    numeric = np.zeros(theta.shape)
    it = np.nditer(theta, flags=["multi_index"])
    while not it.finished:
        i = it.multi_index
        theta[i] += eps
        above = f(theta)
        theta[i] -= 2 * eps
        below = f(theta)
        numeric[i] = (above - below) / (2 * eps)
        it.iternext()
    return float(relative(numeric, grad).max())


@mutant("restored-by-adding")
def adds_the_step_back(f, theta, grad, eps=1e-6):
    _, grad = prepared(theta, grad, eps)
    numeric = np.zeros(theta.shape)
    for i in np.ndindex(*theta.shape):
        theta[i] += eps
        above = f(theta)
        theta[i] -= 2 * eps
        below = f(theta)
        theta[i] += eps
        numeric[i] = (above - below) / (2 * eps)
    return float(np.max(relative(numeric, grad)))


@mutant("validation")
def grad_broadcasts(f, theta, grad, eps=1e-6):
    point = np.array(theta, dtype=np.float64)
    return float(relative(central(f, point, eps), np.asarray(grad, dtype=np.float64)).max())


@mutant("one-axis-only")
def one_axis_only(f, theta, grad, eps=1e-6):
    point, grad = prepared(theta, grad, eps)
    numeric = np.zeros(len(point))
    for i in range(len(point)):
        step = np.zeros(len(point))
        step[i] = eps
        numeric[i] = (f(point + step) - f(point - step)) / (2 * eps)
    return float(relative(numeric, grad).max())


@mutant("forward-difference")
def one_way_entry_by_entry(f, theta, grad, eps=1e-6):
    point, worst = theta.astype(np.float64), 0.0
    for index in np.ndindex(point.shape):
        before, kept = f(point), point[index]
        point[index] += eps
        slope = (f(point) - before) / eps
        point[index] = kept
        if slope or grad[index]:
            error = abs(slope - grad[index]) / max(abs(slope), abs(grad[index]))
            worst = max(worst, error)
    return worst
