"""pycocotools as the independent judge: random detections, and what COCOeval says of them."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

Boxed = dict[str, NDArray[Any]]
COARSE = (0, 1e10)


def random_boxes(rng: np.random.Generator, count: int, grid: bool) -> NDArray[Any]:
    """Boxes in a field of 40 pixels; on the grid areas and overlaps are exact, and often equal."""
    if grid:
        start = rng.integers(0, 30, (count, 2)).astype(float)
        return np.concatenate([start, start + rng.integers(1, 12, (count, 2))], axis=1)
    start = rng.uniform(0, 30, (count, 2))
    return np.concatenate([start, start + rng.uniform(0.5, 14, (count, 2))], axis=1)


def random_scene(
    rng: np.random.Generator, images: int = 3, classes: int = 2, grid: bool = False
) -> tuple[list[Boxed], list[Boxed]]:
    """Detections that are shifted truths, repeated, renamed, or noise; some scores are equal."""
    predictions, truths = [], []
    for _ in range(images):
        real = random_boxes(rng, rng.integers(0, 7), grid)
        labels = rng.integers(0, classes, len(real))
        again = rng.integers(0, len(real), rng.integers(0, 10)) if len(real) else np.zeros(0, int)
        step = rng.integers(-2, 3, (len(again), 1)) if grid else rng.normal(0, 1, (len(again), 1))
        found = np.concatenate([real[again] + step, random_boxes(rng, rng.integers(0, 5), grid)])
        names = rng.integers(0, classes, len(found))
        names[: len(again)] = np.where(
            rng.random(len(again)) < 0.8, labels[again], names[: len(again)]
        )
        scores = rng.random(len(found))
        scores = scores.round(1) if rng.random() < 0.5 else scores
        predictions.append({"boxes": found, "scores": scores, "labels": names})
        truths.append({"boxes": real, "labels": labels})
    return predictions, truths


def _index(scene: Sequence[Boxed], classes: int) -> COCO:
    coco, annotations = COCO(), []
    for image, boxed in enumerate(scene):
        for k, (x1, y1, x2, y2) in enumerate(boxed["boxes"].tolist()):
            row: dict[str, Any] = {"id": len(annotations) + 1, "image_id": image, "iscrowd": 0}
            row |= {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
            row["category_id"] = int(boxed["labels"][k])
            if "scores" in boxed:
                row["score"] = float(boxed["scores"][k])
            annotations.append(row)
    coco.dataset = {
        "images": [{"id": image} for image in range(len(scene))],
        "categories": [{"id": label} for label in range(classes)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco


class Judge:
    """COCOeval of one scene: no limit on the detections of an image that is ever reached."""

    def __init__(
        self,
        predictions: Sequence[Boxed],
        truths: Sequence[Boxed],
        thresholds: Sequence[float],
        classes: int = 2,
        areas: Sequence[tuple[float, float]] = (COARSE,),
    ) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self.run = COCOeval(_index(truths, classes), _index(predictions, classes), "bbox")
            self.run.params.iouThrs = np.asarray(thresholds)
            self.run.params.areaRng = [list(area) for area in areas]
            self.run.params.areaRngLbl = [str(k) for k in range(len(areas))]
            self.run.params.maxDets = [10_000]
            self.run.evaluate()

    def precision(self, recalls: NDArray[Any]) -> NDArray[Any]:
        """Precision at the given recalls: (thresholds, recalls, classes, areas), -1 undefined."""
        self.run.params.recThrs = recalls
        with contextlib.redirect_stdout(io.StringIO()):
            self.run.accumulate()
        return self.run.eval["precision"][..., 0]

    def all_points(self, counts: NDArray[Any]) -> NDArray[Any]:
        """Area under the envelope (thresholds, classes, areas); counts (classes, areas) of truths.

        The envelope is a step function that changes at the recalls k/n only, so its mean over
        k = 1..n is its area. nan where there is no truth.
        """
        found = np.full((len(self.run.params.iouThrs), *counts.shape), np.nan)
        for n in np.unique(counts[counts > 0]):
            means = self.precision(np.arange(1, n + 1) / n).mean(axis=1)
            found[:, counts == n] = means[:, counts == n]
        return found
