"""One-to-one matching of objects and predictions at the smallest total cost."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.int64]


def _checked(cost: ArrayLike) -> Floats:
    found = np.array(cost, np.float64)
    if found.ndim != 2 or found.shape[0] > found.shape[1] or not np.isfinite(found).all():
        raise ValueError(f"cost must be (n, m), finite, with n <= m, got shape {found.shape}")
    return found


def hungarian(cost: ArrayLike) -> tuple[Integers, Floats, Floats]:
    """Return ``(chosen, u, v)``: the column of each row ``(n,)`` at the smallest total, and prices.

    ``cost`` is ``(n, m)`` with n <= m. Rows enter one by one; each time the cheapest chain of
    changes ends at a free column. The prices of rows ``u`` ``(n,)`` and columns ``v`` ``(m,)`` obey
    ``u_i + v_j <= cost_ij`` and ``v <= 0``, and their sum is the total, which proves it smallest.
    Raises ValueError for another shape. Source: Jonker and Volgenant (1987), A shortest augmenting
    path algorithm for dense and sparse linear assignment problems, Computing 38.
    """
    cost = _checked(cost)
    n, m = cost.shape
    u, v, owner = np.zeros(n), np.zeros(m), np.full(m, -1)
    for start in range(n):
        distance, came, done = np.full(m, np.inf), np.full(m, -1), np.zeros(m, bool)
        row, low, last = start, 0.0, -1
        while row >= 0:  # extend the cheapest chain, until it ends at a free column
            offer = low + cost[row] - u[row] - v
            better = ~done & (offer < distance)
            distance[better], came[better] = offer[better], last
            last = int(np.argmin(np.where(done, np.inf, distance)))
            low, done[last], row = distance[last], True, owner[last]
        seen = np.flatnonzero(done & (owner >= 0))
        u[start] += low
        u[owner[seen]] += low - distance[seen]
        v[done] -= low - distance[done]
        while last >= 0:  # every row of the chain moves on to the next column
            owner[last] = start if came[last] < 0 else owner[came[last]]
            last = came[last]
    chosen = np.empty(n, np.int64)
    chosen[owner[owner >= 0]] = np.flatnonzero(owner >= 0)
    return chosen, u, v


def greedy_matching(cost: ArrayLike) -> Integers:
    """Return the column of each row ``(n,)``: the cheapest pair, the cheapest of the rest, and on.

    ``cost`` is ``(n, m)`` with n <= m; of equal pairs the first in reading order. Raises ValueError
    for another shape.
    """
    cost = _checked(cost)
    chosen = np.empty(len(cost), np.int64)
    for _ in range(len(cost)):
        row, column = np.unravel_index(int(cost.argmin()), cost.shape)
        chosen[row] = column
        cost[row], cost[:, column] = np.inf, np.inf
    return chosen
