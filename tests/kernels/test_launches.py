"""What a launch is recorded as: types, constants, divisibility, options, grid."""

import pytest
import torch

from course_utils.kernels.device import tl, triton
from course_utils.kernels.launches import record_launches, type_name


@triton.jit
def kernel(x, y, extra, n, stride, scale, BLOCK: tl.constexpr, RELU: tl.constexpr = False):
    index = tl.arange(0, BLOCK)
    tl.store(y + index, tl.load(x + index * stride, mask=index < n) * scale, mask=index < n)


def launch(grid=(1,), n=16, stride=1, extra=None, **options):
    x, y = torch.zeros(64), torch.zeros(64, dtype=torch.float16)
    with record_launches() as launches:
        kernel[grid](x, y, extra, n, stride, 0.5, BLOCK=16, **options)
    return launches[0]


def test_types_and_constants_are_those_that_triton_specialises_on():
    found = launch(stride=1)
    assert found.name == "kernel"
    assert found.signature == {
        "x": "*fp32",
        "y": "*fp16",
        "n": "i32",
        "scale": "fp32",
    }
    assert found.constexprs == {"extra": None, "stride": 1, "BLOCK": 16, "RELU": False}
    assert launch(stride=2).signature["stride"] == "i32"
    assert launch(extra=torch.zeros(1)).signature["extra"] == "*fp32"


def test_multiples_of_16_are_named():
    assert set(launch(n=32, stride=3).divisible) == {"x", "y", "n"}
    assert "n" not in launch(n=33).divisible
    with record_launches() as launches:
        kernel[(1,)](torch.zeros(65)[1:], torch.zeros(64), None, 16, 2, 0.5, BLOCK=16)
    assert "x" not in launches[0].divisible


def test_options_and_grids():
    assert launch(num_warps=8, num_stages=2).options == {"num_warps": 8, "num_stages": 2}
    assert launch(grid=lambda meta: (triton.cdiv(meta["n"], meta["BLOCK"]), 2)).grid == (1, 2)
    assert launch(grid=(3,)).grid == (3,)


def test_nothing_is_recorded_outside_and_blocks_may_nest():
    with record_launches() as outer:
        launch()
        with record_launches() as inner:
            launch()
    launch()
    assert (len(outer), len(inner)) == (2, 1)


def test_a_failing_kernel_leaves_nothing_behind():
    before = type(kernel).run
    with pytest.raises(Exception, match="missing"), record_launches():
        kernel[(1,)](torch.zeros(1))
    assert type(kernel).run is before


@pytest.mark.parametrize(
    ("value", "name"),
    [(2**31 - 1, "i32"), (2**31, "i64"), (-(2**31) - 1, "i64"), (2**63, "u64"), (True, "i1"),
     (1.0, "fp32"), (torch.zeros(1, dtype=torch.int64), "*i64"),
     (torch.zeros(1, dtype=torch.bfloat16), "*bf16")],
)  # fmt: skip
def test_names_of_types_are_those_of_triton(value, name):
    from triton.runtime.jit import mangle_type

    assert type_name(value) == name
    assert mangle_type(value).replace("u1", "i1") == name


def test_descriptors_have_a_type_and_other_things_none():
    from triton.tools.tensor_descriptor import TensorDescriptor

    descriptor = TensorDescriptor.from_tensor(torch.zeros(32, 16), [16, 16])
    assert type_name(descriptor) == "tensordesc<fp32[16, 16]>"
    with pytest.raises(TypeError, match="a kernel cannot take a str"):
        type_name("relu")
