"""Wrong focal losses of an image."""

import numpy as np

from tests.bank import mutant


def each(logits, targets, gamma, alpha):
    """Return the right loss of each element, in float64."""
    if logits.shape != targets.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError("targets must be 0 or 1, in the shape of the logits")
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma must be at least 0, alpha in [0, 1], got {gamma}, {alpha}")
    u = np.where(targets == 1, logits, -logits).astype(np.float64)
    small = np.exp(-np.abs(u))
    q_t = np.where(u >= 0, small / (1 + small), 1 / (1 + small))
    a = 1.0 if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return a * q_t**gamma * (np.maximum(-u, 0) + np.log1p(small))


@mutant("mean-of-all")
def mean(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).mean()


@mutant("summed")
def total(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).sum()


@mutant("not-summed")
def one_a_row(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha) / np.maximum(np.sum(targets), 1)


@mutant("not-summed")
def undivided_and_unsummed(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha)


@mutant("no-positives")
def divides_by_zero(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).sum() / (targets == 1).sum()


@mutant("no-positives")
def divides_by_zero_in_python(logits, targets, gamma=2.0, alpha=0.25):
    return float(each(logits, targets, gamma, alpha).sum()) / int(targets.sum())


@mutant("zero-without-positives")
def background_is_free(logits, targets, gamma=2.0, alpha=0.25):
    loss = each(logits, targets, gamma, alpha)
    return float(loss.sum() / targets.sum()) if targets.any() else 0.0


@mutant("one-added")
def plus_one(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).sum() / (np.count_nonzero(targets) + 1)


@mutant("positives-only")
def sums_the_positives(logits, targets, gamma=2.0, alpha=0.25):
    positive = targets == 1
    return each(logits, targets, gamma, alpha)[positive].sum() / max(positive.sum(), 1)


@mutant("negatives-counted")
def counts_zeros(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).sum() / max((targets == 0).sum(), 1)


@mutant("each-side-by-its-own-count")
def two_means(logits, targets, gamma=2.0, alpha=0.25):
    loss, total_ = each(logits, targets, gamma, alpha), 0.0
    for kind in (0, 1):
        chosen = targets == kind
        if chosen.any():
            total_ += loss[chosen].mean()
    return total_


@mutant("divided-by-the-rows")
def mean_of_the_batch(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).sum() / len(targets)


@mutant("row-by-row")
def image_by_image(logits, targets, gamma=2.0, alpha=0.25):
    loss = each(logits, targets, gamma, alpha).reshape(len(targets), -1)
    counts = (targets == 1).reshape(len(targets), -1).sum(axis=1)
    return (loss.sum(axis=1) / np.maximum(counts, 1)).mean()


@mutant("divided-by-the-weights")
def weighted_mean(logits, targets, gamma=2.0, alpha=0.25):
    a = np.ones(targets.shape) if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return (each(logits, targets, gamma, alpha)).sum() / a.sum()


@mutant("last-axis-summed")
def one_axis(logits, targets, gamma=2.0, alpha=0.25):
    return each(logits, targets, gamma, alpha).sum(axis=-1) / max((targets == 1).sum(), 1)


@mutant("settings-not-passed-on")
def defaults_inside(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, alpha)
    return each(logits, targets, 2.0, 0.25).sum() / max((targets == 1).sum(), 1)


@mutant("settings-not-passed-on")
def gamma_alone_handed_on(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, alpha)
    return each(logits, targets, gamma, 0.25).sum() / max((targets == 1).sum(), 1)


@mutant("alpha-on-the-negatives")
def weights_swapped(logits, targets, gamma=2.0, alpha=0.25):
    loss = each(logits, targets, gamma, alpha)
    if alpha is not None:
        loss = each(logits, targets, gamma, 1 - alpha)
    return loss.sum() / max((targets == 1).sum(), 1)


@mutant("alpha-everywhere")
def one_weight(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, alpha)
    loss = each(logits, targets, gamma, None) * (1 if alpha is None else alpha)
    return loss.sum() / max((targets == 1).sum(), 1)


@mutant("gamma-on-p")
def hard_ones_silenced(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, alpha)
    p_t = np.exp(-each(logits, targets, 0.0, None))
    loss = p_t**gamma * each(logits, targets, 0.0, alpha)
    return loss.sum() / max((targets == 1).sum(), 1)


@mutant("log-of-a-rounded-zero")
def log_of_the_sigmoid(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, alpha)
    p = 1 / (1 + np.exp(-logits))
    p_t = np.where(targets == 1, p, 1 - p)
    a = 1.0 if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return (-a * (1 - p_t) ** gamma * np.log(p_t)).sum() / max((targets == 1).sum(), 1)


@mutant("epsilon-in-the-log")
def clipped(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, alpha)
    p = np.clip(1 / (1 + np.exp(-logits.astype(float))), 1e-8, 1 - 1e-8)
    p_t = np.where(targets == 1, p, 1 - p)
    a = 1.0 if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return (-a * (1 - p_t) ** gamma * np.log(p_t)).sum() / max((targets == 1).sum(), 1)


@mutant("mutates")
def turns_the_targets(logits, targets, gamma=2.0, alpha=0.25):
    loss = each(logits, targets, gamma, alpha).sum()
    targets[targets == 0] = 1
    return loss / max(targets.size, 1)


@mutant("validation")
def any_alpha(logits, targets, gamma=2.0, alpha=0.25):
    each(logits, targets, gamma, 0.5)
    a = np.ones(targets.shape) if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return (a * each(logits, targets, gamma, None)).sum() / max((targets == 1).sum(), 1)


@mutant("validation")
def targets_cut_at_one_half(logits, targets, gamma=2.0, alpha=0.25):
    targets = targets > 0.5
    return each(logits, targets, gamma, alpha).sum() / max(targets.sum(), 1)
