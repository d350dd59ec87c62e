"""Three losses for a heat map of centres on nuclei125, three seeds each.

``python benchmarks/centre_points.py`` trains the small centre detector with the penalty-reduced
focal loss, without the reduction (which is a hard map of zeros and ones) and with cross-entropy
against the soft map, on one core, and stores what ``06_detection/06`` shows: AP50 on the held-out
images with suppression and without. Nothing is chosen by these numbers.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from course_utils.detection.crops import detection_set
from course_utils.detection.evaluation import mean_average_precision
from course_utils.detection.losses import centre_focal_loss
from course_utils.detection.networks import CentreDetector
from course_utils.detection.training import fit_detector, predict, truth
from course_utils.measured import store_measured
from course_utils.training import seed_everything

SEEDS = (0, 1, 2)
STEPS, BATCH, SIDE, WIDTH, RATE = 100, 4, 128, 16, 0.01
HeatLoss = Callable[[Tensor, Tensor], Tensor]


def reduced(logits: Tensor, heat: Tensor) -> Tensor:
    """Return the summed focal loss in which near misses cost little."""
    return centre_focal_loss(logits, heat).sum()


def hard(logits: Tensor, heat: Tensor) -> Tensor:
    """Return the same loss with the full penalty everywhere but at the centres."""
    return centre_focal_loss(logits, heat, beta=0.0).sum()


def soft(logits: Tensor, heat: Tensor) -> Tensor:
    """Return the summed cross-entropy with the bumps as probabilities."""
    return binary_cross_entropy_with_logits(logits, heat, reduction="sum")


LOSSES: dict[str, HeatLoss] = {
    "penalty reduced": reduced,
    "hard map": hard,
    "soft cross-entropy": soft,
}


def scores(name: str, rule: HeatLoss) -> list[list[float]]:
    """Train with each seed; return AP50 with and without suppression, and at IoU 0.75."""
    data, found = detection_set("nuclei"), []
    for seed in SEEDS:
        start = time.monotonic()
        seed_everything(seed)
        model = CentreDetector(1, 1, width=WIDTH, heat_loss=rule)
        fit_detector(model, data.train, STEPS, batch=BATCH, side=SIDE, lr=RATE, seed=seed)
        true = truth(data.val) + truth(data.test)
        clean, raw = (
            predict(model, data.val, 0.01, iou) + predict(model, data.test, 0.01, iou)
            for iou in (0.5, 1.0)
        )
        found.append(
            [
                mean_average_precision(clean, true),
                mean_average_precision(raw, true),
                mean_average_precision(clean, true, (0.75,)),
            ]
        )
        seconds = time.monotonic() - start
        print(f"{name:20s} {seed} {[round(v, 3) for v in found[-1]]} {seconds:.0f} s", flush=True)
    return found


def main() -> None:
    """Run all losses and seeds, and store the results."""
    torch.set_num_threads(1)
    start = time.monotonic()
    results = {name: scores(name, rule) for name, rule in LOSSES.items()}
    store_measured("centre_points", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
