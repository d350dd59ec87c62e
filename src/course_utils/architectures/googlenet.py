"""GoogLeNet: branches of several kernel sizes side by side."""

import torch
from torch import Tensor, nn


def conv_relu(c_in: int, c_out: int, k: int, stride: int = 1) -> nn.Sequential:
    """Build a convolution that keeps the side (at stride 1), with bias, then ReLU."""
    return nn.Sequential(nn.Conv2d(c_in, c_out, k, stride, padding=k // 2), nn.ReLU())


class Inception(nn.Module):
    """Four branches over one input, concatenated: ``(B, c_in, H, W) -> (B, c_out, H, W)``.

    ``c1`` maps of 1x1; ``c3 = (bottleneck, maps)`` of 1x1 then 3x3; ``c5`` alike with 5x5; a 3x3
    max-pooling followed by ``c_pool`` maps of 1x1. ``c_out = c1 + c3[1] + c5[1] + c_pool``.
    Source: Szegedy et al. (2015), Going deeper with convolutions.
    """

    def __init__(
        self, c_in: int, c1: int, c3: tuple[int, int], c5: tuple[int, int], c_pool: int
    ) -> None:
        super().__init__()
        self.one = conv_relu(c_in, c1, 1)
        self.three = nn.Sequential(conv_relu(c_in, c3[0], 1), conv_relu(*c3, 3))
        self.five = nn.Sequential(conv_relu(c_in, c5[0], 1), conv_relu(*c5, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), conv_relu(c_in, c_pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Run the branches and stack their maps."""
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1)


def auxiliary(c_in: int, num_classes: int) -> nn.Sequential:
    """Build a classifier for the middle: ``(B, c_in, 14, 14) -> (B, num_classes)``."""
    reduce = nn.Sequential(nn.AvgPool2d(5, 3), conv_relu(c_in, 128, 1), nn.Flatten())
    hidden = nn.Sequential(nn.Linear(2048, 1024), nn.ReLU(), nn.Dropout(0.7))
    return nn.Sequential(reduce, hidden, nn.Linear(1024, num_classes))


class GoogLeNet(nn.Module):
    """22 layers: ``(B, 3, 224, 224) -> (B, num_classes)``.

    6,998,552 parameters without the two auxiliary classifiers, 13,378,280 with them. With
    ``auxiliaries`` and in training mode the result is three logits: (last, first, second).
    Source: as `Inception`, its table 1 without the local response normalisation.
    """

    def __init__(self, num_classes: int = 1000, auxiliaries: bool = False) -> None:
        super().__init__()
        self.stem = conv_relu(3, 64, 7, stride=2)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Sequential(conv_relu(64, 64, 1), conv_relu(64, 192, 3))
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception3a = Inception(192, 64, (96, 128), (16, 32), 32)
        self.inception3b = Inception(256, 128, (128, 192), (32, 96), 64)
        self.pool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception4a = Inception(480, 192, (96, 208), (16, 48), 64)
        self.inception4b = Inception(512, 160, (112, 224), (24, 64), 64)
        self.inception4c = Inception(512, 128, (128, 256), (24, 64), 64)
        self.inception4d = Inception(512, 112, (144, 288), (32, 64), 64)
        self.inception4e = Inception(528, 256, (160, 320), (32, 128), 128)
        self.pool4 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception5a = Inception(832, 256, (160, 320), (32, 128), 128)
        self.inception5b = Inception(832, 384, (192, 384), (48, 128), 128)
        self.average = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4))
        self.logits = nn.Linear(1024, num_classes)
        self.auxiliary1 = auxiliary(512, num_classes) if auxiliaries else None
        self.auxiliary2 = auxiliary(528, num_classes) if auxiliaries else None

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Run the trunk, and in training the side classifiers."""
        x = self.pool2(self.conv2(self.pool1(self.stem(x))))
        x = self.pool3(self.inception3b(self.inception3a(x)))
        middle = self.inception4a(x)  # (B, 512, 14, 14)
        late = self.inception4d(self.inception4c(self.inception4b(middle)))  # (B, 528, 14, 14)
        x = self.pool4(self.inception4e(late))
        logits = self.logits(self.average(self.inception5b(self.inception5a(x))))
        if self.training and self.auxiliary1 is not None and self.auxiliary2 is not None:
            return logits, self.auxiliary1(middle), self.auxiliary2(late)
        return logits


def googlenet(num_classes: int = 1000, auxiliaries: bool = False) -> GoogLeNet:
    """Build `GoogLeNet`."""
    return GoogLeNet(num_classes, auxiliaries)
