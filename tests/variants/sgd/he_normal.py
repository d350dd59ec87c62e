"""Right initialisations that take other numbers from the generator, or in another order."""

import math

import numpy as np

from tests.bank import variant


def refuse(fan_in, fan_out):
    if fan_in < 1 or fan_out < 1:
        raise ValueError(f"fan_in and fan_out must be at least 1, got {fan_in} and {fan_out}")


@variant
def scale_given(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    return rng.normal(0.0, math.sqrt(2 / fan_in), size=(fan_out, fan_in))


@variant
def standard_normal_scaled(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    return np.sqrt(2 / fan_in) * rng.standard_normal((fan_out, fan_in))


@variant
def drawn_transposed(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    return rng.normal(size=(fan_in, fan_out)).T * (2 / fan_in) ** 0.5


@variant
def single_precision(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    W = rng.standard_normal((fan_out, fan_in), dtype=np.float32)
    return W * np.float32(math.sqrt(2 / fan_in))


@variant
def row_by_row(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    W = np.empty((fan_out, fan_in))
    for row in W:
        row[:] = rng.standard_normal(fan_in)
    return W / np.sqrt(fan_in / 2)


@variant
def polar(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    radius = np.sqrt(2 * rng.exponential(size=(fan_out, fan_in)))
    angle = rng.uniform(0, 2 * np.pi, size=(fan_out, fan_in))
    return radius * np.sin(angle) * np.sqrt(2 / fan_in)


@variant
def child_generator(fan_in, fan_out, rng):
    refuse(fan_in, fan_out)
    child = np.random.default_rng(rng.integers(2**63))
    return child.normal(0, np.sqrt(2 / fan_in), (fan_out, fan_in))
