"""Few and small digits as torch tensors: what an ablation needs to run in seconds."""

import torch
from torch.nn import functional

from course_utils.data import load_mnist
from course_utils.training import Data


def small_digits(
    split: str, count: int, pool: int = 2, centre: float = 0.0, flat: bool = False
) -> Data:
    """Return the first ``count`` digits of a split, averaged over ``pool`` x ``pool`` pixels.

    The images are ``(count, 1, 28 / pool, 28 / pool)`` with values in [0, 1] minus ``centre``, or
    ``(count, d)`` with ``flat``; the labels ``(count,)``. Raises ValueError for an unknown split, a
    ``count`` that the split does not have, or a ``pool`` that does not divide 28.
    """
    data = load_mnist(split)
    if not 1 <= count <= len(data.labels):
        raise ValueError(f"count must be in 1..{len(data.labels)}, got {count}")
    if pool < 1 or 28 % pool:
        raise ValueError(f"pool must divide 28, got {pool}")
    images = torch.from_numpy(data.images[:count, None])
    images = functional.avg_pool2d(images, pool) - centre
    return images.flatten(1) if flat else images, torch.from_numpy(data.labels[:count])
