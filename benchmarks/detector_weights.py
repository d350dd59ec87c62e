"""The shipped weights of both detectors on both sets, trained for longer than a page may take.

``python benchmarks/detector_weights.py`` trains on one core in a quarter of an hour, writes
``course_utils/detection/weights/*.npz`` (float16, with their checksums) and prints the scores of
the files as they are loaded. With a set and a kind as arguments it makes that one alone.
"""

import sys
import time
from typing import Any

import torch
from detectors import measure, scored

from course_utils.detection.crops import detection_set
from course_utils.detection.training import fit_detector
from course_utils.detection.weights import FOLDER, KINDS, trained_detector, untrained_detector
from course_utils.training import seed_everything
from course_utils.weights import store_weights

SEED = 0
RULES: dict[str, dict[str, Any]] = {
    "nuclei": {"steps": 800, "side": 128, "lr": 0.01},
    "treecrowns": {"steps": 3000, "side": 256, "lr": 0.005},
}


def make(name: str, kind: str) -> None:
    """Train one detector, store it, load it again and print what it scores."""
    start, data = time.monotonic(), detection_set(name)
    seed_everything(SEED)
    model = untrained_detector(name, kind)
    losses = fit_detector(model, data.train, **RULES[name], seed=SEED, **data.crops)
    size = store_weights(model, FOLDER / f"{name}_{kind}.npz")
    seconds, last = time.monotonic() - start, sum(losses[-100:]) / 100
    print(f"{name} {kind}: loss {last:.3f}, {size / 1e6:.2f} MB in {seconds:.0f} s", flush=True)
    for split in ("val", "test"):
        part = scored(data, getattr(data, split))
        print(split, measure(trained_detector(name, kind), part), flush=True)


def main() -> None:
    """Make all, or those that the arguments name."""
    torch.set_num_threads(1)
    names, kinds = ([a] for a in sys.argv[1:3]) if len(sys.argv) == 3 else (list(RULES), KINDS)
    for name in names:
        for kind in kinds:
            make(name, kind)


if __name__ == "__main__":
    main()
