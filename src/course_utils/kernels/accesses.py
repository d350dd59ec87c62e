"""What kernels did to memory: accesses, the log of them, and questions that it answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from course_utils.kernels.launches import Launch

LANES, SECTOR = 32, 32  # lanes of a warp; bytes that memory hands out at the least


def element_offsets(shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    """Return the offsets of the elements of a strided tensor, in elements, in its shape."""
    offsets = np.zeros(shape, np.int64)
    for axis, (length, stride) in enumerate(zip(shape, strides, strict=True)):
        steps = np.arange(length, dtype=np.int64) * stride
        offsets = offsets + steps.reshape([-1 if a == axis else 1 for a in range(len(shape))])
    return offsets


@dataclass
class Argument:
    """A tensor argument of a launch: its name, its place, the offsets of its elements."""

    name: str
    tensor: torch.Tensor
    address: int = 0
    itemsize: int = 1
    valid: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        self.address, self.itemsize = self.tensor.data_ptr(), self.tensor.element_size()
        self.offsets = element_offsets(tuple(self.tensor.shape), tuple(self.tensor.stride()))
        self.valid = np.zeros(self.offsets.max(initial=-1) + 1, bool)
        self.valid[self.offsets] = True

    def inside(self, distance: np.ndarray) -> np.ndarray:
        """Return which byte distances from the first element are elements of the tensor."""
        index, rest = np.divmod(distance, self.itemsize)
        near = (index >= 0) & (index < self.valid.size) & (rest == 0)
        if not self.valid.size:
            return near
        return near & self.valid[np.clip(index, 0, self.valid.size - 1)]


@dataclass
class Access:
    """One load, store or atomic of one program: a block of addresses with its mask.

    ``addresses`` are the real ones, in bytes; ``mask`` says which lanes take part; ``inside``
    which lanes hit an element of the argument ``name`` (None: no argument's pointer).
    """

    kind: str
    program: tuple[int, int, int]
    addresses: np.ndarray
    mask: np.ndarray
    itemsize: int
    name: str | None
    inside: np.ndarray
    launch: int = 0
    argument: Argument | None = field(default=None, repr=False)

    @property
    def outside(self) -> int:
        """The number of lanes that take part and miss the argument's elements."""
        return int((self.mask & ~self.inside).sum())

    def warps(self) -> Iterator[np.ndarray]:
        """Yield the addresses of 32 lanes at a time, along the axis on which they are neighbours.

        The compiler gives neighbouring elements to neighbouring lanes, along that axis where the
        addresses are contiguous; where no axis has this, along the last.
        """
        addresses, mask = np.atleast_1d(self.addresses), np.atleast_1d(self.mask)
        axis = addresses.ndim - 1
        for candidate in reversed(range(addresses.ndim)):
            steps = np.diff(addresses.astype(np.int64), axis=candidate)
            if steps.size and (steps == self.itemsize).all():
                axis = candidate
                break
        lanes, mask = (np.moveaxis(array, axis, -1).ravel() for array in (addresses, mask))
        for start in range(0, lanes.size, LANES):
            here = lanes[start : start + LANES][mask[start : start + LANES]]
            if here.size:
                yield here


@dataclass
class AccessLog:
    """The accesses of all launches of a ``with record_accesses()`` block, in order."""

    accesses: list[Access] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)

    def select(self, kind: str | None = None, name: str | None = None) -> list[Access]:
        """Return the accesses of a kind (load, store, atomic) to the argument ``name``."""
        return [
            access
            for access in self.accesses
            if kind in (None, access.kind) and name in (None, access.name)
        ]

    def out_of_bounds(self) -> list[Access]:
        """Return the accesses with lanes that miss the elements of their argument."""
        return [access for access in self.accesses if access.outside]

    def races(self) -> list[tuple[str, str]]:
        """Return (kernel, argument) where programs of one launch disturb each other.

        That is: an address that one program stores without an atomic, and another program of the
        same launch loads or changes by an atomic. The interpreter runs programs one after the
        other and does not show it; on a GPU the result depends on their order.
        """
        found = []
        for number, launch in enumerate(self.launches):
            accesses = [access for access in self.accesses if access.launch == number]
            stored = {access.name for access in accesses if access.kind == "store"}
            for name in [name for name in launch.tensors if name in stored]:
                here = [access for access in accesses if access.name == name]
                if _disturbed(here):
                    found.append((launch.name, name))
        return found

    def sectors_per_warp(self, kind: str | None = None, name: str | None = None) -> float:
        """Return the mean number of 32-byte sectors that a warp of 32 lanes touches; 0 if none."""
        counts = [
            len(np.unique(lanes // SECTOR))
            for access in self.select(kind, name)
            for lanes in access.warps()
        ]
        return float(np.mean(counts)) if counts else 0.0

    def bytes(self, kind: str | None = None, name: str | None = None) -> int:
        """Return the bytes that the lanes asked for, without those that the mask switched off."""
        return sum(int(a.mask.sum()) * a.itemsize for a in self.select(kind, name))

    def elements(
        self,
        name: str,
        kind: str | None = None,
        program: tuple[int, ...] | None = None,
    ) -> np.ndarray:
        """Return how often each element of an argument was accessed, in the argument's shape.

        ``program`` restricts the count to one program of the grid, such as ``(3,)``. Where several
        launches have the argument, the shape is that of the first. Raises KeyError if none has.
        """
        found = self.select(kind, name)
        if program is not None:
            program = (*program, *(0,) * (3 - len(program)))
            found = [access for access in found if access.program == program]
        argument = next((a.argument for a in self.select(None, name) if a.argument), None)
        if argument is None:
            raise KeyError(f"no access to an argument called {name}")
        counts = np.zeros(argument.valid.size, np.int64)
        for access in found:
            if access.argument is None or access.argument.valid.size != counts.size:
                continue
            distance = access.addresses.astype(np.int64) - access.argument.address
            np.add.at(counts, distance[access.mask & access.inside] // argument.itemsize, 1)
        return counts[argument.offsets]


def _disturbed(accesses: list[Access]) -> bool:
    """Return whether a program loads, or adds to, an address that another program stores."""
    programs = {program: i for i, program in enumerate({a.program for a in accesses})}

    def owners(stores: bool) -> dict[int, tuple[int, int]]:
        chosen = [a for a in accesses if (a.kind == "store") == stores]
        low: dict[int, tuple[int, int]] = {}
        for access in chosen:
            owner = programs[access.program]
            for address in np.unique(access.addresses[access.mask & access.inside]).tolist():
                first, last = low.get(address, (owner, owner))
                low[address] = (min(first, owner), max(last, owner))
        return low

    stored, others = owners(True), owners(False)
    return any(
        min(stored[address][0], others[address][0]) < max(stored[address][1], others[address][1])
        for address in stored.keys() & others.keys()
    )
