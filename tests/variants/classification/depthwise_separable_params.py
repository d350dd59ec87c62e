"""Right sizes of depthwise separable layers, written differently."""

import numpy as np
from torch import nn

from tests.bank import variant


def refuse(*numbers):
    if min(numbers) < 1:
        raise ValueError(f"numbers must be at least 1, got {numbers}")


@variant
def factored(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_in * (k**2 + c_out)


@variant
def shapes(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return np.prod((c_in, 1, k, k)) + np.prod((c_out, c_in, 1, 1))  # a numpy integer


@variant
def counted_in_torch(c_in, c_out, k):
    refuse(c_in, c_out, k)
    depthwise = nn.Conv2d(c_in, c_in, k, groups=c_in, bias=False, device="meta")
    pointwise = nn.Conv2d(c_in, c_out, 1, bias=False, device="meta")
    return sum(p.numel() for layer in (depthwise, pointwise) for p in layer.parameters())
