"""Wrong U-Nets: most change one line of a right one."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from tests.bank import mutant


def block(c_in, c_out, padding=1):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, padding=padding),
        nn.ReLU(),
        nn.Conv2d(c_out, c_out, 3, padding=padding),
        nn.ReLU(),
    )


class Right(nn.Module):
    """The right network; those below change one of its parts."""

    padding, behind = 1, 2

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        if min(c_in, num_classes, width) < 1 or depth < 0:
            raise ValueError(f"numbers out of range: {c_in, num_classes, width, depth}")
        self.depth = self.levels(depth)
        widths = self.widths(width, self.depth)
        pairs = zip([c_in, *widths[:-1]], widths, strict=True)
        self.down = nn.ModuleList(block(a, b, self.padding) for a, b in pairs)
        upwards = list(pairwise(widths))[::-1]
        self.rise = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in upwards)
        self.up = nn.ModuleList(block(self.behind * a, a, self.padding) for a, _ in upwards)
        self.head = nn.Conv2d(widths[0], self.outputs(num_classes), 1)

    def levels(self, depth):
        return depth

    def widths(self, width, depth):
        return [width * 2**level for level in range(depth + 1)]

    def outputs(self, num_classes):
        return num_classes

    def refuse(self, x):
        if x.shape[2] % 2**self.depth or x.shape[3] % 2**self.depth:
            raise ValueError(f"sizes must be multiples of {2**self.depth}, got {x.shape}")

    def join(self, skip, x):
        return torch.cat([skip, x], dim=1)

    def keep(self, level, before, after):
        return before

    def finish(self, x):
        return self.head(x)

    def forward(self, x):
        self.refuse(x)
        kept = []
        for level, part in enumerate(self.down[:-1]):
            before = part(x)
            x = functional.max_pool2d(before, 2)
            kept.append(self.keep(level, before, x))
        x = self.down[-1](x)
        for rise, part in zip(self.rise, self.up, strict=True):
            x = part(self.join(kept.pop(), rise(x)))
        return self.finish(x)


@mutant("skips-forgotten")
class NoSkips(Right):
    behind = 1

    def join(self, skip, x):
        return x


@mutant("skips-forgotten")
class DetachedSkips(Right):
    def keep(self, level, before, after):
        return before.detach()


@mutant("skips-forgotten")
class ConcatenatesWithItself(Right):
    def join(self, skip, x):
        return torch.cat([x, x], dim=1)


@mutant("no-skip-at-the-top")
class TopForgotten(Right):
    def keep(self, level, before, after):
        return torch.zeros_like(before) if level == 0 else before


@mutant("skips-forgotten")
class SkipsAfterThePooling(Right):
    """What is kept is the pooled map, enlarged again."""

    def keep(self, level, before, after):
        return after.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


@mutant("no-skip-at-the-lowest")
class LowestForgotten(Right):
    def keep(self, level, before, after):
        return torch.zeros_like(before) if level == self.depth - 1 else before


@mutant("skips-added")
class Residual(Right):
    behind = 1

    def join(self, skip, x):
        return skip + x


@mutant("skips-added")
class ResidualInPlace(Right):
    behind = 1

    def join(self, skip, x):
        x += skip
        return torch.relu(x)


@mutant("skips-added")
class LateralSums(Right):
    """As in a feature pyramid: the skip passes a 1x1 convolution and is added."""

    behind = 1

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__(c_in, num_classes, width, depth)
        sizes = [part[0].in_channels for part in self.up]
        self.lateral = nn.ModuleDict({str(c): nn.Conv2d(c, c, 1) for c in sizes})

    def join(self, skip, x):
        return self.lateral[str(skip.shape[1])](skip) + x


@mutant("skips-multiplied")
class Gates(Right):
    behind = 1

    def join(self, skip, x):
        return skip * x


@mutant("widths-constant")
class Straight(Right):
    def widths(self, width, depth):
        return [width] * (depth + 1)


@mutant("widths-added")
class Linear(Right):
    def widths(self, width, depth):
        return [width * (level + 1) for level in range(depth + 1)]


@mutant("bottom-not-doubled")
class NarrowBottom(Right):
    def widths(self, width, depth):
        return [width * 2 ** min(level, max(depth - 1, 0)) for level in range(depth + 1)]


@mutant("widths-halved")
class Funnel(Right):
    def widths(self, width, depth):
        return [max(1, width // 2**level) for level in range(depth + 1)]


@mutant("top-doubled")
class WideTop(Right):
    def widths(self, width, depth):
        return [width * 2 ** (level + 1) for level in range(depth + 1)]


@mutant("one-pooling-too-few")
class LevelsForPoolings(Right):
    def levels(self, depth):
        return depth - 1


@mutant("one-pooling-too-few")
class LevelsForPoolingsChecked(Right):
    def levels(self, depth):
        return depth - 1

    def refuse(self, x):
        if x.shape[2] % 2 ** (self.depth + 1) or x.shape[3] % 2 ** (self.depth + 1):
            raise ValueError("sizes")


@mutant("one-pooling-too-many")
class PooledBottom(Right):
    def levels(self, depth):
        return depth + 1


@mutant("no-padding")
class Valid(Right):
    """As in the paper: the skips are cropped."""

    padding = 0

    def join(self, skip, x):
        top, left = (skip.shape[2] - x.shape[2]) // 2, (skip.shape[3] - x.shape[3]) // 2
        return torch.cat([skip[:, :, top : top + x.shape[2], left : left + x.shape[3]], x], dim=1)


@mutant("softmax-inside")
class Probabilities(Right):
    def finish(self, x):
        return self.head(x).softmax(dim=1)


@mutant("sigmoid-inside")
class Squashed(Right):
    def finish(self, x):
        return torch.sigmoid(self.head(x))


@mutant("log-softmax-inside")
class LogProbabilities(Right):
    def finish(self, x):
        return functional.log_softmax(self.head(x), dim=1)


@mutant("relu-at-the-end")
class Rectified(Right):
    def finish(self, x):
        return self.head(x).relu()


@mutant("activation-at-the-end")
class SmoothEnd(Right):
    def finish(self, x):
        return functional.gelu(self.head(x))


@mutant("sigmoid-inside")
class WrongAxis(Right):
    def finish(self, x):
        return self.head(x).softmax(dim=-1)


@mutant("exception")
class WithoutGradient(Right):
    def forward(self, x):
        with torch.no_grad():
            return super().forward(x)


@mutant("tanh-inside")
class Bounded(Right):
    def finish(self, x):
        return torch.tanh(self.head(x))


@mutant("one-map-out")
class Binary(Right):
    def outputs(self, num_classes):
        return 1


@mutant("width-channels-out")
class NoHead(Right):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__(c_in, num_classes, width, depth)
        self.head = nn.Identity()


@mutant("half-size-out")
class LastStepMissing(nn.Module):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        self.net = Right(c_in, num_classes, width, depth)
        self.head = nn.Conv2d(2 * width, num_classes, 1)
        self.net.rise, self.net.up = self.net.rise[:-1], self.net.up[:-1]
        self.net.head = nn.Identity()

    def forward(self, x):
        return self.head(self.net(x))


@mutant("smallest-size-out")
class NoWayUp(nn.Module):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        net = Right(c_in, num_classes, width, depth)
        self.refuse, self.down = net.refuse, net.down
        self.head = nn.Conv2d(width * 2**depth, num_classes, 1)

    def forward(self, x):
        self.refuse(x)
        for level, part in enumerate(self.down):
            x = part(x if level == 0 else functional.max_pool2d(x, 2))
        return self.head(x)


@mutant("layers-hidden")
class PlainLists(Right):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__(c_in, num_classes, width, depth)
        rise = list(self.rise)
        del self.rise
        self.rise = rise


@mutant("layers-hidden")
class EverythingHidden(nn.Module):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        self.parts = [Right(c_in, num_classes, width, depth)]

    def forward(self, x):
        return self.parts[0](x)


@mutant("layers-not-used")
class OneLayerTooMany(Right):
    def __init__(self, c_in, num_classes, width, depth):
        super().__init__(c_in, num_classes, width, depth)
        self.last = block(width, width)


@mutant("none")
class NothingBack(Right):
    def finish(self, x):
        self.head(x)


@mutant("exception")
class SkipsInTheWrongOrder(Right):
    def forward(self, x):
        self.refuse(x)
        kept = []
        for part in self.down[:-1]:
            kept.append(part(x))
            x = functional.max_pool2d(kept[-1], 2)
        x = self.down[-1](x)
        for skip, rise, part in zip(kept, self.rise, self.up, strict=True):
            x = part(torch.cat([skip, rise(x)], dim=1))
        return self.head(x)


@mutant("validation")
class AnySize(Right):
    """Sizes that do not fit are brought to fit in silence."""

    def refuse(self, x):
        pass

    def join(self, skip, x):
        return torch.cat([skip, functional.interpolate(x, size=skip.shape[2:])], dim=1)


@mutant("validation")
class EvenSizes(Right):
    def refuse(self, x):
        if x.shape[2] % 2 or x.shape[3] % 2:
            raise ValueError("sizes must be even")
