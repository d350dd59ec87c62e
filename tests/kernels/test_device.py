"""The choice between GPU and interpreter, its messages, and the refusal of bfloat16."""

import subprocess
import sys

import pytest
import torch

from course_utils.kernels import device
from course_utils.kernels.device import DEVICE, INTERPRETED, find_problem, tl, triton


@triton.jit
def copy_kernel(source, target, n, BLOCK: tl.constexpr):
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(target + index, tl.load(source + index, mask=index < n), mask=index < n)


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )


def test_tests_are_interpreted_on_the_cpu():
    assert (DEVICE, INTERPRETED) == ("cpu", True)
    assert triton.language is tl


@pytest.mark.slow
def test_import_alone_sets_the_interpreter_up():
    code = "import course_utils.kernels.device as device, os; print(device.DEVICE, os.environ)"
    output = run(code).stdout
    assert output.startswith("cpu")
    assert "'TRITON_INTERPRET': '1'" in output


def test_the_package_pulls_neither_torch_nor_triton():
    result = run("import course_utils.kernels, sys; print(*sys.modules)")
    assert not {"torch", "triton"} & set(result.stdout.split())


def test_triton_imported_before_for_a_gpu_is_an_error_that_says_what_to_do(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    with pytest.raises(ImportError, match="Restart the kernel"):
        device._prepare()


@pytest.mark.parametrize(
    ("gpu", "version", "numpy", "imported", "words"),
    [
        (False, None, "2.4.6", False, "not installed"),
        (False, "3.7.1", "2.4.6", True, "imported before"),
        (False, "3.6.0", "2.4.6", False, "numpy below 2.4"),
        (False, "3.6.0", "2.3.5", False, None),
        (False, "3.7.1", "2.4.6", False, None),
        (False, "3.10.0", "2.5.0rc1", False, None),
        (True, "3.6.0", "2.5.2", True, None),
    ],
)
def test_each_problem_has_its_message(gpu, version, numpy, imported, words):
    problem = find_problem(gpu, version, numpy, imported)
    assert problem is None if words is None else words in problem


def test_bfloat16_is_refused_by_the_name_of_its_argument():
    x = torch.ones(8, dtype=torch.bfloat16)
    with pytest.raises(TypeError, match=r"target of kernel copy_kernel is bfloat16"):
        copy_kernel[(1,)](torch.ones(8), x, 8, BLOCK=8)
    with pytest.raises(TypeError, match=r"source of kernel copy_kernel"):
        copy_kernel[(1,)](source=x, target=x, n=8, BLOCK=8)


def test_tensors_are_found_in_tuples_and_descriptors():
    from triton.tools.tensor_descriptor import TensorDescriptor

    x = torch.ones(16, 16)
    nested = (x, (None, x))
    assert [name for name, _ in device.tensors_of("a", nested)] == ["a[0]", "a[1][1]"]
    descriptor = TensorDescriptor.from_tensor(x, [16, 16])
    assert [name for name, _ in device.tensors_of("d", descriptor)] == ["d"]


@triton.jit
def double_kernel(x, n, BLOCK: tl.constexpr):
    index = tl.arange(0, BLOCK)
    mask = index < n
    value = tl.load(x + index, mask=mask)
    tl.store(x + index, value + value, mask=mask)


def test_integers_wrap_as_on_a_gpu_and_no_sum_is_computed_twice():
    from triton.runtime.interpreter import interpreter_builder

    x = torch.tensor([2**31 - 1, 7], dtype=torch.int32)
    double_kernel[(1,)](x, 2, BLOCK=2)
    assert x.tolist() == [-2, 14]
    assert not interpreter_builder.options.sanitize_overflow
