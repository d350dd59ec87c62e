"""Right confusion matrices, written differently."""

import numpy as np

from tests.bank import variant


def refuse(labels, predictions, num_classes):
    if num_classes < 1 or labels.ndim != 1 or labels.shape != predictions.shape:
        raise ValueError("labels and predictions must be (N,), num_classes at least 1")
    if len(labels) == 0:
        raise ValueError("the batch is empty")
    for classes in (labels, predictions):
        if classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() >= num_classes:
            raise ValueError(f"classes must be integers in 0..{num_classes - 1}")


@variant
def loop(labels, predictions, num_classes):
    refuse(labels, predictions, num_classes)
    matrix = np.zeros((num_classes, num_classes), dtype=np.int32)
    for i, j in zip(labels, predictions, strict=True):
        matrix[i, j] += 1
    return matrix


@variant
def one_hot_product(labels, predictions, num_classes):
    refuse(labels, predictions, num_classes)
    eye = np.eye(num_classes, dtype=int)
    return eye[labels].T @ eye[predictions]


@variant
def comparisons(labels, predictions, num_classes):
    refuse(labels, predictions, num_classes)
    classes = range(num_classes)
    return np.array(
        [[np.sum((labels == i) & (predictions == j)) for j in classes] for i in classes]
    )


@variant
def pair_numbers(labels, predictions, num_classes):
    refuse(labels, predictions, num_classes)
    numbers = num_classes * labels.astype(int) + predictions
    return np.bincount(numbers, minlength=num_classes**2).reshape(num_classes, num_classes)
