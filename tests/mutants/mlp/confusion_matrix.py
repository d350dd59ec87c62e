"""Wrong confusion matrices."""

import numpy as np

from tests.bank import mutant


def counts(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    for i, j in zip(labels, predictions, strict=True):
        matrix[i, j] += 1
    return matrix


@mutant("transposed")
def rows_predicted(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(matrix, (predictions, labels), 1)
    return matrix


@mutant("repeated-pairs-lost")
def indexed_addition(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    matrix[labels, predictions] += 1
    return matrix


@mutant("float-counts")
def zeros_without_dtype(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes))
    for i, j in zip(labels, predictions, strict=True):
        matrix[i, j] += 1
    return matrix


@mutant("rows-normalised")
def normalised_rows(labels, predictions, num_classes):
    matrix = counts(labels, predictions, num_classes)
    return matrix / matrix.sum(1)[:, None]


@mutant("all-normalised")
def frequencies(labels, predictions, num_classes):
    return counts(labels, predictions, num_classes) / len(labels)


@mutant("classes-from-the-data")
def size_from_unique(labels, predictions, num_classes):
    seen = max(np.max(labels), np.max(predictions)) + 1
    return counts(labels, predictions, int(seen))


@mutant("only-the-correct")
def hits_only(labels, predictions, num_classes):
    right = labels == predictions
    return np.diag(np.bincount(labels[right], minlength=num_classes))


@mutant("only-the-errors")
def errors_only(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    for i, j in zip(labels, predictions, strict=True):
        if i != j:
            matrix[i, j] += 1
    return matrix


@mutant("value")
def last_sample_missed(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    for n in range(len(labels) - 1):
        matrix[labels[n], predictions[n]] += 1
    return matrix


@mutant("type")
def nested_lists(labels, predictions, num_classes):
    return counts(labels, predictions, num_classes).tolist()


@mutant("exception")
def one_based(labels, predictions, num_classes):
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    for i, j in zip(labels, predictions, strict=True):
        matrix[i + 1, j + 1] += 1
    return matrix


@mutant("validation")
def negative_classes_wrap(labels, predictions, num_classes):
    if labels.ndim != 1 or labels.shape != predictions.shape or len(labels) == 0:
        raise ValueError("shapes do not fit")
    if num_classes < 1 or labels.dtype.kind not in "iu":
        raise ValueError("classes must be integers")
    if max(labels.max(), predictions.max()) >= num_classes:
        raise ValueError("class out of range")
    return counts(labels, predictions, num_classes)
