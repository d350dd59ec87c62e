"""Check and time every reference kernel against torch on this machine's GPU.

``make bench-gpu``, or ``python benchmarks/gpu.py``, writes ``results.json`` and ``roofline.png`` to
``benchmarks/results/<gpu>/``: many minutes, half of them compiling. ``python benchmarks/gpu.py
matmul flash_attention`` measures what begins so, and keeps the other results of the same versions.
Without a GPU it says so and ends with status 2. The rules of the measurement stand in
``course_utils.kernels.benchmark``.
"""

import json
import math
import platform
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch

from course_utils.kernels.benchmark import RESULTS, Clock, EventClock, Timing, compare
from course_utils.kernels.catalogue import described_launch
from course_utils.kernels.launches import record_launches
from course_utils.kernels.problems import OURS, Problem, problems
from course_utils.kernels.roofline import MACHINES, Machine

TOLERANCES = {torch.bfloat16: 1e-2, torch.float16: 2e-3, torch.float32: 2e-5}
FORMATS = {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}


def drawer(seed: int, device: str, dtype: torch.dtype) -> Callable[..., torch.Tensor]:
    """Return ``draw(*shape)``: normal numbers that depend on ``seed`` alone."""
    generator = torch.Generator(device).manual_seed(seed)
    return lambda *shape: torch.randn(shape, generator=generator, device=device, dtype=dtype)


def measured(
    problem: Problem, device: str, dtype: torch.dtype, clock: Clock, repeats: int
) -> dict[str, Any]:
    """Time one problem; return its times, rates, and ratios against the bars."""
    timings = compare(
        problem.candidates,
        lambda seed: problem.make(drawer(seed, device, dtype)),
        problem.reference,
        tolerance=TOLERANCES[dtype],
        clock=clock,
        repeats=repeats,
    )
    ours = timings[OURS]
    with record_launches() as launches:
        if not ours.refused:
            problem.candidates[OURS](*problem.make(drawer(0, device, dtype)))()
    ratios = {name: t.median / ours.median for name, t in timings.items() if name != OURS}
    return {
        "name": problem.name,
        "size": dict(problem.size),
        "format": FORMATS[dtype],
        "date": datetime.now(UTC).date().isoformat(),
        "flop": problem.flop,
        "bytes": problem.moved,
        "candidates": {name: described(t, problem) for name, t in timings.items()},
        "ratios": {name: round(x, 3) for name, x in ratios.items() if not math.isnan(x)},
        "bars": dict(problem.bars),
        "launches": [described_launch(launch) for launch in launches],
    }


def described(timing: Timing, problem: Problem) -> dict[str, Any]:
    """Return one candidate's seconds, FLOP/s, bytes/s and error, or why there are none."""
    if timing.refused:
        return {"refused": timing.refused}
    return {
        "seconds": timing.median,
        "spread": list(timing.spread),
        "FLOP/s": problem.flop / timing.median,
        "bytes/s": problem.moved / timing.median,
        "error": timing.error,
    }


def line(row: dict[str, Any]) -> str:
    """Return one problem in a line of text."""
    size = " ".join(f"{name}{value}" for name, value in row["size"].items())
    rates = ", ".join(
        f"{name} {c['FLOP/s'] / 1e12:.1f} TFLOP/s {c['bytes/s'] / 1e9:.0f} GB/s"
        if "seconds" in c
        else f"{name} refused ({c['refused']})"
        for name, c in row["candidates"].items()
    )
    bars = ", ".join(
        f"{row['ratios'].get(rival, float('nan')):.2f} of {rival} (bar {bar})"
        for rival, bar in row["bars"].items()
    )
    return f"{row['name']} {size}: {rates}" + (f"; {bars}" if bars else "")


def draw_roofline(record: dict[str, Any], path: Path) -> None:
    """Draw where every kernel lies under the roof of the chip's data sheet, if it is known."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    rows = [row for row in record["results"] if "seconds" in row["candidates"][OURS]]
    for name in dict.fromkeys(row["name"].partition(",")[0] for row in rows):
        mine = [row for row in rows if row["name"].partition(",")[0] == name]
        intensity = [row["flop"] / row["bytes"] for row in mine]
        rate = [row["candidates"][OURS]["FLOP/s"] for row in mine]
        axes.scatter(intensity, rate, s=24, label=name)
    machine = known_machine(record["gpu"])
    if machine is not None and record["format"] in machine.flops:
        x = np.geomspace(0.1, 1e4, 200)
        roof = np.minimum(machine.peak(record["format"]), machine.bandwidth * x)
        axes.plot(x, roof, color="0.4", label=f"{machine.name}, data sheet")
    axes.set(xscale="log", yscale="log", xlabel="FLOP a byte", ylabel="FLOP/s")
    axes.set_title(f"{record['gpu']}, {record['format']}, {record['date']}")
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def known_machine(gpu: str) -> Machine | None:
    """Return the data sheet of a GPU by its name, or None."""
    return next((m for key, m in MACHINES.items() if re.search(rf"\b{key}\b", gpu)), None)


def run(
    gpu: str,
    device: str,
    dtype: torch.dtype,
    clock: Clock,
    *,
    folder: Path = RESULTS,
    tiny: bool = False,
    repeats: int = 20,
    names: tuple[str, ...] = ("",),
) -> Path:
    """Measure the problems that begin with ``names``; write results and picture; return where."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    start, results = time.perf_counter(), []
    for problem in problems(dtype.itemsize, tiny):
        if problem.name.startswith(names):
            results.append(measured(problem, device, dtype, clock, repeats))
            print(line(results[-1]), flush=True)
    record = {
        "gpu": gpu,
        "format": FORMATS[dtype],
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "cuda": torch.version.cuda}
        | {name: version(name) for name in ("torch", "triton")},
        "seconds": round(time.perf_counter() - start, 1),
        "repeats": repeats,
    }
    place = folder / re.sub(r"[^a-z0-9]+", "-", gpu.lower()).strip("-")
    place.mkdir(parents=True, exist_ok=True)
    record["results"] = kept(place / "results.json", record, names) + results
    (place / "results.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    draw_roofline(record, place / "roofline.png")
    return place


def kept(path: Path, record: dict[str, Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the stored results that were not measured again, if the versions are the same."""
    if not path.exists():
        return []
    stored = json.loads(path.read_text(encoding="utf-8"))
    if any(stored[key] != record[key] for key in ("versions", "format")):
        return []
    return [row for row in stored["results"] if not row["name"].startswith(names)]


def main(names: tuple[str, ...] = ("",)) -> int:
    """Measure on the first GPU; return the status of the command."""
    if not torch.cuda.is_available():
        print("No NVIDIA GPU that torch can use was found here, so nothing was measured.")
        print("Run `make bench-gpu` on a machine with one, or open the course in Colab with a GPU.")
        return 2
    dtype = torch.bfloat16 if torch.cuda.get_device_capability() >= (8, 0) else torch.float16
    place = run(torch.cuda.get_device_name(), "cuda", dtype, EventClock(), names=names)
    print(f"Written: {place}/results.json and roofline.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or ("",)))
