"""Right receptive fields, written differently."""

import math

import numpy as np

from tests.bank import variant


def numbers(layers):
    defaults = {"k": 1, "s": 1, "p": 0, "d": 1}
    rows = [[layer.get(name, default) for name, default in defaults.items()] for layer in layers]
    for k, s, p, d in rows:
        if min(k, s, d) < 1 or p < 0:
            raise ValueError(f"a layer needs k, s, d of at least 1 and p of at least 0: {rows}")
    return rows


@variant
def closed_form(layers):
    rows = numbers(layers)
    jumps = [math.prod(row[1] for row in rows[:i]) for i in range(len(rows) + 1)]
    size = 1 + sum((k - 1) * d * j for (k, _, _, d), j in zip(rows, jumps, strict=False))
    left = -sum(p * j for (_, _, p, _), j in zip(rows, jumps, strict=False))
    return size, jumps[-1], left + (size - 1) / 2


@variant
def from_the_top(layers):
    size, centre, jump = 1, 0.0, 1
    for k, s, p, d in reversed(numbers(layers)):
        size = s * (size - 1) + d * (k - 1) + 1
        centre = s * centre + d * (k - 1) / 2 - p
        jump *= s
    return size, jump, centre


@variant
def sets_of_pixels(layers):
    rows = numbers(layers)

    def seen(unit):
        pixels = {unit}
        for k, s, p, d in reversed(rows):
            pixels = {s * i - p + d * tap for i in pixels for tap in range(k)}
        return min(pixels), max(pixels)

    (first, last), (second, _) = seen(0), seen(1)
    return last - first + 1, second - first, (first + last) / 2


@variant
def numpy_numbers_in_a_list(layers):
    rows = np.array(numbers(layers), dtype=np.int64).reshape(-1, 4)
    k, s, p, d = rows.T
    jumps = np.concatenate([[1], np.cumprod(s)])
    size = 1 + np.sum((k - 1) * d * jumps[:-1])
    return [size, jumps[-1], np.sum(((k - 1) * d / 2 - p) * jumps[:-1])]
