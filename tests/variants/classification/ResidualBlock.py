"""Right residual blocks, written differently."""

import torch
from torch import nn
from torch.nn import functional

from tests.bank import variant


def refuse(*numbers):
    if min(numbers) < 1:
        raise ValueError(f"numbers must be at least 1, got {numbers}")


@variant
class Layers(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        refuse(c_in, c_out, stride)
        self.main = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(c_out, c_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(c_out),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride=stride, bias=False), nn.BatchNorm2d(c_out)
            )

    def forward(self, x):
        return torch.relu(self.main(x) + self.shortcut(x))


@variant
class ShortcutDefinedFirst(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        refuse(c_in, c_out, stride)
        self.project = c_in != c_out or stride > 1
        if self.project:
            self.norm_c = nn.BatchNorm2d(c_out)
            self.c = nn.Conv2d(c_in, c_out, (1, 1), (stride, stride), bias=False)
        self.norm_b, self.norm_a = nn.BatchNorm2d(c_out), nn.BatchNorm2d(c_out)
        self.b = nn.Conv2d(c_out, c_out, 3, padding="same", bias=False)
        self.a = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, image):
        identity = self.norm_c(self.c(image)) if self.project else image
        out = self.activation(self.norm_a(self.a(image)))
        out = self.norm_b(self.b(out))
        out += identity
        return self.activation(out)


@variant
class BareParameters(nn.Module):
    """Weights that are no convolution modules, and a projection that slices before it mixes."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        refuse(c_in, c_out, stride)
        self.stride = stride
        self.first = nn.Parameter(torch.randn(c_out, c_in, 3, 3) / (9 * c_in) ** 0.5)
        self.second = nn.Parameter(torch.randn(c_out, c_out, 3, 3) / (9 * c_out) ** 0.5)
        across = stride != 1 or c_in != c_out
        self.across = nn.Parameter(torch.randn(c_out, c_in, 1, 1)) if across else None
        self.norms = nn.ModuleList(nn.BatchNorm2d(c_out) for _ in range(3 if across else 2))

    def forward(self, x):
        h = self.norms[0](functional.conv2d(x, self.first, stride=self.stride, padding=1))
        h = self.norms[1](functional.conv2d(h.clamp(min=0), self.second, padding=1))
        if self.across is not None:
            x = self.norms[2](
                functional.conv2d(x[..., :: self.stride, :: self.stride], self.across)
            )
        return (h + x).clamp_min(0)


def unit(c_in, c_out, kernel, stride):
    conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


@variant
class Units(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        refuse(c_in, c_out, stride)
        self.units = nn.ModuleDict(
            {"a": unit(c_in, c_out, 3, stride), "b": unit(c_out, c_out, 3, 1)}
        )
        if (c_in, stride) != (c_out, 1):
            self.units["shortcut"] = unit(c_in, c_out, 1, stride)

    def forward(self, x):
        h = self.units["b"](functional.relu(self.units["a"](x)))
        return functional.relu(
            torch.add(h, self.units["shortcut"](x) if len(self.units) > 2 else x)
        )
