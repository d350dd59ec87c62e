"""The U-Net: a path down, a path up, and at each level a skip that is concatenated."""

import math

import torch
from torch import Tensor, nn

NORMS = {"batch": nn.BatchNorm2d, "group": lambda c: nn.GroupNorm(math.gcd(4, c), c)}


def double_conv(
    c_in: int, c_out: int, padding: int = 1, norm: str | None = "batch"
) -> nn.Sequential:
    """Build two 3x3 convolutions, each with a norm (in place of a bias) and ReLU.

    ``(B, c_in, H, W) -> (B, c_out, H - 4 + 4 * padding, W - 4 + 4 * padding)``. ``norm`` is
    "batch", "group" (4 groups), or None: then the convolutions have biases, as in the paper.
    """
    parts: list[nn.Module] = []
    for c in (c_in, c_out):
        parts.append(nn.Conv2d(c, c_out, 3, padding=padding, bias=norm is None))
        parts += [nn.ReLU()] if norm is None else [NORMS[norm](c_out), nn.ReLU()]
    return nn.Sequential(*parts)


def centre_crop(x: Tensor, height: int, width: int) -> Tensor:
    """Cut the middle ``(height, width)`` out of ``(B, C, H, W)``."""
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


class UNet(nn.Module):
    """Raw logits for every pixel: ``(B, c_in, H, W) -> (B, num_classes, H, W)``.

    ``depth`` times: two 3x3 convolutions, then a 2x2 max-pool; ``width`` channels at the top and
    twice as many at each level down. On the way up a transposed 2x2 convolution halves the
    channels and doubles the sides, the map of the same level from the way down is *concatenated*
    (not added), and two convolutions follow; a 1x1 convolution ends it. ``skips=False`` leaves the
    maps of the way down out.

    ``padding=0`` and ``norm=None`` give the network of the paper: the output is smaller than the
    input, and the skips are cropped. Source: Ronneberger, Fischer and Brox (2015), U-Net. Raises
    ValueError where a map that is to be pooled has an odd side: with padding, where a side is not
    a multiple of ``2**depth``; for an unknown ``norm``, and for sizes below 1 (0 for ``depth``).
    """

    def __init__(
        self,
        c_in: int,
        num_classes: int,
        width: int = 16,
        depth: int = 3,
        skips: bool = True,
        *,
        padding: int = 1,
        norm: str | None = "batch",
    ) -> None:
        super().__init__()
        for name, value in {"c_in": c_in, "num_classes": num_classes, "width": width}.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if depth < 0:
            raise ValueError(f"depth must be at least 0, got {depth}")
        if norm is not None and norm not in NORMS:
            raise ValueError(f"norm must be one of {sorted(NORMS)} or None, got {norm!r}")
        self.depth, self.skips, self.padded = depth, skips, padding == 1
        widths = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            double_conv(a, b, padding, norm)
            for a, b in zip([c_in, *widths[:-1]], widths, strict=True)
        )
        self.rise, self.up = nn.ModuleList(), nn.ModuleList()
        for c in reversed(widths[:-1]):
            self.rise.append(nn.ConvTranspose2d(2 * c, c, 2, stride=2))
            self.up.append(double_conv(2 * c if skips else c, c, padding, norm))
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Go down, keep a map a level, come up and join each."""
        self._check(x)
        kept: list[Tensor] = []
        for level, block in enumerate(self.down):
            if level > 0:
                x = nn.functional.max_pool2d(self._even(x), 2)
            x = block(x)
            kept.append(x)
        kept.pop()  # the deepest map goes up by itself
        for rise, block in zip(self.rise, self.up, strict=True):
            x = rise(x)
            skip = kept.pop()
            x = block(torch.cat([centre_crop(skip, *x.shape[2:]), x], 1) if self.skips else x)
        return self.head(x)

    def _check(self, x: Tensor) -> None:
        unit = 2**self.depth
        if x.ndim != 4:
            raise ValueError(f"x must be (B, C, H, W), got shape {tuple(x.shape)}")
        if self.padded and (x.shape[2] % unit or x.shape[3] % unit or 0 in x.shape[2:]):
            raise ValueError(
                f"the sides of x must be multiples of 2**depth = {unit}, got {tuple(x.shape[2:])}"
            )

    def _even(self, x: Tensor) -> Tensor:
        if x.shape[2] % 2 or x.shape[3] % 2:
            raise ValueError(f"a map of {tuple(x.shape[2:])} is to be pooled, its sides are odd")
        return x
