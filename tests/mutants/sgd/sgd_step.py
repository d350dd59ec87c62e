"""Wrong gradient steps."""

import numpy as np

from tests.bank import mutant


@mutant("uphill")
def added(theta, grad, lr):
    return theta + grad * lr


@mutant("rate-forgotten")
def whole_gradient(theta, grad, lr):
    return np.subtract(theta, grad)


@mutant("step-without-theta")
def only_the_step(theta, grad, lr):
    return -(grad * lr)


@mutant("step-of-unit-length")
def normalised(theta, grad, lr):
    return theta - lr * (grad / np.sqrt(np.sum(grad * grad)))


@mutant("sign-of-the-gradient")
def signs(theta, grad, lr):
    return theta - lr * np.where(grad > 0, 1, -1).astype(grad.dtype)


@mutant("theta-shrunk")
def decayed(theta, grad, lr):
    return (1 - lr) * theta - lr * grad


@mutant("mutates")
def in_place(theta, grad, lr):
    theta -= lr * grad
    return theta


@mutant("none")
def in_a_loop_without_return(theta, grad, lr):
    theta = theta - lr * grad


@mutant("dtype")
def in_float64(theta, grad, lr):
    return theta - np.float64(lr) * np.array(grad, dtype=float)


@mutant("validation")
def counts_entries(theta, grad, lr):
    if theta.size != grad.size or lr < 0:
        raise ValueError("sizes differ, or lr is negative")
    return theta - lr * grad


@mutant("validation")
def broadcasts(theta, grad, lr):
    return theta - lr * grad
