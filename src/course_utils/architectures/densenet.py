"""DenseNet: each layer reads what all earlier layers of its block have made."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


def norm_relu_conv(c_in: int, c_out: int, k: int) -> nn.Sequential:
    """Build batch norm, ReLU, then a convolution without bias that keeps the side."""
    conv = nn.Conv2d(c_in, c_out, k, padding=k // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(c_in), nn.ReLU(), conv)


class DenseBlock(nn.Module):
    """``layers`` layers that each append ``growth`` maps to all that is there.

    ``(B, c_in, H, W) -> (B, c_in + layers * growth, H, W)``. A layer is a 1x1 down to
    ``4 * growth`` maps and a 3x3. Source: Huang, Liu, van der Maaten and Weinberger (2017),
    Densely connected convolutional networks.
    """

    def __init__(self, c_in: int, layers: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                norm_relu_conv(c_in + i * growth, 4 * growth, 1),
                norm_relu_conv(4 * growth, growth, 3),
            )
            for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Append, layer by layer."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


def transition(c_in: int) -> nn.Sequential:
    """Halve the channels and the side: ``(B, c_in, H, W) -> (B, c_in // 2, H/2, W/2)``."""
    return nn.Sequential(norm_relu_conv(c_in, c_in // 2, 1), nn.AvgPool2d(2))


def densenet121(num_classes: int = 1000) -> nn.Sequential:
    """Build DenseNet-121: ``(B, 3, 224, 224) -> (B, num_classes)``, 7,978,856 parameters."""
    growth, c = 32, 64
    parts = OrderedDict[str, nn.Module]()
    stem = nn.Conv2d(3, c, 7, 2, padding=3, bias=False)
    parts["stem"] = nn.Sequential(stem, nn.BatchNorm2d(c), nn.ReLU())
    parts["pool"] = nn.MaxPool2d(3, 2, padding=1)
    for place, layers in enumerate((6, 12, 24, 16), 1):
        parts[f"block{place}"] = DenseBlock(c, layers, growth)
        c += layers * growth
        if place < 4:
            parts[f"transition{place}"] = transition(c)
            c //= 2
    last = nn.Sequential(nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    parts["average"] = last
    parts["logits"] = nn.Linear(c, num_classes)
    return nn.Sequential(parts)
