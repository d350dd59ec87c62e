"""Training a segmenter on random crops, and its outputs for a whole image."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from course_utils.segmentation.crops import nuclei_crops
from course_utils.training import descend

# Outputs (B, K, S, S) and instances (B, S, S) to a scalar.
PixelLoss = Callable[[Tensor, Tensor], Tensor]
# Called as `nuclei_crops` is.
Crops = Callable[..., tuple[Tensor, Tensor]]


def mask_cross_entropy(outputs: Tensor, instances: Tensor) -> Tensor:
    """Return the mean cross-entropy of two classes: 0 the background, 1 any instance."""
    return nn.functional.cross_entropy(outputs, (instances > 0).long())


def fit_segmenter(
    model: nn.Module,
    image: NDArray[np.floating],
    instances: NDArray[np.integer],
    steps: int,
    *,
    batch: int = 8,
    side: int = 96,
    lr: float = 0.01,
    seed: int = 0,
    loss: PixelLoss = mask_cross_entropy,
    crops: Crops = nuclei_crops,
    progress: bool = False,
) -> list[float]:
    """Train ``model`` on ``steps`` batches of random crops and return the loss of each.

    ``image`` and ``instances`` as `nuclei_crops` takes them. AdamW with a one-cycle rate that
    peaks at ``lr``; ``seed`` draws the crops. ``loss(outputs, instances)`` makes its own targets
    from the labels of the crops. Raises ValueError for ``steps`` below 1 or a loss that is no
    longer finite.
    """
    rng = np.random.default_rng(seed)

    def draw_loss() -> Tensor:
        x, y = crops(image, instances, batch, side, rng)
        return loss(model(x.contiguous(memory_format=torch.channels_last)), y)

    return descend(model, draw_loss, steps, lr=lr, progress=progress)


@torch.no_grad()
def outputs_of(model: nn.Module, image: NDArray[np.floating]) -> Tensor:
    """Return the raw outputs ``(K, H, W)`` for one grey image ``(H, W)``, in evaluation mode."""
    model.eval()
    return model(torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None, None])[0]
