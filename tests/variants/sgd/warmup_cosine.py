"""Right schedules, written differently."""

import math

import numpy as np

from tests.bank import variant


def refuse(t, total, warmup):
    if t < 0 or total < 1 or not 0 <= warmup <= total:
        raise ValueError(f"t, total or warmup is out of range: {t}, {total}, {warmup}")


@variant
def branches(t, total, warmup, lr_max):
    refuse(t, total, warmup)
    if t < warmup:
        return lr_max * t / warmup
    if t >= total:
        return 0.0
    return 0.5 * lr_max * (1 + math.cos(math.pi * (t - warmup) / (total - warmup)))


@variant
def clipped_angle(t, total, warmup, lr_max):
    refuse(t, total, warmup)
    if t < warmup:
        return t / warmup * lr_max
    angle = np.pi * min(1.0, (t - warmup) / max(total - warmup, 1)) if t < total else np.pi
    return lr_max * (np.cos(angle) + 1) / 2


@variant
def squared_cosine(t, total, warmup, lr_max):
    """At total the cosine of pi / 2 leaves 1e-33."""
    refuse(t, total, warmup)
    left = max(total - t, 0) / max(total - warmup, 1)
    return lr_max * (t / warmup if t < warmup else np.cos((1 - left) * np.pi / 2) ** 2)


@variant
def whole_table(t, total, warmup, lr_max):
    refuse(t, total, warmup)
    up = np.linspace(0, lr_max, warmup, endpoint=False)
    down = lr_max * np.sin(np.linspace(np.pi / 2, 0, total - warmup + 1)) ** 2
    return np.concatenate([up, down[:-1], [0]])[min(t, total)]
