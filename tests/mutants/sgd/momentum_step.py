"""Wrong steps with momentum."""

import numpy as np

from tests.bank import mutant


@mutant("old-velocity-used")
def moved_too_early(theta, grad, velocity, lr, mu):
    theta = theta + velocity
    velocity = mu * velocity - lr * grad
    return theta, velocity


@mutant("rate-outside-the-velocity")
def as_in_torch(theta, grad, velocity, lr, mu):
    velocity = mu * velocity + grad
    return theta - lr * velocity, velocity


@mutant("velocity-averaged")
def exponential_average(theta, grad, velocity, lr, mu):
    velocity = mu * velocity + (1 - mu) * (-lr * grad)
    return theta + velocity, velocity


@mutant("velocity-of-the-opposite-sign")
def update_subtracted(theta, grad, velocity, lr, mu):
    velocity = mu * velocity + lr * grad
    return theta - velocity, velocity


@mutant("velocity-subtracted")
def minus_twice(theta, grad, velocity, lr, mu):
    velocity = mu * velocity - lr * grad
    return theta - velocity, velocity


@mutant("uphill")
def climbs(theta, grad, velocity, lr, mu):
    velocity = mu * velocity + lr * grad
    return theta + velocity, velocity


@mutant("velocity-forgotten")
def plain_step(theta, grad, velocity, lr, mu):
    step = -lr * grad
    return theta + step, step


@mutant("velocity-not-damped")
def no_friction(theta, grad, velocity, lr, mu):
    velocity = velocity - lr * grad
    return theta + velocity, velocity


@mutant("nesterov")
def looks_ahead(theta, grad, velocity, lr, mu):
    new = mu * velocity - lr * grad
    return theta - mu * velocity + (1 + mu) * new, new


@mutant("rate-and-mu-exchanged")
def exchanged(theta, grad, velocity, mu, lr):
    velocity = mu * velocity - lr * grad
    return theta + velocity, velocity


@mutant("results-exchanged")
def velocity_first(theta, grad, velocity, lr, mu):
    velocity = mu * velocity - lr * grad
    return velocity, theta + velocity


@mutant("velocity-not-returned")
def theta_only(theta, grad, velocity, lr, mu):
    return theta + mu * velocity - lr * grad


@mutant("complement-kept")
def one_less_mu(theta, grad, velocity, lr, mu):
    velocity = (1 - mu) * velocity - lr * grad
    return theta + velocity, velocity


@mutant("gradient-damped-too")
def bracket_misplaced(theta, grad, velocity, lr, mu):
    velocity = mu * (velocity - lr * grad)
    return theta + velocity, velocity


@mutant("rate-used-twice")
def two_forms_mixed(theta, grad, velocity, lr, mu):
    velocity = mu * velocity - lr * grad
    return theta + lr * velocity, velocity


@mutant("old-velocity-returned")
def new_name_forgotten(theta, grad, velocity, lr, mu):
    new = mu * velocity - lr * grad
    return theta + new, velocity


@mutant("exception")
def rate_of_zero_refused(theta, grad, velocity, lr, mu):
    if lr <= 0:
        raise ValueError("lr must be positive")
    velocity = mu * velocity - lr * grad
    return theta + velocity, velocity


@mutant("mutates")
def velocity_in_place(theta, grad, velocity, lr, mu):
    velocity *= mu
    velocity -= lr * grad
    return theta + velocity, velocity


@mutant("dtype")
def through_float64(theta, grad, velocity, lr, mu):
    velocity = mu * velocity.astype(float) - lr * grad
    return theta + velocity, velocity


@mutant("validation")
def counts_entries(theta, grad, velocity, lr, mu):
    if not theta.size == grad.size == velocity.size or lr < 0 or not 0 <= mu < 1:
        raise ValueError("a size differs, or lr or mu is out of range")
    velocity = mu * velocity - lr * grad
    return theta + velocity, velocity


@mutant("validation")
def broadcasts(theta, grad, velocity, lr, mu):
    if grad.size != theta.size or lr < 0 or not 0 <= mu < 1:
        raise ValueError("grad, lr and mu must be in range")
    velocity = mu * np.broadcast_to(velocity, theta.shape) - lr * grad
    return theta + velocity, velocity
