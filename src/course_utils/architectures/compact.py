"""The small network of this book's own images: five convolutions, one dense layer."""

import torch
from torch import nn


def _convolution(c_in: int, c_out: int) -> list[nn.Module]:
    conv = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)  # the batch norm has the bias
    return [conv, nn.BatchNorm2d(c_out), nn.ReLU()]


def compact_cnn(c_in: int, num_classes: int, width: int = 16) -> nn.Sequential:
    """Build a classifier ``(B, c_in, H, W) -> (B, num_classes)`` for any H, W of 4 or more.

    One 3x3 convolution with ``width`` channels at full size, two with twice as many at half, two
    with four times as many at a quarter, each with batch norm and ReLU; the mean over all places
    goes to one dense layer. 70,488 parameters for 3 channels, 8 classes and width 16. Raises
    ValueError for sizes below 1. The scheme is that of VGG: Simonyan and Zisserman (2015), with the
    global average of Lin, Chen and Yan (2014), Network in network.
    """
    for name, size in {"c_in": c_in, "num_classes": num_classes, "width": width}.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
    layers = _convolution(c_in, width)
    for factor in (2, 4):
        layers += [nn.MaxPool2d(2), *_convolution(factor * width // 2, factor * width)]
        layers += _convolution(factor * width, factor * width)
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, num_classes)]
    # Channels last in memory: convolutions with few channels run nearly twice as fast on a CPU.
    net = nn.Sequential(*layers, *head)
    return net.to(memory_format=torch.channels_last)  # pyrefly: ignore[no-matching-overload]
