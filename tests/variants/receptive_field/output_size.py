"""Right output sizes, written differently."""

import numpy as np

from tests.bank import variant


def refuse(n, k, s, p, d):
    if min(n, k, s, d) < 1 or p < 0 or d * (k - 1) + 1 > n + 2 * p:
        raise ValueError(f"a kernel of {k} does not fit into {n}")


@variant
def formula(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


@variant
def ceiling_of_the_starts(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    starts = n + 2 * p - d * (k - 1)
    return int(np.ceil(starts / s))


@variant
def slid_along(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    count, last = 0, d * (k - 1)
    while last < n + 2 * p:
        count, last = count + 1, last + s
    return count


@variant
def strided_view(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    padded = np.zeros(n + 2 * p)
    windows = np.lib.stride_tricks.sliding_window_view(padded, d * (k - 1) + 1)
    return np.int64(windows[::s].shape[0])
