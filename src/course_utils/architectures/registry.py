"""The networks of the chapter with what has been published about them."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from .alexnet import alexnet
from .densenet import densenet121
from .googlenet import googlenet
from .lenet import lenet_28, lenet_1989, lenet_like
from .mobilenet import mobilenet
from .resnet import resnet18, resnet50, resnet152, resnext50, se_resnet50
from .vgg import vgg16, vgg19


@dataclass(frozen=True)
class Architecture:
    """A network: ``published`` parameters and ``depth`` in layers with weights, for ``image``.

    ``make`` builds it, best through `on_meta`. ``image`` is ``(C, H, W)``.
    """

    make: Callable[[], nn.Module]
    year: int
    published: int
    depth: int
    image: tuple[int, int, int] = (3, 224, 224)


ARCHITECTURES = {
    "LeNet (1989)": Architecture(lenet_1989, 1989, 9_760, 4, (1, 16, 16)),
    "LeNet-like, grey": Architecture(lenet_like, 1998, 61_706, 5, (1, 32, 32)),
    "LeNet-like, 28x28": Architecture(lenet_28, 2023, 105_506, 4, (1, 28, 28)),
    "AlexNet": Architecture(alexnet, 2012, 60_965_224, 8, (3, 227, 227)),
    "VGG-16": Architecture(vgg16, 2014, 138_357_544, 16),
    "VGG-19": Architecture(vgg19, 2014, 143_667_240, 19),
    "GoogLeNet": Architecture(googlenet, 2014, 6_998_552, 22),
    "ResNet-18": Architecture(resnet18, 2015, 11_689_512, 18),
    "ResNet-50": Architecture(resnet50, 2015, 25_557_032, 50),
    "ResNet-152": Architecture(resnet152, 2015, 60_192_808, 152),
    "ResNeXt-50": Architecture(resnext50, 2016, 25_028_904, 50),
    "DenseNet-121": Architecture(densenet121, 2016, 7_978_856, 121),
    "SE-ResNet-50": Architecture(se_resnet50, 2017, 28_088_024, 50),
    "MobileNet": Architecture(mobilenet, 2017, 4_231_976, 28),
}
