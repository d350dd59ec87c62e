"""The memory that a guarded function may use, with a copy that only permitted writers change.

Where kernels are compiled, their stores are not seen. Then nothing is compared byte by byte: a
result must not hold the nan of fresh memory, and arguments are compared before and after.
"""

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from course_utils.kernels.accesses import element_offsets
from course_utils.kernels.guard_errors import (
    EarlierMemoryError,
    ForeignMemoryError,
    InputChangedError,
    MemoryChangedError,
    NotStoredError,
)

_earlier: dict[int, StorageWeakRef] = {}


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in a nest of tuples, lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(tuple(value.values()))
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes | np.ndarray):
        for item in value:
            yield from tensors_in(item)


def bytes_of(tensor: torch.Tensor) -> np.ndarray:
    """Return which bytes of its storage the elements of a tensor occupy."""
    size = tensor.element_size()
    offsets = element_offsets(tuple(tensor.shape), tuple(tensor.stride())).ravel()
    first = (offsets + tensor.storage_offset()) * size
    return (first[:, None] + np.arange(size)).ravel()


def _same(now: torch.Tensor, before: torch.Tensor) -> bool:
    """Return whether two tensors are equal, nan being equal to nan."""
    return bool(((now == before) | (now.isnan() & before.isnan())).all())


@dataclass
class Block:
    """One storage: its bytes as they are, as they should be, and which of them were written."""

    storage: torch.UntypedStorage
    is_input: bool
    memory: np.ndarray
    expected: np.ndarray
    written: np.ndarray
    touched: bool = False

    def accept(self, where: np.ndarray) -> None:
        """Take over bytes that a permitted writer has written."""
        self.expected[where] = self.memory[where]
        self.written[where] = True
        self.touched = True


class Memory:
    """All storages that a guarded call got or allocated, by their addresses.

    ``watched``: whether every store is seen, so that bytes can be compared.
    """

    def __init__(self, watched: bool = True) -> None:
        self.watched = watched
        self.blocks: dict[int, Block] = {}
        self.inputs: list[tuple[torch.Tensor, torch.Tensor]] = []

    def add(self, tensor: torch.Tensor, is_input: bool = False, written: bool = True) -> None:
        """Register the storage of a tensor; ``written`` False: fresh memory without values."""
        storage = tensor.untyped_storage()
        size = storage.nbytes()
        if is_input and not self.watched:
            self.inputs.append((tensor, tensor.detach().clone()))
        if not size or storage.data_ptr() in self.blocks:
            return
        memory = np.zeros(0, np.uint8)
        if self.watched:
            buffer = (ctypes.c_uint8 * size).from_address(storage.data_ptr())
            memory = np.ctypeslib.as_array(buffer)
        state = np.full(memory.size, written)
        self.blocks[storage.data_ptr()] = Block(storage, is_input, memory, memory.copy(), state)

    def find(self, tensor: torch.Tensor) -> Block | None:
        """Return the block in which a tensor lies; None for a tensor without elements.

        Raises EarlierMemoryError or ForeignMemoryError where this call has no right to it.
        """
        storage = tensor.untyped_storage()
        if not storage.nbytes():
            return None
        block = self.blocks.get(storage.data_ptr())
        if block is not None:
            return block
        raise EarlierMemoryError if self.is_earlier(tensor) else ForeignMemoryError

    def knows(self, tensor: torch.Tensor) -> bool:
        """Return whether the values of a tensor have a permitted origin."""
        storage = tensor.untyped_storage()
        return not storage.nbytes() or storage.data_ptr() in self.blocks

    def is_earlier(self, tensor: torch.Tensor) -> bool:
        """Return whether a tensor lies in memory that an earlier guarded call allocated."""
        address = tensor.untyped_storage().data_ptr()
        return (
            address not in self.blocks and address in _earlier and not _earlier[address].expired()
        )

    def check(self) -> None:
        """Raise MemoryChangedError if any byte differs from what permitted writers left there."""
        for block in self.blocks.values():
            if not np.array_equal(block.memory, block.expected):
                what = "an argument" if block.is_input else "memory allocated in this call"
                raise MemoryChangedError(f"{what} was changed")

    def missing(self, tensor: torch.Tensor) -> int:
        """Return how many bytes of a tensor's elements were never written."""
        block = self.find(tensor)
        if block is None or not self.watched:
            return 0
        return int((~block.written[bytes_of(tensor)]).sum())

    def accept(self, tensor: torch.Tensor) -> None:
        """Take over the elements of a tensor that a permitted operation has written."""
        block = self.find(tensor)
        if block is not None and self.watched:
            block.accept(bytes_of(tensor))

    def judge(self, results: list[torch.Tensor]) -> None:
        """Raise NotStoredError or InputChangedError by what there is after the call."""
        for tensor in results:
            lost = self.missing(tensor) // tensor.element_size()
            block = self.find(tensor)
            if not self.watched and block is not None and not block.is_input:
                lost = int(tensor.isnan().sum())
            if lost:
                verb = "was" if lost == 1 else "were"
                raise NotStoredError(f"{lost} of {tensor.numel()} elements {verb} never stored")
        touched = any(block.is_input and block.touched for block in self.blocks.values())
        if touched or not all(_same(now, before) for now, before in self.inputs):
            raise InputChangedError

    def remember(self) -> None:
        """Note what this call allocated, so that a later call that uses it is found out.

        Weakly: whoever kept the storage is found out however much later, for as long as it lives
        its address belongs to nothing else, and what nobody kept is let go.
        """
        for address in [address for address, old in _earlier.items() if old.expired()]:
            del _earlier[address]
        for address, block in self.blocks.items():
            if not block.is_input:
                _earlier[address] = StorageWeakRef(block.storage)
