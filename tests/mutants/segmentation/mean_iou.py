"""Wrong means of the IoU."""

import numpy as np

from tests.bank import mutant


def refuse(pred, target, num_classes):
    if pred.shape != target.shape or pred.size == 0 or num_classes < 1:
        raise ValueError(f"{pred.shape} and {target.shape} with {num_classes} classes")
    if pred.dtype.kind not in "iu" or target.dtype.kind not in "iu":
        raise ValueError("integers expected")


def in_range(values, num_classes):
    if values.size and (values.min() < 0 or values.max() >= num_classes):
        raise ValueError(f"classes must be in 0..{num_classes - 1}")


def kept(pred, target, num_classes, ignore_index):
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    p, t = pred[keep], target[keep]
    in_range(p, num_classes)
    in_range(t, num_classes)
    return p, t


def areas(p, t, num_classes):
    """Return hits, predicted and true pixels of each class."""
    classes = range(num_classes)
    rows = [[((p == c) & (t == c)).sum(), (p == c).sum(), (t == c).sum()] for c in classes]
    return np.array(rows, float).T


def mean_of(scores):
    return float(np.mean(scores)) if len(scores) else float("nan")


def simple(rule, where=lambda h, f, t: f + t > 0):
    """Return a mean of ``rule`` over the classes of ``where``."""

    def score(pred, target, num_classes, ignore_index=None):
        h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
        present = where(h, f, t)
        return mean_of(rule(h[present], f[present], t[present]))

    return score


def made(kind, rule, where=lambda h, f, t: f + t > 0):
    return mutant(kind)(simple(rule, where))


def iou(h, f, t):
    return h / (f + t - h)


everywhere = lambda h, f, t: np.ones(len(h), bool)  # noqa: E731

absent_as_0 = made("absent-classes-as-0", lambda h, f, t: h / np.maximum(f + t - h, 1), everywhere)
absent_with_eps = made(
    "absent-classes-as-0", lambda h, f, t: np.nan_to_num(iou(h, f, t)), everywhere
)
absent_as_1 = made(
    "absent-classes-as-1", lambda h, f, t: np.nan_to_num(iou(h, f, t), nan=1.0), everywhere
)
nan_in_the_mean = made("absent-classes-nan", iou, everywhere)
true_classes = made("only-true-classes", iou, lambda h, f, t: t > 0)
predicted_classes = made("only-predicted-classes", iou, lambda h, f, t: f > 0)
in_both = made("only-classes-in-both", iou, lambda h, f, t: (f > 0) & (t > 0))
dice = made("dice-for-iou", lambda h, f, t: 2 * h / (f + t))
both_areas = made("hits-counted-twice", lambda h, f, t: h / (f + t))
recall = made("recall-for-iou", lambda h, f, t: h / t, lambda h, f, t: t > 0)
recall_or_0 = made("recall-for-iou", lambda h, f, t: h / np.maximum(t, 1))
precision = made("precision-for-iou", lambda h, f, t: h / np.maximum(f, 1))


@mutant("present-before-ignoring")
def classes_of_all_pixels(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    scores = []
    for c in np.union1d(pred, target):
        if 0 <= c < num_classes:
            union = ((p == c) | (t == c)).sum()
            scores.append(((p == c) & (t == c)).sum() / union if union else 0.0)
    return mean_of(scores)


@mutant("predictions-at-ignored-pixels")
def ignores_the_target_only(pred, target, num_classes, ignore_index=None):
    kept(pred, target, num_classes, ignore_index)
    scores = []
    for c in range(num_classes):
        true = (target == c) & (True if ignore_index is None else target != ignore_index)
        union = (true | (pred == c)).sum()
        if union:
            scores.append((true & (pred == c)).sum() / union)
    return mean_of(scores)


@mutant("ignore-index-not-used")
def never_ignores(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, None), num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])


@mutant("zero-taken-for-none")
def falsy(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index or None), num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])


@mutant("nothing-left-as-0")
def zero_for_nothing(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    present = f + t > 0
    return float(iou(h, f, t)[present].mean()) if present.any() else 0.0


@mutant("nothing-left-refused")
def refuses_what_is_left(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    refuse(p, t, num_classes)
    h, f, t = areas(p, t, num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])


@mutant("target-checked-too-early")
def checks_everything_first(pred, target, num_classes, ignore_index=None):
    in_range(target, num_classes)
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])


@mutant("predictions-checked-too-early")
def checks_predictions_first(pred, target, num_classes, ignore_index=None):
    in_range(pred, num_classes)
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])


@mutant("predictions-ignored-too")
def both_maps(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool)
    if ignore_index is not None:
        keep = (target != ignore_index) & (pred != ignore_index)
    if not keep.any():
        return float("nan")
    h, f, t = areas(*kept(pred[keep], target[keep], num_classes, None), num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])


@mutant("ignored-class-skipped")
def skips_the_class(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    return mean_of(
        [h[c] / (f + t - h)[c] for c in range(num_classes) if c != ignore_index and (f + t)[c]]
    )


@mutant("pixel-accuracy")
def accuracy(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    return float(np.mean(p == t)) if len(p) else float("nan")


@mutant("classes-pooled")
def pooled(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    return float(h.sum() / (f + t - h).sum())


@mutant("weighted-by-frequency")
def weighted(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    present = f + t > 0
    if not present.any():
        return float("nan")
    return float((iou(h, f, t) * t)[present].sum() / t.sum())


@mutant("background-left-out")
def foreground(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    return mean_of([h[c] / (f + t - h)[c] for c in range(1, num_classes) if f[c] + t[c]])


@mutant("mean-over-images")
def image_by_image(pred, target, num_classes, ignore_index=None):
    kept(pred, target, num_classes, ignore_index)
    right = simple(iou)
    if pred.ndim == 2:
        return right(pred, target, num_classes, ignore_index)
    pairs = zip(pred, target, strict=True)
    return float(np.mean([right(p, t, num_classes, ignore_index) for p, t in pairs]))


@mutant("one-iou-for-each-class")
def not_averaged(pred, target, num_classes, ignore_index=None):
    h, f, t = areas(*kept(pred, target, num_classes, ignore_index), num_classes)
    return iou(h, f, t)


@mutant("validation")
def accepts_floats(pred, target, num_classes, ignore_index=None):
    if pred.shape != target.shape or pred.size == 0 or num_classes < 1:
        raise ValueError("shapes")
    whole = pred.astype(int), target.astype(int)
    h, f, t = areas(*kept(*whole, num_classes, ignore_index), num_classes)
    return mean_of(iou(h, f, t)[f + t > 0])
