"""Right U-Nets, written differently."""

import torch
from torch import nn
from torch.nn import functional

from tests.bank import variant


def refuse(c_in, num_classes, width, depth):
    if c_in < 1 or num_classes < 1 or width < 1 or depth < 0:
        raise ValueError(f"numbers out of range: {c_in, num_classes, width, depth}")


def fits(x, depth):
    if x.shape[-2] % (1 << depth) or x.shape[-1] % (1 << depth):
        raise ValueError(f"sizes must be multiples of {1 << depth}, got {tuple(x.shape)}")


def normed(c_in, c_out):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
        nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
    )


@variant
class Lists(nn.Module):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        refuse(c_in, num_classes, width, depth)
        self.depth, self.pool = depth, nn.MaxPool2d(2)
        w = [width << level for level in range(depth + 1)]
        self.encoders = nn.ModuleList(normed(a, b) for a, b in zip([c_in, *w], w, strict=False))
        self.rising = nn.ModuleList(nn.ConvTranspose2d(2 * a, a, 2, stride=2) for a in w[:-1])
        self.decoders = nn.ModuleList(normed(2 * a, a) for a in w[:-1])
        self.logits = nn.Conv2d(width, num_classes, 1)

    def forward(self, x):
        fits(x, self.depth)
        skips = []
        for encoder in self.encoders[:-1]:
            skips.append(encoder(x))
            x = self.pool(skips[-1])
        x = self.encoders[-1](x)
        for level in reversed(range(self.depth)):
            x = self.decoders[level](torch.cat((self.rising[level](x), skips[level]), 1))
        return self.logits(x)


class Inner(nn.Module):
    """A level and everything below it."""

    def __init__(self, c_in, c, depth):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(c_in, c, 3, padding="same"), nn.GELU())
        self.below = None
        if depth:
            self.below = Inner(c, 2 * c, depth - 1)
            self.last = nn.Sequential(nn.Conv2d(3 * c, c, 3, padding="same"), nn.GELU())

    def forward(self, x):
        here = self.first(x)
        if self.below is None:
            return here
        lower = self.below(functional.avg_pool2d(here, 2))
        grown = functional.interpolate(lower, scale_factor=2, mode="bilinear")
        return self.last(torch.cat([here, grown], dim=1))


@variant
class Recursive(nn.Module):
    """One convolution a level, mean pooling, bilinear steps up without fewer channels."""

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        refuse(c_in, num_classes, width, depth)
        self.depth = depth
        self.net = Inner(c_in, width, depth)
        self.out = nn.Conv2d(width, num_classes, kernel_size=3, padding=1)

    def forward(self, image):
        fits(image, self.depth)
        return self.out(self.net(image))


@variant
class BareParameters(nn.Module):
    """Kernels that are no modules; pooling by reshaping; joined into a map made before."""

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        refuse(c_in, num_classes, width, depth)
        self.depth, self.kernels = depth, nn.ParameterDict()
        for level in range(depth + 1):
            c = width * 2**level
            self.add(f"down{level}", c, c // 2 if level else c_in)
            if level < depth:
                self.add(f"reduce{level}", c, 2 * c)
                self.add(f"up{level}", c, 2 * c)
        self.kernels["head"] = nn.Parameter(torch.randn(num_classes, width, 1, 1))

    def add(self, name, c_out, c_in):
        self.kernels[name] = nn.Parameter(torch.randn(c_out, c_in, 3, 3) / (9 * c_in) ** 0.5)

    def layer(self, name, x):
        return functional.conv2d(x, self.kernels[name], padding=1).clamp(min=0)

    def forward(self, x):
        fits(x, self.depth)
        kept = []
        for level in range(self.depth):
            kept.append(self.layer(f"down{level}", x))
            b, c, h, w = kept[-1].shape
            x = kept[-1].reshape(b, c, h // 2, 2, w // 2, 2).amax(dim=(3, 5))
        x = self.layer(f"down{self.depth}", x)
        for level in range(self.depth - 1, -1, -1):
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            x = self.layer(f"reduce{level}", x)
            joined = x.new_empty(len(x), 2 * x.shape[1], *x.shape[2:])
            joined[:, : x.shape[1]] = kept[level]
            joined[:, x.shape[1] :] = x
            x = self.layer(f"up{level}", joined)
        return functional.conv2d(x, self.kernels["head"])


class Residual(nn.Module):
    """Two convolutions with a shortcut around them."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.a, self.b = nn.Conv2d(c_in, c_out, 3, padding=1), nn.Conv2d(c_out, c_out, 3, padding=1)
        self.across = nn.Conv2d(c_in, c_out, 1)
        self.norm = nn.GroupNorm(1, c_out)

    def forward(self, x):
        return functional.silu(self.norm(self.b(functional.silu(self.a(x)))) + self.across(x))


@variant
class ResidualLevels(nn.Module):
    """Residual blocks inside the levels, concatenation between, steps up by shuffled pixels."""

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        refuse(c_in, num_classes, width, depth)
        self.unit = 2**depth
        w = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(map(Residual, [c_in, *w[:-1]], w))
        self.spread = nn.ModuleList(nn.Conv2d(2 * c, 4 * c, 1) for c in w[:-1])
        self.up = nn.ModuleList(Residual(2 * c, c) for c in w[:-1])
        self.dropout, self.head = nn.Dropout2d(0.2), nn.Conv2d(width, num_classes, 1)

    def forward(self, x):
        if any(side % self.unit for side in x.shape[2:]):
            raise ValueError(f"sides must be multiples of {self.unit}")
        stack = []
        for part in self.down:
            x = part(functional.max_pool2d(x, 2) if stack else x)
            stack.append(x)
        x = self.dropout(stack.pop())
        for part, spread in zip(self.up[::-1], self.spread[::-1], strict=True):
            x = part(torch.cat([stack.pop(), functional.pixel_shuffle(spread(x), 2)], dim=1))
        return self.head(x)


@variant
class SplitConvolutions(nn.Module):
    """A convolution of a concatenation is a sum of two convolutions, each with its own kernel."""

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        refuse(c_in, num_classes, width, depth)
        self.depth = depth
        w = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(normed(a, b) for a, b in zip([c_in, *w[:-1]], w, strict=True))
        self.rise = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 2, 2) for c in w[:-1])
        self.own = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for c in w[:-1])
        self.lower = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1, bias=False) for c in w[:-1])
        self.norm = nn.ModuleList(nn.InstanceNorm2d(c, affine=True) for c in w[:-1])
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, x):
        fits(x, self.depth)
        kept = [self.down[0](x)]
        for part in self.down[1:]:
            kept.append(part(functional.max_pool2d(kept[-1], 2)))
        x = kept.pop()
        for level in range(self.depth)[::-1]:
            x = self.own[level](kept[level]) + self.lower[level](self.rise[level](x))
            x = functional.leaky_relu(self.norm[level](x))
        return self.head(x)
