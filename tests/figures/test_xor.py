"""The exclusive-or playground: its network, its score and what it refuses."""

import itertools

import numpy as np
import pytest

from course_utils.figures import XorPlayground

ALT = "Four points of the exclusive or and the region that two hidden units put into class one."
ANSWER = (1, 1, 0, 1, 1, -1, 1, -2)


def test_two_relu_units_solve_it():
    figure = XorPlayground(alt=ALT, weights=ANSWER)
    assert figure.outputs().tolist() == [0, 1, 1, 0]
    assert figure.right == 4


def test_score_follows_the_weights_on_show():
    figure = XorPlayground(alt=ALT, weights=ANSWER)
    figure.weights = [0.0] * 8
    assert figure.right == 2
    figure.weights = [float(w) for w in ANSWER]
    figure.activation = "identity"
    assert figure.outputs() == pytest.approx([2, 1, 1, 0])


def test_start_is_not_the_answer():
    assert XorPlayground(alt=ALT).right < 4


def test_no_setting_of_identity_units_gets_four():
    figure = XorPlayground(alt=ALT, activation="identity")
    grid = np.array(list(itertools.product([-2.0, -0.5, 1.0, 2.0], repeat=8)))[::37]
    best = 0
    for weights in grid:
        figure.weights = weights.tolist()
        best = max(best, figure.right)
    assert best == 3


@pytest.mark.parametrize("weights", [(1, 1, 0), (1, 1, 0, 1, 1, -1, 1, -3), (np.nan,) * 8])
def test_bad_weights(weights):
    with pytest.raises(ValueError, match=r"weights: got .* expected 8 numbers in \[-2, 2\]"):
        XorPlayground(alt=ALT, weights=weights)


def test_bad_activation():
    with pytest.raises(ValueError, match=r"activation: got 'sine', expected one of"):
        XorPlayground(alt=ALT, activation="sine")
