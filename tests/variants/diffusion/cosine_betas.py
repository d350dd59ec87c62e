"""Right cosine schedules, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(T):
    if isinstance(T, bool) or int(T) != T or T < 1:
        raise ValueError(f"T must be an int of at least 1, got {T}")


@variant
def loop(T):
    refuse(T)

    def f(t):
        return math.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** 2

    return np.array([min(1 - f(t) / f(t - 1), 0.999) for t in range(1, T + 1)])


@variant
def never_divided_by_the_first(T):
    refuse(T)
    f = np.cos((np.linspace(0, 1, T + 1) + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.clip(1 - f[1:] / f[:-1], 0, 0.999)


@variant
def divided_by_the_first(T):
    refuse(T)
    f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
    shares = f / f[0]
    betas = 1 - shares[1:] / shares[:-1]
    betas[betas > 0.999] = 0.999
    return betas


@variant
def with_a_sine(T):
    refuse(T)
    angle = math.pi / 2 * (1 - np.arange(T + 1) / T) / 1.008  # what is left of the quarter turn
    f = np.sin(angle) ** 2
    return np.minimum((f[:-1] - f[1:]) / f[:-1], 0.999)
