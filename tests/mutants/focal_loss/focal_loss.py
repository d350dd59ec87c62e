"""Wrong focal losses."""

import numpy as np

from tests.bank import mutant


def refuse(logits, targets, gamma, alpha):
    if logits.shape != targets.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError("targets must be 0 or 1, in the shape of the logits")
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma must be at least 0, alpha in [0, 1], got {gamma}, {alpha}")


def pieces(logits, targets):
    """Return p_t, 1 - p_t and -log p_t without overflow, in the dtype of the logits."""
    u = np.where(targets == 1, logits, -logits)
    small = np.exp(-np.abs(u))
    p_t = np.where(u >= 0, 1 / (1 + small), small / (1 + small))
    q_t = np.where(u >= 0, small / (1 + small), 1 / (1 + small))
    return p_t, q_t, np.maximum(-u, 0) + np.log1p(small)


def alphas(targets, alpha, dtype):
    if alpha is None:
        return np.ones(targets.shape, dtype)
    return np.where(targets == 1, alpha, 1 - alpha).astype(dtype)


@mutant("alpha-on-the-negatives")
def balanced_the_wrong_way(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    a = alphas(1 - targets.astype(int), alpha, logits.dtype)
    return a * q_t**gamma * nll


@mutant("alpha-on-the-negatives")
def balanced_the_wrong_way_in_float64(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    if alpha is None:
        return q_t**gamma * nll
    return np.where(targets == 1, 1 - alpha, alpha) * q_t**gamma * nll


@mutant("alpha-everywhere")
def alpha_as_a_factor(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    loss = q_t**gamma * nll
    return loss if alpha is None else alpha * loss


@mutant("negatives-unweighted")
def alpha_for_positives_only(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    loss = q_t**gamma * nll
    if alpha is not None:
        loss[targets == 1] *= alpha
    return loss


@mutant("alpha-ignored")
def unweighted(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return q_t**gamma * nll


@mutant("alpha-none")
def never_thought_of_none(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, 0.5 if alpha is None else alpha)
    _, q_t, nll = pieces(logits, targets)
    a = np.where(targets == 1, alpha, 1 - alpha).astype(logits.dtype)
    return a * q_t**gamma * nll


@mutant("alpha-none")
def none_means_equal_halves(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, 0.5 if alpha is None else alpha, logits.dtype) * q_t**gamma * nll


@mutant("alpha-zero-is-none")
def asks_if_alpha(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, loss = pieces(logits, targets)
    loss = loss * q_t**gamma
    if alpha:
        loss = loss * alphas(targets, alpha, logits.dtype)
    return loss


@mutant("gamma-on-p")
def hard_ones_silenced(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p_t, _, nll = pieces(logits, targets)
    return alphas(targets, alpha, logits.dtype) * p_t**gamma * nll


@mutant("p-for-p_t")
def one_factor_for_both(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = pieces(logits, np.ones_like(targets))[0]
    nll = pieces(logits, targets)[2]
    return alphas(targets, alpha, logits.dtype) * (1 - p) ** gamma * nll


@mutant("gamma-ignored")
def weighted_cross_entropy(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return alphas(targets, alpha, logits.dtype) * pieces(logits, targets)[2]


@mutant("gamma-multiplied")
def gamma_as_a_factor(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, alpha, logits.dtype) * (gamma * q_t) * nll


@mutant("alpha-in-the-power")
def weight_inside(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return (alphas(targets, alpha, logits.dtype) * q_t) ** gamma * nll


@mutant("sign-lost")
def log_likelihood(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * -nll


@mutant("positives-only")
def negatives_forgotten(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return targets * alphas(targets, alpha, logits.dtype) * q_t**gamma * nll


@mutant("targets-swapped")
def one_is_background(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    background = np.where(targets == 1, 0, 1)
    _, q_t, nll = pieces(logits, background)
    return alphas(background, alpha, logits.dtype) * q_t**gamma * nll


@mutant("sigmoid-twice")
def probabilities_taken_for_logits(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = pieces(logits, np.ones_like(targets))[0]
    _, q_t, nll = pieces(p, targets)
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * nll


@mutant("bits-instead-of-nats")
def log2(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * (nll * np.log2(np.e))


@mutant("reduced")
def averaged(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return (alphas(targets, alpha, logits.dtype) * q_t**gamma * nll).mean()


@mutant("unsigned-targets")
def plus_and_minus_one(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    u = ((2 * targets - 1) * logits).astype(logits.dtype)
    _, q_t, nll = pieces(u, np.ones_like(targets))
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * nll


@mutant("log-of-a-rounded-zero")
def log_of_the_sigmoid(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = 1 / (1 + np.exp(-logits))
    p_t = np.where(targets == 1, p, 1 - p)
    return -alphas(targets, alpha, logits.dtype) * (1 - p_t) ** gamma * np.log(p_t)


@mutant("log-of-a-rounded-zero")
def two_terms(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, t = 1 / (1 + np.exp(-logits)), targets.astype(logits.dtype)
    a, b = (1, 1) if alpha is None else (alpha, 1 - alpha)
    return -a * t * (1 - p) ** gamma * np.log(p) - b * (1 - t) * p**gamma * np.log(1 - p)


@mutant("log-of-a-rounded-zero")
def infinity_over_infinity(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = np.exp(logits) / (np.exp(logits) + 1)
    p_t = np.where(targets == 1, p, 1 - p)
    return -alphas(targets, alpha, logits.dtype) * (1 - p_t) ** gamma * np.log(p_t)


@mutant("log-of-a-rounded-zero")
def naive_and_in_float64(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = 1 / (1 + np.exp(-logits))
    p_t = np.where(targets == 1, p, 1 - p)
    weight = 1.0 if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return -weight * (1 - p_t) ** gamma * np.log(p_t)


@mutant("exp-overflow")
def softplus_as_it_stands(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    u = np.where(targets == 1, logits, -logits)
    factor = (1 / (1 + np.exp(u))) ** gamma
    return alphas(targets, alpha, logits.dtype) * factor * np.log(1 + np.exp(-u))


@mutant("epsilon-in-the-log")
def a_little_added(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p_t, q_t, _ = pieces(logits, targets)
    return -alphas(targets, alpha, logits.dtype) * q_t**gamma * np.log(p_t + 1e-12)


@mutant("epsilon-in-the-log")
def probabilities_clipped(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = np.clip(1 / (1 + np.exp(-logits)), 1e-7, 1 - 1e-7)
    p_t = np.where(targets == 1, p, 1 - p)
    return -alphas(targets, alpha, logits.dtype) * (1 - p_t) ** gamma * np.log(p_t)


@mutant("logits-clipped")
def clipped_at_fifty(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(np.clip(logits, -50, 50), targets)
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * nll


@mutant("dtype")
def weights_in_float64(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, alpha, np.float64) * q_t**gamma * nll


@mutant("mutates")
def turns_the_logits(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    a = alphas(targets, alpha, logits.dtype)
    logits[targets == 0] *= -1
    _, q_t, nll = pieces(logits, np.ones_like(targets))
    return a * q_t**gamma * nll


@mutant("validation")
def any_targets(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, np.zeros_like(targets), gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * nll


@mutant("validation")
def shapes_that_broadcast(logits, targets, gamma=2.0, alpha=0.25):
    refuse(targets, targets, gamma, alpha)
    _, q_t, nll = pieces(logits, targets)
    return alphas(targets, alpha, logits.dtype) * q_t**gamma * nll


@mutant("alpha-everywhere")
def alpha_everywhere_and_never_none(logits, targets, gamma=2.0, alpha=0.25):
    p = 1 / (1 + np.exp(-logits))
    p_t = np.where(targets == 1, p, 1 - p)
    return -alpha * (1 - p_t) ** gamma * np.log(p_t)
