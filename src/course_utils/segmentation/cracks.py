"""Drawn cracks on rough walls: a set in which about one pixel in eighty is positive."""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from torch import Tensor

from course_utils.segmentation.unet import UNet
from course_utils.training import descend, seed_everything

# logits (B, 2, S, S), target (B, S, S), weights of the edges (B, S, S) -> scalar
CrackLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
TRAIN, VAL, TEST = (160, 0), (40, 1), (80, 2)  # number of walls, seed


def cracked_wall(rng: np.random.Generator, side: int = 48) -> tuple[NDArray, NDArray[np.bool_]]:
    """Draw one wall ``(side, side)``, grey and with mean about 0, and the mask of its crack.

    The wall has slow shades, noise and dark round pits; the crack is a random walk whose direction
    drifts, one or two pixels wide and no darker than the pits.
    """
    rows, columns = np.mgrid[:side, :side]
    wall = 0.3 * gaussian_filter(rng.normal(0, 8, (side, side)), 6) + rng.normal(
        0, 0.2, (side, side)
    )
    for _ in range(4):
        row, column = rng.uniform(0, side, 2)
        pit = np.hypot(rows - row, columns - column) < rng.uniform(1, 2.5)
        wall[pit] -= rng.uniform(0.4, 1.2)
    mask = np.zeros((side + 1, side + 1), bool)
    place, angle = rng.uniform(0.2, 0.8, 2) * side, rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(side // 3, 2 * side // 3)):
        angle += rng.normal(0, 0.35)
        place = np.clip(place + np.array([np.sin(angle), np.cos(angle)]), 0, side - 1)
        row, column = np.round(place).astype(int)
        mask[row, column : column + rng.integers(1, 3)] = True
    mask = mask[:side, :side]
    return np.where(mask, wall - rng.uniform(0.5, 1.0), wall), mask


def crack_set(count: int, seed: int, side: int = 48) -> tuple[Tensor, Tensor]:
    """Draw ``count`` walls: images ``(count, 1, S, S)`` float32, classes ``(count, S, S)`` int64.

    Class 1 is crack. Raises ValueError for a count below 1 or a side below 8.
    """
    if count < 1 or side < 8:
        raise ValueError(f"expected count >= 1 and side >= 8, got {count}, {side}")
    rng = np.random.default_rng(seed)
    walls, masks = zip(*[cracked_wall(rng, side) for _ in range(count)], strict=True)
    return torch.tensor(np.array(walls, np.float32))[:, None], torch.tensor(np.array(masks)).long()


def edge_weights(target: Tensor, w0: float = 4.0, sigma: float = 2.0) -> Tensor:
    """Return ``1 + w0 exp(-d^2 / (2 sigma^2))``, d the distance to a pixel of the other class.

    ``target (B, H, W)`` of classes 0 and 1; the result is float32 of that shape, 1 far from every
    edge and in a picture without one.
    """
    weights = torch.ones(target.shape)
    for number, mask in enumerate(target.numpy() > 0):
        if mask.any() and not mask.all():
            d = np.asarray(distance_transform_edt(mask)) + distance_transform_edt(~mask)
            weights[number] += torch.from_numpy(w0 * np.exp(-(d**2) / (2 * sigma**2)))
    return weights


@cache
def _training_set() -> tuple[Tensor, Tensor, Tensor]:
    x, y = crack_set(*TRAIN)
    return x, y, edge_weights(y)


def train_on_cracks(loss: CrackLoss, steps: int, seed: int, lr: float = 0.02) -> list[Tensor]:
    """Train a small U-Net with ``loss`` and return its crack probabilities: [val, test].

    Each is ``(N, S, S)``, for the walls of `VAL` and `TEST`. AdamW with a one-cycle rate, batches
    of 8 walls of `TRAIN`; ``seed`` sets the weights and the order. Raises ValueError for ``steps``
    below 1.
    """
    x, y, near = _training_set()
    seed_everything(seed)
    model = UNet(1, 2, width=6, depth=2)

    def draw_loss() -> Tensor:
        batch = torch.randint(len(x), (8,))
        return loss(model(x[batch]), y[batch], near[batch])

    descend(model, draw_loss, steps, lr=lr)
    with torch.no_grad():
        return [model(crack_set(*part)[0]).softmax(1)[:, 1] for part in (VAL, TEST)]
