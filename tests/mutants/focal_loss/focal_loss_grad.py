"""Wrong gradients of the focal loss: all compute p, q and log p without overflow unless said."""

import numpy as np

from tests.bank import mutant


def refuse(logits, targets, gamma, alpha):
    if logits.shape != targets.shape or not np.isin(targets, (0, 1)).all():
        raise ValueError("targets must be 0 or 1, in the shape of the logits")
    if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
        raise ValueError(f"gamma must be at least 0, alpha in [0, 1], got {gamma}, {alpha}")


def pieces(logits, targets):
    """Return p_t, 1 - p_t and log p_t in the dtype of the logits."""
    u = np.where(targets == 1, logits, -logits)
    small = np.exp(-np.abs(u))
    p_t = np.where(u >= 0, 1 / (1 + small), small / (1 + small))
    q_t = np.where(u >= 0, small / (1 + small), 1 / (1 + small))
    return p_t, q_t, np.minimum(u, 0) - np.log1p(small)


def scale(logits, targets, alpha):
    """Return the weight with the sign of the chain rule, in the dtype of the logits."""
    a = np.ones(targets.shape) if alpha is None else np.where(targets == 1, alpha, 1 - alpha)
    return (np.where(targets == 1, 1, -1) * a).astype(logits.dtype)


def right(logits, targets, gamma, alpha):
    p, q, log_p = pieces(logits, targets)
    return scale(logits, targets, alpha) * q**gamma * (gamma * p * log_p - q)


@mutant("factor-held-constant")
def modulated_cross_entropy(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q, _ = pieces(logits, targets)
    return scale(logits, targets, alpha) * q**gamma * -q


@mutant("factor-held-constant")
def p_minus_t_times_the_factor(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, t = pieces(logits, np.ones_like(targets))[0], targets.astype(logits.dtype)
    p_t = t * p + (1 - t) * (1 - p)
    a = 1 if alpha is None else t * alpha + (1 - t) * (1 - alpha)
    return a * (1 - p_t) ** gamma * (p - t)


@mutant("logarithm-held-constant")
def factor_alone(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    return scale(logits, targets, alpha) * gamma * q**gamma * p * log_p


@mutant("terms-of-opposite-sign")
def a_sign_too_many(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    return -scale(logits, targets, alpha) * q**gamma * (gamma * p * log_p + q)


@mutant("gamma-left-up")
def gamma_not_brought_down(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    return scale(logits, targets, alpha) * q**gamma * (p * log_p - q)


@mutant("inner-derivative-missing")
def derivative_by_p_t(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    return scale(logits, targets, alpha) * (gamma * q ** (gamma - 1) * log_p - q**gamma / p)


@mutant("chain-rule-half")
def p_forgotten(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    _, q, log_p = pieces(logits, targets)
    return scale(logits, targets, alpha) * q**gamma * (gamma * log_p - q)


@mutant("gamma-ignored")
def cross_entropy(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = pieces(logits, np.ones_like(targets))[0]
    a = np.abs(scale(logits, targets, alpha))
    return (a * (p - targets)).astype(logits.dtype)


@mutant("gamma-on-p")
def hard_ones_silenced(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    return scale(logits, targets, alpha) * p**gamma * (-gamma * q * log_p - q)


@mutant("by-the-signed-logit")
def sign_of_negatives_forgotten(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    return np.abs(scale(logits, targets, alpha)) * q**gamma * (gamma * p * log_p - q)


@mutant("sign-lost")
def downhill(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return -right(logits, targets, gamma, alpha)


@mutant("p-for-p_t")
def all_taken_for_positives(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, np.ones_like(targets))
    return scale(logits, targets, alpha) * q**gamma * (gamma * p * log_p - q)


@mutant("averaged")
def gradient_of_the_mean(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, alpha) / logits.size


@mutant("divided-by-the-positives")
def gradient_of_the_normalised(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, alpha) / max(int(np.sum(targets)), 1)


@mutant("reduced")
def summed(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return np.sum(right(logits, targets, gamma, alpha))


@mutant("alpha-on-the-negatives")
def weights_swapped(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, None if alpha is None else 1 - alpha)


@mutant("alpha-everywhere")
def one_weight(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, None) * (1 if alpha is None else alpha)


@mutant("negatives-unweighted")
def weighs_the_positives(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    a = 1.0 if alpha is None else np.where(targets == 1, alpha, 1.0)
    return right(logits, targets, gamma, None) * a


@mutant("alpha-ignored")
def unweighted(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, None)


@mutant("alpha-none")
def one_minus_none(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, None)
    if not 0 <= (alpha or 0) <= 1:
        raise ValueError("alpha")
    return right(logits, targets, gamma, None) * np.where(targets, alpha, 1 - alpha).astype(
        logits.dtype
    )


@mutant("alpha-zero-is-none")
def alpha_or_none(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, alpha or None)


@mutant("unsigned-targets")
def plus_and_minus_one(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    signs = 2 * targets - 1
    p, q, log_p = pieces((signs * logits).astype(logits.dtype), np.ones_like(targets))
    return scale(logits, targets, alpha) * q**gamma * (gamma * p * log_p - q)


@mutant("power-gamma-minus-1")
def exponent_lowered(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p, q, log_p = pieces(logits, targets)
    inner = gamma * q ** (gamma - 1) * p * q * log_p - q ** (gamma + 1)
    return scale(logits, targets, alpha) * inner


@mutant("zero-times-infinity")
def log_of_the_sigmoid(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = 1 / (1 + np.exp(-logits))
    p_t = np.where(targets == 1, p, 1 - p)
    inner = (1 - p_t) ** gamma * (gamma * p_t * np.log(p_t) - (1 - p_t))
    return scale(logits, targets, alpha) * inner


@mutant("zero-times-infinity")
def log_of_the_sigmoid_of_u(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    u = np.where(targets == 1, logits, -logits)
    p_t = 1 / (1 + np.exp(-u))
    inner = (1 - p_t) ** gamma * (gamma * p_t * np.log(p_t) - (1 - p_t))
    return scale(logits, targets, alpha) * inner


@mutant("epsilon-in-the-log")
def probabilities_clipped(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    p = 1 / (1 + np.exp(-logits))
    p_t = np.clip(np.where(targets == 1, p, 1 - p), 1e-5, 1 - 1e-5)
    inner = (1 - p_t) ** gamma * (gamma * p_t * np.log(p_t) - (1 - p_t))
    return scale(logits, targets, alpha) * inner


@mutant("logits-clipped")
def clipped_at_twenty(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(np.clip(logits, -10, 10), targets, gamma, alpha)


@mutant("dtype")
def weights_in_float64(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    return right(logits, targets, gamma, alpha) * np.ones(logits.shape)


@mutant("mutates")
def turns_the_logits(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, gamma, alpha)
    factor = scale(logits, targets, alpha)
    logits *= np.where(targets == 1, 1, -1).astype(logits.dtype)
    p, q, log_p = pieces(logits, np.ones_like(targets))
    return factor * q**gamma * (gamma * p * log_p - q)


@mutant("validation")
def any_gamma(logits, targets, gamma=2.0, alpha=0.25):
    refuse(logits, targets, 1.0, alpha)
    return right(logits, targets, gamma, alpha)


@mutant("validation")
def shapes_that_broadcast(logits, targets, gamma=2.0, alpha=0.25):
    refuse(targets, targets, gamma, alpha)
    return right(logits, targets, gamma, alpha)
