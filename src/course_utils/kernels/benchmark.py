"""Time kernels so that the figures can be believed.

The rules: every call gets inputs that it has not seen, its result is compared with a reference,
and only then does its time count; the caches are emptied before it; the clock is the GPU's own;
candidates take turns; the median is reported, with the spread. What is not part of the question
(allocating, building a graph) happens before the clock starts.
"""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

Tensors = torch.Tensor | Sequence[torch.Tensor]
Prepare = Callable[..., Callable[[], Tensors]]
"""Takes the inputs, does what is not timed, and returns the call that is."""
Clock = Callable[[Callable[[], Any]], tuple[float, Any]]
"""Runs a call and returns (seconds, its result)."""
RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
FLUSH_BYTES, FLUSHES = 256 << 20, 4


@dataclass(frozen=True)
class Timing:
    """The seconds of every timed call of one candidate and the largest error of its results.

    ``refused`` says why there are none: the candidate does not run here, or is wrong.
    """

    name: str
    seconds: tuple[float, ...] = ()
    error: float = float("nan")
    refused: str | None = None

    @property
    def median(self) -> float:
        """The median in seconds; nan without a call."""
        return statistics.median(self.seconds) if self.seconds else float("nan")

    @property
    def spread(self) -> tuple[float, float]:
        """The second and the eighth decile in seconds; nan without two calls."""
        if len(self.seconds) < 2:
            return float("nan"), float("nan")
        deciles = statistics.quantiles(self.seconds, n=10, method="inclusive")
        return deciles[1], deciles[7]


def wall_clock(call: Callable[[], Any]) -> tuple[float, Any]:
    """Time a call by this computer's clock: right where a call ends when its work is done."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def cpu_clock(call: Callable[[], Any]) -> tuple[float, Any]:
    """Time a call by the processor time of this process, which other processes do not lengthen."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


class EventClock:
    """Time a call by two events in the GPU's queue, with its caches emptied before.

    A launch only queues the work. Writing a buffer larger than the L2 cache, several times, empties
    it and keeps the GPU busy until the events and the call have been queued behind: what lies
    between the events is the GPU's time alone.
    """

    def __init__(self, device: str = "cuda") -> None:
        self.buffer = torch.empty(FLUSH_BYTES, dtype=torch.int8, device=device)

    def __call__(self, call: Callable[[], Any]) -> tuple[float, Any]:
        """Return (seconds, result) of a call, which has ended by then."""
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        for _ in range(FLUSHES):
            self.buffer.zero_()
        start.record()
        result = call()
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end) / 1000, result


def plain(function: Callable[..., Tensors]) -> Prepare:
    """Return a candidate of which everything is timed."""
    return lambda *inputs: lambda: function(*inputs)


def difference(result: Tensors, reference: Tensors) -> float:
    """Return the largest ``||result - reference|| / ||reference||`` of the tensors; nan if any is.

    Raises ValueError for another number of tensors or other shapes.
    """
    left, right = (
        [value] if isinstance(value, torch.Tensor) else list(value) for value in (result, reference)
    )
    if [tuple(x.shape) for x in left] != [tuple(x.shape) for x in right]:
        shapes = ([tuple(x.shape) for x in part] for part in (left, right))
        raise ValueError("a result of shapes {}, expected {}".format(*shapes))
    errors = []
    for x, y in zip(left, right, strict=True):
        apart, size = (x.float() - y.float()).norm().item(), y.float().norm().item()
        errors.append(apart / size if size else apart)
    return max(errors, key=lambda error: (math.isnan(error), error))


def compare(
    candidates: Mapping[str, Prepare],
    make: Callable[[int], tuple[torch.Tensor, ...]],
    reference: Callable[..., Tensors],
    *,
    tolerance: float,
    clock: Clock,
    repeats: int = 20,
    warmup: int = 3,
) -> dict[str, Timing]:
    """Time ``candidates`` in turns on fresh inputs and check every result.

    ``make(seed)`` gives the inputs, ``reference(*inputs)`` what is right, to a relative error of
    ``tolerance``. A candidate that raises or returns something else is refused, with the reason;
    its times are thrown away. The first ``warmup`` rounds (compilation, tuning) do not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    errors: dict[str, list[float]] = {name: [] for name in candidates}
    refused: dict[str, str] = {}
    for turn in range(warmup + repeats):
        inputs = make(turn)
        right = reference(*inputs)
        for name in [name for name in candidates if name not in refused]:
            copies = tuple(x.clone() for x in inputs)
            try:
                spent, result = clock(candidates[name](*copies))
                error = difference(result, right)
            except Exception as problem:
                first = (str(problem).strip().splitlines() or [""])[0]
                refused[name] = f"{type(problem).__name__}: {first}"
                continue
            if not error <= tolerance:  # so that nan is refused too
                refused[name] = f"wrong by {error:.1e} in call {turn + 1}"
            errors[name].append(error)
            seconds[name] += [spent] * (turn >= warmup)
    return {
        name: Timing(name, refused=refused[name])
        if name in refused
        else Timing(name, tuple(seconds[name]), max(errors[name]))
        for name in candidates
    }


def matmul_flop(M: int, N: int, K: int) -> int:
    """``2 M N K``: a multiplication and an addition for each term."""
    return 2 * M * N * K


def convolution_flop(B: int, C: int, F: int, P: int, Q: int, R: int, S: int) -> int:
    """``2 B P Q F C R S``, forward or for either gradient; padding counts as computed."""
    return 2 * B * P * Q * F * C * R * S


def attention_flop(
    B: int, H: int, T: int, d: int, causal: bool = False, backward: bool = False
) -> int:
    """``4 B H T^2 d``, half of it when causal; the way back 2.5 times as much.

    Two products forward, five backward; the softmax is not counted. So count Dao (2023),
    FlashAttention-2, and those who followed.
    """
    flop = 4 * B * H * T * T * d // (2 if causal else 1)
    return flop * 5 // 2 if backward else flop


def stored_results(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """Return what ``make bench-gpu`` has stored, newest first; empty where nothing is."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*/results.json")]
    return sorted(found, key=lambda record: record["date"], reverse=True)
