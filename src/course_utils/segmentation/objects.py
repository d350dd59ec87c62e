"""One network, three answers a pixel: its class, its depth in its object, the way to the centre."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from course_utils.segmentation.instances import centre_offsets, distance_map

OBJECT_OUTPUTS = 5  # background, object, depth, offset in rows, offset in columns
OFFSET_UNIT = 10.0  # pixels; offsets are learned in this unit


def objects_loss(outputs: Tensor, instances: Tensor) -> Tensor:
    """Return cross-entropy + 5 (depth error)^2 + smooth L1 of the offsets, a scalar.

    ``outputs (B, 5, H, W)``, ``instances (B, H, W)``. The depth is `distance_map`, predicted
    through a sigmoid; offsets count on objects only. Raises ValueError for other outputs.
    """
    if outputs.shape[1] != OBJECT_OUTPUTS:
        raise ValueError(f"outputs must have {OBJECT_OUTPUTS} channels, got {outputs.shape[1]}")
    labels = instances.numpy()
    depth = torch.from_numpy(np.stack([distance_map(one) for one in labels])).float()
    offsets = torch.from_numpy(np.stack([centre_offsets(one) for one in labels])) / OFFSET_UNIT
    mask = instances > 0
    classes = nn.functional.cross_entropy(outputs[:, :2], mask.long())
    depths = nn.functional.mse_loss(outputs[:, 2].sigmoid(), depth)
    way = nn.functional.smooth_l1_loss(outputs[:, 3:], offsets, reduction="none").sum(1)
    return classes + 5 * depths + (way * mask).sum() / mask.sum().clamp(min=1)


def maps_of(outputs: Tensor) -> tuple[NDArray, NDArray, NDArray]:
    """Split ``(5, H, W)``: probability and depth ``(H, W)``, offsets in pixels ``(2, H, W)``."""
    probability = outputs[:2].softmax(0)[1]
    depth, offsets = outputs[2].sigmoid(), OFFSET_UNIT * outputs[3:]
    return probability.numpy(), depth.numpy(), offsets.numpy()
