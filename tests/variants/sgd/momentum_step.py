"""Right steps with momentum, written differently."""

import numpy as np

from tests.bank import variant


def refuse(theta, grad, velocity, lr, mu):
    if not theta.shape == grad.shape == velocity.shape:
        raise ValueError(f"shapes differ: {theta.shape}, {grad.shape}, {velocity.shape}")
    if lr < 0 or not 0 <= mu < 1:
        raise ValueError(f"lr must be at least 0 and mu in [0, 1), got {lr} and {mu}")


@variant
def plain(theta, grad, velocity, lr, mu):
    refuse(theta, grad, velocity, lr, mu)
    velocity = mu * velocity - lr * grad
    return theta + velocity, velocity


@variant
def loops(theta, grad, velocity, lr, mu):
    refuse(theta, grad, velocity, lr, mu)
    new_theta, new_velocity = np.zeros_like(theta), np.zeros_like(velocity)
    for i in np.ndindex(theta.shape):
        new_velocity[i] = mu * velocity[i] - lr * grad[i]
        new_theta[i] = theta[i] + new_velocity[i]
    return [new_theta, new_velocity]


@variant
def on_flat_copies(theta, grad, velocity, lr, mu):
    refuse(theta, grad, velocity, lr, mu)
    v = velocity.flatten()
    v *= mu
    v -= lr * grad.flatten()
    return theta + v.reshape(theta.shape), v.reshape(theta.shape)


@variant
def opposite_sign_inside(theta, grad, velocity, lr, mu):
    refuse(theta, grad, velocity, lr, mu)
    down = lr * grad + mu * -velocity
    return theta - down, -down
