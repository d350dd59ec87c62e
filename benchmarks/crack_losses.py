"""Seven losses on cracks of about one pixel in eighty, three seeds, a short and a long training.

``python benchmarks/crack_losses.py`` trains on one core and stores what
``07_segmentation/04_losses`` shows: of each run the Dice score of the test walls at a threshold of
one half and at the threshold that is best on the validation walls, that threshold, the average
precision over pixels, the accuracy, and the mean probability of a crack.
"""

import time

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn import functional

from course_utils.detection.losses import focal_loss
from course_utils.measured import store_measured
from course_utils.segmentation.cracks import TEST, TRAIN, VAL, CrackLoss, crack_set, train_on_cracks
from course_utils.segmentation.losses import dice_loss, tversky_loss, weighted_cross_entropy
from course_utils.segmentation.metrics import dice_score

SEEDS, STEPS = range(3), (60, 300)
RATE = crack_set(*TRAIN)[1].double().mean().item()


def crack(z: Tensor) -> Tensor:
    """Return the probability of class 1: ``(B, S, S)``."""
    return z.softmax(1)[:, 1]


LOSSES: dict[str, CrackLoss] = {
    "cross-entropy": lambda z, y, near: functional.cross_entropy(z, y),
    "class weights": lambda z, y, near: weighted_cross_entropy(z, y, torch.tensor([1, 1 / RATE])),
    "edge weights": lambda z, y, near: weighted_cross_entropy(z, y, pixel_weights=near),
    "focal": lambda z, y, near: focal_loss(z[:, 1] - z[:, 0], y).sum() / y.sum().clamp(min=1),
    "Dice": lambda z, y, near: dice_loss(crack(z), y),
    "Tversky": lambda z, y, near: tversky_loss(crack(z), y),
    "cross-entropy + Dice": lambda z, y, near: (
        functional.cross_entropy(z, y) + dice_loss(crack(z), y)
    ),
}


def judged(probabilities: list[Tensor]) -> dict[str, float]:
    """Score the probabilities of the validation and the test walls."""
    p_val, p = (part.numpy() for part in probabilities)
    y_val, y = (crack_set(*part)[1].numpy() for part in (VAL, TEST))
    best = max(np.linspace(0.02, 0.98, 49), key=lambda t: dice_score(p_val > t, y_val))
    return {
        "half": dice_score(p > 0.5, y),
        "tuned": dice_score(p > best, y),
        "threshold": float(best),
        "precision": float(average_precision_score(y.ravel(), p.ravel())),
        "accuracy": float(((p > 0.5) == y).mean()),
        "mean": float(p.mean()),
    }


def main() -> None:
    """Train with every loss, length and seed, and store the scores."""
    torch.set_num_threads(1)
    start, results = time.monotonic(), {}
    for steps in STEPS:
        for name, loss in LOSSES.items():
            runs = [judged(train_on_cracks(loss, steps, seed)) for seed in SEEDS]
            results.setdefault(str(steps), {})[name] = {k: [r[k] for r in runs] for k in runs[0]}
            print(steps, name, np.round([r["half"] for r in runs], 3), flush=True)
    store_measured(
        "crack_losses", {"rate": RATE, "runs": results}, time.monotonic() - start, ("torch",)
    )


if __name__ == "__main__":
    main()
