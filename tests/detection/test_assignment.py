"""One-to-one matching against scipy, against all permutations, and against its own prices."""

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from course_utils.detection.assignment import greedy_matching, hungarian


def total(cost: np.ndarray, chosen: np.ndarray) -> float:
    return float(cost[np.arange(len(cost)), chosen].sum())


def drawn(seed: int, largest: int = 12) -> np.ndarray:
    """A random matrix; every second one is full of ties."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, largest))
    m = int(rng.integers(n, largest + 3))
    if seed % 2:
        return rng.normal(size=(n, m))
    return rng.integers(0, 4, (n, m)).astype(float)


def test_the_total_is_that_of_scipy() -> None:
    for seed in range(400):
        cost = drawn(seed)
        chosen, _, _ = hungarian(cost)
        assert len(set(chosen)) == len(cost)
        assert total(cost, chosen) == pytest.approx(cost[linear_sum_assignment(cost)].sum())


def test_no_permutation_is_cheaper() -> None:
    for seed in range(100):
        cost = drawn(seed, largest=4)
        n, m = cost.shape
        best = min(total(cost, np.array(p)) for p in permutations(range(m), n))
        assert total(cost, hungarian(cost)[0]) == pytest.approx(best)


def test_the_prices_prove_the_total() -> None:
    for seed in range(100):
        cost = drawn(seed)
        chosen, u, v = hungarian(cost)
        assert (u[:, None] + v <= cost + 1e-9).all()
        assert (v <= 1e-12).all()
        assert u.sum() + v.sum() == pytest.approx(total(cost, chosen))


def test_greedy_takes_the_cheapest_pair_first() -> None:
    cost = np.array([[0.0, 1.0], [1.0, 50.0]])
    assert greedy_matching(cost).tolist() == [0, 1]
    assert hungarian(cost)[0].tolist() == [1, 0]
    assert cost[0, 0] == 0.0  # the caller's matrix is left alone


def test_no_object_is_no_work() -> None:
    chosen, u, v = hungarian(np.zeros((0, 3)))
    assert (chosen.shape, u.shape, v.tolist()) == ((0,), (0,), [0, 0, 0])
    assert greedy_matching(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("match", [hungarian, greedy_matching])
@pytest.mark.parametrize("cost", [np.zeros((3, 2)), np.zeros(3), [[np.nan]]])
def test_wrong_costs_are_refused(match, cost) -> None:
    with pytest.raises(ValueError, match="cost must be"):
        match(cost)
