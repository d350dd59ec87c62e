"""How fast a learner's kernels are, beside torch and under the roof: honour, not points."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.kernels.benchmark import Clock, EventClock, Timing, compare
from course_utils.kernels.catalogue import described_launch
from course_utils.kernels.launches import record_launches
from course_utils.kernels.problems import KERNELS, OURS, Problem, problems
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


def known_machine(gpu: str) -> Machine | None:
    """Return the data sheet of a GPU by its name, or None."""
    return next((m for key, m in MACHINES.items() if re.search(rf"\b{key}\b", gpu)), None)


def draw_roofline(axes: Axes, rows: list[dict[str, Any]], machine: Machine | None) -> None:
    """Draw where kernels lie under the roof of a chip's data sheet, if that is known."""
    rows = [row for row in rows if "seconds" in row["candidates"][OURS]]
    for name in dict.fromkeys(row["name"].partition(",")[0] for row in rows):
        mine = [row for row in rows if row["name"].partition(",")[0] == name]
        intensity = [row["flop"] / row["bytes"] for row in mine]
        rate = [row["candidates"][OURS]["FLOP/s"] for row in mine]
        axes.scatter(intensity, rate, s=24, label=name)
    formats = {row["format"] for row in rows}
    if machine is not None and formats and formats <= machine.flops.keys():
        x = np.geomspace(0.1, 1e4, 200)
        roof = np.minimum(machine.peak(formats.pop()), machine.bandwidth * x)
        axes.plot(x, roof, color="0.4", label=f"{machine.name}, data sheet")
    axes.set(xscale="log", yscale="log", xlabel="FLOP a byte", ylabel="FLOP/s")
    axes.legend(fontsize=7)


def speed(
    *functions: Callable[..., Any],
    device: str = "cuda",
    clock: Clock | None = None,
    tiny: bool = False,
    repeats: int = 20,
) -> Figure | None:
    """Time functions of the Triton assignments in float16 against torch; return a roofline.

    Each is known by its name and measured by the rules of ``course_utils.kernels.benchmark`` at
    the sizes of ``make bench-gpu``; what is wrong or does not run is told and not timed. Without a
    GPU nothing is timed, and it says so. Raises ValueError for a function that has no benchmark.
    """
    names = [function.__name__ for function in functions]
    if unknown := set(names) - KERNELS.keys():
        raise ValueError(f"no benchmark for {sorted(unknown)}; there are {sorted(KERNELS)}")
    if device == "cuda" and not torch.cuda.is_available():
        print("No NVIDIA GPU that torch can use was found here, so nothing was timed.")
        return None
    clock = clock or EventClock()
    kernels = {**KERNELS, **dict(zip(names, functions, strict=True))}
    rows = []
    for problem in problems(torch.float16.itemsize, tiny, kernels):
        if problem.name.partition(",")[0] in names:
            rows.append(measured(problem, device, torch.float16, clock, repeats))
            print(line(rows[-1]), flush=True)
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    gpu = torch.cuda.get_device_name() if device == "cuda" else device
    draw_roofline(axes, rows, known_machine(gpu))
    axes.set_title(f"{gpu}, fp16")
    plt.close(figure)  # a notebook shows what is returned
    return figure
