"""Calibration error: by hand, on a calibrated source, and what is refused."""

import numpy as np
import pytest

from course_utils.calibration import calibration_error, reliability


def test_by_hand():
    p = np.array([[0.6, 0.4], [0.4, 0.6], [0.95, 0.05], [0.08, 0.92]])
    labels = np.array([0, 0, 0, 1])  # bin .5-.7: one of two right; bin .9-.99: both
    assert reliability(p, labels).T.tolist() == [
        pytest.approx([0.6, 1, 2]),
        pytest.approx([0.935, 2, 2]),
    ]
    assert calibration_error(p, labels) == pytest.approx((2 * 0.1 + 2 * 0.065) / 4)


def test_labels_drawn_from_the_probabilities_are_calibrated():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(5, 0.3), size=20_000)
    labels = (p.cumsum(1) > rng.random((len(p), 1))).argmax(1)
    assert calibration_error(p, labels) < 0.01
    sharper = p**2 / (p**2).sum(1, keepdims=True)
    assert calibration_error(sharper, labels) > 0.05


def test_bad_shapes():
    with pytest.raises(ValueError, match=r"p must be \(N, C\)"):
        reliability(np.ones(3), np.ones(3))
