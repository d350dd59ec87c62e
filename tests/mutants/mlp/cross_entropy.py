"""Wrong cross-entropies."""

import numpy as np

from tests.bank import mutant


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def log_softmax(z):
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def rows(labels):
    return np.arange(len(labels))


@mutant("exp-overflow")
def log_sum_exp_without_shift(logits, labels):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.mean([-np.log(p[i, label]) for i, label in enumerate(labels)])


@mutant("log-of-a-rounded-zero")
def log_after_softmax(logits, labels):
    return -np.log(softmax(logits)[rows(labels), labels]).mean()


@mutant("epsilon-inside-the-log")
def epsilon_added(logits, labels):
    return -np.mean(np.log(softmax(logits)[rows(labels), labels] + 1e-12))


@mutant("epsilon-inside-the-log")
def probabilities_clipped(logits, labels):
    p = np.clip(softmax(logits.astype(float)), 1e-15, 1)
    return -np.mean(np.log(p[rows(labels), labels]))


@mutant("softmax-applied-twice")
def softmax_before_the_loss(logits, labels):
    return -log_softmax(softmax(logits))[rows(labels), labels].mean()


@mutant("summed-not-averaged")
def summed(logits, labels):
    return -log_softmax(logits)[rows(labels), labels].sum()


@mutant("divided-by-the-classes-too")
def mean_of_the_one_hot_product(logits, labels):
    one_hot = np.eye(logits.shape[1])[labels]
    return -np.mean(one_hot * log_softmax(logits))


@mutant("not-averaged")
def one_loss_a_sample(logits, labels):
    return -log_softmax(logits)[rows(labels), labels]


@mutant("sign-lost")
def log_likelihood(logits, labels):
    return log_softmax(logits)[rows(labels), labels].mean()


@mutant("bits-instead-of-nats")
def base_two(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log2(np.exp(shifted).sum(axis=1))
    return (log_sums - shifted[rows(labels), labels] / np.log(2)).mean()


@mutant("all-pairs-indexed")
def columns_instead_of_pairs(logits, labels):
    return np.mean(-log_softmax(logits)[:, labels])


@mutant("binary-loss-a-class")
def binary_cross_entropy(logits, labels):
    p = softmax(logits)
    t = (labels[:, None] == np.arange(logits.shape[1])).astype(float)
    return np.mean(np.sum(-t * np.log(p) - (1 - t) * np.log(1 - p), axis=1))


@mutant("squared-error")
def brier(logits, labels):
    t = np.zeros(logits.shape)
    t[rows(labels), labels] = 1
    return np.sum((t - softmax(logits)) ** 2) / len(labels)


@mutant("predicted-instead-of-true")
def argmax_instead_of_label(logits, labels):
    predicted = np.argmax(logits, axis=1)
    return -log_softmax(logits)[rows(labels), predicted].mean()


@mutant("mutates")
def shifted_in_place(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(logits).sum(axis=1)) - logits[rows(labels), labels]).mean()


@mutant("validation")
def negative_labels_count_from_the_end(logits, labels):
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != logits.shape[:1]:
        raise ValueError("shapes do not fit")
    if not np.issubdtype(labels.dtype, np.integer) or labels.max() >= logits.shape[1]:
        raise ValueError("labels must be classes")
    return -log_softmax(logits)[rows(labels), labels].mean()


@mutant("validation")
def index_error_left_alone(logits, labels):
    return -log_softmax(logits)[rows(labels), labels].mean()
