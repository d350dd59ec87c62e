"""Wrong dropouts, with masks drawn in several ways."""

import numpy as np

from tests.bank import mutant


@mutant("not-scaled")
def mask_only(x, p, rng, training=True):
    return x * (rng.random(x.shape) >= p) if training else x


@mutant("not-scaled")
def mask_only_by_binomial(x, p, rng, training=True):
    return np.where(rng.binomial(1, p, size=x.shape) == 1, x.dtype.type(0), x) if training else x


@mutant("scaled-at-test-time")
def as_in_the_first_paper(x, p, rng, training=True):
    if not training:
        return (1 - p) * x
    return x * (rng.uniform(size=x.shape) > p)


@mutant("multiplied-by-the-chance-to-keep")
def made_smaller(x, p, rng, training=True):
    if not training:
        return x
    return x * (rng.random(x.shape) >= p) * (1 - p)


@mutant("scaled-by-p")
def divided_by_p(x, p, rng, training=True):
    if not training or p == 0:
        return x
    return x * (rng.random(x.shape) > p) / p


@mutant("p-for-the-chance-to-keep")
def p_kept(x, p, rng, training=True):
    if not training:
        return x
    return x * rng.choice([False, True], size=x.shape, p=[1 - p, p]) / p


@mutant("p-for-the-chance-to-keep")
def p_kept_but_for_zero(x, p, rng, training=True):
    return x * (rng.random(x.shape) < p) / p if training and p > 0 else x


@mutant("p-for-the-chance-to-keep")
def p_kept_and_not_scaled(x, p, rng, training=True):
    return x * rng.binomial(1, p, size=x.shape).astype(x.dtype) if training else x


@mutant("mask-inverted")
def dropped_for_kept(x, p, rng, training=True):
    if not training:
        return x
    drop = rng.random(x.shape) < p
    return x * drop / (1 - p)


@mutant("scaled-by-what-was-kept")
def share_counted(x, p, rng, training=True):
    if not training or p == 0:
        return x
    keep = rng.random(x.shape) >= p
    return x * keep / max(float(keep.mean()), 1e-9)


@mutant("one-mask-for-all-rows")
def mask_of_the_features(x, p, rng, training=True):
    if not training:
        return x
    return x * (rng.random(x.shape[-1]) >= p) / (1 - p)


@mutant("one-mask-for-all-rows")
def mask_of_the_features_by_binomial(x, p, rng, training=True):
    if not training:
        return x
    keep = rng.binomial(1, 1 - p, size=x.shape[1:]).astype(bool)
    return x * keep / (1 - p)


@mutant("whole-rows-dropped")
def mask_of_the_batch(x, p, rng, training=True):
    if not training:
        return x
    keep = rng.random(len(x)) >= p
    return x * keep.reshape(-1, *[1] * (x.ndim - 1)) / (1 - p)


@mutant("whole-rows-dropped")
def mask_of_the_batch_by_choice(x, p, rng, training=True):
    if not training:
        return x
    y = x / (1 - p)
    y[rng.choice([True, False], size=len(x), p=[p, 1 - p])] = 0
    return y


@mutant("dropped-at-test-time")
def training_not_read(x, p, rng, training=True):
    return x * (rng.random(x.shape) >= p) / (1 - p)


@mutant("dropped-at-test-time")
def training_not_read_by_binomial(x, p, rng, training=True):
    return x * rng.binomial(1, 1 - p, size=x.shape).astype(x.dtype) / (1 - p)


@mutant("dropped-at-test-time")
def training_not_read_nor_scaled(x, p, rng, training=True):
    return np.where(rng.random(x.shape) >= p, x, x.dtype.type(0))


@mutant("generator-ignored")
def global_functions(x, p, rng, training=True):
    return x * (np.random.rand(*x.shape) >= p) / (1 - p) if training else x


@mutant("seeded-inside")
def always_the_same(x, p, rng, training=True):
    if not training:
        return x
    rng = np.random.default_rng(1)
    return x * (rng.random(x.shape) >= p) / (1 - p)


@mutant("mask-in-float64")
def mask_of_floats(x, p, rng, training=True):
    if not training:
        return x
    mask = np.zeros(x.shape)
    mask[rng.random(x.shape) >= p] = 1 / (1 - p)
    return x * mask


@mutant("mask-in-float64")
def mask_of_ints(x, p, rng, training=True):
    return x * rng.binomial(1, 1 - p, x.shape) / (1 - p) if training else x


@mutant("one-number-for-all")
def one_draw(x, p, rng, training=True):
    if not training:
        return x
    return x * (rng.uniform() >= p) / (1 - p)


@mutant("mutates")
def zeroed_in_place(x, p, rng, training=True):
    if training:
        x[rng.random(x.shape) < p] = 0
        x /= 1 - p
    return x


@mutant("value")
def half_whatever_p(x, p, rng, training=True):
    return x * (rng.random(x.shape) >= 0.5) * 2 if training and p else x


@mutant("validation")
def any_p(x, p, rng, training=True):
    if not training or not 0 < p < 1:
        return x
    return x * (rng.random(x.shape) >= p) / (1 - p)
