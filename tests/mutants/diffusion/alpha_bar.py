"""Wrong shares of signal."""

import numpy as np

from tests.bank import mutant


def refuse(betas):
    if betas.ndim != 1 or not len(betas) or not ((betas > 0) & (betas < 1)).all():
        raise ValueError(f"betas must be numbers in (0, 1) on one axis, got {betas}")


def after_one(products):
    out = np.ones(len(products) + 1, products.dtype)
    out[1:] = products
    return out


@mutant("leading-one-missing")
def only_the_products(betas):
    refuse(betas)
    return np.cumprod(1 - betas)


@mutant("last-step-missing")
def as_long_as_betas(betas):
    refuse(betas)
    out = np.ones_like(betas)
    for t in range(1, len(betas)):
        out[t] = out[t - 1] * (1 - betas[t - 1])
    return out


@mutant("one-at-the-end")
def appended(betas):
    refuse(betas)
    return np.append(np.cumprod(1 - betas), betas.dtype.type(1))


@mutant("zero-in-front")
def padded_with_zero(betas):
    refuse(betas)
    return np.pad(np.cumprod(1 - betas), (1, 0))


@mutant("first-step-twice")
def padded_with_its_edge(betas):
    refuse(betas)
    return np.pad(np.cumprod(1 - betas), (1, 0), mode="edge")


@mutant("sum-for-product")
def losses_added(betas):
    refuse(betas)
    return after_one(1 - np.cumsum(betas))


@mutant("exponential-of-the-sum")
def of_small_betas(betas):
    refuse(betas)
    return after_one(np.exp(-betas.cumsum()))


@mutant("betas-multiplied")
def product_of_betas(betas):
    refuse(betas)
    return after_one(betas.cumprod())


@mutant("alphas-not-multiplied")
def single_steps(betas):
    refuse(betas)
    return after_one(1 - betas)


@mutant("root-taken")
def factors_of_x0(betas):
    refuse(betas)
    return np.sqrt(after_one(np.cumprod(1 - betas)))


@mutant("share-of-noise")
def noise(betas):
    refuse(betas)
    return 1 - after_one(np.cumprod(1 - betas))


@mutant("share-of-noise")
def noise_after_one(betas):
    refuse(betas)
    return after_one(1 - np.cumprod(1 - betas))


@mutant("product-from-the-end")
def backwards(betas):
    refuse(betas)
    return after_one(np.cumprod(1 - betas[::-1]))


@mutant("one-number")
def whole_product(betas):
    refuse(betas)
    return np.prod(1 - betas)


@mutant("dtype")
def float64_in_front(betas):
    refuse(betas)
    return np.concatenate([[1.0], np.cumprod(1 - betas)])


@mutant("mutates")
def turns_betas_into_alphas(betas):
    refuse(betas)
    np.subtract(1, betas, out=betas)
    return after_one(betas.cumprod())


@mutant("type")
def a_list(betas):
    refuse(betas)
    return after_one(np.cumprod(1 - betas)).tolist()


@mutant("validation")
def any_betas(betas):
    return after_one(np.cumprod(1 - betas))


@mutant("validation")
def negative_betas(betas):
    if betas.ndim != 1 or not len(betas) or betas.max() >= 1:
        raise ValueError("betas must be below 1")
    return after_one(np.cumprod(1 - betas))
