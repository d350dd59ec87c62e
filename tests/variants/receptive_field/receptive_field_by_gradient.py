"""Right measurements of the receptive field, written differently."""

import copy

import numpy as np
import torch
from torch import nn

from tests.bank import variant


def channels_of(net, input_size):
    found = [m.in_channels for m in net.modules() if isinstance(m, nn.Conv2d)]
    if input_size < 1 or not found:
        raise ValueError("input_size is at least 1, and the net has a convolution")
    return found[0]


@variant
def of_the_input_alone(net, input_size):
    x = torch.zeros(1, channels_of(net, input_size), input_size, input_size, requires_grad=True)
    y = net(x)
    (grad,) = torch.autograd.grad(y[0, 0, y.shape[2] // 2, y.shape[3] // 2], x)
    places = grad[0].sum(dim=0).nonzero()
    return int((places.max(dim=0).values - places.min(dim=0).values).max()) + 1


@variant
def on_a_copy(net, input_size):
    twin = copy.deepcopy(net)
    shape = (1, channels_of(net, input_size), input_size, input_size)
    x = torch.rand(shape, requires_grad=True)
    y = twin(x)
    y[:, :, (y.shape[2] - 1) // 2, (y.shape[3] - 1) // 2].sum().backward()
    columns = np.flatnonzero(x.grad.numpy().sum(axis=(0, 1, 2)))
    return columns[-1] - columns[0] + 1


@variant
def vector_jacobian_product(net, input_size):
    x = torch.ones(1, channels_of(net, input_size), input_size, input_size)
    y, pullback = torch.func.vjp(net, x)
    cotangent = torch.zeros_like(y)
    cotangent[..., y.shape[2] // 2, y.shape[3] // 2] = 1
    rows = torch.any(pullback(cotangent)[0][0] != 0, dim=0).any(dim=1)
    return len(np.trim_zeros(rows.numpy()))


@variant
def pixel_by_pixel(net, input_size):
    """Without any gradient: add 1 to a column of pixels and see whether the output moves."""
    x = torch.zeros(1, channels_of(net, input_size), input_size, input_size, dtype=torch.float64)
    wide = copy.deepcopy(net).double()
    with torch.no_grad():
        base = wide(x)
        middle = (0, 0, base.shape[2] // 2, base.shape[3] // 2)
        seen = []
        for column in range(input_size):
            x[..., column] = 1.0
            if wide(x)[middle] != base[middle]:
                seen.append(column)
            x[..., column] = 0.0
    return seen[-1] - seen[0] + 1
