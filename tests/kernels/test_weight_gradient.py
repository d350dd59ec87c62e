"""The gradient of a convolution in its weights, against torch in float64."""

import pytest
import torch
from torch.nn import functional

from course_utils.kernels.device import triton
from course_utils.kernels.launches import record_launches
from course_utils.kernels.recorder import record_accesses
from course_utils.kernels.weight_gradient import GPU_CONFIGS, conv2d_weight_grad
from tests.kernels.errors import relative_error

TOLERANCE = {torch.float32: 1e-5, torch.float16: 2e-3}
# (B, C, H, W), (F, R, S), stride, padding
CASES = [
    ((2, 5, 13, 11), (7, 3, 2), 2, 1),
    ((1, 16, 9, 9), (20, 3, 3), 1, 1),
    ((3, 3, 9, 10), (4, 5, 1), 3, 2),
    ((1, 2, 6, 8), (3, 3, 3), 1, 3),
]


def case_of(size, kernel, stride, padding, dtype=torch.float32):
    """Random grad_y, x, w, and the gradient in w by autograd in float64."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(size, generator=generator).to(dtype)
    w = torch.randn((kernel[0], size[1], *kernel[1:]), generator=generator).to(dtype)
    leaf = w.double().requires_grad_()
    y = functional.conv2d(x.double(), leaf, stride=stride, padding=padding)
    grad_y = torch.randn(y.shape, generator=generator).to(dtype)
    y.backward(grad_y.double())
    return grad_y, x, w, leaf.grad


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("shares", [None, 3])
def test_it_is_the_gradient_of_autograd(case, dtype, shares):
    grad_y, x, w, expected = case_of(*case, dtype)
    dw = conv2d_weight_grad(grad_y, x, w, *case[2:], shares=shares)
    assert dw.shape == w.shape
    assert dw.dtype == dtype
    assert relative_error(dw, expected) <= TOLERANCE[dtype]


def test_it_agrees_with_central_differences():
    grad_y, x, w, _ = (t.double() for t in case_of((2, 2, 5, 4), (3, 3, 2), 2, 1))
    dw = conv2d_weight_grad(grad_y.float(), x.float(), w.float(), 2, 1)
    for place in ((0, 0, 0, 0), (2, 1, 2, 1), (1, 0, 1, 1)):
        values = []
        for step in (1e-4, -1e-4):
            moved = w.clone()
            moved[place] += step
            values.append((grad_y * functional.conv2d(x, moved, stride=2, padding=1)).sum())
        assert dw[place].item() == pytest.approx((values[0] - values[1]).item() / 2e-4, abs=1e-4)


def test_inputs_may_be_views():
    grad_y, x, w, expected = case_of((2, 6, 9, 8), (4, 3, 3), 1, 1)
    views = grad_y.transpose(2, 3).contiguous().transpose(2, 3), x.flip(1).contiguous().flip(1)
    assert relative_error(conv2d_weight_grad(*views, w, 1, 1), expected) <= 1e-5


def test_shares_are_programs_that_add_atomically_within_bounds():
    grad_y, x, w, expected = case_of((1, 5, 9, 7), (6, 3, 3), 1, 1)
    config = triton.Config({"BN": 16, "BC": 16, "BM": 16}, num_warps=4, num_stages=2)
    with record_launches() as launches, record_accesses() as log:
        dw = conv2d_weight_grad(grad_y, x, w, 1, 1, shares=2, config=config)
    assert launches[0].grid == (9, 1, 2)
    assert not log.out_of_bounds()
    added = [access for access in log.accesses if access.kind == "atomic"]
    assert len(added) == 18
    assert (log.elements("dw") == 2).all()
    assert relative_error(dw, expected) <= 1e-5


def test_half_precision_is_added_up_in_single():
    grad_y, x = torch.ones(1, 1, 64, 64).half(), torch.ones(1, 1, 64, 64).half()
    dw = conv2d_weight_grad(grad_y, x, torch.ones(1, 1, 1, 1).half(), shares=4)
    assert dw.item() == 4096  # in float16 it would stick at 2048


def test_the_interpreter_runs_the_configurations_of_a_gpu():
    grad_y, x, w, expected = case_of((1, 20, 6, 5), (70, 3, 3), 1, 1, torch.float16)
    for config in GPU_CONFIGS:
        dw = conv2d_weight_grad(grad_y, x, w, 1, 1, shares=2, config=config)
        assert relative_error(dw, expected) <= 2e-3


def test_a_batch_without_images_has_gradient_zero():
    w = torch.ones(3, 2, 3, 3)
    dw = conv2d_weight_grad(torch.ones(0, 3, 3, 3), torch.ones(0, 2, 5, 5), w)
    assert torch.equal(dw, torch.zeros_like(w))


GOOD = torch.ones(1, 3, 3, 3), torch.ones(1, 2, 5, 5), torch.ones(3, 2, 3, 3)


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ((GOOD[0], GOOD[1][0], GOOD[2]), {}, "channels"),
        ((GOOD[0], torch.ones(1, 4, 5, 5), GOOD[2]), {}, "channels"),
        ((torch.ones(1, 3, 4, 3), *GOOD[1:]), {}, "grad_y: got"),
        ((GOOD[0].half(), *GOOD[1:]), {}, "one dtype"),
        (GOOD, {"stride": 0}, "stride"),
        (GOOD, {"shares": 0}, "shares"),
    ],
)
def test_bad_inputs_are_named(changed, options, message):
    with pytest.raises(ValueError, match=message):
        conv2d_weight_grad(*changed, **options)
