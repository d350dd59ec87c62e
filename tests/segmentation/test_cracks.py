"""The drawn cracks: rare, dark, the same for the same seed; weights by distance; a training."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.segmentation import cracks


def test_a_set_is_rare_dark_and_repeats():
    x, y = cracks.crack_set(60, 5)
    assert x.shape == (60, 1, 48, 48)
    assert y.shape == (60, 48, 48)
    assert 0.005 < y.double().mean() < 0.025
    assert (y.flatten(1).sum(1) > 0).all()
    assert x[:, 0][y > 0].mean() < x[:, 0][y == 0].mean() - 0.5
    again = cracks.crack_set(60, 5)
    assert torch.equal(x, again[0])
    assert not torch.equal(x, cracks.crack_set(60, 6)[0])


@pytest.mark.parametrize(("count", "side"), [(0, 48), (3, 7)])
def test_sizes_that_do_not_fit(count, side):
    with pytest.raises(ValueError, match="count >= 1"):
        cracks.crack_set(count, 0, side)


def test_edge_weights_against_all_pairs():
    y = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (3, 7, 6)))
    y[2] = 1
    found = cracks.edge_weights(y, 3.0, 1.5)
    places = np.stack(np.indices((7, 6)), -1).reshape(-1, 2)
    for mask, weights in zip(y.numpy(), found.numpy(), strict=True):
        for (i, j), w in zip(places, weights.ravel(), strict=True):
            others = places[mask.ravel() != mask[i, j]]
            d = np.hypot(*(others - [i, j]).T).min() if len(others) else np.inf
            assert w == pytest.approx(1 + 3 * np.exp(-(d**2) / (2 * 1.5**2)), rel=1e-5)


def test_training_repeats_and_needs_a_step():
    def loss(z, y, near):
        return functional.cross_entropy(z, y)

    a, b = (cracks.train_on_cracks(loss, 2, seed=1) for _ in range(2))
    assert [p.shape for p in a] == [(40, 48, 48), (80, 48, 48)]
    assert all(torch.equal(p, q) for p, q in zip(a, b, strict=True))
    with pytest.raises(ValueError, match="steps"):
        cracks.train_on_cracks(loss, 0, seed=1)
