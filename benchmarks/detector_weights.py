"""The shipped weights of both detectors on both sets, trained for longer than a page may take.

``python benchmarks/detector_weights.py`` trains every set and detector with three seeds, one core
a run and two runs at a time, in less than half an hour. It ships the seed that is best on the
validation part (``course_utils/detection/weights/*.npz``, float16, with their checksums) and
stores the scores of all, which ``06_detection/07`` shows.
"""

import itertools
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import torch
from detectors import measure, scored

from course_utils.detection.crops import detection_set
from course_utils.detection.training import fit_detector
from course_utils.detection.weights import FOLDER, KINDS, untrained_detector
from course_utils.measured import store_measured
from course_utils.training import seed_everything
from course_utils.weights import store_weights

SEEDS = (0, 1, 2)
RULES: dict[str, dict[str, Any]] = {
    "nuclei": {"steps": 800, "side": 128, "lr": 0.01},
    "treecrowns": {"steps": 3000, "side": 256, "lr": 0.005},
}


def train(name: str, kind: str, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Train one detector on one core; return its state and what it scores."""
    torch.set_num_threads(1)
    start, data = time.monotonic(), detection_set(name)
    seed_everything(seed)
    model = untrained_detector(name, kind)
    losses = fit_detector(model, data.train, **RULES[name], seed=seed, **data.crops)
    run: dict[str, Any] = {"seed": seed, "seconds": time.monotonic() - start}
    run["loss"] = sum(losses[-100:]) / 100
    run |= {split: measure(model, scored(data, getattr(data, split))) for split in ("val", "test")}
    print(f"{name:10s} {kind:8s}", run, flush=True)
    return model.state_dict(), run


def main() -> None:
    """Train all, store the scores of all and the weights of the best on validation."""
    start = time.monotonic()
    results: dict[str, dict[str, list[dict[str, Any]]]] = {name: {} for name in RULES}
    cases = list(itertools.product(RULES, KINDS, SEEDS))
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        trained = zip(cases, pool.map(train, *zip(*cases, strict=True)), strict=True)
        for (name, kind), group in itertools.groupby(trained, key=lambda pair: pair[0][:2]):
            runs = [run for _, run in group]
            best, found = max(runs, key=lambda run: run[1]["val"]["AP50"])
            model = untrained_detector(name, kind)
            model.load_state_dict(best)
            size = store_weights(model, FOLDER / f"{name}_{kind}.npz")
            print(f"{name} {kind}: seed {found['seed']} ships, {size / 1e6:.2f} MB", flush=True)
            results[name][kind] = [run for _, run in runs]
    store_measured("detector_weights", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
