"""Do a classifier's probabilities mean what they say? Reliability in bins of confidence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EDGES = (0, 0.5, 0.7, 0.9, 0.99, 1.01)  # fine where a trained network's confidences crowd


def reliability(p: NDArray, labels: NDArray, edges: Sequence[float] = EDGES) -> NDArray[np.float64]:
    """Return mean confidence, number right and number of samples of each bin, as three rows.

    p: probabilities ``(N, C)``; labels: ``(N,)``; a sample falls into the bin of its largest
    probability, ``edges[b] <= p < edges[b + 1]``; empty bins are left out. Raises ValueError where
    the shapes do not fit. Source: DeGroot and Fienberg (1983), The comparison and evaluation of
    forecasters.
    """
    if p.ndim != 2 or labels.shape != p.shape[:1] or not len(p):
        raise ValueError(f"p must be (N, C) and labels (N,), got {p.shape} and {labels.shape}")
    sure, right = p.max(1), p.argmax(1) == labels
    bins = [(edges[b] <= sure) & (sure < edges[b + 1]) for b in range(len(edges) - 1)]
    return np.array([(sure[b].mean(), right[b].sum(), b.sum()) for b in bins if b.any()]).T


def calibration_error(p: NDArray, labels: NDArray, edges: Sequence[float] = EDGES) -> float:
    """Return the expected calibration error, ``sum_b n_b / N |confidence_b - accuracy_b|``.

    Arguments and errors as for ``reliability``. Source: Naeini, Cooper and Hauskrecht (2015),
    Obtaining well calibrated probabilities using Bayesian binning, AAAI.
    """
    sure, right, count = reliability(p, labels, edges)
    return float(np.sum(abs(count * sure - right)) / count.sum())
