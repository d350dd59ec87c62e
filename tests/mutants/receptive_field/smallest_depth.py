"""Wrong depths."""

import math

from tests.bank import mutant


def refuse(target, k, s):
    if min(target, k, s) < 1 or (k == 1 and target > 1):
        raise ValueError(f"layers of {k} never reach {target}")


@mutant("one-layer-too-many")
def strictly_larger(target, k, s):
    refuse(target, k, s)
    size, jump, depth = 1, 1, 0
    while size <= target:
        size, jump, depth = size + (k - 1) * jump, jump * s, depth + 1
    return depth


@mutant("rounded-down")
def last_depth_below(target, k, s):
    refuse(target, k, s)
    size, jump, depth = 1, 1, 0
    while size + (k - 1) * jump <= target:
        size, jump, depth = size + (k - 1) * jump, jump * s, depth + 1
    return depth


@mutant("stride-ignored")
def equal_steps(target, k, s):
    refuse(target, k, s)
    return math.ceil((target - 1) / (k - 1))


@mutant("stride-of-its-own-layer")
def jump_first(target, k, s):
    refuse(target, k, s)
    size, jump, depth = 1, 1, 0
    while size < target:
        jump *= s
        size += (k - 1) * jump
        depth += 1
    return depth


@mutant("windows-overlap")
def whole_windows(target, k, s):
    refuse(target, k, s)
    size, depth = 1, 0
    while size < target:
        size, depth = size + k * s**depth, depth + 1
    return depth


@mutant("one-layer-too-many")
def from_nothing(target, k, s):
    refuse(target, k, s)
    size, jump, depth = 0, 1, 0
    while size < target:
        size += (k - 1) * jump
        jump *= s
        depth += 1
    return depth


@mutant("kernels-multiplied")
def power_of_the_kernel(target, k, s):
    refuse(target, k, s)
    depth = 0
    while k**depth < target:
        depth += 1
    return depth


@mutant("strides-added")
def arithmetic_steps(target, k, s):
    refuse(target, k, s)
    size, jump, depth = 1, 1, 0
    while size < target:
        size += (k - 1) * jump
        jump += s if s > 1 else 0
        depth += 1
    return depth


@mutant("one-layer-at-least")
def counts_from_one(target, k, s):
    refuse(target, k, s)
    depth = 1
    while 1 + (k - 1) * sum(s**i for i in range(depth)) < target:
        depth += 1
    return depth


@mutant("logarithm-rounded")
def closed_form(target, k, s):
    refuse(target, k, s)
    if s == 1:
        return math.ceil((target - 1) / (k - 1))
    return math.ceil(math.log((target - 1) * (s - 1) / (k - 1) + 1) / math.log(s))


@mutant("dtype")
def not_a_count(target, k, s):
    refuse(target, k, s)
    depth = 0.0
    while 1 + (k - 1) * sum(s**i for i in range(int(depth))) < target:
        depth += 1
    return depth


@mutant("time")
def never_deeper(target, k, s):
    refuse(target, k, s)
    size, depth = 1, 0
    while size < target:
        depth += 1
    return depth


@mutant("time")
def loops_for_ever_on_a_kernel_of_one(target, k, s):
    if min(target, k, s) < 1:
        raise ValueError("numbers below 1")
    size, jump, depth = 1, 1, 0
    while size < target:
        size, jump, depth = size + (k - 1) * jump, jump * s, depth + 1
    return depth


@mutant("validation")
def depth_zero_for_a_target_of_zero(target, k, s):
    if min(k, s) < 1 or (k == 1 and target > 1):
        raise ValueError("the field does not grow")
    size, jump, depth = 1, 1, 0
    while size < target:
        size, jump, depth = size + (k - 1) * jump, jump * s, depth + 1
    return depth


@mutant("strides-not-multiplied")
def s_in_every_layer(target, k, s):
    refuse(target, k, s)
    size, depth = 1, 0
    while size < target:
        size, depth = size + (k - 1) * s, depth + 1
    return depth


@mutant("kernel-of-1-refused")
def kernels_of_two_and_more(target, k, s):
    refuse(target, k, s)
    if k == 1:
        raise ValueError("such layers see one pixel")
    size, jump, depth = 1, 1, 0
    while size < target:
        size, jump, depth = size + (k - 1) * jump, jump * s, depth + 1
    return depth
