"""The focal loss against its rivals on both sets of detection, three seeds each.

``python benchmarks/focal.py`` trains one small detector with anchors under many classification
losses, on one core, and stores what ``06_detection/05`` shows: AP50 on the held-out images of
nuclei125 (gamma and alpha swept, rivals, with and without the prior) and of treecrowns (rivals).
Nothing is chosen by these numbers, so validation and test images are scored together.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from course_utils.data import BoxedImages
from course_utils.detection.crops import DetectionSet, detection_set, tiles
from course_utils.detection.losses import focal_loss
from course_utils.detection.networks import PRIOR, AnchorDetector
from course_utils.detection.training import evaluate, fit_detector
from course_utils.measured import store_measured
from course_utils.training import seed_everything

SEEDS = (0, 1, 2)
GAMMAS, ALPHAS = (0.0, 1.0, 2.0, 4.0), (0.25, 0.5, 0.75)
STRIDE = 8
SIZES = {"nuclei": (16, 24, 36), "treecrowns": (28, 40, 56)}
RULES: dict[str, dict[str, Any]] = {
    "nuclei": {"steps": 200, "batch": 4, "side": 128},
    "treecrowns": {"steps": 300, "batch": 4, "side": 192},
}
ClassLoss = Callable[[Tensor, Tensor], Tensor]


def focal(logits: Tensor, onehot: Tensor, gamma: float = 2.0, alpha: float = 0.25) -> Tensor:
    """Return the summed focal loss."""
    return focal_loss(logits, onehot, gamma, alpha).sum()


def cross_entropy(logits: Tensor, onehot: Tensor) -> Tensor:
    """Return the summed binary cross-entropy of all anchors."""
    return binary_cross_entropy_with_logits(logits, onehot, reduction="sum")


def hard_negatives(logits: Tensor, onehot: Tensor, ratio: int = 3) -> Tensor:
    """Return the cross-entropy of the positives and of the worst ``ratio`` negatives for each."""
    each = binary_cross_entropy_with_logits(logits, onehot, reduction="none")
    negatives = each[onehot == 0]
    kept = min(ratio * max(int(onehot.sum()), 1), len(negatives))
    return each[onehot == 1].sum() + negatives.topk(kept).values.sum()


RIVALS: dict[str, ClassLoss] = {
    "focal": focal,
    "focal 1, 0.5": partial(focal, gamma=1.0, alpha=0.5),
    "cross-entropy": cross_entropy,
    "hard negatives 3:1": hard_negatives,
}


def held_out(found: DetectionSet) -> BoxedImages:
    """Return the validation and test images; aerial ones cut to tiles of 256 pixels."""
    side = 256 if found.name == "treecrowns" else 512
    parts = tiles(found.val, side), tiles(found.test, side)
    joined = (sum((getattr(p, key) for p in parts), ()) for key in ("images", "boxes", "labels"))
    return BoxedImages(*joined, names=parts[0].names + parts[1].names, class_names=("object",))


def scores(name: str, title: str, rule: ClassLoss, prior: float = PRIOR) -> list[float]:
    """Train under one loss with each seed; return AP50 on the held-out images."""
    data, found = detection_set(name), []
    for seed in SEEDS:
        start = time.monotonic()
        seed_everything(seed)
        model = AnchorDetector(
            data.c_in, 1, SIZES[name], stride=STRIDE, class_loss=rule, prior=prior
        )
        try:
            fit_detector(model, data.train, seed=seed, **RULES[name], **data.crops)
            found.append(evaluate(model, held_out(data)))
        except ValueError as error:  # the loss is no longer finite
            print(error)
            found.append(0.0)
        seconds = time.monotonic() - start
        print(f"{name:10s} {title:28s} {seed} {found[-1]:.3f} {seconds:.0f} s", flush=True)
    return found


def main() -> None:
    """Run all losses and seeds, and store the results."""
    torch.set_num_threads(1)
    start = time.monotonic()
    results: dict[str, dict[str, list[float]]] = {
        name: {title: scores(name, title, rule) for title, rule in RIVALS.items()}
        for name in ("nuclei", "treecrowns")
    }
    results["prior 0.5, nuclei"] = {
        title: scores("nuclei", f"{title}, prior 0.5", RIVALS[title], 0.5)
        for title in ("focal", "cross-entropy")
    }
    results["sweep, nuclei"] = {
        f"{gamma:g} {alpha:g}": scores(
            "nuclei", f"gamma {gamma:g} alpha {alpha:g}", partial(focal, gamma=gamma, alpha=alpha)
        )
        for gamma in GAMMAS
        for alpha in ALPHAS
    }
    store_measured("focal", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
