"""Scores of a segmentation: pixels, areas, outlines, objects.

A label map is an array of class numbers, a mask an array of booleans (or 0 and 1), an instance map
``(H, W)`` an array of whole numbers: 0 the background, any other number one object.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def _integers(values: ArrayLike, name: str) -> Integers:
    found = np.asarray(values)
    if not (np.issubdtype(found.dtype, np.integer) or found.dtype == bool):
        raise ValueError(f"{name} must hold whole numbers, got {found.dtype}")
    return found.astype(np.int64)


def _masks(pred: ArrayLike, target: ArrayLike) -> tuple[Mask, Mask]:
    """Return both as booleans, or raise ValueError where they are no masks of one shape."""
    a, b = np.asarray(pred), np.asarray(target)
    if a.shape != b.shape:
        raise ValueError(f"pred and target must have one shape, got {a.shape} and {b.shape}")
    for name, mask in (("pred", a), ("target", b)):
        if not np.isin(mask, (0, 1)).all():
            raise ValueError(f"{name} must be a mask of 0 and 1")
    return a.astype(bool), b.astype(bool)


def pixel_confusion(
    pred: ArrayLike, target: ArrayLike, num_classes: int, ignore_index: int | None = None
) -> Integers:
    """Return how many pixels of each true class got each predicted class: ``(C, C)``.

    Rows are true, columns predicted. Pixels whose *target* is ``ignore_index`` are left out,
    whatever is predicted there. Raises ValueError where shapes differ, no pixel is given, a class
    is not a whole number or, ignored pixels aside, not in ``0..num_classes-1``.
    """
    a, b = _integers(pred, "pred"), _integers(target, "target")
    if a.shape != b.shape or a.size == 0:
        raise ValueError(f"pred and target must be equal shapes, got {a.shape} and {b.shape}")
    if num_classes < 1:
        raise ValueError(f"num_classes must be at least 1, got {num_classes}")
    kept = np.ones(b.shape, bool) if ignore_index is None else b != ignore_index
    a, b = a[kept], b[kept]
    for name, values in (("pred", a), ("target", b)):
        if values.size and not 0 <= values.min() <= values.max() < num_classes:
            raise ValueError(f"{name} must lie in 0..{num_classes - 1}")
    pairs = np.bincount(num_classes * b + a, minlength=num_classes**2)
    return pairs.reshape(num_classes, num_classes)


def class_iou(confusion: ArrayLike) -> Floats:
    """Return the IoU of each class from a confusion matrix ``(C, C)``, nan for an absent class.

    ``IoU_c = TP_c / (TP_c + FP_c + FN_c)``: the diagonal over row plus column minus diagonal.
    """
    matrix = np.asarray(confusion, np.float64)
    hits = np.diag(matrix)
    union = matrix.sum(0) + matrix.sum(1) - hits
    return np.divide(hits, union, out=np.full(len(hits), np.nan), where=union > 0)


def mean_iou(
    pred: ArrayLike, target: ArrayLike, num_classes: int, ignore_index: int | None = None
) -> float:
    """Return the mean of `class_iou` over the classes that occur in ``pred`` or ``target``.

    Ignored pixels are removed first: a class that occurs only there does not count. nan where no
    pixel is left. Arguments and errors as `pixel_confusion`.
    """
    scores = class_iou(pixel_confusion(pred, target, num_classes, ignore_index))
    present = scores[~np.isnan(scores)]
    return float(present.mean()) if len(present) else float("nan")


def dice_score(pred: ArrayLike, target: ArrayLike) -> float:
    """Return ``2 |A and B| / (|A| + |B|)`` of two masks; 1.0 where both are empty.

    This is the F1 score of the positive pixels, and ``2 IoU / (1 + IoU)``. Raises ValueError where
    shapes differ or a value is not 0 or 1. Sources: Dice (1945), Measures of the amount of ecologic
    association between species, Ecology 26; Sørensen (1948).
    """
    a, b = _masks(pred, target)
    size = int(a.sum()) + int(b.sum())
    return float(2 * (a & b).sum() / size) if size else 1.0


def boundary(mask: ArrayLike) -> Mask:
    """Return the pixels of a mask ``(H, W)`` that have one of their four neighbours outside it.

    The border of the image is no boundary: what lies beyond it is not known. Raises ValueError for
    another number of axes.
    """
    inside, _ = _masks(mask, mask)
    if inside.ndim != 2:
        raise ValueError(f"a mask must be (H, W), got {inside.shape}")
    p = np.pad(inside, 1, mode="edge")
    return inside & ~(p[:-2, 1:-1] & p[2:, 1:-1] & p[1:-1, :-2] & p[1:-1, 2:])


def _share_near(points: Mask, others: Mask, tolerance: float) -> float:
    """Return the share of ``points`` within ``tolerance`` pixels of one of ``others``."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - heavy

    distance = np.asarray(distance_transform_edt(~others))
    return float((distance[points] <= tolerance).mean())


