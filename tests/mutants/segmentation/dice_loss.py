"""Wrong Dice losses."""

import numpy as np

from tests.bank import mutant


def refuse(p, t, eps):
    if p.shape != t.shape or p.ndim < 2 or p.size == 0 or eps < 0:
        raise ValueError(f"{p.shape}, {t.shape}, {eps} do not fit")
    if p.min() < 0 or p.max() > 1 or not np.isin(t, (0, 1)).all():
        raise ValueError("values out of range")


def sums(values, axis=(-2, -1)):
    return values.sum(axis=axis)


def terms(p, t, axis=(-2, -1)):
    """Return the overlap and the two squares."""
    p, t = p.astype(np.float64), t.astype(np.float64)
    return sums(p * t, axis), sums(p**2, axis), sums(t**2, axis)


def over(axis):
    def loss(probabilities, target, eps):
        refuse(probabilities, target, eps)
        overlap, a, b = terms(probabilities, target, axis)
        return np.mean(1 - (2 * overlap + eps) / (a + b + eps))

    return loss


def of(rule):
    def loss(probabilities, target, eps):
        refuse(probabilities, target, eps)
        return rule(*terms(probabilities, target), eps)

    return loss


global_dice = mutant("all-maps-pooled")(over(None))
batch_dice = mutant("batch-pooled")(over((0, 2, 3)))
image_dice = mutant("classes-pooled")(over((-3, -2, -1)))
four_axes = mutant("axes-by-number")(over((2, 3)))
three_axes = mutant("axes-by-number")(over((1, 2)))
half = mutant("factor-two-lost")(of(lambda o, a, b, e: np.mean(1 - (o + e) / (a + b + e))))
below = mutant("eps-below-only")(of(lambda o, a, b, e: np.mean(1 - 2 * o / (a + b + e))))
above = mutant("eps-above-only")(of(lambda o, a, b, e: np.mean(1 - (2 * o + e) / (a + b))))
without = mutant("eps-not-used")(of(lambda o, a, b, e: np.mean(1 - 2 * o / (a + b))))
twice = mutant("eps-doubled")(of(lambda o, a, b, e: np.mean(1 - 2 * (o + e) / (a + b + e))))
score = mutant("score-for-loss")(of(lambda o, a, b, e: np.mean((2 * o + e) / (a + b + e))))
negated = mutant("minus-score")(of(lambda o, a, b, e: -np.mean((2 * o + e) / (a + b + e))))
added = mutant("summed-over-maps")(of(lambda o, a, b, e: np.sum(1 - (2 * o + e) / (a + b + e))))
each = mutant("a-loss-for-each-map")(of(lambda o, a, b, e: 1 - (2 * o + e) / (a + b + e)))
union = mutant("jaccard-for-dice")(of(lambda o, a, b, e: np.mean(1 - (o + e) / (a + b - o + e))))


@mutant("classes-pooled")
def flattened_images(probabilities, target, eps):
    refuse(probabilities, target, eps)
    p, t = (a.reshape(len(a), -1) for a in (probabilities, target))
    if probabilities.ndim == 2:
        p, t = p.reshape(1, -1), t.reshape(1, -1)
    overlap, total = (p * t).sum(1), (p * p).sum(1) + (t * t).sum(1)
    return float((1 - (2 * overlap + eps) / (total + eps)).mean())


@mutant("denominator-not-squared")
def plain_sums(probabilities, target, eps):
    refuse(probabilities, target, eps)
    overlap, total = sums(probabilities * target), sums(probabilities) + sums(target)
    return np.mean(1 - (2 * overlap + eps) / (total + eps))


@mutant("square-of-the-sum")
def squares_late(probabilities, target, eps):
    refuse(probabilities, target, eps)
    overlap = sums(probabilities * target)
    total = sums(probabilities) ** 2 + sums(target.astype(float)) ** 2
    return np.mean(1 - (2 * overlap + eps) / (total + eps))


@mutant("means-for-sums")
def averages(probabilities, target, eps):
    refuse(probabilities, target, eps)
    p, t = probabilities, target.astype(float)
    overlap = (p * t).mean(axis=(-2, -1))
    total = (p**2).mean(axis=(-2, -1)) + (t**2).mean(axis=(-2, -1))
    return np.mean(1 - (2 * overlap + eps) / (total + eps))


@mutant("thresholded")
def rounded(probabilities, target, eps):
    refuse(probabilities, target, eps)
    overlap, a, b = terms(probabilities > 0.5, target)
    return np.mean(1 - (2 * overlap + eps) / (a + b + eps))


@mutant("softmax-of-probabilities")
def squashed_again(probabilities, target, eps):
    refuse(probabilities, target, eps)
    raised = np.exp(probabilities)
    axis = -3 if probabilities.ndim > 2 else -1
    overlap, a, b = terms(raised / raised.sum(axis=axis, keepdims=True), target)
    return np.mean(1 - (2 * overlap + eps) / (a + b + eps))


@mutant("validation")
def any_target(probabilities, target, eps):
    refuse(probabilities, np.clip(target, 0, 1).round(), eps)
    overlap, a, b = terms(probabilities, target)
    return np.mean(1 - (2 * overlap + eps) / (a + b + eps))
