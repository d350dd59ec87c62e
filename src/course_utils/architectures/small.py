"""Small nets in the form of the large ones, for experiments that fit into a page."""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .resnet import ResidualBlock, conv_norm


class PlainBlock(nn.Module):
    """`ResidualBlock` without its shortcut: ``y = relu(branch(x))``."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm(c_in, c_out, 3, stride), nn.ReLU(), conv_norm(c_out, c_out, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return what the branch computes."""
        return torch.relu(self.branch(x))


def small_net(
    depth: int,
    width: int = 8,
    c_in: int = 1,
    num_classes: int = 10,
    block: Callable[[int, int, int], nn.Module] = ResidualBlock,
) -> nn.Sequential:
    """Build a net of ``depth = 6 n + 2`` layers: 3x3 stem, three stages of n blocks, dense layer.

    The stages have ``width``, ``2 width`` and ``4 width`` channels and halve the side from the
    second on; ``(B, c_in, H, W) -> (B, num_classes)`` for any side. ``block(c_in, c_out, stride)``
    makes a block of two layers. Convolutions start with He's variance ``2 / fan_in``. Source: He
    et al. (2016), Deep residual learning for image recognition, section 4.2. Raises ValueError for
    another depth.
    """
    n, rest = divmod(depth - 2, 6)
    if n < 1 or rest:
        raise ValueError(f"depth must be 8, 14, 20, ..., got {depth}")
    parts = OrderedDict[str, nn.Module](stem=nn.Sequential(conv_norm(c_in, width, 3), nn.ReLU()))
    channels = width
    for place in range(3):
        c_out = width * 2**place
        first = block(channels, c_out, 1 if place == 0 else 2)
        rest_of_stage = [block(c_out, c_out, 1) for _ in range(n - 1)]
        parts[f"stage{place + 1}"] = nn.Sequential(first, *rest_of_stage)
        channels = c_out
    parts["average"] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    parts["logits"] = nn.Linear(channels, num_classes)
    net = nn.Sequential(parts)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return net
