"""Training a detector on random crops, and its score on whole images."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from course_utils.data import BoxedImages
from course_utils.training import descend

from .crops import random_crops
from .evaluation import mean_average_precision
from .networks import Detections, Detector


def fit_detector(
    model: Detector,
    part: BoxedImages,
    steps: int,
    *,
    batch: int = 4,
    side: int = 192,
    lr: float = 0.005,
    seed: int = 0,
    symmetries: bool = True,
    slices: bool = True,
    progress: bool = False,
) -> list[float]:
    """Train ``model`` on ``steps`` batches of `random_crops` of ``part``; return each loss.

    AdamW with a one-cycle rate that peaks at ``lr``; ``seed`` draws the crops, and ``symmetries``
    and ``slices`` are their arguments (``**detection_set(name).crops``). Raises ValueError
    for ``steps`` below 1 or a loss that is no longer finite.
    """
    rng = np.random.default_rng(seed)

    def draw_loss() -> Tensor:
        images, boxes, labels = random_crops(
            part, batch, side, rng, symmetries=symmetries, slices=slices
        )
        return model.loss(images.contiguous(memory_format=torch.channels_last), boxes, labels)

    return descend(model, draw_loss, steps, lr=lr, clip=10.0, progress=progress)


def predict(
    model: Detector, part: BoxedImages, score: float = 0.05, iou: float = 0.5, limit: int = 100
) -> list[Detections]:
    """Return the detections of each image of ``part``, as `Detector.detect` finds them."""
    images = (torch.from_numpy(np.ascontiguousarray(image))[None] for image in part.images)
    return [model.detect(image, score, iou, limit)[0] for image in images]


def truth(part: BoxedImages) -> list[dict[str, np.ndarray]]:
    """Return the true boxes of each image of ``part`` in the form that the evaluation takes."""
    pairs = zip(part.boxes, part.labels, strict=True)
    return [{"boxes": boxes, "labels": labels} for boxes, labels in pairs]


def evaluate(model: Detector, part: BoxedImages, iou_thresholds: Sequence[float] = (0.5,)) -> float:
    """Return the mean average precision of ``model`` on ``part``, in [0, 1]."""
    found = predict(model, part, score=0.01)
    return mean_average_precision(found, truth(part), iou_thresholds)
