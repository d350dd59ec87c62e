"""Chapter 7: pixels counted by true and predicted class."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.segmentation_label_maps import (
    IGNORED,
    SECTION,
    TITLE,
    Array,
    Keep,
    P,
    T,
    by_target,
    early,
    early_predictions,
    everything,
    holes,
    in_range,
    label_maps,
)

COUNTS = "counts"


def pixel_confusion(
    pred: Array, target: Array, num_classes: int, ignore_index: int | None = None
) -> Array:
    """Compare both maps with every pair of classes."""
    kept: Any = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    counts = np.zeros((num_classes, num_classes), np.int64)
    for i, j in np.ndindex(counts.shape):
        counts[i, j] = np.count_nonzero((target == i) & (pred == j) & kept)
    return counts


def wrong(
    keep: Keep = by_target,
    checks: Callable[[Array, Array, int, Any], None] = lambda pred, target, classes, kept: None,
    given: Callable[[Any], bool] = lambda ignore_index: ignore_index is not None,
    change: Callable[[Array], Any] = lambda counts: counts,
) -> Callable[..., Any]:
    """Return the count with one of its steps changed; ``checks`` come before pixels are left out.

    A pixel that is kept and lies outside of the classes raises ValueError.
    """

    def count(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Any:
        checks(pred, target, num_classes, ignore_index)
        kept = (
            keep(pred, target, ignore_index) if given(ignore_index) else everything(pred, target, 0)
        )
        in_range(pred[kept], num_classes)
        in_range(target[kept], num_classes)
        return change(pixel_confusion(pred[kept], target[kept], num_classes))

    return count


def _to_class_0(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Array:
    in_range(pred, num_classes)
    return pixel_confusion(pred, np.where(target == ignore_index, 0, target), num_classes)


def _narrow(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Array:
    """Number the pairs in the dtype of the maps, which wraps around."""
    kept = target != ignore_index if ignore_index is not None else np.ones(target.shape, bool)
    with np.errstate(all="ignore"):
        pairs = target[kept] * np.asarray(num_classes).astype(target.dtype) + pred[kept]
    counts = np.bincount(pairs.astype(np.int64) % num_classes**2, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes)


def _of_images(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Any:
    if target.ndim < 3:
        return pixel_confusion(pred, target, num_classes, ignore_index)
    pairs = zip(pred, target, strict=True)
    return np.stack([pixel_confusion(p, t, num_classes, ignore_index) for p, t in pairs])


def _seen(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Array:
    kept = everything(pred, target, 0) if ignore_index is None else target != ignore_index
    top = int(max(pred[kept].max(initial=0), target[kept].max(initial=0)))
    return pixel_confusion(pred, target, top + 1, ignore_index)


def _without_the_class(pred: Array, target: Array, num_classes: int, ig: Any = None) -> Array:
    counts = pixel_confusion(pred, target, num_classes, ig)
    if ig is None or not 0 <= ig < num_classes:
        return counts
    return np.delete(np.delete(counts, ig, axis=0), ig, axis=1)


def _cleared(pred: Array, target: Array, num_classes: int, ig: Any = None) -> Array:
    """Count everything and clear row and column of the ignored class."""
    in_range(target, num_classes)
    counts = pixel_confusion(pred, target, num_classes)
    if ig is not None:
        counts[ig] = counts[:, ig] = 0
    return counts


def _refused(pred: Array, target: Array, num_classes: int, ignore_index: Any = None) -> Array:
    counts = wrong()(pred, target, num_classes, ignore_index)
    if not counts.any():
        raise ValueError("no pixel is left")
    return counts


def _with_rest(counts: Array) -> Array:
    return counts / counts.sum(axis=1, keepdims=True)


def _draw(rng: np.random.Generator) -> list[Case]:
    pred, target = label_maps(rng, (4, 6), 3)
    batch, truth = label_maps(rng, (2, 3, 5), 4)
    many, true_many = (a.astype(np.uint8) for a in label_maps(rng, (9, 10), 30))
    outside = holes(rng, true_many, 255)
    unknown = np.where(outside == 255, 255, many).astype(np.uint8)
    wide, true_wide = label_maps(rng, (6, 8), 3)
    return [
        Case((pred, target, 3), note="three classes", part=COUNTS),
        Case((batch, truth, 6), note="a batch; two classes never occur", part=COUNTS),
        Case((many, true_many, 30), note="30 classes in uint8", part=COUNTS),
        Case((wide[:, ::-2], true_wide[:, ::-2], 3), note="views", part=COUNTS),
        Case((pred, holes(rng, target, 0), 3, 0), note="class 0 is ignored", part=IGNORED),
        Case((pred, holes(rng, target, 2), 3, 2), note="class 2 is ignored", part=IGNORED),
        Case((batch, holes(rng, truth, -1), 4, -1), note="-1 is ignored", part=IGNORED),
        Case((many, outside, 30, 255), note="255 is ignored", part=IGNORED),
        Case((unknown, outside, 30, 255), note="255 predicted at ignored pixels", part=IGNORED),
    ]


PIXEL_CONFUSION = Exercise(
    key="segmentation/pixel_confusion",
    points=2,
    concept="Confusion matrix of pixels",
    section=SECTION,
    section_title=TITLE,
    reference=pixel_confusion,
    worked=[
        Case((P, T, 2), note="six pixels", expected=np.array([[1, 2], [1, 2]]), part=COUNTS),
        Case(
            (np.array([[2, 2], [0, 2]]), np.array([[0, 2], [2, 0]]), 4),
            note="classes 1 and 3 never occur",
            expected=np.array([[0, 0, 2, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]),
            part=COUNTS,
        ),
        Case(
            (P, np.array([[0, 9, 0], [1, 1, 9]]), 2, 9),
            note="two pixels are ignored",
            expected=np.array([[1, 1], [1, 1]]),
            part=IGNORED,
        ),
        # The pixels of true class 1 are left; one of them is predicted as class 0.
        Case(
            (P, T, 2, 0),
            note="class 0 is ignored where it is true",
            expected=np.array([[0, 0], [1, 2]]),
            part=IGNORED,
        ),
        Case(
            (P, np.full((2, 3), 9), 2, 9),
            note="every pixel is ignored",
            expected=np.zeros((2, 2), np.int64),
            part=IGNORED,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((P, T[:1], 2), "maps of different shapes"),
        BadInput((P, T.T, 2), "maps of different shapes"),
        BadInput((P, T, 1), "a class of num_classes or more"),
        BadInput((P, np.where(T == 0, 2, T), 2), "a true class of num_classes"),
        BadInput((np.where(P == 0, 2, P), T, 2), "a predicted class of num_classes"),
        BadInput((P, np.where(T == 0, -1, T), 2), "a negative true class that is not ignored"),
        BadInput((np.where(P == 0, -1, P), T, 2), "a negative predicted class"),
        BadInput((np.where(P == 0, 9, P), T, 2, 9), "a prediction of the ignored class, not in C"),
        BadInput((P, T.astype(float), 2), "a true map that is not of integers"),
        BadInput((P / 2, T, 2), "a predicted map that is not of integers"),
        BadInput((P, T, 0), "fewer than one class"),
        BadInput((P[:0], T[:0], 2), "maps without pixels"),
    ],
    misconceptions=[
        Misconception(
            "transposed",
            "rows and columns are exchanged. Rows are the true classes, columns the predicted.",
            wrong(change=np.transpose),
        ),
        *named(
            "repeated-pairs-lost",
            "a pair of classes that occurs often counts once: counts[target, pred] += 1 adds one "
            "to each place only once. Use np.bincount or np.add.at.",
            wrong(change=lambda counts: np.minimum(counts, 1)),
            wrong(everything, change=lambda counts: np.minimum(counts, 1)),
        ),
        Misconception(
            "float-counts",
            "the counts are floats: np.zeros makes float64 unless told dtype=int.",
            wrong(change=lambda counts: counts.astype(float)),
        ),
        Misconception(
            "rows-normalised",
            "rows were divided by their sums. Return the counts.",
            wrong(change=_with_rest),
        ),
        Misconception(
            "classes-from-the-data",
            "the size follows the classes that occur. It must be num_classes, seen or not.",
            _seen,
        ),
        Misconception(
            "small-integers-overflow",
            "the number of a pair, num_classes * target + pred, does not fit into the dtype of the "
            "maps: uint8 ends at 255. Convert to int64 first.",
            _narrow,
        ),
        Misconception(
            "a-matrix-for-each-image",
            "a batch gave one matrix an image. All pixels are counted into one.",
            _of_images,
        ),
        *named(
            "ignore-index-not-used",
            "pixels whose true class is ignore_index are counted. Leave them out first.",
            wrong(everything),
            wrong(given=lambda ignore_index: False),
        ),
        Misconception(
            "zero-taken-for-none",
            "ignore_index = 0 had no effect: `if ignore_index:` is false for 0. Ask whether it "
            "`is not None`.",
            wrong(given=bool),
        ),
        Misconception(
            "nothing-left-refused",
            "where every pixel is ignored the counts are 0. Only maps without pixels are refused.",
            _refused,
        ),
        Misconception(
            "target-checked-too-early",
            "the true classes were checked before the ignored pixels were gone: 255 or -1 is "
            "allowed there.",
            wrong(checks=early),
        ),
        Misconception(
            "predictions-checked-too-early",
            "the predictions were checked before the ignored pixels were gone: there anything may "
            "be predicted.",
            wrong(checks=early_predictions),
        ),
        Misconception(
            "predictions-ignored-too",
            "pixels were left out for their prediction, too. Only the target is compared with "
            "ignore_index: a wrong prediction must stay an error.",
            wrong(lambda pred, target, ig: (target != ig) & (pred != ig)),
        ),
        Misconception(
            "predictions-ignored-instead",
            "pixels were left out where ignore_index was predicted. Compare the target with it.",
            wrong(lambda pred, target, ig: pred != ig),
        ),
        Misconception(
            "only-the-ignored",
            "the mask is upside down: the ignored pixels were counted and the others left out.",
            wrong(lambda pred, target, ig: target == ig),
        ),
        Misconception(
            "ignored-as-class-0",
            "ignored pixels were counted as class 0. They count for no class.",
            _to_class_0,
        ),
        Misconception(
            "ignored-class-cut-out",
            "row and column of the ignored class were cut out. The matrix stays C x C.",
            _without_the_class,
        ),
        Misconception(
            "ignored-class-cleared",
            "row and column of the ignored class were cleared. Predictions of that class at other "
            "pixels are errors and count.",
            _cleared,
        ),
    ],
    weights={COUNTS: 0.5, IGNORED: 0.3, VALIDATION: 0.2},
    inputs=("pred", "target", "num_classes", "ignore_index"),
)
