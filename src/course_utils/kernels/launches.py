"""Which kernels were launched, with what: enough to compile them for a GPU later."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from course_utils.kernels.device import kernel_class, named_arguments, tensors_of

DIVISOR = 16  # Triton compiles a kernel anew when an argument is, or is not, a multiple of this
POINTERS = {
    torch.float64: "fp64",
    torch.float32: "fp32",
    torch.float16: "fp16",
    torch.bfloat16: "bf16",
    torch.float8_e5m2: "fp8e5",
    torch.float8_e4m3fn: "fp8e4nv",
    torch.int64: "i64",
    torch.int32: "i32",
    torch.int16: "i16",
    torch.int8: "i8",
    torch.uint8: "u8",
    torch.bool: "i1",
}
INT_LIMITS = ((-(2**31), 2**31, "i32"), (-(2**63), 2**63, "i64"), (0, 2**64, "u64"))


@dataclass(frozen=True)
class Launch:
    """One launch of a kernel: ``kernel[grid](arguments, options)``.

    ``signature`` holds the types of the arguments that stay arguments when it is compiled
    (``*fp16`` a pointer, ``i32``, ``fp32``); ``constexprs`` the values that are compiled in: those
    declared ``tl.constexpr``, None, and integers equal to 1. ``divisible`` names the pointers and
    integers that are multiples of 16; ``options`` are ``num_warps`` and the like.
    """

    kernel: Any
    name: str
    grid: tuple[int, ...]
    signature: dict[str, str]
    constexprs: dict[str, Any]
    divisible: tuple[str, ...]
    options: dict[str, Any]
    tensors: dict[str, torch.Tensor] = field(default_factory=dict, repr=False, compare=False)


def type_name(value: Any) -> str:
    """Return Triton's name for the type of an argument, as in ``*fp32``, ``i32``, ``fp32``.

    Raises TypeError for a value that no kernel can take.
    """
    if isinstance(value, torch.Tensor):
        return "*" + POINTERS[value.dtype]
    if isinstance(value, bool):
        return "i1"
    if isinstance(value, int):
        return next(name for low, high, name in INT_LIMITS if low <= value < high)
    if isinstance(value, float):
        return "fp32"
    if hasattr(value, "base") and hasattr(value, "block_shape"):
        return f"tensordesc<{type_name(value.base)[1:]}{list(value.block_shape)}>"
    if hasattr(value, "data_ptr") and hasattr(value, "dtype"):
        return "*" + str(value.dtype)
    raise TypeError(f"a kernel cannot take a {type(value).__name__}")


def is_divisible(value: Any) -> bool:
    """Return whether the compiler may assume that an argument is a multiple of 16."""
    if hasattr(value, "data_ptr"):
        return value.data_ptr() % DIVISOR == 0
    return isinstance(value, int) and not isinstance(value, bool) and value % DIVISOR == 0


def constexpr_names(kernel: Any) -> set[str]:
    """Return the names of the parameters that a kernel declares ``tl.constexpr``."""
    return {name for name, kind in kernel.fn.__annotations__.items() if "constexpr" in str(kind)}


def flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the argument itself, or the items of a tuple of arguments, each with its name."""
    if isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from flat(f"{name}[{number}]", item)
    else:
        yield name, value


def describe(kernel: Any, args: tuple, kwargs: dict, grid: Any) -> Launch:
    """Return the launch ``kernel[grid](*args, **kwargs)`` as a record."""
    arguments, options = named_arguments(kernel, args, kwargs)
    declared = constexpr_names(kernel)
    constexprs = {name: arguments[name] for name in arguments if name in declared}
    signature, divisible, tensors = {}, [], {}
    for argument in [name for name in arguments if name not in declared]:
        tensors |= dict(tensors_of(argument, arguments[argument]))
        for name, value in flat(argument, arguments[argument]):
            if value is None or (type(value) is int and value == 1):
                constexprs[name] = value
                continue
            signature[name] = type_name(value)
            if is_divisible(value):
                divisible.append(name)
    size: Any = grid(arguments) if callable(grid) else grid
    size = tuple(int(number) for number in (size if isinstance(size, tuple | list) else (size,)))
    return Launch(
        kernel, kernel.__name__, size, signature, constexprs, tuple(divisible), options, tensors
    )


@contextmanager
def around_launches(around: Callable[[Launch], AbstractContextManager]) -> Iterator[None]:
    """Enter ``around(launch)`` for the time of every launch inside the ``with`` block."""
    cls: Any = kernel_class()
    before = cls.run

    def run(kernel: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> Any:
        if warmup:
            return before(kernel, *args, grid=grid, warmup=warmup, **kwargs)
        launch = describe(kernel, args, kwargs, grid)
        with around(launch):
            return before(kernel, *args, grid=launch.grid, warmup=warmup, **kwargs)

    cls.run = run
    try:
        yield
    finally:
        cls.run = before


@contextmanager
def record_launches() -> Iterator[list[Launch]]:
    """Collect every launch of a Triton kernel inside the ``with`` block, in order."""
    launches: list[Launch] = []

    @contextmanager
    def note(launch: Launch) -> Iterator[None]:
        launches.append(launch)
        yield

    with around_launches(note):
        yield launches
