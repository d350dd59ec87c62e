"""What the temperature and the length of the vectors do for contrastive training: 3 seeds each.

``python benchmarks/clip.py`` takes about a minute on one core and stores the results that
``book/09_attention/08_clip`` shows.
"""

import time
from typing import Any

import numpy as np
import torch

from course_utils.attention.clip import TwoTowers, fit_towers, zero_shot
from course_utils.attention.shapes import COLOURS, SHAPES, Drawings, drawings
from course_utils.measured import store_measured

STEPS, SEEDS = 250, range(3)
CASES: dict[str, dict[str, Any]] = {
    "cosine, learned scale": {},
    "cosine, scale 1": {"scale": 1.0, "learn_scale": False},
    "cosine, scale 100": {"scale": 100.0, "learn_scale": False},
    "products, not normalised": {"scale": 1.0, "learn_scale": False, "normalise": False},
}
NAMES = [f"a {colour} {shape}" for colour in COLOURS for shape in SHAPES]


def score(model: TwoTowers, data: Drawings) -> float:
    """Return the share of pictures whose colour and shape are found among all thirty names."""
    found = zero_shot(model, data.images, NAMES).argmax(dim=1).numpy()
    return float(np.mean(found == data.traits[:, 0] * len(SHAPES) + data.traits[:, 1]))


def main() -> None:
    """Train with each setting and seed, and store loss, scale and both accuracies."""
    torch.set_num_threads(1)
    start, rng = time.monotonic(), np.random.default_rng(0)
    train = drawings(2000, rng)
    tests = {"seen": drawings(600, rng), "held out": drawings(600, rng, held_out=True)}
    results: dict[str, list[dict[str, float]]] = {}
    for name, settings in CASES.items():
        results[name] = []
        for seed in SEEDS:
            torch.manual_seed(seed)
            model = TwoTowers(**settings)
            losses = fit_towers(model, train, STEPS, seed=seed)
            run = {"loss": float(np.mean(losses[-25:])), "scale": model.log_scale.exp().item()}
            run |= {part: score(model, data) for part, data in tests.items()}
            results[name].append(run)
            print(name, seed, run, flush=True)
    store_measured("clip", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
