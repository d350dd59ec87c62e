"""Wrong receptive fields."""

import math

import numpy as np

from tests.bank import mutant


def numbers(layers):
    for layer in layers:
        k, s, p, d = (layer.get(name, default) for name, default in DEFAULTS.items())
        if min(k, s, d) < 1 or p < 0:
            raise ValueError(f"no layer of this course: {layer}")
        yield k, s, p, d


DEFAULTS = {"k": 1, "s": 1, "p": 0, "d": 1}


@mutant("stride-ignored")
def window_in_steps(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * (k - 1)
        start += jump * (d * (k - 1) / 2 - p)
        jump *= s
    return size, jump, start


@mutant("stride-ignored")
def jump_only_returned(layers):
    every = list(numbers(layers))
    size = 1 + sum(d * (k - 1) for k, _, _, d in every)
    start = sum((d * (k - 1)) / 2 - p for k, _, p, d in every)
    return size, math.prod(s for _, s, _, _ in every), start


@mutant("stride-of-its-own-layer")
def jump_updated_first(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        jump *= s
        size += d * (k - 1) * jump
        start += (d * (k - 1) / 2 - p) * jump
    return size, jump, start


@mutant("stride-of-its-own-layer")
def only_the_size_after_the_jump(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        start += (d * (k - 1) / 2 - p) * jump
        jump *= s
        size += d * (k - 1) * jump
    return size, jump, start


@mutant("windows-overlap")
def whole_windows_added(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * k * jump
        start += (d * (k - 1) / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("field-starts-at-zero")
def nothing_to_begin_with(layers):
    size, jump, start = 0, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * (k - 1) * jump
        start += (d * (k - 1) / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("dilation-ignored")
def no_dilation(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, _ in numbers(layers):
        size += (k - 1) * jump
        start += ((k - 1) / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("dilated-extent")
def k_times_d(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        extent = k * d
        size += (extent - 1) * jump
        start += ((k - 1) * d / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("padding-in-the-size")
def padding_seen(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += ((k - 1) * d + 2 * p) * jump
        start += ((k - 1) * d / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("kernels-multiplied")
def product_of_windows(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size = size * (d * (k - 1) + 1)
        start += ((k - 1) * d / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("strides-added")
def sum_of_strides(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += (k - 1) * d * jump
        start += ((k - 1) * d / 2 - p) * jump
        jump += s - 1
    return size, jump, start


@mutant("last-layer-first")
def from_the_top_with_the_forward_rule(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in reversed(list(numbers(layers))):
        size += (k - 1) * d * jump
        start += ((k - 1) * d / 2 - p) * jump
        jump *= s
    return size, jump, start


def right_size(layers):
    size, jump = 1, 1
    for k, s, _, d in numbers(layers):
        size += (k - 1) * d * jump
        jump *= s
    return size, jump


def with_start(layers, step):
    size, jump = right_size(layers)
    start, j = 0.0, 1
    for k, s, p, d in numbers(layers):
        start += step(k, s, p, d, j)
        j *= s
    return size, jump, start


@mutant("left-edge")
def first_pixel(layers):
    return with_start(layers, lambda k, s, p, d, j: -p * j)


@mutant("padding-not-in-the-start")
def middle_of_the_size(layers):
    size, jump = right_size(layers)
    return size, jump, (size - 1) / 2


@mutant("start-in-steps-of-the-layer")
def start_unscaled(layers):
    return with_start(layers, lambda k, s, p, d, j: (k - 1) * d / 2 - p)


@mutant("start-after-the-stride")
def start_scaled_late(layers):
    return with_start(layers, lambda k, s, p, d, j: ((k - 1) * d / 2 - p) * j * s)


@mutant("half-a-pixel")
def corner_coordinates(layers):
    size, jump, start = with_start(layers, lambda k, s, p, d, j: ((k - 1) * d / 2 - p) * j)
    return size, jump, start + 0.5


@mutant("start-rounded")
def whole_pixels(layers):
    return with_start(layers, lambda k, s, p, d, j: ((k - 1) * d // 2 - p) * j)


@mutant("start-without-dilation")
def start_of_a_dense_window(layers):
    return with_start(layers, lambda k, s, p, d, j: ((k - 1) / 2 - p) * j)


@mutant("mutates")
def defaults_filled_in(layers):
    for layer in layers:
        for name, default in DEFAULTS.items():
            layer.setdefault(name, default)
    return with_start(layers, lambda k, s, p, d, j: ((k - 1) * d / 2 - p) * j)


@mutant("mutates")
def list_consumed(layers):
    size, jump, start = 1, 1, 0.0
    while layers:
        k, s, p, d = next(numbers([layers.pop(0)]))
        size += (k - 1) * d * jump
        start += ((k - 1) * d / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("dtype")
def size_in_floats(layers):
    size, jump = right_size(layers)
    return np.float64(size), jump, with_start(layers, lambda k, s, p, d, j: 0)[2]


@mutant("no-defaults")
def all_keys_expected(layers):
    size, jump, start = 1, 1, 0.0
    for layer in layers:
        size += (layer["k"] - 1) * layer["d"] * jump
        start += ((layer["k"] - 1) * layer["d"] / 2 - layer["p"]) * jump
        jump *= layer["s"]
    return size, jump, start


@mutant("exception")
def size_alone(layers):
    return right_size(layers)[0]


@mutant("validation")
def nothing_refused(layers):
    size, jump, start = 1, 1, 0.0
    for layer in layers:
        k, s, p, d = ({**DEFAULTS, **layer}[name] for name in DEFAULTS)
        size += (k - 1) * d * jump
        start += ((k - 1) * d / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("own-stride-for-the-jump")
def steps_of_this_layer(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * (k - 1) * s
        start += (d * (k - 1) / 2 - p) * s
        jump *= s
    return size, jump, start


@mutant("own-stride-for-the-jump")
def size_in_steps_of_this_layer(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * (k - 1) * s
        start += (d * (k - 1) / 2 - p) * jump
        jump *= s
    return size, jump, start


@mutant("start-whole")
def a_pixel_for_the_centre(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * (k - 1) * jump
        start += (d * (k - 1) / 2 - p) * jump
        jump *= s
    return size, jump, int(start)


@mutant("padding-in-input-pixels")
def minus_p(layers):
    size, jump, start = 1, 1, 0.0
    for k, s, p, d in numbers(layers):
        size += d * (k - 1) * jump
        start += d * (k - 1) / 2 * jump - p
        jump *= s
    return size, jump, start


@mutant("stride-ignored")
def no_stride_at_all(layers):
    size, start = 1, 0.0
    for k, _, p, d in numbers(layers):
        size += d * (k - 1)
        start += d * (k - 1) / 2 - p
    return size, 1, start


@mutant("start-not-moved")
def start_of_zero(layers):
    size, jump = 1, 1
    for k, s, _, d in numbers(layers):
        size += d * (k - 1) * jump
        jump *= s
    return size, jump, 0.0
