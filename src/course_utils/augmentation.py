"""Random changes of a batch of images that leave their class alone."""

import torch
from torch import Tensor
from torch.nn import functional


def shifted(x: Tensor, pixels: int, mode: str = "constant") -> Tensor:
    """Move each image by up to ``pixels`` in both directions, at random.

    x: ``(B, C, H, W)``; returns the same shape. The border is filled as ``torch.nn.functional.pad``
    does in ``mode``: zeros for "constant", the nearest pixel for "replicate". Raises ValueError for
    another number of axes or a negative ``pixels``.
    """
    if x.ndim != 4 or pixels < 0:
        raise ValueError(
            f"x must be (B, C, H, W) and pixels 0 or more, got {tuple(x.shape)}, {pixels}"
        )
    batch, channels, height, width = x.shape
    padded = functional.pad(x, (pixels,) * 4, mode=mode)
    row, column = torch.randint(2 * pixels + 1, (2, batch, 1))
    rows, columns = row + torch.arange(height), column + torch.arange(width)  # (B, H), (B, W)
    sample, channel = torch.arange(batch), torch.arange(channels)
    return padded[
        sample[:, None, None, None],
        channel[None, :, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]


def mirrored(x: Tensor) -> Tensor:
    """Mirror each image ``(B, C, H, W)`` left to right with probability one half."""
    chosen = torch.rand(len(x)) < 0.5
    return torch.where(chosen[:, None, None, None], x.flip(-1), x)


def turned(x: Tensor) -> Tensor:
    """Turn or mirror each image at random: one of the eight symmetries of the square.

    x: ``(B, C, H, H)``; returns the same shape. Raises ValueError for images that are not square.
    """
    if x.ndim != 4 or x.shape[2] != x.shape[3]:
        raise ValueError(f"x must be (B, C, H, H), got {tuple(x.shape)}")
    for change in (lambda a: a.flip(-1), lambda a: a.flip(-2), lambda a: a.transpose(-1, -2)):
        chosen = torch.rand(len(x)) < 0.5
        x = torch.where(chosen[:, None, None, None], change(x), x)
    return x


def mixed(x: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Blend each image and its target with another of the batch: mixup.

    x: ``(B, C, H, W)``; targets: class probabilities ``(B, C)``; the share is one draw of
    Beta(alpha, alpha) a batch. Raises ValueError for ``alpha`` not above 0. Source: Zhang, Cisse,
    Dauphin and Lopez-Paz (2018), mixup: beyond empirical risk minimization, ICLR.
    """
    share, other = _share(alpha), torch.randperm(len(x))
    blend = share * x + (1 - share) * x[other]
    return blend, share * targets + (1 - share) * targets[other]


def patched(x: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Paste a rectangle of another image into each, and share the targets by area: CutMix.

    Arguments and errors as for ``mixed``; the share of the area kept is drawn from
    Beta(alpha, alpha), then computed anew where the rectangle meets the border. Source: Yun et al.
    (2019), CutMix: regularization strategy to train strong classifiers, ICCV.
    """
    share, other = _share(alpha), torch.randperm(len(x))
    height, width = x.shape[2:]
    side = (1 - share) ** 0.5 / 2
    (top, bottom), (left, right) = (_span(side * n, n) for n in (height, width))
    inside = torch.zeros(height, width, dtype=torch.bool)
    inside[top:bottom, left:right] = True
    kept = 1 - inside.float().mean()
    return torch.where(inside, x[other], x), kept * targets + (1 - kept) * targets[other]


def _share(alpha: float) -> Tensor:
    if alpha <= 0:
        raise ValueError(f"alpha must be above 0, got {alpha}")
    return torch.distributions.Beta(alpha, alpha).sample()


def _span(half: Tensor, size: int) -> tuple[int, int]:
    centre = torch.rand(()) * size
    return int((centre - half).clamp(0, size)), int((centre + half).clamp(0, size))
