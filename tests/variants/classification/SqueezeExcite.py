"""Right squeeze-and-excitation blocks, written differently."""

import torch
from torch import nn

from tests.bank import variant


def inner_width(channels, reduction):
    if min(channels, reduction) < 1 or reduction > channels:
        raise ValueError(f"no units in the middle: {channels} // {reduction}")
    return channels // reduction


@variant
class DenseLayers(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        inner = inner_width(channels, reduction)
        self.fc1, self.fc2 = nn.Linear(channels, inner), nn.Linear(inner, channels)

    def forward(self, x):
        gate = torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean(dim=(2, 3))))))
        return x * gate[:, :, None, None]


@variant
class Convolutions(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        inner = inner_width(channels, reduction)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1),
            nn.ReLU(),
            nn.Conv2d(inner, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.gate(x) * x


@variant
class Flattened(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        inner = inner_width(channels, reduction)
        self.excite = nn.Sequential(nn.Linear(inner, channels), nn.Sigmoid())
        self.squeeze = nn.Sequential(nn.Linear(channels, inner), nn.ReLU(inplace=True))

    def forward(self, x):
        batch, channels, height, width = x.shape
        z = x.reshape(batch, channels, height * width).sum(dim=-1) / (height * width)
        return torch.einsum("bchw,bc->bchw", x, self.excite(self.squeeze(z)))
