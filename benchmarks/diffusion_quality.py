"""The shipped denoiser of digits, judged: samplers, numbers of network calls, guidance.

``python benchmarks/diffusion_quality.py`` draws 300 digits for each setting and each of three
seeds of noise on two cores and stores what ``08_diffusion/06`` and ``08_diffusion/07`` show. Each
set is compared with the same 300 test digits: the share that the judge reads as intended, the
Frechet distance on the judge's features, precision and recall, and the spread: the mean distance
of two digits of one class, as a share of that of real ones. ``real`` is another 300 test digits
in place of drawn ones. Guidance costs two network calls a step.
"""

import time
from collections.abc import Callable
from multiprocessing import Pool
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.data import load_mnist
from course_utils.diffusion.generation import generate
from course_utils.diffusion.quality import (
    agreement,
    frechet_distance,
    judge_features,
    precision_recall,
    trained_judge,
)
from course_utils.diffusion.weights import trained_denoiser
from course_utils.measured import store_measured
from course_utils.training import Data

SEEDS, DRAWN = (0, 1, 2), 300
STEPS = {"ddim": (2, 5, 10, 20, 40), "ddpm": (2, 5, 10, 20)}
GUIDED_STEPS, SCALES = 10, (0.0, 1.0, 1.5, 2.0, 3.0, 5.0)
INTERVAL = (200, 800)  # the times at which a limited guidance acts
MEASURES = ("agreement", "frechet", "precision", "recall", "spread")
WANTED = torch.arange(DRAWN) % 10


def halves() -> tuple[Data, Data]:
    """Return two sets of test digits, of the classes 0..9 in turn."""
    data = load_mnist("test")
    rows = np.stack([np.flatnonzero(data.labels == digit) for digit in range(10)])
    parts = (rows[:, :30].T.ravel(), rows[:, 30:60].T.ravel())
    first, second = (
        (torch.from_numpy(data.images[part, None]), torch.from_numpy(data.labels[part]))
        for part in parts
    )
    return first, second


def mean_distance(features: np.ndarray) -> float:
    """Return the mean distance of two of a class; row i has class i % 10."""
    found = []
    for digit in range(10):
        rows = features[digit::10]
        apart = np.linalg.norm(rows[:, None] - rows, axis=-1)
        found.append(apart.sum() / (len(rows) * (len(rows) - 1)))
    return float(np.mean(found))


def judging() -> Callable[[Tensor], dict[str, float]]:
    """Return what measures pictures of the classes 0..9 in turn."""
    judge, (real, _) = trained_judge(), halves()[0]
    seen = judge_features(judge, real)

    def measure(pictures: Tensor) -> dict[str, float]:
        made = judge_features(judge, pictures)
        values = (
            agreement(judge, pictures, WANTED),
            frechet_distance(seen, made),
            *precision_recall(seen, made),
            mean_distance(made) / mean_distance(seen),
        )
        return dict(zip(MEASURES, values, strict=True))

    return measure


def limited(t: int) -> float:
    """Return the guidance at time t where it acts within the interval only."""
    return 5.0 if INTERVAL[0] <= t <= INTERVAL[1] else 1.0


def over_seeds(setting: tuple[int, Any, str]) -> dict[str, list[float]]:
    """Draw with (steps, guidance, sampler) for each seed and measure."""
    torch.set_num_threads(1)
    steps, scale, sampler = setting
    measure, model = judging(), trained_denoiser("digits")
    rows = [measure(generate(model, WANTED, steps, scale, seed, sampler=sampler)) for seed in SEEDS]
    print(setting, rows, flush=True)
    return {key: [row[key] for row in rows] for key in MEASURES}


def main() -> None:
    """Draw, judge and store."""
    start = time.monotonic()
    settings = [(GUIDED_STEPS, w, "ddim") for w in SCALES] + [(GUIDED_STEPS, limited, "ddim")]
    settings += [(n, 1.0, sampler) for sampler, steps in STEPS.items() for n in steps]
    with Pool(2) as pool:
        runs = pool.map(over_seeds, settings, chunksize=1)

    def table(part: list[dict]) -> dict[str, list]:
        return {key: [run[key] for run in part] for key in MEASURES}

    guided, chains = len(SCALES), runs[len(SCALES) + 1 :]
    results: dict[str, Any] = {
        "drawn": DRAWN,
        "real": judging()(halves()[1][0]),
        "guidance": {"scales": SCALES, "steps": GUIDED_STEPS, "samples": DRAWN}
        | table(runs[:guided]),
        "interval": {"scale": 5.0, "times": INTERVAL, "steps": GUIDED_STEPS} | runs[guided],
    }
    for sampler, steps in STEPS.items():
        part = [run for run, (*_, name) in zip(chains, settings[guided + 1 :], strict=True)
                if name == sampler]  # fmt: skip
        results[sampler] = {"steps": steps} | table(part)
    store_measured("diffusion_quality", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
