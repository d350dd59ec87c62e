"""Wrong guidance."""

import numpy as np

from tests.bank import mutant


def refuse(eps_cond, eps_uncond):
    if eps_cond.shape != eps_uncond.shape:
        raise ValueError(f"eps_uncond must be {eps_cond.shape}, got {eps_uncond.shape}")


@mutant("roles-exchanged")
def towards_the_unconditional(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_cond + scale * (eps_uncond - eps_cond)


@mutant("counted-from-the-condition")
def one_plus_w(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return (1 + scale) * eps_cond - scale * eps_uncond


@mutant("difference-only")
def the_way(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return scale * (eps_cond - eps_uncond)


@mutant("sum-for-difference")
def added(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_uncond + scale * eps_cond


@mutant("difference-turned-round")
def away(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_uncond + scale * (eps_uncond - eps_cond)


@mutant("condition-scaled")
def no_brackets(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return scale * eps_cond - eps_uncond


@mutant("condition-scaled")
def louder(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return scale * eps_cond


@mutant("scale-ignored")
def the_conditional(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_uncond + (eps_cond - eps_uncond)


@mutant("scale-ignored")
def the_mean(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return (eps_uncond + eps_cond) / 2


@mutant("scale-clipped")
def between(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_uncond + min(max(scale, 0), 1) * (eps_cond - eps_uncond)


@mutant("averaged")
def weighted_mean(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return (eps_uncond + scale * eps_cond) / (1 + scale)


@mutant("norm-restored")
def as_long_as_before(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    moved = eps_uncond + scale * (eps_cond - eps_uncond)
    factor = np.sqrt((eps_cond**2).sum() / (moved**2).sum())
    return (factor * moved).astype(moved.dtype)


@mutant("dtype")
def a_scale_of_float64(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    return eps_uncond + np.asarray([scale], dtype=np.float64) * (eps_cond - eps_uncond)


@mutant("mutates")
def moves_the_first(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    eps_cond -= eps_uncond
    return eps_uncond + scale * eps_cond


@mutant("validation")
def shapes_that_broadcast(eps_cond, eps_uncond, scale):
    return eps_uncond + scale * (eps_cond - eps_uncond)


@mutant("none")
def nothing_returned(eps_cond, eps_uncond, scale):
    refuse(eps_cond, eps_uncond)
    eps_uncond + scale * (eps_cond - eps_uncond)
