"""`DetectionThreshold`: real detections on a picture, cut by a confidence and an NMS threshold."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from course_utils.figures.base import InteractiveFigure, rounded

Boxed = Mapping[str, ArrayLike]


class DetectionThreshold(InteractiveFigure):
    """A picture with the detections that pass two thresholds, beside their precision-recall curve.

    The browser suppresses, class by class, what overlaps a better box by more than the NMS
    threshold, matches by falling confidence (each detection takes the free truth of its class with
    the largest IoU of at least ``iou_threshold``; of equal ones the last), and shows what is above
    the confidence threshold: right, duplicate, wrong, and what was missed. The curve is that of
    this picture; the point on it is the chosen confidence.

    Args:
        image: ``(H, W)`` or ``(3, H, W)`` with values in [0, 1]; it travels as a JPEG.
        prediction: ``boxes (n, 4)``, ``scores (n,)`` in [0, 1], ``labels (n,)``, *before*
            suppression; the ``limit`` best are kept.
        truth: ``boxes (m, 4)``, ``labels (m,)``.
        alt: see `InteractiveFigure`.
        iou_threshold: what counts as found.
        confidence, suppression: where the two sliders start; 1.0 suppresses nothing.
        limit: the largest number of detections that are sent.

    Raises:
        ValueError: shapes that do not fit, or scores outside [0, 1].
    """

    module = "detection_threshold.js"
    picture = traitlets.Unicode().tag(sync=True)
    size = traitlets.List(trait=traitlets.Int()).tag(sync=True)
    found = traitlets.Dict().tag(sync=True)
    truth = traitlets.Dict().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        image: NDArray,
        prediction: Boxed,
        truth: Boxed,
        *,
        alt: str,
        iou_threshold: float = 0.5,
        confidence: float = 0.5,
        suppression: float = 0.5,
        limit: int = 300,
        caption: str = "",
    ) -> None:
        if not (image.ndim == 2 or (image.ndim == 3 and len(image) == 3)):
            raise ValueError(f"image must be (H, W) or (3, H, W), got {image.shape}")
        scores = np.asarray(prediction["scores"], dtype=float)
        if scores.size and not (scores.min() >= 0 and scores.max() <= 1):
            raise ValueError(f"scores must lie in [0, 1], got {scores.min()} to {scores.max()}")
        best = np.argsort(-scores, kind="stable")[:limit]
        super().__init__(
            alt=alt,
            caption=caption,
            picture=_jpeg(image),
            size=[int(n) for n in image.shape[-2:]],
            found=_sent(prediction, len(scores), best),
            truth=_sent(truth, len(np.asarray(truth["labels"])), None),
            start={
                "iou": iou_threshold,
                "confidence": confidence,
                "suppression": suppression,
            },
        )


def _sent(boxed: Boxed, count: int, chosen: Sequence[int] | NDArray | None) -> dict[str, list]:
    """Boxes, labels and scores as short lists, in the order of ``chosen``."""
    boxes, labels = np.asarray(boxed["boxes"], dtype=float), np.asarray(boxed["labels"])
    if boxes.shape != (count, 4) or labels.shape != (count,):
        raise ValueError(
            f"expected boxes ({count}, 4) and labels ({count},), got {boxes.shape}, {labels.shape}"
        )
    chosen = np.arange(count) if chosen is None else chosen
    sent: dict[str, list] = {
        "boxes": boxes[chosen].round(2).tolist(),
        "labels": [int(label) for label in labels[chosen]],
    }
    if "scores" in boxed:
        sent["scores"] = [rounded(score) for score in np.asarray(boxed["scores"])[chosen]]
    return sent


def _jpeg(image: NDArray) -> str:
    """The picture as the address of a JPEG."""
    pixels = np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0)).save(
        file, "JPEG", quality=85
    )
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
