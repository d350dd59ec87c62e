"""The denoiser: a U-Net that is told the time, and, if it has classes, what to draw."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils.diffusion.process import alpha_bar, cosine_betas

TARGETS = ("eps", "x0", "v")


def time_embedding(t: Tensor, d: int) -> Tensor:
    """Return sines and cosines of the times: ``(B,) -> (B, d)``.

    Column i < d/2 is ``sin(t w_i)``, column d/2 + i is ``cos(t w_i)``, with
    ``w_i = 10000**(-2 i / d)``: slow waves tell early from late, fast ones t from t + 1. Times may
    be any real numbers. Source: Vaswani et al. (2017), Attention is all you need. Raises
    ValueError where d is odd or below 2.
    """
    if d < 2 or d % 2:
        raise ValueError(f"d must be even and at least 2, got {d}")
    rates = torch.exp(torch.arange(d // 2, device=t.device) * (-2 * math.log(1e4) / d))
    angles = t[:, None].float() * rates  # (B, d / 2)
    return torch.cat([angles.sin(), angles.cos()], 1)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a skip; the embedding scales and shifts between them.

    ``x (B, c_in, H, W)``, ``e (B, d) -> (B, c_out, H, W)``. The last convolution starts at zero,
    so that an untrained block is its skip.
    """

    def __init__(self, c_in: int, c_out: int, d: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(c_in), nn.Conv2d(c_in, c_out, 3, padding=1)
        self.told = nn.Linear(d, 2 * c_out)
        self.norm2, self.conv2 = _norm(c_out), nn.Conv2d(c_out, c_out, 3, padding=1)
        self.skip = nn.Identity() if c_in == c_out else nn.Conv2d(c_in, c_out, 1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        """Return ``skip(x)`` plus what the two convolutions make of x, told e."""
        h = self.conv1(functional.silu(self.norm1(x)))
        scale, shift = self.told(e)[:, :, None, None].chunk(2, 1)
        h = self.norm2(h) * (1 + scale) + shift
        return self.skip(x) + self.conv2(functional.silu(h))


class PixelAttention(nn.Module):
    """Every place asks every other: ``(B, C, H, W) -> (B, C, H, W)``, one head, with a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the mixed values of all places."""
        rows = self.qkv(self.norm(x)).flatten(2).transpose(1, 2)  # (B, H W, 3 C)
        mixed = functional.scaled_dot_product_attention(*rows.chunk(3, 2))
        return x + self.out(mixed.transpose(1, 2).reshape(x.shape))


class TimeUNet(nn.Module):
    """Predict the noise in ``x_t``: ``x (B, c_in, H, W)``, ``t (B,)`` or a number -> eps like x.

    The sides are halved twice: by folding 2x2 pixels into channels, then by a strided convolution;
    ``width`` channels above, twice as many below, where attention mixes all places. The skips of
    the two levels are concatenated. Each block is told the time and, with ``num_classes``, a label
    ``(B,)``: 0 .. num_classes - 1, or ``num_classes`` for *no label*, which is the default.

    ``target`` is what the network itself estimates: the noise "eps", the picture "x0", or "v";
    `raw` returns that, and calling the model turns it into eps by its own ``alpha_bars`` (T + 1),
    by default those of 1000 cosine steps. Source: Ho, Jain and Abbeel (2020), Denoising diffusion
    probabilistic models. Raises ValueError for sizes that are not multiples of 4, an unknown
    ``target``, and labels without classes.
    """

    alpha_bars: Tensor

    def __init__(
        self,
        c_in: int,
        width: int = 32,
        num_classes: int | None = None,
        *,
        target: str = "eps",
        alpha_bars: Tensor | None = None,
        attention: bool = True,
    ) -> None:
        super().__init__()
        if target not in TARGETS:
            raise ValueError(f"target must be one of {TARGETS}, got {target!r}")
        if alpha_bars is None:
            alpha_bars = torch.from_numpy(alpha_bar(cosine_betas(1000)))
        self.register_buffer("alpha_bars", alpha_bars.float(), persistent=False)
        self.target, self.num_classes, self.waves = target, num_classes, 2 * width
        d = 4 * width
        self.told = nn.Sequential(nn.Linear(self.waves, d), nn.SiLU(), nn.Linear(d, d))
        self.label = nn.Embedding((num_classes or 0) + 1, d)
        self.stem = nn.Conv2d(4 * c_in, width, 3, padding=1)
        self.down1 = ResidualBlock(width, width, d)
        self.halve = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.down2 = ResidualBlock(2 * width, 2 * width, d)
        self.mix = PixelAttention(2 * width) if attention else nn.Identity()
        self.middle = ResidualBlock(2 * width, 2 * width, d)
        self.up2 = ResidualBlock(4 * width, 2 * width, d)
        self.up1 = ResidualBlock(3 * width, width, d)
        self.head = nn.Sequential(_norm(width), nn.SiLU(), nn.Conv2d(width, 4 * c_in, 3, padding=1))

    def raw(self, x: Tensor, t: Tensor | float, labels: Tensor | None = None) -> Tensor:
        """Return the estimate of the ``target``, of the shape of x."""
        e = functional.silu(self.embed(self._times(x, t), labels))
        top = self.down1(self.stem(functional.pixel_unshuffle(x, 2)), e)
        low = self.down2(self.halve(top), e)
        h = self.middle(self.mix(low), e)
        h = self.up2(torch.cat([h, low], 1), e)
        h = functional.interpolate(h, scale_factor=2.0)
        h = self.up1(torch.cat([h, top], 1), e)
        return functional.pixel_shuffle(self.head(h), 2)

    def forward(self, x: Tensor, t: Tensor | float, labels: Tensor | None = None) -> Tensor:
        """Return the estimated noise, whatever the target is."""
        found = self.raw(x, t, labels)
        if self.target == "eps":
            return found
        kept = self.alpha_bars[self._times(x, t).long()][:, None, None, None]
        if self.target == "v":
            return kept.sqrt() * found + (1 - kept).sqrt() * x
        return (x - kept.sqrt() * found) / (1 - kept).sqrt()

    def embed(self, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return what the blocks are told: time plus label, ``(B,), (B,) -> (B, 4 width)``."""
        if labels is None:
            labels = torch.full((len(t),), self.num_classes or 0, device=t.device)
        elif self.num_classes is None:
            raise ValueError("labels were given to a network without classes")
        return self.told(time_embedding(t, self.waves)) + self.label(labels)

    @staticmethod
    def _times(x: Tensor, t: Tensor | float) -> Tensor:
        if x.ndim != 4 or x.shape[2] % 4 or x.shape[3] % 4:
            raise ValueError(f"x must be (B, C, 4 h, 4 w), got shape {tuple(x.shape)}")
        return torch.as_tensor(t, device=x.device).expand(len(x))


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(8, channels), channels)
