"""How good drawn pictures are: a judge that reads them, and distances between its features."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from course_utils.diffusion.weights import FOLDER
from course_utils.training import logits_of
from course_utils.weights import load_weights

Floats = NDArray[np.float64]


class Judge(nn.Module):
    """A convolutional classifier of digits: ``(B, 1, 28, 28)`` in [0, 1] -> ``(B, 10)`` logits.

    ``features`` gives the ``(B, 64)`` that its last, linear layer reads.
    """

    def __init__(self) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for c_in, c_out, stride in [(1, 16, 1), (16, 24, 2), (24, 32, 1), (32, 48, 2), (48, 64, 1)]:
            conv = nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)
            parts += [conv, nn.BatchNorm2d(c_out), nn.ReLU()]
        self.features = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        return self.head(self.features(x))


def trained_judge() -> Judge:
    """Return the judge that ``benchmarks/diffusion_weights.py`` trained, in evaluation mode."""
    judge = Judge()
    load_weights(judge, FOLDER / "judge.npz")
    return judge


def judge_features(judge: Judge, images: Tensor) -> Floats:
    """Return the features of images ``(B, 1, 28, 28)`` in [0, 1]: ``(B, 64)``."""
    return logits_of(judge.features, images).double().numpy()


def agreement(judge: Judge, images: Tensor, labels: Tensor) -> float:
    """Return the share of images that the judge reads as their label."""
    return (logits_of(judge, images).argmax(1) == labels).double().mean().item()


def frechet_distance(a: Floats, b: Floats) -> float:
    """Return the Frechet distance of two sets of features, ``(N, d)`` and ``(M, d)``, as Gaussians.

    ``|mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2)``, with the means and the
    covariances (divided by N - 1) of the sets. It is biased upwards for few samples: compare at
    equal N. Source: Heusel et al. (2017), GANs trained by a two time-scale update rule. Raises
    ValueError for sets of fewer than 2 or of different widths.
    """
    for name, rows in {"a": a, "b": b}.items():
        if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] != a.shape[1]:
            raise ValueError(f"{name} must be (N, {a.shape[-1]}) with N > 1, got {rows.shape}")
    cov_a, cov_b = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (a, b))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ cov_b @ root).clip(0)
    gap = np.sum((a.mean(0) - b.mean(0)) ** 2)
    return float(gap + np.trace(cov_a) + np.trace(cov_b) - 2 * np.sqrt(product).sum())


def precision_recall(real: Floats, fake: Floats, k: int = 3) -> tuple[float, float]:
    """Return (precision, recall) of features ``(N, d)`` and ``(M, d)``.

    A set's region is the union of the balls around its points that reach to their k-th neighbours.
    Precision: the share of fake points inside the region of the real ones. Recall: the share of
    real points inside that of the fake ones. Source: Kynkaanniemi et al. (2019), Improved
    precision and recall metric. Raises ValueError unless ``1 <= k < N, M``.
    """
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"k must be in 1..{min(len(real), len(fake)) - 1}, got {k}")
    between = _squares(fake, real)
    reach_real, reach_fake = (np.partition(_squares(x, x), k, axis=1)[:, k] for x in (real, fake))
    precision = (between <= reach_real).any(1).mean()
    recall = (between <= reach_fake[:, None]).any(0).mean()
    return float(precision), float(recall)


def _squares(a: Floats, b: Floats) -> Floats:
    """Return squared distances, ``(N, M)``."""
    return ((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T).clip(0)
