"""The roofline: what a chip can do at best, and what each layer of a network asks of it.

An operation of F FLOP that moves Q bytes between the chip and its memory has the *arithmetic
intensity* F / Q. On a chip with a peak of P FLOP/s and a memory of b bytes/s it takes at least
``max(F / P, Q / b)`` seconds, so it runs at ``min(P, b F / Q)`` FLOP/s at most: a roof of two
straight lines, which meet at the ridge ``P / b`` (Williams, Waterman and Patterson 2009).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from course_utils.kernels.work import Work, by_kind, layer_work

__all__ = [
    "MACHINES",
    "Machine",
    "Work",
    "attainable",
    "by_kind",
    "layer_work",
    "least_seconds",
    "measured_machine",
]


@dataclass(frozen=True)
class Machine:
    """A chip by its two limits.

    ``flops`` maps a number format (``"fp32"``, ``"bf16"``, ..) to its peak in FLOP/s, dense;
    ``bandwidth`` is that of the large memory in bytes/s, ``memory`` its size in bytes.
    """

    name: str
    flops: Mapping[str, float]
    bandwidth: float
    memory: float
    source: str = ""

    def peak(self, number_format: str) -> float:
        """Return the peak in FLOP/s; ValueError for a format that the chip has no figure for."""
        if number_format not in self.flops:
            raise ValueError(
                f"number_format: got {number_format!r}, {self.name} has {sorted(self.flops)}"
            )
        return self.flops[number_format]

    def ridge(self, number_format: str) -> float:
        """Return the intensity in FLOP a byte at which the two lines of the roof meet."""
        return self.peak(number_format) / self.bandwidth


_HOPPER = {
    "fp64": 34e12, "fp32": 67e12, "tf32": 494.7e12, "fp16": 989.4e12, "bf16": 989.4e12,
    "fp8": 1978.9e12,
}  # fmt: skip
MACHINES = {
    "T4": Machine("T4", {"fp32": 8.1e12, "fp16": 65e12}, 320e9, 16e9, "NVIDIA T4 data sheet, 2018"),
    "A100": Machine(
        "A100",
        {"fp64": 9.7e12, "fp32": 19.5e12, "tf32": 156e12, "fp16": 312e12, "bf16": 312e12},
        2039e9,
        80e9,
        "NVIDIA A100 data sheet, SXM 80 GB, 2021",
    ),
    "H100": Machine("H100", _HOPPER, 3.35e12, 80e9, "NVIDIA H100 data sheet, SXM5, 2022"),
    "H200": Machine("H200", _HOPPER, 4.8e12, 141e9, "NVIDIA H200 data sheet, SXM, 2023"),
}


def measured_machine(
    name: str = "this CPU",
    *,
    side: int = 1024,
    numbers: int = 2**25,
    times: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Machine:
    """Measure a roof on this computer's processor: fp32, with as many threads as torch now uses.

    The peak is the best of ``times`` products of two ``(side, side)`` matrices, ``2 side^3`` FLOP,
    the bandwidth the best of ``times`` copies of ``numbers`` numbers, 8 bytes each (4 read, 4
    written), or of as many sums over them, 4 bytes each, whichever is faster.
    """
    a, b, c = (torch.rand(side, side) for _ in range(3))
    source, target = torch.ones(numbers), torch.zeros(numbers)

    def best(run: Callable[[], object]) -> float:
        spent = []
        for _ in range(times):
            start = clock()
            run()
            spent.append(clock() - start)
        return min(spent)

    peak = 2 * side**3 / best(lambda: torch.mm(a, b, out=c))
    copied = 8 * numbers / best(lambda: target.copy_(source))
    bandwidth = max(copied, 4 * numbers / best(source.sum))
    return Machine(name, {"fp32": peak}, bandwidth, 0.0, "measured")


def attainable(intensity: ArrayLike, machine: Machine, number_format: str) -> Any:
    """Return ``min(peak, bandwidth * intensity)`` in FLOP/s, in the shape of ``intensity``.

    ``intensity`` counts FLOP a byte. Raises ValueError where it is negative or not a number, or for
    an unknown format.
    """
    found = np.asarray(intensity, dtype=float)
    if not np.all(found >= 0):
        raise ValueError(f"intensity: got {intensity}, expected numbers of at least 0")
    roof = np.minimum(machine.peak(number_format), machine.bandwidth * found)
    return roof if roof.ndim else float(roof)


def least_seconds(work: Work, machine: Machine, number_format: str) -> float:
    """Return ``max(FLOP / peak, bytes / bandwidth)``: no program can do ``work`` in less."""
    return max(work.flop / machine.peak(number_format), work.bytes / machine.bandwidth)
