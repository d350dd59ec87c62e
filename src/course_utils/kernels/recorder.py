"""Every memory access of interpreted kernels: who touched which address, and was it allowed.

The interpreter works on addresses as numbers. While recording, each tensor argument of a launch
gets a region of made-up addresses of its own, far from the others; an access is recognised by its
region and moved to the real memory just before it happens. So an access belongs to the argument
from which its pointer was computed, however far it strays, and lanes that miss the argument's
elements are noted and not carried out: a load gives 0 there, a store does nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from course_utils.kernels.accesses import Access, AccessLog, Argument
from course_utils.kernels.device import INTERPRETED
from course_utils.kernels.launches import Launch, around_launches

FIRST_REGION, REGION = 1 << 56, 1 << 44  # above every real address; room on both sides
KEPT = 1 << 12  # low bits of an address that a made-up one shares with the real one


class Recorder:
    """Stands between the interpreter and memory, and appends each access to a log.

    ``before`` and ``after`` are called with each access, before and after it is carried out.
    """

    def __init__(self, log: AccessLog):
        self.log = log
        self.arguments: list[Argument] = []
        self.waiting: list[Argument] = []
        self.before: Callable[[Access], None] = lambda access: None
        self.after: Callable[[Access], None] = lambda access: None

    @contextmanager
    def around(self, launch: Launch) -> Iterator[None]:
        """Record one launch: replace the interpreter's memory and its pointers meanwhile."""
        from triton.runtime import interpreter  # noqa: PLC0415 - only after the choice of device

        module: Any = interpreter
        memory, convert = module._interpreter, module._implicit_cvt
        self.log.launches.append(launch)
        self.arguments = [Argument(name, tensor) for name, tensor in launch.tensors.items()]
        self.waiting = list(self.arguments)
        module._interpreter = _Memory(memory, self, module.interpreter_builder)
        module._implicit_cvt = lambda value: self._point(convert(value), value)
        try:
            yield
        finally:
            module._interpreter, module._implicit_cvt = memory, convert

    def _point(self, handle: Any, value: Any) -> Any:
        """Give the pointer of a tensor argument the made-up address of its region."""
        if not hasattr(value, "data_ptr"):
            return handle
        for argument in self.waiting:
            if argument.address == value.data_ptr() and argument.tensor.shape == value.shape:
                self.waiting.remove(argument)
                number = next(i for i, known in enumerate(self.arguments) if known is argument)
                handle.handle.data[...] = self.start_of(number)
                break
        return handle

    def start_of(self, number: int) -> int:
        """Return the made-up address of the first element of an argument."""
        kept = self.arguments[number].address % KEPT
        return FIRST_REGION + number * REGION + REGION // 2 + kept

    def note(
        self, kind: str, pointers: np.ndarray, mask: np.ndarray, itemsize: int, program: Any
    ) -> tuple[np.ndarray, np.ndarray, list[Access]]:
        """Log an access; return the real addresses, the lanes to carry out, and the records."""
        pointers = np.asarray(pointers, np.uint64)
        mask = np.broadcast_to(np.asarray(mask, bool), pointers.shape)
        regions = (pointers.astype(np.int64) - FIRST_REGION) // REGION
        real, allowed, noted = pointers.copy(), mask.copy(), []
        used = regions[mask] if mask.any() else regions.ravel()[:1]
        for region in np.unique(used):
            here = regions == region
            known = 0 <= region < len(self.arguments)
            argument = self.arguments[region] if known else None
            inside = np.full(pointers.shape, region < 0)
            if argument is not None:
                distance = pointers.astype(np.int64) - self.start_of(int(region))
                real = np.where(here, (distance + argument.address).astype(np.uint64), real)
                inside = argument.inside(distance)
            allowed &= inside | ~here
            name = argument.name if argument else None
            lanes, number = mask & here, len(self.log.launches) - 1
            noted.append(
                Access(kind, program, real, lanes, itemsize, name, inside, number, argument)
            )
        self.log.accesses += noted
        for access in noted:
            self.before(access)
        return real, allowed, noted


class _Memory:
    """The four functions through which the interpreter touches memory, with a recorder before."""

    def __init__(self, real: Any, recorder: Recorder, builder: Any):
        self.real, self.recorder, self.builder = real, recorder, builder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def _do(self, kind: str, act: Callable, pointers: Any, mask: Any, itemsize: int) -> Any:
        program = self.builder.grid_idx
        real, allowed, noted = self.recorder.note(kind, pointers, mask, itemsize, program)
        result = act(real, allowed)
        for access in noted:
            self.recorder.after(access)
        return result

    def load(self, pointers: Any, mask: Any, other: Any, dtype: Any, *rest: Any) -> Any:
        def act(p: Any, m: Any) -> Any:
            return self.real.load(p, m, other, dtype, *rest)

        return self._do("load", act, pointers, mask, np.dtype(dtype).itemsize)

    def store(self, pointers: Any, value: Any, mask: Any, *rest: Any) -> Any:
        def act(p: Any, m: Any) -> Any:
            return self.real.store(p, value, m, *rest)

        return self._do("store", act, pointers, mask, value.dtype.itemsize)

    def atomic_rmw(self, op: Any, pointers: Any, value: Any, mask: Any, *rest: Any) -> Any:
        def act(p: Any, m: Any) -> Any:
            return self.real.atomic_rmw(op, p, value, m, *rest)

        return self._do("atomic", act, pointers, mask, value.dtype.itemsize)

    def atomic_cas(self, pointers: Any, compare: Any, value: Any, *rest: Any) -> Any:
        def act(p: Any, m: Any) -> Any:
            if not np.all(m):
                return np.zeros_like(value)
            return self.real.atomic_cas(p, compare, value, *rest)

        return self._do("atomic", act, pointers, np.ones_like(pointers, bool), value.dtype.itemsize)


@contextmanager
def record_accesses() -> Iterator[AccessLog]:
    """Record every memory access of the kernels launched inside the ``with`` block.

    Raises RuntimeError where kernels are compiled: only the interpreter shows its addresses.
    """
    if not INTERPRETED:
        raise RuntimeError("accesses can be recorded by the interpreter only (TRITON_INTERPRET=1)")
    log = AccessLog()
    with around_launches(Recorder(log).around):
        yield log


__all__ = ["Access", "AccessLog", "Recorder", "record_accesses"]
