"""Right guidance, written differently."""

import numpy as np

from tests.bank import variant


def refuse(eps_cond, eps_uncond):
    if eps_cond.shape != eps_uncond.shape:
        raise ValueError(f"eps_uncond must be {eps_cond.shape}, got {eps_uncond.shape}")


@variant
def plain(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_uncond + scale * (eps_cond - eps_uncond)


@variant
def two_weights(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return scale * eps_cond + (1 - scale) * eps_uncond


@variant
def from_the_condition(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_cond + (scale - 1) * (eps_cond - eps_uncond)


@variant
def stacked(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    weights = np.array([scale, 1 - scale], dtype=eps_cond.dtype)
    return np.tensordot(weights, np.stack([eps_cond, eps_uncond]), axes=1)


@variant
def loops(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    out = np.empty_like(eps_cond)
    for index in np.ndindex(out.shape):
        out[index] = eps_uncond[index] + scale * (eps_cond[index] - eps_uncond[index])
    return out
