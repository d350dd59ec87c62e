"""Wrong residual blocks: most change one line of a right one."""

import torch
from torch import nn
from torch.nn import functional

from tests.bank import mutant


class Right(nn.Module):
    """The right block; those below change one of its parts."""

    bias, pad, projection, strides = False, 1, 1, staticmethod(lambda s: (s, 1, s))

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        if min(c_in, c_out, stride) < 1:
            raise ValueError(f"numbers must be at least 1, got {c_in, c_out, stride}")
        first, second, across = self.strides(stride)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, first, self.pad, bias=self.bias)
        self.bn1 = self.norm(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, second, self.pad, bias=self.bias)
        self.bn2 = self.norm(c_out)
        self.shortcut = nn.Identity()
        if self.projects(c_in, c_out, stride):
            size = self.projection
            conv = nn.Conv2d(c_in, c_out, size, across, size // 2, bias=self.bias)
            self.shortcut = nn.Sequential(conv, *self.behind_the_projection(c_out))

    def norm(self, channels):
        return nn.BatchNorm2d(channels)

    def behind_the_projection(self, channels):
        return [self.norm(channels)]

    def projects(self, c_in, c_out, stride):
        return stride != 1 or c_in != c_out

    def main(self, x):
        return self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))

    def forward(self, x):
        return torch.relu(self.main(x) + self.shortcut(x))


@mutant("relu-before-the-sum-only")
class AddsAfterTheRelu(Right):
    def forward(self, x):
        return torch.relu(self.main(x)) + self.shortcut(x)


@mutant("no-relu-after-the-sum")
class LinearAtTheEnd(Right):
    def forward(self, x):
        return self.main(x) + self.shortcut(x)


@mutant("relu-before-the-sum-too")
class ReluBehindEveryNorm(Right):
    def forward(self, x):
        return functional.relu(functional.relu(self.main(x)) + self.shortcut(x))


@mutant("no-relu-between")
class LinearInside(Right):
    def main(self, x):
        return self.bn2(self.conv2(self.bn1(self.conv1(x))))


@mutant("no-projection")
class AlwaysTheIdentity(Right):
    def projects(self, c_in, c_out, stride):
        return False


@mutant("projection-only-for-strides")
class ProjectsStrides(Right):
    def projects(self, c_in, c_out, stride):
        return stride > 1


@mutant("projection-only-for-channels")
class ProjectsChannels(Right):
    def projects(self, c_in, c_out, stride):
        return c_in != c_out


@mutant("projection-always")
class NeverTheIdentity(Right):
    def projects(self, c_in, c_out, stride):
        return True


@mutant("projection-without-norm")
class BareProjection(Right):
    def behind_the_projection(self, channels):
        return []


@mutant("projection-3x3")
class WideProjection(Right):
    projection = 3


@mutant("stride-on-the-second")
class StridesLate(Right):
    strides = staticmethod(lambda s: (1, s, s))


@mutant("stride-on-both")
class StridesTwice(Right):
    strides = staticmethod(lambda s: (s, s, s))


@mutant("projection-without-stride")
class ProjectionKeepsTheSize(Right):
    strides = staticmethod(lambda s: (s, 1, 1))


@mutant("bias-on")
class DefaultBias(Right):
    bias = True


@mutant("bias-on")
class BiasOfTheProjection(Right):
    def __init__(self, c_in, c_out, stride):
        super().__init__(c_in, c_out, stride)
        if self.projects(c_in, c_out, stride):
            self.shortcut[0] = nn.Conv2d(c_in, c_out, 1, stride)


@mutant("norms-forgotten")
class NoNorms(Right):
    def norm(self, channels):
        return nn.Identity()


@mutant("no-padding")
class Valid(Right):
    pad = 0


@mutant("shortcut-forgotten")
class Plain(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        if min(c_in, c_out, stride) < 1:
            raise ValueError("numbers must be at least 1")
        inner = Right(c_in, c_out, stride)
        self.layers = nn.Sequential(
            inner.conv1, inner.bn1, nn.ReLU(), inner.conv2, inner.bn2, nn.ReLU()
        )
        self.across = inner.shortcut

    def forward(self, x):
        self.across(x)
        return self.layers(x)


@mutant("second-norm-forgotten")
class OneNorm(Right):
    def __init__(self, c_in, c_out, stride):
        super().__init__(c_in, c_out, stride)
        del self.bn2

    def main(self, x):
        return self.conv2(torch.relu(self.bn1(self.conv1(x))))


@mutant("norm-used-twice")
class CopiedLine(Right):
    def main(self, x):
        return self.bn1(self.conv2(torch.relu(self.bn1(self.conv1(x)))))


@mutant("mutates")
class ChangesItsInput(Right):
    def forward(self, x):
        shortcut = self.shortcut(x)
        out = self.main(x)
        shortcut += out
        return shortcut.relu_()


@mutant("value")
class NormsOfInstances(Right):
    def forward(self, x):
        return torch.relu(self.main(x) + self.shortcut(x)) * 0.5


@mutant("exception")
class SuperForgotten(nn.Module):
    def __init__(self, c_in, c_out, stride):
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1)


@mutant("exception")
class NoModule:
    def __init__(self, c_in, c_out, stride):
        self.layers = [nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)]


@mutant("layers-hidden")
class LayersInAList(nn.Module):
    """A list hides its layers from torch: use nn.ModuleList."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        if min(c_in, c_out, stride) < 1:
            raise ValueError("numbers must be at least 1")
        self.inner = [Right(c_in, c_out, stride)]

    def forward(self, x):
        return self.inner[0].double()(x)


@mutant("exception")
class Unpacked(Right):
    def forward(self, x):
        (batch, channels, height), width = x.shape, 0
        return torch.relu(self.main(x) + self.shortcut(x)).view(batch, channels, height, width)


@mutant("exception")
class ReturnsBoth(Right):
    def forward(self, x):
        return super().forward(x), self.shortcut(x)


@mutant("validation")
class AnyStride(Right):
    def __init__(self, c_in, c_out, stride):
        if min(c_in, c_out) < 1:
            raise ValueError("no channels")
        super().__init__(c_in, c_out, max(stride, 1))
