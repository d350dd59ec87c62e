"""Wrong encodings of positions."""

import math

import numpy as np

from tests.bank import mutant


def refuse(T, d):
    if T < 1 or d < 2 or d % 2:
        raise ValueError(f"T at least 1 and an even d expected, got {T}, {d}")


def made(kind, even, odd=None):
    """Mark a table in which column c of pair i holds ``even(t, i, d)`` or ``odd(t, i, d)``."""

    def encoding(T, d):
        refuse(T, d)
        table = np.empty((T, d))
        for t in range(T):
            for i in range(d // 2):
                table[t, 2 * i] = even(t, i, d)
                table[t, 2 * i + 1] = odd(t, i, d)
        return table

    return mutant(kind)(encoding)


def pair(kind, angle):
    """Mark a table with another angle."""
    return made(
        kind,
        lambda t, i, d: math.sin(angle(t, i, d)),
        lambda t, i, d: math.cos(angle(t, i, d)),
    )


def right(t, i, d):
    return t / 10000 ** (2 * i / d)


def sine(t, i, d):
    return math.sin(right(t, i, d))


def cosine(t, i, d):
    return math.cos(right(t, i, d))


exchanged = made("sine-and-cosine-exchanged", cosine, sine)
half_exponent = pair("exponent-i-over-d", lambda t, i, d: t / 10000 ** (i / d))
double_exponent = pair("exponent-from-the-column", lambda t, i, d: t / 10000 ** (2 * 2 * i / d))
own_exponent = made(
    "odd-columns-of-their-own", sine, lambda t, i, d: math.cos(t / 10000 ** ((2 * i + 1) / d))
)
multiplied = pair("multiplied-by-the-power", lambda t, i, d: t * 10000 ** (2 * i / d))
bracket = pair("power-of-the-quotient", lambda t, i, d: (t / 10000) ** (2 * i / d))
thousand = pair("other-base", lambda t, i, d: t / 1000 ** (2 * i / d))
no_base = pair("other-base", lambda t, i, d: t * math.exp(-2 * i / d))
to_the_end = pair(
    "last-pair-at-the-base", lambda t, i, d: t / 10000 ** (2 * i / (d - 2) if d > 2 else 0)
)
floor_division = pair("whole-division", lambda t, i, d: t / 10000 ** (2 * i // d))
only_sines = made("sines-only", sine, sine)
only_cosines = made("cosines-only", cosine, cosine)
from_one = pair("starts-at-1", lambda t, i, d: right(t + 1, i, d))
turns = pair("full-turns", lambda t, i, d: 2 * math.pi * right(t, i, d))
flipped_sign = made("value", lambda t, i, d: -sine(t, i, d), cosine)


@mutant("exponent-from-the-column")
def column_for_pair(T, d):
    refuse(T, d)
    angles = np.arange(T)[:, None] / 10000 ** (2 * np.arange(d) / d)
    angles[:, 0::2], angles[:, 1::2] = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
    return angles


@mutant("odd-columns-of-their-own")
def every_column_its_exponent(T, d):
    refuse(T, d)
    angles = np.outer(np.arange(T), 10000 ** (-np.arange(d) / d))
    return np.where(np.arange(d) % 2, np.cos(angles), np.sin(angles))


@mutant("halves-side-by-side")
def sines_then_cosines(T, d):
    refuse(T, d)
    angles = np.outer(np.arange(T), 10000 ** (-2 * np.arange(d // 2) / d))
    return np.hstack([np.sin(angles), np.cos(angles)])


@mutant("columns-are-positions")
def transposed(T, d):
    refuse(T, d)
    return np.array(
        [[(cosine if c % 2 else sine)(t, c // 2, d) for t in range(T)] for c in range(d)]
    )


@mutant("dtype")
def narrow(T, d):
    refuse(T, d)
    return np.array(
        [[(cosine if c % 2 else sine)(t, c // 2, d) for c in range(d)] for t in range(T)],
        dtype=np.float32,
    )


@mutant("validation")
def odd_widths_cut(T, d):
    if T < 1 or d < 1:
        raise ValueError("sizes must be positive")
    angles = np.outer(np.arange(T), 10000 ** (-2 * np.arange(d // 2 + 1) / d))
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(T, -1)[:, :d]


@mutant("validation")
def empty_tables(T, d):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.outer(np.arange(T), 10000 ** (-np.arange(0, d, 2) / max(d, 1)))
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(max(T, 0), max(d, 0))
