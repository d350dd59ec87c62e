"""Triton on whatever this machine has: a CUDA GPU, else its interpreter on the CPU.

A page or an assignment begins with::

    from course_utils.kernels.device import DEVICE, INTERPRETED, tl, triton

Triton decides when it is imported whether ``@triton.jit`` compiles or interprets, so this module
has to be imported before anything else imports triton.
"""

import dataclasses
import functools
import inspect
import os
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

OLDEST_WITH_NUMPY_2_4 = (3, 7)


def version_of(text: str) -> tuple[int, int]:
    """Return the first two numbers of a version such as ``3.7.1`` or ``2.4.0rc1``."""
    major, minor = text.split(".")[:2]
    return int(major), int("".join(digit for digit in minor if digit.isdigit()))


def find_problem(gpu: bool, triton: str | None, numpy: str, imported: bool) -> str | None:
    """Return why Triton cannot be used here, in words that say what to do, or None.

    ``triton``, ``numpy``: installed versions; ``imported``: whether triton was imported before,
    set up to compile.
    """
    if triton is None:
        return (
            "Triton is not installed. It exists for Linux only: `pip install triton` there, or "
            "open this page in Colab. The numpy chapters run everywhere."
        )
    if gpu:
        return None
    if imported:
        return (
            "triton was imported before, set up for a GPU, and this machine has none. Restart the "
            "kernel and import course_utils.kernels.device first."
        )
    if version_of(triton) < OLDEST_WITH_NUMPY_2_4 and version_of(numpy) >= (2, 4):
        return (
            f"The interpreter of Triton {triton} does not work with numpy {numpy} (loops over "
            "values of a kernel fail). Use Triton 3.7 or newer, or numpy below 2.4."
        )
    return None


def interpreting() -> bool:
    """Return whether the environment asks for the interpreter, as Triton reads it."""
    return os.environ.get("TRITON_INTERPRET", "0").lower() in {"1", "y", "yes", "on", "true"}


def _prepare() -> bool:
    """Choose GPU or interpreter, check the versions, and return whether kernels are interpreted."""
    gpu = torch.cuda.is_available() and not interpreting()
    imported = "triton.language" in sys.modules and not interpreting()
    installed = metadata.version("triton") if find_spec("triton") else None
    problem = find_problem(gpu, installed, metadata.version("numpy"), imported)
    if problem:
        raise ImportError(problem)
    if not gpu:
        os.environ["TRITON_INTERPRET"] = "1"
    return not gpu


INTERPRETED: bool = _prepare()
"""Whether kernels run by Triton's interpreter (on the CPU, in numpy) instead of on a GPU."""
DEVICE: str = "cpu" if INTERPRETED else "cuda"
"""The torch device on which the tensors of a kernel live."""

if TYPE_CHECKING:  # for type checkers: kernels are a language of their own, with Python's syntax

    class tl(Any):  # noqa: N801 - its name elsewhere
        """The operations of a kernel."""

    class triton(Any):  # noqa: N801 - its name elsewhere
        """The module, with the one class whose members the course names in annotations."""

        class Config:
            """A configuration of a kernel: its constants, warps and stages."""

            kwargs: dict[str, Any]
            num_warps: int
            num_stages: int

            def __init__(
                self, kwargs: dict[str, Any], num_warps: int = 4, num_stages: int = 3
            ) -> None: ...

            def all_kwargs(self) -> dict[str, Any]:
                """Return the constants and options as keyword arguments of a launch."""
                ...

else:
    import triton
    import triton.language as tl


def kernel_class() -> type:
    """Return the class of what ``@triton.jit`` makes here; its ``run`` is called for a launch."""
    if INTERPRETED:
        from triton.runtime.interpreter import InterpretedFunction  # noqa: PLC0415

        return InterpretedFunction
    from triton.runtime.jit import JITFunction  # noqa: PLC0415

    return JITFunction


def named_arguments(kernel: Any, args: tuple, kwargs: dict) -> tuple[dict[str, Any], dict]:
    """Return the arguments of a launch by name, defaults filled in, and the launch's options."""
    own = {name: value for name, value in kwargs.items() if name in kernel.arg_names}
    bound = inspect.signature(kernel.fn).bind_partial(*args, **own)
    bound.apply_defaults()
    return dict(bound.arguments), {name: kwargs[name] for name in kwargs if name not in own}


def tensors_of(name: str, value: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (name, tensor) for every tensor in an argument: plain, in a tuple, in a descriptor."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, tuple | list):
        for number, item in enumerate(value):
            yield from tensors_of(f"{name}[{number}]", item)
    elif hasattr(value, "base") and hasattr(value, "block_shape"):
        yield from tensors_of(name, value.base)


def _refuse_bfloat16() -> None:
    """Let every interpreted launch with a bfloat16 tensor fail: its arithmetic would be garbage."""
    cls: Any = kernel_class()
    run = cls.run

    @functools.wraps(run)
    def checked(kernel: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> Any:
        for argument, value in named_arguments(kernel, args, kwargs)[0].items():
            for name, tensor in tensors_of(argument, value):
                if tensor.dtype == torch.bfloat16:
                    raise TypeError(
                        f"{name} of kernel {kernel.__name__} is bfloat16. Triton's interpreter "
                        "multiplies the bits of bfloat16 as if they were integers and returns "
                        "garbage. Use float16 or float32 on the CPU; bfloat16 needs a GPU."
                    )
        return run(kernel, *args, grid=grid, warmup=warmup, **kwargs)

    cls.run = checked


def _spare_unheard_checks() -> None:
    """Leave out the interpreter's search for integer overflow: half of its time, and unheard.

    Each sum of two integers is computed again in 64 bits, for an assertion that holds in a debug
    mode only, which the interpreter does not have.
    """
    from triton.runtime.interpreter import interpreter_builder  # noqa: PLC0415

    builder: Any = interpreter_builder
    options = builder.options
    if getattr(options, "sanitize_overflow", False) and not options.debug:
        builder.options = dataclasses.replace(options, sanitize_overflow=False)


if INTERPRETED:
    _refuse_bfloat16()
    _spare_unheard_checks()

__all__ = ["DEVICE", "INTERPRETED", "tl", "triton"]
