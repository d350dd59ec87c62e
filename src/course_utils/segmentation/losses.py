"""Losses over all pixels of a label map, for classes of unequal size."""

import torch
from torch import Tensor, nn


def dice_loss(probabilities: Tensor, target: Tensor, eps: float = 1.0) -> Tensor:
    """Return ``1 - (2 sum p t + eps) / (sum p^2 + sum t^2 + eps)``, a scalar.

    ``probabilities`` and one-hot ``target`` are ``(..., H, W)``; the sums run over H and W, and the
    mean of the loss over all leading axes. Source: Milletari, Navab and Ahmadi (2016), V-Net.
    Raises ValueError where the shapes differ.
    """
    _check_alike(probabilities, target)
    t = target.to(probabilities.dtype)
    overlap = (probabilities * t).sum((-2, -1))
    total = (probabilities**2).sum((-2, -1)) + (t**2).sum((-2, -1))
    return (1 - (2 * overlap + eps) / (total + eps)).mean()


def tversky_loss(
    probabilities: Tensor, target: Tensor, alpha: float = 0.3, beta: float = 0.7, eps: float = 1.0
) -> Tensor:
    """Return ``1 - (TP + eps) / (TP + alpha FP + beta FN + eps)``, a scalar.

    TP = sum p t, FP = sum p (1 - t), FN = sum (1 - p) t, over H and W of ``(..., H, W)``; the mean
    over all leading axes. ``beta > alpha`` makes a missed pixel dearer than a false one. Source:
    Salehi, Erdogmus and Gholipour (2017), Tversky loss function for image segmentation. Raises
    ValueError where the shapes differ.
    """
    _check_alike(probabilities, target)
    t = target.to(probabilities.dtype)
    hit = (probabilities * t).sum((-2, -1))
    false = (probabilities * (1 - t)).sum((-2, -1))
    missed = ((1 - probabilities) * t).sum((-2, -1))
    return (1 - (hit + eps) / (hit + alpha * false + beta * missed + eps)).mean()


def weighted_cross_entropy(
    logits: Tensor,
    target: Tensor,
    class_weights: Tensor | None = None,
    pixel_weights: Tensor | None = None,
) -> Tensor:
    """Return ``sum_i w_i l_i / sum_i w_i`` with ``l_i`` the cross-entropy of pixel i, a scalar.

    ``logits (B, C, H, W)``, ``target (B, H, W)`` of class numbers; ``w_i`` is the weight of the
    pixel's true class, ``class_weights (C,)``, times ``pixel_weights (B, H, W)``; each is 1 where
    not given. Raises ValueError where the weights have another shape or no pixel has any weight.
    """
    weight = torch.ones_like(target, dtype=logits.dtype)
    if class_weights is not None:
        if class_weights.shape != logits.shape[1:2]:
            raise ValueError(
                f"class_weights must be ({logits.shape[1]},), got {tuple(class_weights.shape)}"
            )
        weight = weight * class_weights.to(logits)[target]
    if pixel_weights is not None:
        if pixel_weights.shape != target.shape:
            raise ValueError(
                f"pixel_weights must be {tuple(target.shape)}, got {tuple(pixel_weights.shape)}"
            )
        weight = weight * pixel_weights.to(logits)
    total = weight.sum()
    if total <= 0:
        raise ValueError(f"the weights must have a positive sum, got {total.item()}")
    each = nn.functional.cross_entropy(logits, target, reduction="none")
    return (weight * each).sum() / total


def _check_alike(probabilities: Tensor, target: Tensor) -> None:
    if probabilities.shape != target.shape or probabilities.ndim < 2:
        raise ValueError(
            "probabilities and target must have one shape (..., H, W), "
            f"got {tuple(probabilities.shape)} and {tuple(target.shape)}"
        )
