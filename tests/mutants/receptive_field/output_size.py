"""Wrong output sizes."""

import math

import numpy as np

from tests.bank import mutant


def refuse(n, k, s, p, d):
    if min(n, k, s, d) < 1 or p < 0 or d * (k - 1) + 1 > n + 2 * p:
        raise ValueError(f"a kernel of {k} does not fit into {n}")


@mutant("rounded-up")
def ceiling(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return -(-(n + 2 * p - d * (k - 1)) // s) if s == 1 else 1 + math.ceil(span(n, k, p, d) / s)


def span(n, k, p, d):
    return n + 2 * p - d * (k - 1) - 1


@mutant("one-missing")
def steps_for_windows(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return int(np.floor(span(n, k, p, d) / s))


@mutant("padded-on-one-side")
def one_padding(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    extent = d * (k - 1) + 1
    return (n + p - extent) // s + 1


@mutant("padding-ignored")
def no_padding(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return span(n, k, 0, d) // s + 1


@mutant("stride-ignored")
def no_stride(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return span(n, k, p, d) + 1


@mutant("dilation-ignored")
def no_dilation(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return span(n, k, p, 1) // s + 1


@mutant("dilated-extent")
def kernel_times_dilation(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    extent = k * d
    return (n + 2 * p - extent) // s + 1


@mutant("divided-too-early")
def division_binds_tighter(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return (n + 2 * p) // s - (d * (k - 1) + 1) + 1


@mutant("not-rounded")
def true_division(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return span(n, k, p, d) / s + 1


@mutant("float-returned")
def float_floor(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return np.floor(span(n, k, p, d) / s + 1)


@mutant("exception")
def dilation_required(n, k, s=1, p=0, *, d):
    refuse(n, k, s, p, d)
    return span(n, k, p, d) // s + 1


@mutant("validation")
def negative_only(n, k, s=1, p=0, d=1):
    size = span(n, k, p, d) // s + 1
    if size < 0:
        raise ValueError("the kernel does not fit")
    return size


@mutant("validation")
def zero_hides_the_misfit(n, k, s=1, p=0, d=1):
    if min(n, k, s, d) < 1 or p < 0:
        raise ValueError("sizes are at least 1")
    return max(span(n, k, p, d) // s + 1, 0)


@mutant("float-returned")
def floored_quotient(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    return float(span(n, k, p, d) // s + 1)


@mutant("fit-without-padding")
def kernel_against_the_input(n, k, s=1, p=0, d=1):
    refuse(n, k, s, p, d)
    if k > n:
        raise ValueError("the kernel is larger than the input")
    return span(n, k, p, d) // s + 1
