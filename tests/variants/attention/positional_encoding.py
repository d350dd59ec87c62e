"""Right encodings of positions, written differently."""

import math

import numpy as np
import torch

from tests.bank import variant


def refuse(T, d):
    if T < 1 or d < 2 or d % 2:
        raise ValueError(f"T at least 1 and an even d expected, got {T}, {d}")


@variant
def slices(T, d):
    refuse(T, d)
    angles = np.arange(T)[:, np.newaxis] / 10000 ** (np.arange(0, d, 2) / d)
    table = np.empty((T, d))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles)
    return table


@variant
def loops(T, d):
    refuse(T, d)
    table = []
    for t in range(T):
        row = []
        for i in range(d // 2):
            angle = t / math.pow(10000, 2 * i / d)
            row += [math.sin(angle), math.cos(angle)]
        table.append(row)
    return np.array(table)


@variant
def shifted_sines(T, d):
    """A cosine is a sine a quarter turn ahead; powers by exp and log."""
    refuse(T, d)
    columns = np.arange(d)
    rates = np.exp(-math.log(10000.0) * (columns - columns % 2) / d)
    return np.sin(np.outer(np.arange(T), rates) + math.pi / 2 * (columns % 2))


@variant
def rotations(T, d):
    """Turn each pair from one position to the next."""
    refuse(T, d)
    w = 10000.0 ** (-2.0 * np.arange(d // 2) / d)
    table = np.zeros((T, d // 2, 2))
    table[0, :, 1] = 1
    for t in range(1, T):
        s, c = table[t - 1, :, 0], table[t - 1, :, 1]
        table[t, :, 0] = s * np.cos(w) + c * np.sin(w)
        table[t, :, 1] = c * np.cos(w) - s * np.sin(w)
    return table.reshape(T, d)


@variant
def with_torch(T, d):
    refuse(T, d)
    angles = torch.arange(T).double()[:, None] * 1e4 ** (-torch.arange(0, d, 2).double() / d)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).numpy()
