"""MobileNet: space and channels are mixed in separate steps."""

from collections import OrderedDict

from torch import nn

# (channels, stride) of the thirteen separable layers
LAYERS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def _conv(c_in: int, c_out: int, k: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(c_in, c_out, k, stride, padding=k // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out), nn.ReLU())


def depthwise_separable(c_in: int, c_out: int, stride: int = 1) -> nn.Sequential:
    """Build a 3x3 for each channel alone, then a 1x1 over the channels, each with norm and ReLU.

    ``(B, c_in, H, W) -> (B, c_out, H/s, W/s)`` with ``9 c_in + c_in c_out`` weights in its
    convolutions, where a full 3x3 has ``9 c_in c_out``.
    """
    return nn.Sequential(_conv(c_in, c_in, 3, stride, groups=c_in), _conv(c_in, c_out, 1))


def mobilenet(num_classes: int = 1000) -> nn.Sequential:
    """Build MobileNet: ``(B, 3, 224, 224) -> (B, num_classes)``, 4,231,976 parameters.

    Source: Howard et al. (2017), MobileNets: efficient convolutional neural networks for mobile
    vision applications.
    """
    parts = OrderedDict[str, nn.Module](stem=_conv(3, 32, 3, 2))
    c_in = 32
    for place, (c_out, stride) in enumerate(LAYERS, 1):
        parts[f"separable{place}"] = depthwise_separable(c_in, c_out, stride)
        c_in = c_out
    parts["average"] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    parts["logits"] = nn.Linear(c_in, num_classes)
    return nn.Sequential(parts)
