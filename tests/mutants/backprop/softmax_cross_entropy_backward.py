"""Wrong gradients of softmax cross-entropy."""

import numpy as np

from tests.bank import mutant


def softmax(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@mutant("not-divided-by-batch")
def gradient_of_the_sum(logits, labels):
    p = softmax(logits)
    p[np.arange(len(p)), labels] -= 1
    return p


@mutant("divided-by-all-entries")
def mean_over_everything(logits, labels):
    p = softmax(logits)
    p[np.arange(len(p)), labels] -= 1
    return p / p.size


@mutant("divided-by-classes")
def divides_by_wrong_axis(logits, labels):
    p = softmax(logits)
    p[np.arange(len(p)), labels] -= 1
    return p / logits.shape[-1]


@mutant("sign-swapped")
def onehot_minus_p(logits, labels):
    y = np.zeros_like(logits)
    y[np.arange(len(y)), labels] = 1
    return (y - softmax(logits)) / len(y)


@mutant("label-not-subtracted")
def probabilities(logits, labels):
    return softmax(logits) / logits.shape[0]


@mutant("one-subtracted-everywhere")
def subtracts_a_scalar(logits, labels):
    return (softmax(logits) - 1) / logits.shape[0]


@mutant("one-subtracted-in-whole-columns")
def colon_instead_of_arange(logits, labels):
    p = softmax(logits)
    p[:, labels] -= 1
    return p / logits.shape[0]


@mutant("only-the-true-class")
def gradient_of_the_true_class_only(logits, labels):
    rows = np.arange(len(labels))
    grad = np.zeros_like(logits)
    grad[rows, labels] = softmax(logits)[rows, labels] - 1
    return grad / len(labels)


@mutant("softmax-over-the-batch")
def softmax_down_the_columns(logits, labels):
    p = softmax(logits, axis=0)
    p[np.arange(len(p)), labels] -= 1
    return p / len(p)


@mutant("logits-for-probabilities")
def forgets_the_softmax(logits, labels):
    grad = logits.copy()
    grad[np.arange(len(grad)), labels] -= 1
    return grad / len(grad)


@mutant("sigmoid-derivative-added")
def chain_rule_once_too_often(logits, labels):
    p = softmax(logits)
    y = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return (p - y) * p * (1 - p) / len(p)


@mutant("no-max-subtraction")
def naive_softmax(logits, labels):
    e = np.exp(logits)
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), labels] -= 1
    return p / len(p)


@mutant("onehot-in-float64")
def onehot_in_float64(logits, labels):
    return (softmax(logits) - np.eye(logits.shape[1])[labels]) / len(logits)


@mutant("mutates")
def works_in_place(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    logits[np.arange(len(logits)), labels] -= 1
    logits /= len(logits)
    return logits


@mutant("validation")
def negative_labels_wrap_around(logits, labels):
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not len(logits):
        raise ValueError("shapes do not fit")
    p = softmax(logits)
    try:
        p[np.arange(len(p)), labels] -= 1
    except IndexError as error:
        raise ValueError("labels must be classes") from error
    return p / len(p)
