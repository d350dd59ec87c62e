"""Convolutions and their input gradient, against torch in float64."""

import pytest
import torch
from torch.nn import functional

from course_utils.kernels.convolution import (
    GPU_CONFIGS,
    conv2d_direct,
    conv2d_implicit_gemm,
    conv2d_input_grad,
)
from course_utils.kernels.device import triton
from course_utils.kernels.launches import record_launches
from course_utils.kernels.recorder import record_accesses
from tests.kernels.errors import relative_error

TOLERANCE = {torch.float32: 1e-5, torch.float16: 2e-3}
# (B, C, H, W), (F, R, S), stride, padding: ragged, uneven windows, padding beyond the window
CASES = [
    ((2, 5, 13, 11), (7, 3, 2), 2, 1),
    ((1, 16, 9, 9), (20, 3, 3), 1, 1),
    ((3, 3, 9, 10), (4, 5, 1), 3, 2),
    ((1, 18, 7, 7), (5, 1, 1), 1, 0),
    ((1, 2, 6, 8), (3, 3, 3), 1, 3),
    ((2, 4, 8, 8), (3, 2, 2), 3, 0),
]


def layer(size, kernel, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    sizes = size, (kernel[0], size[1], *kernel[1:]), kernel[:1]
    return [torch.randn(n, generator=generator).to(dtype) for n in sizes]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("relu", [False, True])
def test_the_implicit_product_is_the_convolution(case, dtype, relu):
    size, kernel, stride, padding = case
    x, w, b = layer(size, kernel, dtype)
    expected = functional.conv2d(x.double(), w.double(), b.double(), stride=stride, padding=padding)
    y = conv2d_implicit_gemm(x, w, b, stride, padding, relu)
    assert y.dtype == dtype
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert relative_error(y, expected.relu() if relu else expected) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize(("size", "kernel"), [case[:2] for case in CASES], ids=str)
def test_the_direct_kernel_is_the_convolution(size, kernel, dtype):
    x, w, b = layer(size, kernel, dtype)
    y = conv2d_direct(x, w, b)
    assert y.dtype == dtype
    assert y.is_contiguous()
    expected = functional.conv2d(x.double(), w.double(), b.double())
    assert relative_error(y, expected) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_input_gradient_is_that_of_autograd(case, dtype):
    size, kernel, stride, padding = case
    x, w, _ = layer(size, kernel, dtype)
    leaf = x.double().requires_grad_()
    y = functional.conv2d(leaf, w.double(), stride=stride, padding=padding)
    grad_y = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    y.backward(grad_y.double())
    dx = conv2d_input_grad(grad_y, w, tuple(x.shape), stride, padding)
    assert dx.shape == x.shape
    assert dx.dtype == dtype
    assert relative_error(dx, leaf.grad) <= TOLERANCE[dtype]


def test_the_input_gradient_agrees_with_central_differences():
    x, w, _ = layer((1, 2, 5, 4), (3, 3, 2))
    bar = torch.randn(1, 3, 3, 3, dtype=torch.float64)
    dx = conv2d_input_grad(bar.float(), w, tuple(x.shape), stride=2, padding=1)
    for place in ((0, 0, 0, 0), (0, 1, 2, 1), (0, 0, 4, 3)):
        values = []
        for step in (1e-4, -1e-4):
            moved = x.double()
            moved[place] += step
            values.append((bar * functional.conv2d(moved, w.double(), stride=2, padding=1)).sum())
        assert dx[place].item() == pytest.approx((values[0] - values[1]).item() / 2e-4, abs=1e-5)


def test_inputs_may_be_views():
    x, w, b = layer((2, 4, 9, 8), (6, 3, 3))
    rows = x.flip(2)[:, ::2, 1:, ::2]
    filters, bias = w.transpose(2, 3)[:, ::2], b.expand(2, 6)[1][::1]
    expected = functional.conv2d(rows.double(), filters.double(), bias.double())
    for run in (conv2d_direct, conv2d_implicit_gemm):
        assert relative_error(run(rows, filters, bias), expected) <= 1e-5
    last = x.contiguous(memory_format=torch.channels_last)
    expected = functional.conv2d(x.double(), w.double(), padding=1)
    assert relative_error(conv2d_implicit_gemm(last, w, None, padding=1), expected) <= 1e-5


def test_half_precision_is_added_up_in_single():
    x, w = torch.ones(1, 16, 12, 12).half(), torch.ones(1, 16, 12, 12).half()
    b = torch.zeros(1).half()
    assert conv2d_implicit_gemm(x, w, b).item() == 16 * 144  # in float16 it would stick at 2048


def test_bias_and_relu_come_with_the_one_launch_and_nothing_is_out_of_bounds():
    x, w, b = layer((1, 5, 9, 7), (6, 3, 3))
    config = triton.Config({"BM": 16, "BN": 16, "BC": 16}, num_warps=4, num_stages=2)
    with record_launches() as launches, record_accesses() as log:
        conv2d_implicit_gemm(x, w, b, 1, 1, relu=True, config=config)
        conv2d_input_grad(torch.ones(1, 6, 5, 4), w, (1, 5, 9, 7), 2, 1, config=config)
        conv2d_direct(x, w, b)
    names = [launch.name for launch in launches]
    assert names == ["implicit_gemm_kernel", "implicit_gemm_kernel", "direct_kernel"]
    assert launches[0].grid[0] == 4
    assert not log.out_of_bounds()


def test_the_interpreter_runs_the_configurations_of_a_gpu():
    x, w, b = layer((1, 20, 6, 5), (70, 3, 3), torch.float16)
    expected = functional.conv2d(x.double(), w.double(), b.double(), padding=1)
    for config in GPU_CONFIGS:
        y = conv2d_implicit_gemm(x, w, b, padding=1, config=config)
        assert relative_error(y, expected) <= 2e-3


def test_a_batch_without_images_is_empty():
    x, w, b = torch.ones(0, 2, 5, 5), torch.ones(3, 2, 3, 3), torch.ones(3)
    assert conv2d_direct(x, w, b).shape == (0, 3, 3, 3)
    assert conv2d_implicit_gemm(x, w, b).shape == (0, 3, 3, 3)
    assert conv2d_input_grad(torch.ones(0, 3, 3, 3), w, (0, 2, 5, 5)).shape == (0, 2, 5, 5)


GOOD = torch.ones(1, 2, 5, 5), torch.ones(3, 2, 3, 3), torch.ones(3)


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ((GOOD[0][0], *GOOD[1:]), {}, "4 axes"),
        ((GOOD[0], torch.ones(3, 4, 3, 3), GOOD[2]), {}, "channels"),
        ((*GOOD[:2], torch.ones(4)), {}, "b: got shape"),
        ((*GOOD[:2], torch.ones(3).half()), {}, "one dtype"),
        (tuple(t.double() for t in GOOD), {}, "one dtype"),
        ((GOOD[0], torch.ones(3, 2, 6, 3), GOOD[2]), {}, "window"),
        (GOOD, {"stride": 0}, "stride"),
        (GOOD, {"padding": -1}, "padding"),
    ],
)
def test_bad_inputs_are_named(changed, options, message):
    with pytest.raises(ValueError, match=message):
        conv2d_implicit_gemm(*changed, **options)
    if not options:
        with pytest.raises(ValueError, match=message):
            conv2d_direct(*changed)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="grad_y: got"):
        conv2d_input_grad(torch.ones(1, 3, 4, 3), GOOD[1], (1, 2, 5, 5))
    with pytest.raises(ValueError, match="2 channels"):
        conv2d_input_grad(torch.ones(1, 3, 3, 3), GOOD[1], (1, 4, 5, 5))
    with pytest.raises(ValueError, match="channels"):
        conv2d_input_grad(torch.ones(1, 2, 3, 3), GOOD[1], (1, 2, 5, 5))
