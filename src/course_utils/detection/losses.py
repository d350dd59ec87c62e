"""Losses of the detectors, in torch."""

import torch
from torch import Tensor
from torch.nn import functional


def focal_loss(
    logits: Tensor, targets: Tensor, gamma: float = 2.0, alpha: float | None = 0.25
) -> Tensor:
    """Return ``-alpha_t (1 - p_t)^gamma log p_t`` of each element, in the shape of ``logits``.

    ``p_t`` is the probability given to the right answer: ``sigmoid(logits)`` where the target is 1,
    one minus it where 0; ``alpha_t`` is ``alpha`` and ``1 - alpha`` there, and 1 where ``alpha`` is
    None. From logits, so that neither value nor gradient overflows: with the signed logit u,
    ``log p_t = -softplus(-u)`` and ``(1 - p_t)^gamma = exp(-gamma softplus(u))``. Source: Lin,
    Goyal, Girshick, He and Dollár (2017), Focal loss for dense object detection, ICCV, equation 5.
    """
    signed = torch.where(targets > 0, logits, -logits)  # the logit of the right answer
    loss = torch.exp(-gamma * functional.softplus(signed)) * functional.softplus(-signed)
    if alpha is None:
        return loss
    return torch.where(targets > 0, alpha, 1 - alpha) * loss


def centre_focal_loss(
    logits: Tensor, heat: Tensor, gamma: float = 2.0, beta: float = 4.0
) -> Tensor:
    """Return the focal loss of a heat map, of each element, in the shape of ``logits``.

    ``-(1 - p)^gamma log p`` where ``heat`` is 1, elsewhere ``-(1 - heat)^beta p^gamma log(1 - p)``:
    a near miss costs little. Source: Law and Deng (2018), CornerNet, ECCV, equation 1.
    """
    hit = torch.sigmoid(-logits) ** gamma * functional.softplus(-logits)
    miss = (1 - heat) ** beta * torch.sigmoid(logits) ** gamma * functional.softplus(logits)
    return torch.where(heat == 1, hit, miss)


def smooth_l1(difference: Tensor, beta: float = 1.0) -> Tensor:
    """Return ``d^2 / 2 beta`` where ``|d| < beta`` and ``|d| - beta / 2`` elsewhere, elementwise.

    Its slope is bounded by 1 and it has no kink at 0. Source: Girshick (2015), Fast R-CNN, ICCV,
    equation 3, there with ``beta = 1``.
    """
    size = difference.abs()
    return torch.where(size < beta, size**2 / (2 * beta), size - beta / 2)


def paired_giou(a: Tensor, b: Tensor) -> Tensor:
    """Return the generalised IoU of boxes row by row: ``(n, 4)``, ``(n, 4)`` to ``(n,)``.

    As `course_utils.detection.boxes.giou`, here for one partner each and with a gradient.
    """
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    intersection = (high - low).clamp(min=0).prod(1)
    union = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - intersection
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(1)
    return intersection / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
