"""LeNet and its relatives: networks that read digits."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class MapBias(nn.Module):
    """A bias of its own for every place of every map: ``(B, C, H, W) -> (B, C, H, W)``."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, height, width))

    def forward(self, x: Tensor) -> Tensor:
        """Add the bias."""
        return x + self.bias


class EightOfTwelve(nn.Module):
    """Twelve 5x5 maps at stride 2, of which each reads eight of the twelve maps before it.

    ``(B, 12, 8, 8) -> (B, 12, 4, 4)``, 12 * 8 * 25 = 2,400 weights. Which eight is not in the
    paper; here each group of four maps leaves out another third.
    """

    def __init__(self) -> None:
        super().__init__()
        self.groups = nn.ModuleList(
            nn.Conv2d(8, 4, 5, stride=2, padding=2, bias=False) for _ in range(3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give each group the eight maps that follow its own four, cyclically."""
        cyclic = torch.cat([x, x[:, :8]], 1)  # (B, 20, 8, 8)
        parts = [conv(cyclic[:, 4 * i : 4 * i + 8]) for i, conv in enumerate(self.groups)]
        return torch.cat(parts, 1)


def lenet_1989() -> nn.Sequential:
    """Build the network of 1989: ``(B, 1, 16, 16) -> (B, 10)``, 9,760 parameters.

    Kernels are shared, biases are not; stride 2 in the place of pooling; pixels in [-1, 1].
    Source: LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition.
    """
    h1 = nn.Sequential(
        nn.Conv2d(1, 12, 5, stride=2, padding=2, bias=False), MapBias(12, 8, 8), nn.Tanh()
    )
    h2 = nn.Sequential(EightOfTwelve(), MapBias(12, 4, 4), nn.Tanh())
    h3 = nn.Sequential(nn.Flatten(), nn.Linear(192, 30), nn.Tanh())
    return nn.Sequential(OrderedDict[str, nn.Module](h1=h1, h2=h2, h3=h3, out=nn.Linear(30, 10)))


def lenet_like(c_in: int = 1, num_classes: int = 10) -> nn.Sequential:
    """Build the network of many tutorials: ``(B, c_in, 32, 32) -> (B, num_classes)``.

    61,706 parameters on grey images, 62,006 on colour. It has the sizes of LeNet-5, with ReLU,
    max-pooling and full connections in the place of tanh, trained averages and a partial table.
    Source: after LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to
    document recognition.
    """
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(c_in, 6, 5),
            pool1=nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)),
            conv2=nn.Conv2d(6, 16, 5),
            pool2=nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)),
            flat=nn.Flatten(),
            dense1=nn.Sequential(nn.Linear(400, 120), nn.ReLU()),
            dense2=nn.Sequential(nn.Linear(120, 84), nn.ReLU()),
            logits=nn.Linear(84, num_classes),
        )
    )


def lenet_28(c_in: int = 1, num_classes: int = 10) -> nn.Sequential:
    """Build a small network for 28x28: ``(B, c_in, 28, 28) -> (B, num_classes)``.

    Sides 28-24-8-4-2, 256 features, one hidden layer of 200; 105,506 parameters on grey images.
    Source: after Fleuret (2023), The Little Book of Deep Learning.
    """
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(c_in, 32, 5),
            pool1=nn.Sequential(nn.MaxPool2d(3), nn.ReLU()),
            conv2=nn.Conv2d(32, 64, 5),
            pool2=nn.Sequential(nn.MaxPool2d(2), nn.ReLU()),
            flat=nn.Flatten(),
            dense1=nn.Sequential(nn.Linear(256, 200), nn.ReLU()),
            logits=nn.Linear(200, num_classes),
        )
    )
