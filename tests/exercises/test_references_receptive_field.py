"""The references of the receptive-field exercises against torch and against brute force."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.feedback import exercise_for
from course_utils.feedback.exercises.receptive_field_gradient import build

SEEDS = range(60)


def reference(function):
    return exercise_for(f"receptive_field/{function}").reference


def numbers(rng):
    k, s, p, d = (int(rng.integers(a, b)) for a, b in ((1, 5), (1, 4), (0, 3), (1, 4)))
    return {"k": k, "s": s, "p": p, "d": d}


def convolution(layer):
    """Return a torch layer in one dimension with all weights 1."""
    k, s, p, d = layer.values()
    module = nn.Conv1d(1, 1, k, s, p, d, bias=False, dtype=torch.float64)
    nn.init.ones_(module.weight)
    return module


@pytest.mark.parametrize("seed", SEEDS)
def test_output_size_is_that_of_torch(seed):
    rng = np.random.default_rng(seed)
    layer, n = numbers(rng), int(rng.integers(14, 40))
    assert (
        reference("output_size")(n, **layer)
        == convolution(layer)(torch.ones(1, 1, n).double()).shape[-1]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_receptive_field_is_where_the_gradient_of_torch_is(seed):
    rng = np.random.default_rng(seed)
    layers = [numbers(rng) for _ in range(int(rng.integers(1, 4)))]
    net = nn.Sequential(*map(convolution, layers))
    x = torch.ones(1, 1, 400, dtype=torch.float64, requires_grad=True)
    y = net(x)[0, 0]

    def seen(unit):
        (grad,) = torch.autograd.grad(y[unit], x, retain_graph=True)
        pixels = grad[0, 0].nonzero()
        return int(pixels.min()), int(pixels.max())

    unit = len(y) // 2  # far from the border, so that no part of its field is padding
    (first, last), (second, _) = seen(unit), seen(unit + 1)
    size, jump, start = reference("receptive_field")(layers)
    assert (size, jump) == (last - first + 1, second - first)
    assert start + unit * jump == (first + last) / 2


@pytest.mark.parametrize("seed", range(8))
def test_the_nets_of_the_cases_have_the_field_that_torch_sees(seed):
    exercise = exercise_for("receptive_field/receptive_field_by_gradient")
    for case in [*exercise.worked, *exercise.draw(np.random.default_rng(seed))]:
        program, side, *_ = case.args
        net, size = build(program), exercise.call(exercise.reference, *case.args[:3])
        channels = next(m.in_channels for m in net.modules() if isinstance(m, nn.Conv2d))
        x = torch.ones(1, channels, side, side, requires_grad=True)
        y = net(x)
        assert all(float(p.detach().min()) > 0 for p in net.parameters())
        for unit in {y.shape[2] // 2, (y.shape[2] - 1) // 2}:  # either counts as the centre
            (grad,) = torch.autograd.grad(y[0, 0, unit, unit], x, retain_graph=True)
            places = grad[0].sum(dim=0).nonzero()
            box = (places.max(dim=0).values - places.min(dim=0).values + 1).tolist()
            assert box == [size, size], case.args
        assert size < side, "the field does not reach the border"


@pytest.mark.parametrize("seed", SEEDS)
def test_smallest_depth_is_the_first_stack_that_is_large_enough(seed):
    rng = np.random.default_rng(seed)
    target, k, s = (int(rng.integers(a, b)) for a, b in ((1, 90), (2, 7), (1, 5)))
    layer, depth = {"k": k, "s": s}, reference("smallest_depth")(target, k, s)
    field = reference("receptive_field")
    assert field([layer] * depth)[0] >= target
    assert depth == 0 or field([layer] * (depth - 1))[0] < target
