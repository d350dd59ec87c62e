"""The references of chapter 1 against torch and scikit-learn, on random input."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn

from course_utils.feedback import exercise_for

SEEDS = range(100)


def reference(function):
    return exercise_for(f"mlp/{function}").reference


def draws(seed):
    rng = np.random.default_rng(seed)
    return rng, *(int(n) for n in rng.integers(1, 7, size=3))


def near(got, expected, rtol=1e-10):
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_dense_is_linear_of_torch(seed):
    rng, batch, d_in, d_out = draws(seed)
    x, W, b = (
        rng.normal(size=(batch, 2, d_in)),
        rng.normal(size=(d_out, d_in)),
        rng.normal(size=d_out),
    )
    near(reference("dense")(x, W, b), nn.functional.linear(*map(torch.tensor, (x, W, b))))


@pytest.mark.parametrize("seed", SEEDS)
def test_softmax_and_cross_entropy_are_those_of_torch(seed):
    rng, batch, classes, power = draws(seed)
    logits = 10.0 ** (power - 2) * rng.normal(size=(batch, classes))
    labels = rng.integers(0, classes, size=batch)
    near(reference("softmax")(logits), torch.softmax(torch.tensor(logits), dim=-1))
    loss = nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(labels))
    near(reference("cross_entropy")(logits, labels), loss)


@pytest.mark.parametrize("seed", SEEDS)
def test_network_and_its_size_are_those_of_torch(seed):
    rng, batch, depth, _ = draws(seed)
    widths = [int(n) for n in rng.integers(1, 6, size=depth + 1)]
    layers = [nn.Linear(d, n).double() for d, n in pairwise(widths)]
    steps = [step for layer in layers for step in (layer, nn.ReLU())]
    net = nn.Sequential(*steps[:-1])
    params = [(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in layers]
    x = rng.normal(size=(batch, widths[0]))
    near(reference("mlp_forward")(x, params), net(torch.tensor(x)).detach())
    assert reference("count_parameters")(widths) == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("seed", SEEDS)
def test_metrics_are_those_of_scikit_learn(seed):
    rng, classes, _, few = draws(seed)
    classes += 1
    labels, predictions = rng.integers(0, classes, size=(2, 4 * few))
    everything = np.arange(classes)
    matrix = reference("confusion_matrix")(labels, predictions, classes)
    np.testing.assert_array_equal(
        matrix, metrics.confusion_matrix(labels, predictions, labels=everything)
    )
    scores = metrics.precision_recall_fscore_support(
        labels, predictions, labels=everything, zero_division=0
    )
    for got, expected in zip(reference("precision_recall_f1")(matrix), scores[:3], strict=True):
        near(got, expected)
