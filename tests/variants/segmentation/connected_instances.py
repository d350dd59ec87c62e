"""Right labels of connected pixels, written differently."""

from collections import deque

import numpy as np

from tests.bank import variant


def checked(mask):
    if mask.ndim != 2 or mask.size == 0 or not ((mask == 0) | (mask == 1)).all():
        raise ValueError(f"a mask (H, W) of 0 and 1 expected, got {mask.shape}")
    return mask == 1


@variant
def breadth_first(mask):
    inside = checked(mask)
    labels, count = np.zeros(inside.shape, dtype=np.int64), 0
    for i, j in np.ndindex(*inside.shape):
        if inside[i, j] and labels[i, j] == 0:
            count += 1
            labels[i, j] = count
            queue = deque([(i, j)])
            while queue:
                r, c = queue.popleft()
                for a, b in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                    within = 0 <= a < len(inside) and 0 <= b < inside.shape[1]
                    if within and inside[a, b] and labels[a, b] == 0:
                        labels[a, b] = count
                        queue.append((a, b))
    return labels


@variant
def two_passes(mask):
    """Union and find over provisional labels, then numbers by first appearance."""
    inside = checked(mask)
    labels, parent = np.zeros(inside.shape, int), [0]

    def find(n):
        while parent[n] != n:
            n = parent[n]
        return n

    for i, j in np.argwhere(inside):
        up, left = (labels[i - 1, j] if i else 0), (labels[i, j - 1] if j else 0)
        near = [find(n) for n in (up, left) if n]
        if not near:
            parent.append(len(parent))
            near = [len(parent) - 1]
        labels[i, j] = min(near)
        for n in near:
            parent[n] = min(near)
    names = {0: 0}
    for i, j in np.argwhere(inside):
        labels[i, j] = names.setdefault(find(labels[i, j]), len(names))
    return labels


@variant
def spreading_minima(mask):
    """Let the smallest position of each object spread until nothing changes."""
    inside = checked(mask)
    big = inside.size
    place = np.where(inside, np.arange(big).reshape(inside.shape), big)
    while True:
        around = np.pad(place, 1, constant_values=big)
        best = np.minimum.reduce(
            [place, around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]]
        )
        best = np.where(inside, best, big)
        if (best == place).all():
            break
        place = best
    first = np.unique(place[inside])
    return np.where(inside, np.searchsorted(first, place) + 1, 0)


@variant
def graph(mask):
    """Components of a graph of pixels, from scipy."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    inside = checked(mask)
    number = np.arange(inside.size).reshape(inside.shape)
    right, down = inside[:, 1:] & inside[:, :-1], inside[1:] & inside[:-1]
    a = np.concatenate([number[:, 1:][right], number[1:][down]])
    b = np.concatenate([number[:, :-1][right], number[:-1][down]])
    edges = coo_array((np.ones(len(a)), (a, b)), shape=(inside.size,) * 2)
    component = connected_components(edges, directed=False)[1].reshape(inside.shape)
    names, labels = {}, np.zeros(inside.shape, np.int32)
    for place in map(tuple, np.argwhere(inside)):
        labels[place] = names.setdefault(component[place], len(names) + 1)
    return labels
