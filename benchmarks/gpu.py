"""Check and time every reference kernel against torch on this machine's GPU.

``make bench-gpu``, or ``python benchmarks/gpu.py``, writes ``results.json`` and ``roofline.png`` to
``benchmarks/results/<gpu>/``: many minutes, half of them compiling. ``python benchmarks/gpu.py
matmul flash_attention`` measures what begins so, and keeps the other results of the same versions.
Without a GPU it says so and ends with status 2. The rules of the measurement stand in
``course_utils.kernels.benchmark``.
"""

import json
import platform
import re
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch

from course_utils.kernels.benchmark import RESULTS, Clock, EventClock
from course_utils.kernels.problems import problems
from course_utils.kernels.speed import FORMATS, draw_roofline, known_machine, line, measured


def store_picture(record: dict[str, Any], path: Path) -> None:
    """Draw all kernels of a record under the roof of its chip."""
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    draw_roofline(axes, record["results"], known_machine(record["gpu"]))
    axes.set_title(f"{record['gpu']}, {record['format']}, {record['date']}")
    figure.savefig(path, dpi=150)
    plt.close(figure)


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
    record: dict[str, Any] = {
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
    store_picture(record, place / "roofline.png")
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
