"""Wrong schedules."""

import math

import numpy as np

from tests.bank import mutant


def half_cosine(s):
    return 0.5 * (1 + math.cos(math.pi * s))


@mutant("no-warm-up")
def cosine_only(t, total, warmup, lr_max):
    return lr_max * half_cosine(min(t, total) / total)


@mutant("held-during-the-warm-up")
def flat_then_cosine(t, total, warmup, lr_max):
    if t >= total:
        return 0.0
    s = max(t - warmup, 0) / (total - warmup) if total > warmup else 0
    return lr_max * half_cosine(s)


@mutant("warm-up-one-step-ahead")
def never_zero_at_first(t, total, warmup, lr_max):
    if t < warmup:
        return (t + 1) * lr_max / warmup
    if t >= total:
        return 0.0
    return lr_max * half_cosine((t - warmup) / (total - warmup))


@mutant("decay-counted-from-zero")
def jump_at_the_end_of_the_warmup(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * half_cosine(min(t / total, 1))


@mutant("decay-too-long")
def not_zero_at_total(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * half_cosine(min((t - warmup) / total, 1))


@mutant("decay-too-long")
def cut_off_at_total(t, total, warmup, lr_max):
    if t >= total:
        return 0.0
    return lr_max * t / warmup if t < warmup else lr_max * half_cosine((t - warmup) / total)


@mutant("rises-again")
def no_end(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * half_cosine((t - warmup) / (total - warmup))


@mutant("linear-decay")
def triangle(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * (total - t) / (total - warmup) if t < total else 0.0


@mutant("quarter-cosine")
def to_a_right_angle(t, total, warmup, lr_max):
    if t >= total:
        return 0.0
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * np.cos(0.5 * np.pi * (t - warmup) / (total - warmup))


@mutant("whole-cosine")
def full_turn(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return lr_max * 0.5 * (1 + np.cos(2 * np.pi * (t - warmup) / (total - warmup)))


@mutant("half-forgotten")
def twice_the_top(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return lr_max * (1 + math.cos(math.pi * (t - warmup) / (total - warmup)))


@mutant("negative-rate")
def bare_cosine(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * math.cos(math.pi * (t - warmup) / (total - warmup)) if t < total else 0.0


@mutant("nothing-left-to-decay")
def clipped_share(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * half_cosine(min(1, (t - warmup) / (total - warmup)))


@mutant("warm-up-of-zero-steps")
def ramp_first(t, total, warmup, lr_max):
    ramp = min(1.0, t / warmup)
    if ramp < 1:
        return lr_max * ramp
    return lr_max * half_cosine((t - warmup) / (total - warmup)) if t < total else 0.0


@mutant("warm-up-too-short")
def as_linspace_has_it(t, total, warmup, lr_max):
    if t < warmup:
        return float(np.linspace(0, lr_max, warmup)[t])
    return lr_max * half_cosine((t - warmup) / (total - warmup)) if t < total else 0.0


@mutant("decay-not-shifted")
def numerator_from_zero(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return lr_max * half_cosine(t / (total - warmup))


@mutant("decay-too-short")
def down_at_the_last_step(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return lr_max * half_cosine((t - warmup) / (total - 1 - warmup))


@mutant("cosine-upside-down")
def climbs(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return lr_max * (1 - math.cos(math.pi * (t - warmup) / (total - warmup))) / 2


@mutant("pi-forgotten")
def one_radian(t, total, warmup, lr_max):
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return lr_max * (1 + math.cos((t - warmup) / (total - warmup))) / 2


@mutant("type")
def as_a_list(t, total, warmup, lr_max):
    if t < warmup:
        return [lr_max * t / warmup]
    return [lr_max * half_cosine((t - warmup) / (total - warmup)) if t < total else 0.0]


@mutant("validation")
def any_numbers(t, total, warmup, lr_max):
    if total < 1 or t < 0:
        raise ValueError("t and total must be in range")
    if t >= total:
        return 0.0
    if t < warmup:
        return lr_max * t / warmup
    return lr_max * half_cosine((t - warmup) / (total - warmup))


@mutant("decay-counted-from-zero")
def cosine_of_the_whole_time(t, total, warmup, lr_max):
    return lr_max * (t / warmup if t < warmup else half_cosine(t / total))