def boundary_f1(pred: ArrayLike, target: ArrayLike, tolerance: float = 2) -> float:
    """Return the F1 score of the boundaries of two masks ``(H, W)``.

    Precision is the share of predicted `boundary` pixels that have a true one within ``tolerance``
    pixels (Euclidean), recall the share of true ones that have a predicted one. 1.0 where neither
    mask has a boundary, 0.0 where one has none. Errors as `dice_score`. Sources: Martin, Fowlkes
    and Malik (2004), Learning to detect natural image boundaries, TPAMI 26; Csurka et al. (2013),
    What is a good evaluation measure for semantic segmentation?, BMVC.
    """
    if tolerance < 0:
        raise ValueError(f"tolerance must not be negative, got {tolerance}")
    a, b = (boundary(mask) for mask in _masks(pred, target))
    if not a.any() or not b.any():
        return float(a.any() == b.any())
    precision, recall = _share_near(a, b, tolerance), _share_near(b, a, tolerance)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def instance_iou(pred: ArrayLike, target: ArrayLike) -> Floats:
    """Return the IoU of every predicted with every true object, ``(n, m)``, by rising number.

    Raises ValueError where the instance maps differ in shape, hold no whole numbers, or a number is
    negative.
    """
    a, b = _integers(pred, "pred"), _integers(target, "target")
    if a.shape != b.shape:
        raise ValueError(f"pred and target must have one shape, got {a.shape} and {b.shape}")
    if a.size and min(a.min(), b.min()) < 0:
        raise ValueError("an instance map must not hold negative numbers")
    (names_a, a), (names_b, b) = (
        np.unique(np.append(values, 0), return_inverse=True)  # 0 is there, and comes first
        for values in (a, b)
    )
    shape = len(names_a), len(names_b)
    shared = np.bincount(a[:-1] * shape[1] + b[:-1], minlength=shape[0] * shape[1]).reshape(shape)
    union = shared.sum(1, keepdims=True) + shared.sum(0, keepdims=True) - shared
    return shared[1:, 1:] / union[1:, 1:]


def match_pairs(iou: ArrayLike, iou_threshold: float = 0.5) -> tuple[Integers, Integers]:
    """Return rows and columns of ``iou`` ``(n, m)`` that are matched, each used once at most.

    A pair may match where its IoU is ``> iou_threshold``. Above 0.5 an object has one candidate at
    most, since two disjoint objects cannot both fill more than half of a third, and there is
    nothing to choose. Below, the largest number of pairs is taken, and of such choices the one of
    largest total IoU. Raises ValueError for a threshold outside [0, 1).
    """
    overlaps = np.asarray(iou, np.float64)
    if not 0 <= iou_threshold < 1:
        raise ValueError(f"iou_threshold must lie in [0, 1), got {iou_threshold}")
    fits = overlaps > iou_threshold
    if (fits.sum(0) <= 1).all() and (fits.sum(1) <= 1).all():
        rows, columns = np.nonzero(fits)
        return rows, columns
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - heavy

    worth = fits * (1 + overlaps / (2 * min(overlaps.shape)))  # one more pair beats any overlap
    rows, columns = linear_sum_assignment(worth, maximize=True)
    kept = fits[rows, columns]
    return rows[kept], columns[kept]


def match_instances(
    pred: ArrayLike, target: ArrayLike, iou_threshold: float = 0.5
) -> tuple[int, int, int, float]:
    """Match objects one to one by `match_pairs`: ``(tp, fp, fn, mean IoU of the pairs)``.

    ``tp`` pairs, ``fp`` predicted objects without a true one, ``fn`` true ones without a predicted
    one; the mean is 0.0 where there is no pair. Errors as `instance_iou` and `match_pairs`.
    """
    iou = instance_iou(pred, target)
    matched = iou[match_pairs(iou, iou_threshold)]
    tp = len(matched)
    return tp, iou.shape[0] - tp, iou.shape[1] - tp, float(matched.mean()) if tp else 0.0


def instance_f1(pred: ArrayLike, target: ArrayLike, iou_threshold: float = 0.5) -> float:
    """Return ``2 tp / (2 tp + fp + fn)`` of `match_instances`; 1.0 where there is no object."""
    tp, fp, fn, _ = match_instances(pred, target, iou_threshold)
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0


def _quality(pred: ArrayLike, target: ArrayLike) -> float:
    tp, fp, fn, iou = match_instances(pred, target, 0.5)
    return 2 * tp * iou / (2 * tp + fp + fn) if tp + fp + fn else float("nan")


def panoptic_quality(
    pred: ArrayLike,
    target: ArrayLike,
    pred_classes: ArrayLike | None = None,
    target_classes: ArrayLike | None = None,
) -> float:
    """Return ``PQ = (sum of IoU over matches > 0.5) / (tp + fp/2 + fn/2)``.

    That is the mean IoU of the matched objects times their F1 score. Without class maps the objects
    of the two instance maps are of one class. With class maps (``(H, W)``, whole numbers) every
    pixel belongs to a segment, a pair of class and number, so that a class without objects ("sky")
    is the segment of its pixels with number 0; the result is the mean over the classes that occur
    in either map. nan where there is no segment. Errors as `instance_iou`; a class map needs the
    other. Source: Kirillov, He, Girshick, Rother and Dollár (2019), Panoptic segmentation, CVPR.
    """
    if (pred_classes is None) != (target_classes is None):
        raise ValueError("give the classes of both maps, or of none")
    if pred_classes is None or target_classes is None:
        return _quality(pred, target)
    a, b = _integers(pred, "pred"), _integers(target, "target")
    kind_a, kind_b = (_integers(c, "classes") for c in (pred_classes, target_classes))
    if not a.shape == b.shape == kind_a.shape == kind_b.shape:
        raise ValueError(f"four maps of one shape expected, got {a.shape}, {kind_a.shape}, ...")
    found = [
        _quality(np.where(kind_a == c, a + 1, 0), np.where(kind_b == c, b + 1, 0))
        for c in np.union1d(kind_a, kind_b)
    ]
    return float(np.mean(found)) if found else float("nan")
