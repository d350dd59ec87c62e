"""Chapter 6: mean average precision of detections over a set of images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.detection_boxes import (
    Array,
    eighths,
    pair_iou,
    rows,
    scattered,
    shaken,
)
from course_utils.feedback.exercises.detection_mean_mistakes import MISTAKES
from course_utils.feedback.exercises.detection_precision import SECTION, TITLE, average_precision

ONE, MEANS = "one class", "means"
Boxed = dict[str, Array]


def _ranked(
    predictions: Sequence[Boxed], truth: Sequence[Boxed], label: int, threshold: float
) -> tuple[Array, Array, int]:
    """Go through the predictions of a class over all images, the surest first."""
    waiting = [
        (-score, image, place)
        for image, predicted in enumerate(predictions)
        for place, score in enumerate(predicted["scores"].tolist())
        if predicted["labels"][place] == label
    ]
    left = {
        (image, place): box
        for image, true in enumerate(truth)
        for place, box in enumerate(rows(true["boxes"]))
        if true["labels"][place] == label
    }
    count, flags = len(left), []
    for _, image, place in sorted(waiting):
        box = rows(predictions[image]["boxes"])[place]
        overlaps = {key: pair_iou(box, other) for key, other in left.items() if key[0] == image}
        best = max(overlaps, key=lambda key: overlaps[key], default=None)
        flags.append(best is not None and overlaps[best] >= threshold)
        if best is not None and flags[-1]:
            del left[best]
    return -np.array([score for score, *_ in sorted(waiting)]), np.array(flags), count


def mean_average_precision(
    predictions: Sequence[Boxed], ground_truth: Sequence[Boxed], iou_thresholds: Sequence[float]
) -> float:
    """Return the mean over the classes of the truth and the thresholds."""
    labels = {int(label) for true in ground_truth for label in true["labels"]}
    values = [
        average_precision(*_ranked(predictions, ground_truth, label, threshold))
        for label in sorted(labels)
        for threshold in iou_thresholds
    ]
    return sum(values) / len(values) if values else float("nan")


def _truth(boxes: Any, labels: Any = 0) -> Boxed:
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return {"boxes": corners, "labels": np.broadcast_to(labels, len(corners)).copy()}


def _found(boxes: Any, scores: Any, labels: Any = 0) -> Boxed:
    return _truth(boxes, labels) | {"scores": np.array(scores, dtype=np.float64)}


def _image(rng: np.random.Generator, classes: Sequence[int]) -> tuple[Boxed, Boxed]:
    """Return predictions and truth of an image: neighbours, duplicates, misses and false boxes."""
    start = scattered(rng, 3)
    beside = start + 0.22 * np.tile(start[:, 2:] - start[:, :2], (1, 2))
    boxes = np.concatenate([start, beside, scattered(rng, 1)])
    labels = np.concatenate([np.tile(rng.choice(classes, size=3), 2), rng.choice(classes, size=1)])
    found = rng.random(7) < 0.8
    again = found & (rng.random(7) < 0.6)
    parts = [
        shaken(rng, boxes[found], 0.08),
        shaken(rng, boxes[again], 0.16),
        scattered(rng, 2),
    ]
    said = np.concatenate([labels[found], labels[again], rng.choice(classes, size=2)])
    order = rng.permutation(len(said))
    scores = rng.permutation(np.linspace(0.05, 0.95, len(said))) + 0.04 * rng.uniform(
        size=len(said)
    )
    predicted = _found(np.concatenate(parts)[order], scores, said[order])
    return predicted, _truth(boxes, labels)


def _images(rng: np.random.Generator, count: int, classes: Sequence[int]) -> tuple[list, list]:
    """Return predictions and truth of several images, one empty of each behind them."""
    pairs = [_image(rng, classes) for _ in range(count)]
    empty = _found([], [], np.zeros(0, int))
    pairs.append((_image(rng, classes)[0], _truth([], np.zeros(0, int))))
    pairs.append((empty, _image(rng, classes)[1]))
    mixed = [pairs[i] for i in rng.permutation(len(pairs))]
    return [pair[0] for pair in mixed], [pair[1] for pair in mixed]


def _narrow(boxed: Boxed) -> Boxed:
    """Return boxes and scores in float32."""
    scores = {"scores": boxed["scores"].astype(np.float32)} if "scores" in boxed else {}
    return boxed | scores | {"boxes": eighths(boxed["boxes"])}


def _draw(rng: np.random.Generator) -> list[Case]:
    def case(
        count: int, classes: Sequence[int], thresholds: Any, note: str, part: str = MEANS
    ) -> Case:
        return Case((*_images(rng, count, classes), thresholds), note=note, part=part)

    more, truth = _images(rng, 4, (0, 3, 7))
    less = [
        true | {"boxes": true["boxes"][m], "labels": true["labels"][m]}
        for true in truth
        for m in [true["labels"] != 3]
    ]
    kept = [{k: v[p["labels"] != 7] for k, v in p.items()} for p in more]
    single = [[_narrow(boxed) for boxed in side] for side in _images(rng, 3, (1,))]
    coco = [0.5 + 0.05 * k for k in range(10)]
    return [
        case(4, (0,), (0.5,), "several images", ONE),
        case(8, (2,), (0.5,), "more images", ONE),
        case(5, (0,), (0.65,), "a higher threshold", ONE),
        Case((*single, [0.5]), note="float32", part=ONE),
        case(4, (0, 1), [0.5], "two classes"),
        case(5, (1, 4, 9), (0.5, 0.75), "three classes, two thresholds"),
        case(3, (0,), coco, "ten thresholds"),
        Case((more, less, [0.4, 0.6]), note="a class that only predictions have", part=MEANS),
        Case((kept, truth, (0.5,)), note="a class of which nothing was predicted", part=MEANS),
    ]


_BOX, _FAR = [0.0, 0.0, 10.0, 10.0], [40.0, 0.0, 50.0, 10.0]
_WIDE = [0.0, 0.0, 10.0, 20.0]  # IoU 1/2 with _BOX
_BESIDE = [[0.0, 0.0, 10.0, 10.0], [3.0, 0.0, 13.0, 10.0]]
_NONE = _found([], [])
_ONE_TRUE = [_truth([_BOX])]

_WORKED = [
    Case(
        ([_found([_BOX], [0.9])], [_truth([_BOX, _FAR])], (0.5,)),
        note="one of two found",
        expected=0.5,
        part=ONE,
    ),
    Case(
        ([_found([_WIDE], [0.9])], _ONE_TRUE, (0.5,)),
        note="IoU exactly at the threshold",
        expected=1.0,
        part=ONE,
    ),
    # Right, duplicate, right: precision 1, 1/2, 2/3.
    Case(
        ([_found([_BOX, _BOX, _FAR], [0.9, 0.8, 0.7])], [_truth([_BOX, _FAR])], (0.5,)),
        note="a duplicate between two right ones",
        expected=0.5 + 0.5 * 2 / 3,
        part=ONE,
    ),
    # The second prediction prefers the truth that is taken, and overlaps the other by 8/12.
    Case(
        (
            [_found([[0, 0, 10, 10], [1, 0, 11, 10]], [0.9, 0.8])],
            [_truth(_BESIDE)],
            (0.5,),
        ),
        note="the better truth is taken, the other is free",
        expected=1.0,
        part=ONE,
    ),
    # Each surest prediction equals one truth and overlaps the other by 7/13, which the second
    # prediction needs: it overlaps nothing else enough. In the second image they stand the other
    # way round.
    Case(
        (
            [_found([[3, 0, 13, 10], [-3, 0, 7, 10]], [s, 0.5]) for s in (0.9, 0.8)],
            [_truth(boxes) for boxes in (_BESIDE, _BESIDE[::-1])],
            (0.5,),
        ),
        note="neighbours in two images",
        expected=1.0,
        part=ONE,
    ),
    Case(
        ([_found([_FAR], [0.9]), _NONE], [_truth([_BOX]), _truth([_FAR])], (0.5,)),
        note="the right place in the wrong image",
        expected=0.0,
        part=ONE,
    ),
    Case(([_NONE], _ONE_TRUE, (0.5,)), note="nothing predicted", expected=0.0, part=ONE),
    Case(
        ([_found([_BOX], [0.9])], [_truth([])], (0.5,)),
        note="no true box",
        expected=float("nan"),
        part=MEANS,
    ),
    Case(([], [], (0.5,)), note="no images", expected=float("nan"), part=MEANS),
    # Class 0: found at both thresholds; class 1: IoU 5/8.
    Case(
        (
            [_found([_FAR, [0, 0, 10, 16]], [0.6, 0.9], [0, 1])],
            [_truth([_FAR, _BOX], [0, 1])],
            (0.5, 0.75),
        ),
        note="two classes, two thresholds: 1, 1, 1, 0",
        expected=0.75,
        part=MEANS,
    ),
]


def _bad_inputs() -> list[BadInput]:
    found = _found([_BOX], [0.9])
    short = found | {"scores": np.zeros(2)}
    return [
        BadInput(([found], [*_ONE_TRUE, *_ONE_TRUE], (0.5,)), "one prediction for two images"),
        BadInput(([short], _ONE_TRUE, (0.5,)), "two scores for one box"),
        BadInput(
            ([found | {"labels": np.zeros(2, int)}], _ONE_TRUE, (0.5,)), "two labels, one box"
        ),
        BadInput(
            ([found], [_truth([_BOX]) | {"labels": np.zeros(2, int)}], (0.5,)),
            "two labels for one true box",
        ),
        BadInput(([found], _ONE_TRUE, ()), "no thresholds"),
        BadInput(([found], _ONE_TRUE, (1.5,)), "a threshold above 1"),
        BadInput(([found], _ONE_TRUE, (0.5, 0.0)), "a threshold of 0"),
    ]


MEAN_AVERAGE_PRECISION = Exercise(
    key="detection/mean_average_precision",
    points=4,
    concept="Mean average precision",
    section=SECTION,
    section_title=TITLE,
    reference=mean_average_precision,
    worked=_WORKED,
    draw=_draw,
    bad_inputs=_bad_inputs(),
    misconceptions=MISTAKES,
    weights={ONE: 0.5, MEANS: 0.3, VALIDATION: 0.2},
    inputs=("predictions", "ground_truth", "iou_thresholds"),
)
