"""Wrong squeeze-and-excitation blocks."""

import torch
from torch import nn

from tests.bank import mutant


class Right(nn.Module):
    """The right block; those below change one of its parts."""

    bias = True

    def __init__(self, channels, reduction):
        super().__init__()
        if channels < 1 or reduction < 1 or channels // reduction < 1:
            raise ValueError(f"no units in the middle: {channels} // {reduction}")
        inner = self.inner(channels, reduction)
        self.down = nn.Linear(channels, inner, bias=self.bias)
        self.up = nn.Linear(inner, channels, bias=self.bias)

    def inner(self, channels, reduction):
        return channels // reduction

    def pool(self, x):
        return x.mean(dim=(2, 3))

    def middle(self, z):
        return torch.relu(z)

    def gate(self, z):
        return torch.sigmoid(z)

    def gates(self, x):
        return self.gate(self.up(self.middle(self.down(self.pool(x)))))[:, :, None, None]

    def forward(self, x):
        return x * self.gates(x)


@mutant("no-sigmoid")
class RawGate(Right):
    def gate(self, z):
        return z


@mutant("softmax-gate")
class Competing(Right):
    def gate(self, z):
        return z.softmax(dim=1)


@mutant("relu-gate")
class ReluTwice(Right):
    def gate(self, z):
        return nn.functional.relu(z)


@mutant("maximum-for-mean")
class MaxPool(Right):
    def pool(self, x):
        return x.flatten(2).max(dim=2).values


@mutant("sum-for-mean")
class SumPool(Right):
    def pool(self, x):
        return torch.einsum("bchw->bc", x)


@mutant("mean-over-channels")
class WrongAxis(Right):
    def pool(self, x):
        return x.mean(dim=1)


@mutant("mean-over-the-batch")
class WholeBatch(Right):
    def pool(self, x):
        return x.mean(dim=(0, 2, 3), keepdim=False).unsqueeze(0)


@mutant("gate-added")
class Added(Right):
    def forward(self, x):
        return x + self.gates(x)


@mutant("input-added")
class WithShortcut(Right):
    def forward(self, x):
        return x + x * self.gates(x)


@mutant("gate-returned")
class GatesOnly(Right):
    def forward(self, x):
        return self.gates(x)


@mutant("reduction-ignored")
class AsWide(Right):
    def inner(self, channels, reduction):
        return channels


@mutant("reduction-as-width")
class ReductionUnits(Right):
    def inner(self, channels, reduction):
        return reduction


@mutant("no-relu")
class LinearMiddle(Right):
    def middle(self, z):
        return z


@mutant("sigmoid-in-the-middle")
class TwoSigmoids(Right):
    def middle(self, z):
        return torch.sigmoid(z)


@mutant("bias-off")
class NoBias(Right):
    bias = False


@mutant("mutates")
class GatedInPlace(Right):
    def forward(self, x):
        with torch.no_grad():
            gates = self.gates(x)
        return x.mul_(gates)


@mutant("gate-not-reshaped")
class GateNotReshaped(Right):
    def forward(self, x):
        return x * self.gates(x)[:, :, 0, 0]


@mutant("length")
class NoForward(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(channels, channels // reduction))


@mutant("validation")
class AtLeastOneUnit(Right):
    def __init__(self, channels, reduction):
        super().__init__(channels, max(1, min(reduction, channels)))


@mutant("exception")
class Misspelt(Right):
    def forward(self, x):
        return x * self.gate(self.up(self.middle(self.dwon(self.pool(x)))))


@mutant("mean-over-channels")
class WrongAxisThenView(Right):
    def forward(self, x):
        gate = torch.sigmoid(self.up(torch.relu(self.down(x.mean(dim=1)))))
        return x * gate.view(len(x), x.shape[1], 1, 1)


@mutant("layers-hidden")
class LayersInADict(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        right = Right(channels, reduction)
        self.layers = {"down": right.down.double(), "up": right.up.double()}

    def forward(self, x):
        z = torch.relu(self.layers["down"](x.mean(dim=(2, 3))))
        return x * torch.sigmoid(self.layers["up"](z))[:, :, None, None]
