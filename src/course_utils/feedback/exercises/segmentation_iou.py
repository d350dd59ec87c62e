"""Chapter 7: the mean IoU over classes."""

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.segmentation_iou_mistakes import MISTAKES
from course_utils.feedback.exercises.segmentation_label_maps import (
    IGNORED,
    SECTION,
    TITLE,
    Array,
    P,
    T,
    holes,
    label_maps,
)

PRESENT, ABSENT = "classes that occur", "classes that do not"


def mean_iou(
    pred: Array, target: Array, num_classes: int, ignore_index: int | None = None
) -> float:
    """Build the sets of pixels of each class and divide their intersection by their union."""
    pixels = [
        (int(p), int(t))
        for p, t in zip(pred.ravel(), target.ravel(), strict=True)
        if ignore_index is None or t != ignore_index
    ]
    scores = []
    for c in range(num_classes):
        found = {i for i, (p, _) in enumerate(pixels) if p == c}
        true = {i for i, (_, t) in enumerate(pixels) if t == c}
        if found | true:
            scores.append(len(found & true) / len(found | true))
    return float(np.mean(scores)) if scores else float("nan")


def _draw(rng: np.random.Generator) -> list[Case]:
    pred, target = label_maps(rng, (4, 6), 3)
    batch, truth = label_maps(rng, (2, 5, 6), 4)
    small, true_small = (a.astype(np.uint8) for a in label_maps(rng, (6, 9), 5))
    outside = holes(rng, true_small, 255)
    wide, true_wide = label_maps(rng, (6, 8), 3)
    predicted = np.where(target == 1, 2, pred)
    predicted.flat[0] = 3
    missed = np.where(pred == 1, 0, pred)
    # Class 3 occurs at ignored pixels only, where it is predicted.
    gone = np.where(rng.random((4, 6)) < 0.3, -1, target)
    gone.flat[:2], alone = -1, pred.copy()
    alone.flat[:2] = 3
    return [
        Case((pred, target, 3), note="three classes", part=PRESENT),
        Case((batch, truth, 4), note="a batch", part=PRESENT),
        Case((small, true_small, 5), note="uint8", part=PRESENT),
        Case((wide[::-1, ::2], true_wide[::-1, ::2], 3), note="views", part=PRESENT),
        Case((batch, truth, 7), note="three classes that do not occur", part=ABSENT),
        Case((predicted, target, 5), note="a class that is only predicted", part=ABSENT),
        Case((missed, target, 3), note="a class that is never predicted", part=ABSENT),
        Case((pred, holes(rng, target, 2), 3, 2), note="class 2 is ignored", part=IGNORED),
        Case((pred, holes(rng, target, 0), 4, 0), note="class 0 is ignored", part=IGNORED),
        Case((batch, holes(rng, truth, -1), 4, -1), note="-1 is ignored", part=IGNORED),
        Case((small, outside, 5, 255), note="255 is ignored", part=IGNORED),
        Case(
            (np.where(outside == 255, 255, small).astype(np.uint8), outside, 5, 255),
            note="255 predicted at ignored pixels",
            part=IGNORED,
        ),
        Case((alone, gone, 4, -1), note="a class at ignored pixels only", part=IGNORED),
    ]


MEAN_IOU = Exercise(
    key="segmentation/mean_iou",
    points=3,
    concept="Mean IoU",
    section=SECTION,
    section_title=TITLE,
    reference=mean_iou,
    worked=[
        # Class 0: 1 hit in 2 + 3 - 1 pixels; class 1: 2 hits in 4 + 3 - 2.
        Case((P, T, 2), note="IoU 1/4 and 2/5", expected=0.325, part=PRESENT),
        Case((P, T, 4), note="classes 2 and 3 do not occur", expected=0.325, part=ABSENT),
        # Class 0: 1 in 2; class 1 is only predicted, class 2 only true.
        Case(
            (np.array([[0, 1]]), np.array([[0, 0]]), 3),
            note="class 1 is only predicted: 0",
            expected=0.25,
            part=ABSENT,
        ),
        # Left: (0, 0), (1, 0), (1, 1), (0, 1). Class 0: 1 in 3; class 1: 1 in 3.
        Case(
            (P, np.array([[0, 9, 0], [1, 1, 9]]), 2, 9),
            note="two pixels are ignored",
            expected=1 / 3,
            part=IGNORED,
        ),
        # Left is the lower row: class 1 has 2 of 3; class 0 is predicted once and never true.
        Case(
            (P, T, 2, 0), note="class 0 is ignored where it is true", expected=1 / 3, part=IGNORED
        ),
        Case((P, np.full((2, 3), 9), 2, 9), note="nothing left", expected=np.nan, part=IGNORED),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((P, T[:1], 2), "maps of different shapes"),
        BadInput((P, T, 1), "a class of num_classes or more"),
        BadInput((P, np.where(T == 0, 2, T), 2), "a true class of num_classes"),
        BadInput((np.where(P == 0, 2, P), T, 2), "a predicted class of num_classes"),
        BadInput((P, np.where(T == 0, -1, T), 2), "a negative true class that is not ignored"),
        BadInput((P, T.astype(float), 2), "a true map that is not of integers"),
        BadInput((P / 2, T, 2), "a predicted map that is not of integers"),
        BadInput((P, T, 0), "fewer than one class"),
        BadInput((P[:0], T[:0], 2), "maps without pixels"),
    ],
    misconceptions=MISTAKES,
    weights={PRESENT: 0.4, ABSENT: 0.2, IGNORED: 0.2, VALIDATION: 0.2},
    inputs=("pred", "target", "num_classes", "ignore_index"),
)
