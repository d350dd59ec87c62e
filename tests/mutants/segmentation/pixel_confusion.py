"""Wrong confusion matrices of pixels: most change one line of a right one."""

import numpy as np

from tests.bank import mutant


def refuse(pred, target, num_classes):
    if pred.shape != target.shape or pred.size == 0 or num_classes < 1:
        raise ValueError(f"{pred.shape} and {target.shape} with {num_classes} classes")
    for values in (pred, target):
        if not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"integers expected, got {values.dtype}")


def in_range(values, num_classes):
    if values.size and (values.min() < 0 or values.max() >= num_classes):
        raise ValueError(f"classes must be in 0..{num_classes - 1}")


def kept(pred, target, num_classes, ignore_index):
    """Return the pixels that count, checked."""
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    p, t = pred[keep].astype(int), target[keep].astype(int)
    in_range(p, num_classes)
    in_range(t, num_classes)
    return p, t


def counted(p, t, num_classes):
    return np.bincount(t * num_classes + p, minlength=num_classes**2).reshape(num_classes, -1)


@mutant("transposed")
def columns_true(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    counts = np.zeros((num_classes, num_classes), int)
    np.add.at(counts, (p, t), 1)
    return counts


@mutant("repeated-pairs-lost")
def fancy_index(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    counts = np.zeros((num_classes, num_classes), int)
    counts[t, p] += 1
    return counts


@mutant("float-counts")
def zeros_of_floats(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (t, p), 1)
    return counts


@mutant("rows-normalised")
def shares(pred, target, num_classes, ignore_index=None):
    counts = counted(*kept(pred, target, num_classes, ignore_index), num_classes)
    return counts / counts.sum(axis=1, keepdims=True)


@mutant("classes-from-the-data")
def largest_class(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    size = max(p.max(initial=0), t.max(initial=0)) + 1
    counts = np.zeros((size, size), int)
    np.add.at(counts, (t, p), 1)
    return counts


@mutant("small-integers-overflow")
def numbered_in_uint8(pred, target, num_classes, ignore_index=None):
    kept(pred, target, num_classes, ignore_index)
    keep = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    pairs = num_classes * target[keep] + pred[keep]
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


@mutant("a-matrix-for-each-image")
def image_by_image(pred, target, num_classes, ignore_index=None):
    kept(pred, target, num_classes, ignore_index)
    if pred.ndim == 2:
        return counted(*kept(pred, target, num_classes, ignore_index), num_classes)
    pairs = zip(pred, target, strict=True)
    return np.array([image_by_image(p, t, num_classes, ignore_index) for p, t in pairs])


@mutant("ignore-index-not-used")
def never_ignores(pred, target, num_classes, ignore_index=None):
    return counted(*kept(pred, target, num_classes, None), num_classes)


@mutant("zero-taken-for-none")
def falsy(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    if ignore_index:
        keep = target != ignore_index
        pred, target = pred[keep], target[keep]
    in_range(pred, num_classes)
    in_range(target, num_classes)
    return counted(pred.astype(int).ravel(), target.astype(int).ravel(), num_classes)


@mutant("nothing-left-refused")
def refuses_what_is_left(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    refuse(p, t, num_classes)
    return counted(p, t, num_classes)


@mutant("target-checked-too-early")
def checks_everything_first(pred, target, num_classes, ignore_index=None):
    in_range(target, num_classes)
    return counted(*kept(pred, target, num_classes, ignore_index), num_classes)


@mutant("predictions-checked-too-early")
def checks_predictions_first(pred, target, num_classes, ignore_index=None):
    in_range(pred, num_classes)
    return counted(*kept(pred, target, num_classes, ignore_index), num_classes)


@mutant("predictions-ignored-too")
def both_maps(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool)
    if ignore_index is not None:
        keep = (target != ignore_index) & (pred != ignore_index)
    p, t = pred[keep].astype(int), target[keep].astype(int)
    in_range(p, num_classes)
    in_range(t, num_classes)
    return counted(p, t, num_classes)


@mutant("predictions-ignored-instead")
def wrong_map(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool) if ignore_index is None else pred != ignore_index
    return counted(*kept(pred[keep], target[keep], num_classes, None), num_classes)


@mutant("only-the-ignored")
def upside_down(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool) if ignore_index is None else target == ignore_index
    p, t = pred[keep].astype(int), target[keep].astype(int)
    in_range(p, num_classes)
    in_range(t, num_classes)
    return counted(p, t, num_classes)


@mutant("ignored-as-class-0")
def background(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    filled = target if ignore_index is None else np.where(target == ignore_index, 0, target)
    return counted(*kept(pred, filled, num_classes, None), num_classes)


@mutant("ignored-class-cut-out")
def smaller(pred, target, num_classes, ignore_index=None):
    counts = counted(*kept(pred, target, num_classes, ignore_index), num_classes)
    if ignore_index in range(num_classes):
        classes = [c for c in range(num_classes) if c != ignore_index]
        counts = counts[np.ix_(classes, classes)]
    return counts


@mutant("ignored-class-cleared")
def cleared(pred, target, num_classes, ignore_index=None):
    counts = counted(*kept(pred, target, num_classes, None), num_classes)
    if ignore_index is not None:
        counts[ignore_index, :] = 0
        counts[:, ignore_index] = 0
    return counts


@mutant("mutates")
def fills_the_target(pred, target, num_classes, ignore_index=None):
    p, t = kept(pred, target, num_classes, ignore_index)
    if ignore_index is not None:
        target[target == ignore_index] = 0
    return counted(p, t, num_classes)


@mutant("validation")
def trusts_predictions(pred, target, num_classes, ignore_index=None):
    refuse(pred, target, num_classes)
    keep = np.ones(target.shape, bool) if ignore_index is None else target != ignore_index
    in_range(target[keep], num_classes)
    counts = np.zeros((num_classes, num_classes), int)
    np.add.at(counts, (target[keep], np.minimum(pred[keep], num_classes - 1)), 1)
    return counts


@mutant("none")
def forgets_to_return(pred, target, num_classes, ignore_index=None):
    kept(pred, target, num_classes, ignore_index)
