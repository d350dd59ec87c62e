"""Wrong sizes of depthwise separable layers."""

from tests.bank import mutant


def refuse(*numbers):
    if min(numbers) < 1:
        raise ValueError(f"numbers must be at least 1, got {numbers}")


@mutant("ordinary-convolution")
def dense_kernels(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return k**2 * c_in * c_out


@mutant("kernel-not-squared")
def one_dimensional(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_in * (k + c_out)


@mutant("depthwise-on-the-outputs")
def pointwise_first(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_out * (k**2 + c_in)


@mutant("depthwise-only")
def no_mixing(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_in * k**2


@mutant("pointwise-only")
def mixing_alone(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_out * c_in


@mutant("biases-counted")
def with_biases(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_in * (k * k + 1) + c_out * (c_in + 1)


@mutant("one-kernel-for-all")
def shared_kernel(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return k * k + c_in * c_out


@mutant("dtype")
def share_of_the_ordinary(c_in, c_out, k):
    refuse(c_in, c_out, k)
    return c_in * c_out * k * k * (1 / c_out + 1 / k**2)


@mutant("validation")
def anything_goes(c_in, c_out, k):
    return c_in * k * k + c_in * c_out
