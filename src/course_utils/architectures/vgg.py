"""VGG: 3x3 convolutions and nothing else."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

WIDTHS = (64, 128, 256, 512, 512)


def vgg_stage(c_in: int, c_out: int, layers: int) -> nn.Sequential:
    """Build ``layers`` 3x3 convolutions with ReLU, then halve the side.

    ``(B, c_in, H, W) -> (B, c_out, H/2, W/2)``.
    """
    parts: list[nn.Module] = []
    for layer in range(layers):
        parts += [nn.Conv2d(c_in if layer == 0 else c_out, c_out, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*parts, nn.MaxPool2d(2))


def vgg(layers: Sequence[int], num_classes: int = 1000) -> nn.Sequential:
    """Build a VGG with ``layers`` convolutions in its five stages.

    ``(B, 3, 224, 224) -> (B, num_classes)``. Source: Simonyan and Zisserman (2015), Very deep
    convolutional networks for large-scale image recognition. Raises ValueError unless
    there are five numbers.
    """
    if len(layers) != len(WIDTHS):
        raise ValueError(f"layers must be five numbers, got {tuple(layers)}")
    stages = OrderedDict[str, nn.Module]()
    for place, (count, c_in, c_out) in enumerate(
        zip(layers, (3, *WIDTHS[:-1]), WIDTHS, strict=True), 1
    ):
        stages[f"stage{place}"] = vgg_stage(c_in, c_out, count)
    stages["flat"] = nn.Flatten()
    stages["dense1"] = nn.Sequential(nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout(0.5))
    stages["dense2"] = nn.Sequential(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5))
    stages["logits"] = nn.Linear(4096, num_classes)
    return nn.Sequential(stages)


def vgg16(num_classes: int = 1000) -> nn.Sequential:
    """Build VGG-16: 13 convolutions and 3 dense layers, 138,357,544 parameters."""
    return vgg((2, 2, 3, 3, 3), num_classes)


def vgg19(num_classes: int = 1000) -> nn.Sequential:
    """Build VGG-19: 16 convolutions and 3 dense layers, 143,667,240 parameters."""
    return vgg((2, 2, 4, 4, 4), num_classes)
