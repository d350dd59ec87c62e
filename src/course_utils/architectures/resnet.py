"""Residual networks: blocks that learn a correction to the identity, and their descendants."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def conv_norm(c_in: int, c_out: int, k: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Build a convolution without bias that keeps the side (at stride 1), then batch norm."""
    conv = nn.Conv2d(c_in, c_out, k, stride, padding=k // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


def projection(c_in: int, c_out: int, stride: int) -> nn.Module:
    """Build a shortcut: the identity where the shapes agree, else a strided 1x1 with batch norm."""
    if stride == 1 and c_in == c_out:
        return nn.Identity()
    return conv_norm(c_in, c_out, 1, stride)


class SqueezeExcite(nn.Module):
    """A gate for each channel: ``(B, C, H, W) -> (B, C, H, W)``.

    ``y = x * sigmoid(W2 relu(W1 mean(x) + b1) + b2)`` with the mean over the places and
    ``channels // reduction`` hidden units. Source: Hu, Shen and Sun (2018), Squeeze-and-excitation
    networks. Raises ValueError where no hidden unit is left.
    """

    counts_as_depth = False

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        if not 1 <= reduction <= channels:
            raise ValueError(f"reduction must be 1 to {channels}, got {reduction}")
        hidden = channels // reduction
        self.gate = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Squeeze to one number a channel, excite, multiply."""
        gate = self.gate(x.mean((2, 3)))  # (B, C), each in (0, 1)
        return x * gate[:, :, None, None]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: ``(B, c_in, H, W) -> (B, c_out, H/s, W/s)``.

    ``y = relu(branch(x) + shortcut(x))``. Source: He, Zhang, Ren and Sun (2016), Deep residual
    learning for image recognition.
    """

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm(c_in, c_out, 3, stride), nn.ReLU(), conv_norm(c_out, c_out, 3)
        )
        self.shortcut = projection(c_in, c_out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the branch computes to what the shortcut carries."""
        return torch.relu(self.branch(x) + self.shortcut(x))


class Bottleneck(nn.Module):
    """1x1 down to ``width``, 3x3 in ``groups``, 1x1 up to ``c_out``, beside a shortcut.

    ``se_reduction`` adds a `SqueezeExcite` to the end of the branch. The stride sits on the 3x3
    (as most code has it), or with ``stride_first`` on the first 1x1 (as in the paper). Source: as
    `ResidualBlock`; groups: Xie et al. (2017), Aggregated residual transformations for deep neural
    networks.
    """

    def __init__(
        self,
        c_in: int,
        width: int,
        c_out: int,
        stride: int = 1,
        groups: int = 1,
        se_reduction: int | None = None,
        stride_first: bool = False,
    ) -> None:
        super().__init__()
        first, second = (stride, 1) if stride_first else (1, stride)
        down, up = conv_norm(c_in, width, 1, first), conv_norm(width, c_out, 1)
        middle = conv_norm(width, width, 3, second, groups)
        gate = nn.Identity() if se_reduction is None else SqueezeExcite(c_out, se_reduction)
        self.branch = nn.Sequential(down, nn.ReLU(), middle, nn.ReLU(), up, gate)
        self.shortcut = projection(c_in, c_out, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Add what the branch computes to what the shortcut carries."""
        return torch.relu(self.branch(x) + self.shortcut(x))


def _resnet(stages: Sequence[nn.Module], features: int, num_classes: int) -> nn.Sequential:
    """Put a stem before four stages and a head after them."""
    parts = OrderedDict[str, nn.Module](stem=nn.Sequential(conv_norm(3, 64, 7, 2), nn.ReLU()))
    parts["pool"] = nn.MaxPool2d(3, 2, padding=1)
    parts |= {f"stage{place}": stage for place, stage in enumerate(stages, 1)}
    parts["average"] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    parts["logits"] = nn.Linear(features, num_classes)
    return nn.Sequential(parts)


def resnet18(num_classes: int = 1000) -> nn.Sequential:
    """Build ResNet-18: ``(B, 3, 224, 224) -> (B, num_classes)``, 11,689,512 parameters."""
    stages = [
        nn.Sequential(ResidualBlock(c_in, c_out, stride), ResidualBlock(c_out, c_out))
        for c_in, c_out, stride in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
    ]
    return _resnet(stages, 512, num_classes)


def bottleneck_resnet(
    blocks: Sequence[int],
    num_classes: int = 1000,
    *,
    groups: int = 1,
    base_width: int = 64,
    se_reduction: int | None = None,
    stride_first: bool = False,
) -> nn.Sequential:
    """Build a residual network of `Bottleneck` blocks, ``blocks`` of them in its four stages.

    Stage i = 0..3 has ``base_width * 2**i`` channels inside and ``256 * 2**i`` outside;
    ``(B, 3, 224, 224) -> (B, num_classes)``.
    """
    stages, c_in = [], 64
    for place, count in enumerate(blocks):
        width, c_out, stride = base_width * 2**place, 256 * 2**place, 1 if place == 0 else 2
        parts = []
        for block in range(count):
            step = stride if block == 0 else 1
            parts.append(Bottleneck(c_in, width, c_out, step, groups, se_reduction, stride_first))
            c_in = c_out
        stages.append(nn.Sequential(*parts))
    return _resnet(stages, 2048, num_classes)


def resnet50(num_classes: int = 1000, stride_first: bool = False) -> nn.Sequential:
    """Build ResNet-50: 25,557,032 parameters."""
    return bottleneck_resnet((3, 4, 6, 3), num_classes, stride_first=stride_first)


def resnet152(num_classes: int = 1000, stride_first: bool = False) -> nn.Sequential:
    """Build ResNet-152, first at ILSVRC 2015: 60,192,808 parameters."""
    return bottleneck_resnet((3, 8, 36, 3), num_classes, stride_first=stride_first)


def resnext50(num_classes: int = 1000) -> nn.Sequential:
    """Build ResNeXt-50 (32x4d): inner 3x3 layers in 32 groups, 25,028,904 parameters."""
    return bottleneck_resnet((3, 4, 6, 3), num_classes, groups=32, base_width=128)


def se_resnet50(num_classes: int = 1000) -> nn.Sequential:
    """Build ResNet-50 with squeeze and excitation, reduction 16: 28,088,024 parameters."""
    return bottleneck_resnet((3, 4, 6, 3), num_classes, se_reduction=16)
