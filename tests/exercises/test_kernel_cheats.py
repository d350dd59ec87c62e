"""More ways around a kernel than the bank holds: each gets nothing, by the name of what it does."""

import ctypes
import threading

import numpy as np
import pytest
import torch

from course_utils.feedback import examine, exercise_for
from course_utils.feedback.exercise import RefusalError
from course_utils.kernels import (
    attention,
    attention_backward,
    convolution,
    elementwise,
    online,
    weight_gradient,
)
from course_utils.kernels import matmul as products
from course_utils.kernels.device import tl, triton
from tests.bank import entries
from tests.mutants.triton_convolution.vector_add import add

EXERCISE = exercise_for("triton_convolution/vector_add")


class Lazy:
    """Computes when the guard has gone."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def detach(self):
        return self.x + self.y


class Subclass(torch.Tensor):
    pass


def numpy_add(a, b):
    a.handle.data = np.add(a.handle.data, b.handle.data)
    return a


@triton.jit
def numpy_kernel(x, y, total, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a, b = tl.load(x + i, mask=i < n), tl.load(y + i, mask=i < n)
    tl.store(total + i, numpy_add(a, b), mask=i < n)


def numpy_in_a_kernel(x, y):
    total, n = torch.empty(x.shape, dtype=x.dtype), x.numel()
    numpy_kernel[(triton.cdiv(n, 64),)](x.contiguous(), y.contiguous(), total, n, BLOCK=64)
    return total


def lazy(x, y):
    add(x, y)
    return Lazy(x, y)


def subclass(x, y):
    return add(x, y).as_subclass(Subclass)


def other_thread(x, y):
    total, found = add(x, y), []
    work = threading.Thread(target=lambda: found.append(x + y))
    work.start()
    work.join()
    ctypes.memmove(total.data_ptr(), found[0].contiguous().data_ptr(), 4)
    return found[0]


def other_memory(x, y):
    total = add(x, y)
    total.data = total.clone().data_ptr() and torch.from_numpy(np.ones(tuple(x.shape), np.float32))
    return total


def grid_that_computes(x, y):
    total, n = torch.empty(x.shape, dtype=x.dtype), x.numel()
    numpy_kernel[lambda meta: (int((x + y).numel()),)](x, y, total, n, BLOCK=64)
    return total


def no_programs(x, y):
    total = torch.empty(x.shape, dtype=x.dtype)
    numpy_kernel[(0,)](x, y, total, x.numel(), BLOCK=64)
    return total


borrowed, decorated_anew = elementwise.add_kernel, triton.jit(elementwise.add_kernel.fn)


@triton.jit
def calling_kernel(x, y, total, n, BLOCK: tl.constexpr):
    borrowed(x, y, total, n, BLOCK)


def launching(kernel):
    """Return a sum of two tensors by a kernel that takes what the package's takes."""

    def total_of(x, y):
        total, n = torch.empty(x.shape, dtype=x.dtype), x.numel()
        kernel[(triton.cdiv(n, 64),)](x.contiguous(), y.contiguous(), total, n, BLOCK=64)
        return total

    return total_of


@pytest.mark.parametrize(
    ("cheat", "kind"),
    [
        (lazy, "exception"),
        (subclass, "exception"),
        (numpy_in_a_kernel, "python-in-a-kernel"),
        (other_thread, "foreign-memory"),
        (other_memory, "foreign-memory"),
        (grid_that_computes, "torch-did-the-work"),
        (no_programs, "not-stored"),
        (launching(calling_kernel), "borrowed-kernel"),
        (launching(decorated_anew), "borrowed-kernel"),
    ],
)
def test_it_earns_nothing_and_is_told_why(cheat, kind):
    report = examine(EXERCISE, cheat)
    assert report.failure.kind == kind, report.text()
    assert report.earned == 0


@pytest.mark.parametrize(
    ("key", "function"),
    [
        ("triton_convolution/vector_add", elementwise.vector_add),
        ("triton_convolution/row_softmax", elementwise.row_softmax),
        ("triton_convolution/matmul", products.matmul),
        ("triton_convolution/conv2d_direct", convolution.conv2d_direct),
        ("triton_convolution/conv2d_implicit_gemm", convolution.conv2d_implicit_gemm),
        ("triton_convolution/conv2d_weight_grad", weight_gradient.conv2d_weight_grad),
        ("triton_attention/online_row_softmax", online.online_row_softmax),
        ("triton_attention/flash_attention", attention.flash_attention),
        ("triton_attention/flash_attention_backward", attention_backward.flash_attention_backward),
    ],
)
def test_the_package_does_not_do_the_assignment(key, function):
    exercise = exercise_for(key)
    for case in exercise.worked:
        with pytest.raises(RefusalError) as refusal:
            exercise.runs(function, *case.args, **case.kwargs)
        assert refusal.value.kind == "borrowed-kernel"


@pytest.mark.parametrize("name", ["__main__", "triton.language.standard"])
@pytest.mark.parametrize("kernel", [borrowed, calling_kernel])
def test_a_borrowed_kernel_may_not_call_itself_ones_own(kernel, name, monkeypatch):
    monkeypatch.setattr(borrowed.fn, "__module__", name)
    with pytest.raises(RefusalError) as refusal:
        EXERCISE.runs(launching(kernel), *EXERCISE.worked[0].args)
    assert refusal.value.kind == "borrowed-kernel"
    assert refusal.value.details == "add_kernel"


def test_an_operation_of_ones_own_may_not_call_itself_a_copy():
    library = torch.library.Library("course_cheat", "DEF")
    library.define("clone(Tensor a, Tensor b) -> Tensor")
    library.impl("clone", lambda a, b: a + b, "CompositeExplicitAutograd")
    report = examine(EXERCISE, lambda x, y: torch.ops.course_cheat.clone(add(x, y), y))
    assert report.failure.kind == "torch-did-the-work"


@pytest.mark.parametrize(
    "kind",
    [
        *("torch-did-the-work", "overwritten", "not-stored", "earlier-memory", "out-of-bounds"),
        *("fp16-accumulation", "torch-in-a-kernel", "foreign-memory", "programs-race"),
        "borrowed-kernel",
    ],
)
def test_the_bank_holds_this_cheat(kind):
    functions = ("vector_add", "row_softmax", "matmul", "conv2d_direct", "conv2d_implicit_gemm")
    keys = [f"triton_convolution/{name}" for name in (*functions, "conv2d_weight_grad")]
    assert kind in {entry.kind for key in keys for entry in entries("mutants", key)}
