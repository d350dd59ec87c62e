"""Wrong measurements of the receptive field."""

import torch
from torch import nn

from tests.bank import mutant


def channels_of(net, input_size):
    found = [m.in_channels for m in net.modules() if isinstance(m, nn.Conv2d)]
    if input_size < 1 or not found:
        raise ValueError("input_size is at least 1, and the net has a convolution")
    return found[0]


def image(net, n):
    return torch.rand(1, channels_of(net, n), n, n, requires_grad=True)


def central(y):
    return y[0, :, y.shape[-2] // 2, y.shape[-1] // 2].sum()


def gradient(net, n):
    x = image(net, n)
    return torch.autograd.grad(central(net(x)), x)[0][0]


def box(grad):
    columns = torch.nonzero(grad.abs().sum(dim=(0, 1)))
    return int(columns[-1] - columns[0]) + 1


@mutant("gradients-of-the-weights")
def backward_into_everything(net, input_size):
    x = image(net, input_size)
    central(net(x)).backward()
    return box(x.grad[0])


@mutant("gradients-of-the-weights")
def cleaned_up_too_much(net, input_size):
    x = image(net, input_size)
    central(net(x)).backward()
    for parameter in net.parameters():
        parameter.grad = None
    return box(x.grad[0])


@mutant("gradients-of-the-weights")
def cleaned_before(net, input_size):
    net.zero_grad()
    x = image(net, input_size)
    central(net(x)).backward()
    return box(x.grad[0])


@mutant("weights-frozen")
def switched_off(net, input_size):
    for parameter in net.parameters():
        parameter.requires_grad = False
    x = image(net, input_size)
    central(net(x)).backward()
    return box(x.grad[0])


@mutant("weights-overwritten")
def ones_everywhere(net, input_size):
    for parameter in net.parameters():
        parameter.data = torch.ones_like(parameter)
    return box(gradient(net, input_size))


@mutant("all-outputs")
def sum_of_the_output(net, input_size):
    x = image(net, input_size)
    return box(torch.autograd.grad(net(x).sum(), x)[0][0])


@mutant("corner-output")
def first_unit(net, input_size):
    x = image(net, input_size)
    return box(torch.autograd.grad(net(x)[0, 0, 0, 0], x)[0][0])


@mutant("pixels-counted")
def area(net, input_size):
    return int((gradient(net, input_size).sum(dim=0) > 0).sum())


@mutant("pixels-counted")
def every_channel(net, input_size):
    return torch.count_nonzero(gradient(net, input_size)).item()


@mutant("holes-not-counted")
def rows_with_something(net, input_size):
    return int((gradient(net, input_size).sum(dim=(0, 2)) != 0).sum())


@mutant("holes-not-counted")
def root_of_the_area(net, input_size):
    return int((gradient(net, input_size).sum(dim=0) > 0).sum().sqrt().round())


@mutant("last-minus-first")
def fence_posts(net, input_size):
    places = gradient(net, input_size).sum(dim=0).nonzero()[:, 0]
    return (places.max() - places.min()).item()


@mutant("one-channel")
def grey_image(net, input_size):
    channels_of(net, input_size)
    x = torch.ones(1, 1, input_size, input_size, requires_grad=True)
    return box(torch.autograd.grad(central(net(x)), x)[0][0])


@mutant("three-channels")
def colour_image(net, input_size):
    channels_of(net, input_size)
    x = torch.ones(1, 3, input_size, input_size, requires_grad=True)
    return box(torch.autograd.grad(central(net(x)), x)[0][0])


@mutant("channels-of-the-weights")
def shape_of_the_first_weight(net, input_size):
    channels_of(net, input_size)
    channels = next(net.parameters()).shape[1]
    x = torch.ones(1, channels, input_size, input_size, requires_grad=True)
    return box(torch.autograd.grad(central(net(x)), x)[0][0])


@mutant("small-gradients-dropped")
def above_an_epsilon(net, input_size):
    grad = gradient(net, input_size)
    return box(torch.where(grad > 1e-8, grad, torch.zeros(())))


@mutant("small-gradients-dropped")
def a_tenth_of_the_largest(net, input_size):
    grad = gradient(net, input_size)
    return box(grad * (grad > grad.max() / 10))


@mutant("exception")
def numpy_of_a_gradient_graph(net, input_size):
    x = image(net, input_size)
    y = net(x).numpy()
    return y.shape[-1]


@mutant("exception")
def tensor_returned(net, input_size):
    return torch.tensor(box(gradient(net, input_size)))


@mutant("validation")
def any_size(net, input_size):
    channels = next(m.in_channels for m in net.modules() if isinstance(m, nn.Conv2d))
    x = torch.rand(1, channels, max(input_size, 1), max(input_size, 1), requires_grad=True)
    return box(torch.autograd.grad(central(net(x)), x)[0][0])


@mutant("middle-row-only")
def row_of_the_middle_pixel(net, input_size):
    row = gradient(net, input_size)[:, input_size // 2]
    columns = row.abs().sum(dim=0).nonzero()
    return int(columns.max() - columns.min()) + 1


@mutant("exception")
def indexed_like_a_stack(net, input_size):
    channels_of(net, input_size)
    first = next(layer for layer in net if isinstance(layer, nn.Conv2d))
    x = torch.ones(1, first.in_channels, input_size, input_size, requires_grad=True)
    return box(torch.autograd.grad(central(net(x)), x)[0][0])
