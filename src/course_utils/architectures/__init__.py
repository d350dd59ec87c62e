"""The networks of image classification, built from their blocks.

Each family has a module: ``lenet``, ``alexnet``, ``vgg``, ``googlenet``, ``resnet`` (with ResNeXt
and squeeze and excitation), ``densenet``, ``mobilenet``; ``small`` and ``compact``
hold nets for experiments.
``counting`` walks an image through any of them on the meta device, without memory or time.
"""

from .alexnet import LocalResponseNorm, alexnet
from .compact import compact_cnn
from .counting import Stage, count_parameters, longest_path, on_meta, shape_table, trace_shapes
from .densenet import DenseBlock, densenet121, transition
from .googlenet import GoogLeNet, Inception, googlenet
from .lenet import EightOfTwelve, MapBias, lenet_28, lenet_1989, lenet_like
from .mobilenet import depthwise_separable, mobilenet
from .registry import ARCHITECTURES, Architecture
from .resnet import (
    Bottleneck,
    ResidualBlock,
    SqueezeExcite,
    bottleneck_resnet,
    conv_norm,
    projection,
    resnet18,
    resnet50,
    resnet152,
    resnext50,
    se_resnet50,
)
from .small import PlainBlock, small_net
from .vgg import vgg, vgg16, vgg19, vgg_stage

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "Bottleneck",
    "DenseBlock",
    "EightOfTwelve",
    "GoogLeNet",
    "Inception",
    "LocalResponseNorm",
    "MapBias",
    "PlainBlock",
    "ResidualBlock",
    "SqueezeExcite",
    "Stage",
    "alexnet",
    "bottleneck_resnet",
    "compact_cnn",
    "conv_norm",
    "count_parameters",
    "densenet121",
    "depthwise_separable",
    "googlenet",
    "lenet_28",
    "lenet_1989",
    "lenet_like",
    "longest_path",
    "mobilenet",
    "on_meta",
    "projection",
    "resnet18",
    "resnet50",
    "resnet152",
    "resnext50",
    "se_resnet50",
    "shape_table",
    "small_net",
    "trace_shapes",
    "transition",
    "vgg",
    "vgg16",
    "vgg19",
    "vgg_stage",
]
