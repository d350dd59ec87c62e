"""Autotuning works by the interpreter: all configurations run once, the first is kept."""

import pytest
import torch

from course_utils.kernels.device import DEVICE, tl, triton
from course_utils.kernels.launches import record_launches
from course_utils.kernels.tuning import autotune

CONFIGS = [triton.Config({"B": size}, num_warps=w) for size, w in ((16, 1), (32, 2), (64, 4))]


@autotune(CONFIGS, key=["n"])
@triton.jit
def fill(x, n, value, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(x + i, value, mask=i < n)


@autotune(CONFIGS, key=["n"], reset_to_zero=["x"])
@triton.jit
def add(x, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    tl.atomic_add(x + i, 1.0, mask=i < n)


def launched(kernel, x, *arguments):
    with record_launches() as launches:
        kernel[lambda config: (triton.cdiv(x.numel(), config["B"]),)](x, x.numel(), *arguments)
    return [(launch.constexprs["B"], launch.options["num_warps"]) for launch in launches]


def test_each_configuration_runs_once_for_a_key():
    x = torch.zeros(50, device=DEVICE)
    assert launched(fill, x, 2.0) == [(32, 2), (64, 4), (16, 1)]
    assert launched(fill, x, 3.0) == [(16, 1)]
    assert torch.equal(x, torch.full_like(x, 3.0))
    assert len(launched(fill, torch.zeros(51, device=DEVICE), 3.0)) == 3
    assert len(launched(fill, x.to(torch.float16), 3.0)) == 3
    assert fill.best_config is CONFIGS[0]


def test_what_is_added_to_is_set_to_zero_before_each_trial():
    x = torch.full((50,), 7.0, device=DEVICE)
    launched(add, x)
    assert torch.equal(x, torch.ones_like(x))


def test_no_configuration_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        autotune([], key=[])
