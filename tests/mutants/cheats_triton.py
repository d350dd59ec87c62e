"""Ways to get the result of a kernel without writing it, for any function of a Triton assignment.

``cheats(right, answer)`` takes a right function and one that computes the same with torch.
"""

import ctypes

import numpy as np
import torch

from course_utils.kernels.device import tl, triton
from tests.bank import mutant

HELD = {}


@triton.jit
def idle_kernel(x, n, BLOCK: tl.constexpr):
    """Load and do nothing."""
    i = tl.arange(0, BLOCK)
    tl.load(x + i, mask=i < n)


@triton.jit
def calling_kernel(x, n, BLOCK: tl.constexpr):
    """Let Python work inside of a launch, which the interpreter allows."""
    i = tl.arange(0, BLOCK)
    tl.load(x + i, mask=i < n)
    HELD["work"]()


def idle(*tensors, kernel=idle_kernel):
    kernel[(1,)](tensors[0].contiguous(), 1, BLOCK=16)


def tensors_in(value):
    return value if isinstance(value, tuple) else (value,)


def array_of(tensor):
    """Return a copy of a contiguous tensor's memory, which nothing of torch hands out."""
    kind = {torch.float32: np.float32, torch.float16: np.float16}[tensor.dtype]
    size = tensor.numel() * tensor.element_size()
    return np.frombuffer(ctypes.string_at(tensor.data_ptr(), size), kind).reshape(tensor.shape)


def behind_torchs_back(function, *args, **kwargs):
    """Return the result of a function of tensors, computed where the guard does not look."""
    with torch.utils._python_dispatch._disable_current_modes(), torch._C.DisableTorchFunction():
        return [array_of(t.contiguous()) for t in tensors_in(function(*args, **kwargs))]


def overwrite(tensor, array):
    """Copy an array into the memory of a tensor, which has to have the array's layout."""
    ctypes.memmove(tensor.data_ptr(), array.ctypes.data, array.nbytes)


def plain_copies(result):
    """Return contiguous copies of a result that kernels have stored."""
    copies = tuple(t.clone(memory_format=torch.contiguous_format) for t in tensors_in(result))
    return copies if isinstance(result, tuple) else copies[0]


def remembering(right):
    """Return a right function that computes once for tensors of the same shapes and types."""
    kept = {}

    def remembers_by_shape(*args, **kwargs):
        key = str([(a.shape, a.dtype) if isinstance(a, torch.Tensor) else a for a in args])
        if (key, str(kwargs)) not in kept:
            kept[key, str(kwargs)] = right(*args, **kwargs)
        return kept[key, str(kwargs)]

    return remembers_by_shape


def cheats(right, answer):
    """Return (name, cheat) pairs: each a mutant with the name of its failure."""

    def returns_torch(*args, **kwargs):
        return answer(*args, **kwargs)

    def answers_after_a_kernel(*args, **kwargs):
        right(*args, **kwargs)
        return answer(*args, **kwargs)

    def overwrites_the_result(*args, **kwargs):
        result = plain_copies(right(*args, **kwargs))
        arrays = behind_torchs_back(answer, *args, **kwargs)
        for tensor, array in zip(tensors_in(result), arrays, strict=True):
            overwrite(tensor, array + array.dtype.type(1e-4))
        return result

    def returns_numpy_memory(*args, **kwargs):
        right(*args, **kwargs)
        arrays = behind_torchs_back(answer, *args, **kwargs)
        found = tuple(map(torch.from_numpy, arrays))
        return found if len(found) > 1 else found[0]

    remembers_by_shape = remembering(right)
    remembered = remembering(right)

    def remembers_and_copies(*args, **kwargs):
        idle(*args)
        return plain_copies(remembered(*args, **kwargs))

    def works_inside_a_kernel(*args, **kwargs):
        result = plain_copies(right(*args, **kwargs))

        def work():
            found = tensors_in(answer(*args, **kwargs))
            for tensor, value in zip(tensors_in(result), found, strict=True):
                tensor.copy_(value)

        HELD["work"] = work
        idle(*args, kernel=calling_kernel)
        return result

    def fills_with_numpy_inside(*args, **kwargs):
        result = plain_copies(right(*args, **kwargs))

        def work():
            arrays = behind_torchs_back(answer, *args, **kwargs)
            for tensor, array in zip(tensors_in(result), arrays, strict=True):
                overwrite(tensor, array + array.dtype.type(1e-4))

        HELD["work"] = work
        idle(*args, kernel=calling_kernel)
        return result

    kinds = {
        returns_torch: "torch-did-the-work",
        answers_after_a_kernel: "torch-did-the-work",
        overwrites_the_result: "overwritten",
        returns_numpy_memory: "foreign-memory",
        remembers_by_shape: "earlier-memory",
        remembers_and_copies: "earlier-memory",
        works_inside_a_kernel: "torch-in-a-kernel",
        fills_with_numpy_inside: "overwritten",
    }
    return {cheat.__name__: mutant(kind)(cheat) for cheat, kind in kinds.items()}
