"""Wrong mixups."""

import numpy as np

from tests.bank import mutant


def refuse(x, y, alpha):
    if alpha <= 0:
        raise ValueError(f"alpha must be above 0, got {alpha}")
    if y.ndim != 2 or len(x) != len(y) or len(x) == 0:
        raise ValueError(f"x and y must have the same number of rows, got {x.shape}, {y.shape}")


def blend(a, lam, partner):
    return lam * a + (1 - lam) * a[partner]


@mutant("labels-not-mixed")
def images_alone(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    return blend(x, rng.beta(alpha, alpha), rng.permutation(len(x))), y_onehot.copy()


@mutant("other-weight-for-the-labels")
def drawn_twice(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    partner = rng.permutation(len(x))
    return tuple(blend(a, rng.beta(alpha, alpha), partner) for a in (x, y_onehot))


@mutant("other-weight-for-the-labels")
def labels_the_other_way(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, 1 - lam, partner)


@mutant("other-partners-for-the-labels")
def shuffled_twice(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam = rng.beta(alpha, alpha)
    return tuple(blend(a, lam, rng.permutation(len(x))) for a in (x, y_onehot))


@mutant("weight-for-each-image")
def many_weights(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, alpha, size=len(x)), rng.permutation(len(x))
    wide = lam.reshape(-1, *[1] * (x.ndim - 1)).astype(x.dtype)
    tall = lam[:, None].astype(y_onehot.dtype)
    return blend(x, wide, partner), blend(y_onehot, tall, partner)


@mutant("uniform-weight")
def alpha_ignored(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.uniform(), rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("beta-alpha-one")
def one_parameter(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, 1), rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("larger-half")
def own_image_dominates(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam = rng.beta(alpha, alpha)
    lam, partner = max(lam, 1 - lam), rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("weight-fixed")
def averages(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    partner = rng.permutation(len(x))
    return (x + x[partner]) / 2, (y_onehot + y_onehot[partner]) / 2


@mutant("partners-with-repeats")
def drawn_with_replacement(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, alpha), rng.choice(len(x), size=len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("partners-fixed")
def reversed_batch(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam = rng.beta(alpha, alpha)
    return tuple(lam * a + (1 - lam) * a[::-1] for a in (x, y_onehot))


@mutant("partners-fixed")
def rolled_batch(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam = rng.beta(alpha, alpha)
    return tuple(lam * a + (1 - lam) * np.roll(a, 1, axis=0) for a in (x, y_onehot))


@mutant("shares-do-not-sum-to-one")
def lam_twice(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return lam * (x + x[partner]), lam * (y_onehot + y_onehot[partner])


@mutant("global-generator")
def np_random(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = np.random.beta(alpha, alpha), np.random.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("own-generator")
def default_rng_inside(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    rng = np.random.default_rng()
    lam, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("same-draws-every-time")
def seeded_inside(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    rng = np.random.default_rng(1)
    lam, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("weight-fixed")
def fixed_by_alpha(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = alpha / 5, rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("type")
def images_only(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    return blend(x, rng.beta(alpha, alpha), rng.permutation(len(x)))


@mutant("mutates")
def shuffled_in_place(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, alpha), rng.permutation(len(x))
    mixed = blend(y_onehot, lam, partner)
    x *= lam
    x += (1 - lam) / lam * x[partner]
    return x, mixed


@mutant("dtype")
def lam_in_an_array(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, alpha)
    lam, partner = rng.beta(alpha, alpha, size=1)[0], rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)


@mutant("validation")
def any_alpha(x, y_onehot, alpha, rng):
    refuse(x, y_onehot, 1.0)
    lam = rng.beta(alpha, alpha) if alpha > 0 else 1.0
    partner = rng.permutation(len(x))
    return blend(x, lam, partner), blend(y_onehot, lam, partner)
