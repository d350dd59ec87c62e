"""Wrong cosine schedules."""

import numpy as np

from tests.bank import mutant


def refuse(T):
    if not isinstance(T, int) or T < 1:
        raise ValueError(f"T must be an int of at least 1, got {T}")


def share(T, s=0.008):
    return np.cos((np.arange(T + 1) / T + s) / (1 + s) * np.pi / 2) ** 2


def clipped(betas):
    return np.clip(betas, None, 0.999)


@mutant("alpha-bars-returned")
def shares(T):
    refuse(T)
    return share(T) / share(T)[0]


@mutant("alpha-bars-returned")
def shares_from_time_1(T):
    refuse(T)
    return (share(T) / share(T)[0])[1:]


@mutant("alphas-returned")
def quotients(T):
    refuse(T)
    f = share(T)
    return f[1:] / f[:-1]


@mutant("not-clipped")
def up_to_one(T):
    refuse(T)
    f = share(T)
    return 1 - f[1:] / f[:-1]


@mutant("clipped-elsewhere")
def one_more_nine(T):
    refuse(T)
    f = share(T)
    return np.minimum(1 - f[1:] / f[:-1], 0.9999)


@mutant("clipped-elsewhere")
def as_the_linear_one(T):
    refuse(T)
    f = share(T)
    return np.minimum(1 - f[1:] / f[:-1], 0.02)


@mutant("clipped-from-below")
def both_sides(T):
    refuse(T)
    f = share(T)
    return np.clip(1 - f[1:] / f[:-1], 1e-4, 0.999)


@mutant("offset-missing")
def no_s(T):
    refuse(T)
    f = share(T, 0.0)
    return clipped(1 - f[1:] / f[:-1])


@mutant("offset-not-divided")
def past_a_quarter(T):
    refuse(T)
    f = np.cos((np.linspace(0, 1, T + 1) + 0.008) * np.pi / 2) ** 2
    return clipped(1 - f[1:] / f[:-1])


@mutant("offset-in-steps")
def a_little_later(T):
    refuse(T)
    f = np.cos((np.arange(T + 1) + 0.008) / (T + 0.008) * np.pi / 2) ** 2
    return clipped(1 - f[1:] / f[:-1])


@mutant("cosine-not-squared")
def plain_cosine(T):
    refuse(T)
    f = np.sqrt(share(T))
    return clipped(1 - f[1:] / f[:-1])


@mutant("angle-doubled")
def half_a_turn(T):
    refuse(T)
    f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi) ** 2
    return clipped(1 - f[1:] / f[:-1])


@mutant("sine-for-cosine")
def sine(T):
    refuse(T)
    f = 1 - share(T)
    return clipped(1 - f[1:] / f[:-1])


@mutant("difference-for-quotient")
def differences(T):
    refuse(T)
    shares = share(T) / share(T)[0]
    return clipped(-np.diff(shares))


@mutant("quotient-turned-round")
def upside_down(T):
    refuse(T)
    f = share(T)
    return clipped(1 - f[:-1] / f[1:])


@mutant("compared-with-the-start")
def since_time_0(T):
    refuse(T)
    return clipped(1 - (share(T) / share(T)[0])[1:])


@mutant("one-time-too-few")
def linspace_of_T(T):
    refuse(T)
    f = np.cos((np.linspace(0, 1, T) + 0.008) / 1.008 * np.pi / 2) ** 2
    return clipped(1 - f[1:] / f[:-1])


@mutant("one-time-too-few")
def range_of_T(T):
    refuse(T)
    f = share(T)[:-1]
    return clipped(1 - f[1:] / f[:-1])


@mutant("first-share-not-divided")
def one_by_decree(T):
    refuse(T)
    f = share(T)
    f[0] = 1
    return clipped(1 - f[1:] / f[:-1])


@mutant("type")
def a_list(T):
    refuse(T)
    f = share(T)
    return clipped(1 - f[1:] / f[:-1]).tolist()


@mutant("validation")
def halves_of_steps(T):
    if T < 1:
        raise ValueError("T must be at least 1")
    f = share(int(T))
    return clipped(1 - f[1:] / f[:-1])


@mutant("validation")
def any_T(T):
    f = share(max(int(T), 1))
    return clipped(1 - f[1:] / f[:-1])
