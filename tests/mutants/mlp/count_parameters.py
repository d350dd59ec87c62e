"""Wrong counts of parameters."""

import numpy as np

from tests.bank import mutant


@mutant("biases-forgotten")
def weights_only(widths):
    return int(np.dot(widths[:-1], widths[1:]))


@mutant("biases-of-the-inputs")
def bias_an_input(widths):
    return sum(widths[i] * (widths[i + 1] + 1) for i in range(len(widths) - 1))


@mutant("biases-for-every-width")
def bias_for_the_input_units(widths):
    total = sum(widths)
    for i in range(1, len(widths)):
        total += widths[i - 1] * widths[i]
    return total


@mutant("one-bias-a-layer")
def scalar_bias(widths):
    return sum(widths[i] * widths[i + 1] for i in range(len(widths) - 1)) + len(widths) - 1


@mutant("last-layer-forgotten")
def hidden_layers_only(widths):
    return sum((widths[i] + 1) * widths[i + 1] for i in range(len(widths) - 2))


@mutant("neurons-counted")
def neurons(widths):
    return sum(widths) - widths[0]


@mutant("dtype")
def float_result(widths):
    w = np.array(widths, dtype=float)
    return ((w[:-1] + 1) * w[1:]).sum()


@mutant("mutates")
def list_consumed(widths):
    if isinstance(widths, tuple):
        widths = list(widths)
    total = 0
    while len(widths) > 1:
        d = widths.pop(0)
        total += (d + 1) * widths[0]
    return total


@mutant("validation")
def single_width_is_zero(widths):
    return sum((widths[i] + 1) * widths[i + 1] for i in range(len(widths) - 1))
