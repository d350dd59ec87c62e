"""AlexNet, whole and as it was split over two graphics cards."""

from collections import OrderedDict

from torch import Tensor, nn


class LocalResponseNorm(nn.Module):
    """Divide each value by the size of its neighbours in the channels.

    ``y_c = x_c / (k + alpha * sum of x_j**2 for |j - c| <= size // 2) ** beta``, shapes
    ``(B, C, H, W)``, ``size`` odd. The defaults are the paper's; torch's own layer divides
    ``alpha`` by ``size``. Source: Krizhevsky, Sutskever and Hinton (2012), ImageNet classification
    with deep convolutional neural networks, section 3.3.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0
    ) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        """Sum the squares over a window of channels and divide."""
        squares = (x**2).flatten(2)[:, None]  # (B, 1, C, H W); zeros beyond the first and last
        mean = nn.functional.avg_pool2d(squares, (self.size, 1), 1, (self.size // 2, 0))
        return x / (self.k + self.alpha * self.size * mean.view(x.shape)) ** self.beta


def alexnet(grouped: bool = True, num_classes: int = 1000) -> nn.Sequential:
    """Build AlexNet: ``(B, 3, 227, 227) -> (B, num_classes)``, eight layers with weights.

    ``grouped`` splits layers 2, 4 and 5 into two halves that do not see each other, one a card:
    60,965,224 parameters. Whole it has 62,378,344. Source: as `LocalResponseNorm`.
    """
    g = 2 if grouped else 1
    relu = nn.ReLU()
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Sequential(nn.Conv2d(3, 96, 11, 4), relu, LocalResponseNorm()),
            pool1=nn.MaxPool2d(3, 2),
            conv2=nn.Sequential(
                nn.Conv2d(96, 256, 5, padding=2, groups=g), relu, LocalResponseNorm()
            ),
            pool2=nn.MaxPool2d(3, 2),
            conv3=nn.Sequential(nn.Conv2d(256, 384, 3, padding=1), relu),
            conv4=nn.Sequential(nn.Conv2d(384, 384, 3, padding=1, groups=g), relu),
            conv5=nn.Sequential(nn.Conv2d(384, 256, 3, padding=1, groups=g), relu),
            pool5=nn.MaxPool2d(3, 2),
            flat=nn.Flatten(),
            dense6=nn.Sequential(nn.Dropout(0.5), nn.Linear(9216, 4096), relu),
            dense7=nn.Sequential(nn.Dropout(0.5), nn.Linear(4096, 4096), relu),
            logits=nn.Linear(4096, num_classes),
        )
    )
