"""The on-demand set bccd320: both detectors on blood cells of three kinds, three seeds each.

``python benchmarks/bccd.py`` downloads the set the first time, trains on one core and stores what
``06_detection/07`` shows: on the 72 test images the average precision of each class at IoU 0.5,
its mean, the mean over IoU 0.5 to 0.95, and the kinds of errors; the validation scores beside. The
settings were chosen on the validation part with the first seed.
"""

import time
from typing import Any

import torch
from detectors import judged

from course_utils.detection.crops import DetectionSet, detection_set
from course_utils.detection.evaluation import average_precision, match_detections
from course_utils.detection.networks import Detector
from course_utils.detection.training import fit_detector, predict, truth
from course_utils.detection.weights import KINDS, untrained_detector
from course_utils.measured import store_measured
from course_utils.training import seed_everything

SEEDS = (0, 1, 2)
RULES: dict[str, Any] = {"steps": 1200, "batch": 4, "side": 224, "lr": 0.005}


def scores(model: Detector, data: DetectionSet, split: str) -> dict[str, Any]:
    """Return the average precisions of a model on a split, by class as well, and its errors."""
    part = getattr(data, split)
    found, true = predict(model, part, score=0.01), truth(part)
    classes = {
        name: average_precision(*match_detections(found, true, 0.5, label))
        for label, name in enumerate(data.class_names)
    }
    return judged(found, true) | {"classes": classes}


def main() -> None:
    """Train both detectors, score them and store the scores."""
    torch.set_num_threads(1)
    begin, data = time.monotonic(), detection_set("bccd")
    results: dict[str, list[dict[str, Any]]] = {}
    for kind in KINDS:
        for seed in SEEDS:
            seed_everything(seed)
            model, start = untrained_detector(data.name, kind), time.monotonic()
            fit_detector(model, data.train, **RULES, seed=seed, **data.crops)
            run: dict[str, Any] = {"seconds": time.monotonic() - start}
            run |= scores(model, data, "test") | {"val": scores(model, data, "val")}
            print(f"{kind:8s} {seed}", run, flush=True)
            results.setdefault(kind, []).append(run)
    store_measured("bccd", results, time.monotonic() - begin, ("torch", "numpy"))


if __name__ == "__main__":
    main()
