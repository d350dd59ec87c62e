"""Wrong smoothed labels."""

import numpy as np

from tests.bank import mutant


def refuse(labels, num_classes, eps):
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be (B,) ints, got {labels}")
    if num_classes < 1 or labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(f"labels must be in 0..{num_classes - 1}")
    if not 0 <= eps <= 1:
        raise ValueError(f"eps must be in [0, 1], got {eps}")


def onehot(labels, num_classes):
    return np.eye(num_classes)[labels]


@mutant("label-left-out")
def two_values(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    out = np.full((len(labels), num_classes), eps / num_classes)
    out[np.arange(len(labels)), labels] = 1 - eps
    return out


@mutant("spread-over-the-others")
def others_only(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    out = np.full((len(labels), num_classes), eps / (num_classes - 1))
    out[np.arange(len(labels)), labels] = 1 - eps
    return out


@mutant("label-not-lowered")
def added_on_top(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return onehot(labels, num_classes) + eps / num_classes


@mutant("not-divided-by-classes")
def whole_eps(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return onehot(labels, num_classes) * (1 - eps) + eps


@mutant("shares-swapped")
def swapped(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    uniform = np.ones(num_classes) / num_classes
    return eps * onehot(labels, num_classes) + (1 - eps) * uniform


@mutant("only-scaled")
def nothing_spread(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return onehot(labels, num_classes) * (1 - eps)


@mutant("not-smoothed")
def plain_onehot(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return onehot(labels, num_classes)


@mutant("eps-for-every-other")
def eps_each(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    out = np.full((len(labels), num_classes), eps)
    out[np.arange(len(labels)), labels] = 1 - eps * (num_classes - 1)
    return out


@mutant("dtype")
def half_the_precision(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return ((1 - eps) * onehot(labels, num_classes) + eps / num_classes).astype(np.float32)


@mutant("shape")
def classes_first(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return ((1 - eps) * onehot(labels, num_classes) + eps / num_classes).T


@mutant("type")
def nested_lists(labels, num_classes, eps):
    refuse(labels, num_classes, eps)
    return ((1 - eps) * onehot(labels, num_classes) + eps / num_classes).tolist()


@mutant("validation")
def any_eps(labels, num_classes, eps):
    refuse(labels, num_classes, 0.5)
    return (1 - eps) * onehot(labels, num_classes) + eps / num_classes


@mutant("validation")
def numpy_indexing_wraps(labels, num_classes, eps):
    if not 0 <= eps <= 1 or labels.ndim != 1 or labels.size == 0 or labels.dtype.kind == "f":
        raise ValueError("bad input")
    return (1 - eps) * np.eye(max(num_classes, 1))[labels % num_classes] + eps / num_classes
