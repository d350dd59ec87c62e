"""Proof at run time that a function's kernels did its work: ``guarded(function, *arguments)``.

The function may launch kernels, and around them allocate memory, take views, and copy tensors to
another layout or type. The guard watches three things: the operations of torch (a dispatch mode),
the loads and stores of the kernels (the recorder), and the bytes of all memory that the function
got or allocated, of which it keeps a copy that only kernels and permitted operations bring up to
date. Fresh memory starts as nan. Whatever does not fit raises a subclass of GuardError.

A learning aid, not a security boundary: who wants to deceive it from inside the same process can.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.feedback.report import counted
from course_utils.kernels.device import INTERPRETED
from course_utils.kernels.guard_errors import (
    EarlierMemoryError,
    ForeignMemoryError,
    GuardError,
    InputChangedError,
    MemoryChangedError,
    NoKernelError,
    NotStoredError,
    OutOfBoundsError,
    ReadBeforeStoredError,
    TorchInKernelError,
    TorchWorkError,
    ValuesTakenOutError,
)
from course_utils.kernels.guard_memory import Memory, tensors_in
from course_utils.kernels.launches import Launch, around_launches
from course_utils.kernels.recorder import Access, AccessLog, Recorder

FRESH = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"}
FILLED = {"zeros", "zeros_like", "new_zeros", "ones", "ones_like", "new_ones", "full"}
FILLED |= {"full_like", "new_full"}
COPIES = {"clone", "_to_copy", "contiguous", "flip", "repeat"}
WRITES = {"copy_", "fill_", "zero_"}
VIEWS = {
    "view",
    "_unsafe_view",
    "_reshape_alias",
    "reshape",
    "permute",
    "transpose",
    "t",
    "numpy_T",
}
VIEWS |= {"as_strided", "alias", "detach", "expand", "unsqueeze", "squeeze", "select", "slice"}
VIEWS |= {"unbind", "split", "split_with_sizes", "chunk", "unfold", "diagonal", "lift_fresh"}
OF_THE_INTERPRETER = {"new_empty", "empty", "set_", "copy_"}  # what a launch itself does
TAKE_OUT = {"numpy", "__array__", "tolist", "item", "__dlpack__", "_local_scalar_dense"}


@dataclass(frozen=True)
class Guarded:
    """What a guarded call returned, which kernels it launched, and what these accessed."""

    value: Any
    launches: list[Launch]
    log: AccessLog


def _poison(tensor: torch.Tensor) -> None:
    """Fill fresh memory with nan, or with the smallest integer."""
    if tensor.is_floating_point() or tensor.is_complex():
        tensor.fill_(float("nan"))
    elif tensor.dtype != torch.bool:
        tensor.fill_(torch.iinfo(tensor.dtype).min)


class _Functions(TorchFunctionMode):
    """Sees the methods that hand values to Python without an operation of torch."""

    def __init__(self, guard: "Guard"):
        super().__init__()
        self.guard = guard

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in TAKE_OUT:
            self.guard.object_to(ValuesTakenOutError(f"called {func.__name__}()"))
        return func(*args, **(kwargs or {}))


class Guard(TorchDispatchMode):
    """Watches one call; ``with`` it active, everything that torch does passes through it."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spare torch the seconds in which it would load its compiler for the first operation."""
        return False

    def __init__(self) -> None:
        super().__init__()
        self.memory, self.log = Memory(watched=INTERPRETED), AccessLog()
        self.recorder = Recorder(self.log)
        self.recorder.before, self.recorder.after = self._before, self._after
        self.violation: GuardError | None = None
        self.launched: Launch | None = None

    def object_to(self, error: GuardError) -> NoReturn:
        """Raise an error, and keep the first, in case the function catches it."""
        self.violation = self.violation or error
        raise error

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        library, name = func._schema.name.split("::")
        if library not in ("aten", "prim"):  # an operation of one's own may be called anything
            self.object_to(TorchWorkError(f"torch called {library}::{name}"))
        if name in TAKE_OUT:
            self.object_to(ValuesTakenOutError(f"called {name}"))
        if self.launched:
            if name not in OF_THE_INTERPRETER:
                self.object_to(TorchInKernelError(f"{name} inside {self.launched.name}"))
            return func(*args, **(kwargs or {}))
        if name not in FRESH | FILLED | COPIES | WRITES | VIEWS:
            self.object_to(TorchWorkError(f"torch called {name}"))
        return self._permitted(name, func, args, kwargs or {})

    def _permitted(self, name: str, func: Any, args: tuple, kwargs: dict) -> Any:
        """Carry out a permitted operation and book what it did to memory."""
        read = args[1:] if name == "copy_" else args
        sources = list(tensors_in(read)) if name in COPIES | {"copy_"} else []
        if name in COPIES | WRITES:
            self.compare()
        known = all(self.memory.knows(tensor) for tensor in sources)
        if any(self.memory.is_earlier(tensor) for tensor in sources):
            self.object_to(EarlierMemoryError(f"{name} of it"))
        empty = bool(sources) and known and self._sources_unwritten(sources)
        result = func(*args, **kwargs)
        if name in FRESH or (name in COPIES and empty):
            _poison(result)
        if name in WRITES and known:
            self._find(args[0])
            self.memory.accept(args[0])
        elif name in WRITES:
            self.object_to(ForeignMemoryError(f"{name} from it"))
        elif name in FRESH | FILLED | COPIES and known:
            self.memory.add(result, written=name not in FRESH and not empty)
        return result

    def _sources_unwritten(self, sources: list[torch.Tensor]) -> bool:
        """Return whether no byte of what is copied was written; object if only some were."""
        missing = [self.memory.missing(tensor) for tensor in sources]
        sizes = [tensor.numel() * tensor.element_size() for tensor in sources]
        if any(0 < lost < size for lost, size in zip(missing, sizes, strict=True)):
            self.object_to(ReadBeforeStoredError("a copy of memory that is only partly stored"))
        return any(missing)

    def _find(self, tensor: torch.Tensor) -> Any:
        """Return the block of a tensor, objecting to memory that this call may not use."""
        try:
            return self.memory.find(tensor)
        except GuardError as error:
            self.object_to(error)

    def compare(self) -> None:
        """Object if memory differs from what kernels and permitted operations left there."""
        try:
            self.memory.check()
        except GuardError as error:
            self.object_to(error)

    @contextmanager
    def around(self, launch: Launch) -> Iterator[None]:
        """Watch one launch."""
        self.compare()
        for tensor in launch.tensors.values():
            self._find(tensor)
        self.launched = launch
        first = len(self.log.accesses)
        try:
            with self.recorder.around(launch) if INTERPRETED else nullcontext():
                yield
        finally:
            self.launched = None
        if not INTERPRETED:
            self.log.launches.append(launch)
        self._check_bounds(launch, self.log.accesses[first:])
        self.compare()

    def _check_bounds(self, launch: Launch, accesses: list[Access]) -> None:
        """Object to lanes outside the argument's elements; the recorder did not carry them out."""
        strays = [access for access in accesses if access.outside]
        if strays:
            first = strays[0]
            which = f"{len(strays)} accesses, first a" if len(strays) > 1 else "a"
            lanes = counted(str(first.outside), "lane")
            self.object_to(
                OutOfBoundsError(
                    f"{launch.name}: {which} {first.kind} of {first.name} "
                    f"in program {first.program}, {lanes} outside"
                )
            )

    def _before(self, access: Access) -> None:
        if access.argument is None:
            if access.mask.any():
                self.object_to(ForeignMemoryError("a pointer that belongs to no argument"))
            return
        block = self.memory.find(access.argument.tensor)
        if access.kind == "store" or block is None or block.written.all():
            return
        if not block.written[self._bytes(access, block)].all():
            self.object_to(ReadBeforeStoredError(f"a {access.kind} of {access.name}"))

    def _after(self, access: Access) -> None:
        if access.kind != "load" and access.argument is not None:
            block = self.memory.find(access.argument.tensor)
            if block is not None:
                block.accept(self._bytes(access, block))

    def _bytes(self, access: Access, block: Any) -> np.ndarray:
        """Return which bytes of a block the lanes of an access touch."""
        first = access.addresses[access.mask & access.inside].astype(np.int64)
        first = first - block.storage.data_ptr()
        return (first[:, None] + np.arange(access.itemsize)).ravel()

    def judge(self, value: Any) -> None:
        """Object, after the call, to what it returned and to what it left behind."""
        if self.violation:
            raise self.violation
        results = list(tensors_in(value))
        for tensor in results:
            self._find(tensor)
        if not self.log.launches:
            raise NoKernelError
        self.compare()
        self.memory.judge(results)


def guarded(function: Callable, *args: Any, **kwargs: Any) -> Guarded:
    """Call ``function(*args, **kwargs)`` and prove that its kernels did the work.

    Raises a subclass of GuardError otherwise; what the function itself raises passes unchanged.
    """
    guard = Guard()
    for tensor in tensors_in((args, kwargs)):
        guard.memory.add(tensor, is_input=True)
    try:
        with around_launches(guard.around), guard, _Functions(guard):
            value = function(*args, **kwargs)
    except Exception as error:
        if guard.violation is not None and guard.violation is not error:
            raise guard.violation from error
        raise
    finally:
        guard.memory.remember()
    guard.judge(value)
    return Guarded(value, guard.log.launches, guard.log)


__all__ = [
    "EarlierMemoryError",
    "ForeignMemoryError",
    "Guard",
    "GuardError",
    "Guarded",
    "InputChangedError",
    "MemoryChangedError",
    "NoKernelError",
    "NotStoredError",
    "OutOfBoundsError",
    "ReadBeforeStoredError",
    "TorchInKernelError",
    "TorchWorkError",
    "ValuesTakenOutError",
    "guarded",
]
