"""Wrong initialisations."""

import numpy as np

from tests.bank import mutant


@mutant("half-of-the-variance")
def one_over_fan_in(fan_in, fan_out, rng):
    return rng.normal(0, 1 / np.sqrt(fan_in), size=(fan_out, fan_in))


@mutant("fan-out-for-fan-in")
def two_over_fan_out(fan_in, fan_out, rng):
    return rng.normal(scale=np.sqrt(2 / fan_out), size=(fan_out, fan_in))


@mutant("glorot")
def xavier(fan_in, fan_out, rng):
    return rng.standard_normal((fan_out, fan_in)) * np.sqrt(2 / (fan_in + fan_out))


@mutant("variance-for-deviation")
def variance_as_scale(fan_in, fan_out, rng):
    return rng.normal(0, 2 / fan_in, (fan_out, fan_in))


@mutant("root-of-two-only")
def root_misplaced(fan_in, fan_out, rng):
    return rng.standard_normal((fan_out, fan_in)) * np.sqrt(2) / fan_in


@mutant("unscaled")
def standard(fan_in, fan_out, rng):
    return rng.normal(size=(fan_out, fan_in))


@mutant("bound-for-deviation")
def uniform_within_the_deviation(fan_in, fan_out, rng):
    bound = np.sqrt(2 / fan_in)
    return rng.uniform(-bound, bound, size=(fan_out, fan_in))


@mutant("uniform-of-the-right-variance")
def he_uniform(fan_in, fan_out, rng):
    return (2 * rng.random((fan_out, fan_in)) - 1) * np.sqrt(6 / fan_in)


@mutant("not-centred")
def all_positive(fan_in, fan_out, rng):
    return abs(rng.normal(0, np.sqrt(2 / fan_in), size=(fan_out, fan_in)))


@mutant("shape-transposed")
def inputs_in_rows(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in), size=(fan_in, fan_out))


@mutant("neurons-start-equal")
def one_row(fan_in, fan_out, rng):
    row = rng.normal(0, np.sqrt(2 / fan_in), size=fan_in)
    return np.stack([row] * fan_out)


@mutant("root-of-the-fan-only")
def two_over_the_root(fan_in, fan_out, rng):
    return rng.standard_normal((fan_out, fan_in)) * 2 / np.sqrt(fan_in)


@mutant("tails-cut-off")
def clipped(fan_in, fan_out, rng):
    std = np.sqrt(2 / fan_in)
    return rng.normal(0, std, (fan_out, fan_in)).clip(-2 * std, 2 * std)


@mutant("not-centred")
def random_from_0_to_1(fan_in, fan_out, rng):
    return rng.random(size=(fan_out, fan_in)) * np.sqrt(2 / fan_in)


@mutant("generator-ignored")
def global_functions(fan_in, fan_out, rng):
    return np.random.randn(fan_out, fan_in) * np.sqrt(2 / fan_in)


@mutant("generator-ignored")
def new_generator(fan_in, fan_out, rng):
    return np.random.default_rng().normal(0, np.sqrt(2 / fan_in), size=(fan_out, fan_in))


@mutant("seeded-inside")
def seed_42(fan_in, fan_out, rng):
    rng = np.random.default_rng(42)
    return rng.normal(0, np.sqrt(2 / fan_in), size=(fan_out, fan_in))


@mutant("seeded-inside")
def global_seed(fan_in, fan_out, rng):
    state = np.random.RandomState(1)
    return state.randn(fan_out, fan_in) * np.sqrt(2 / fan_in)


@mutant("type")
def nested_lists(fan_in, fan_out, rng):
    return [[rng.normal(0, np.sqrt(2 / fan_in)) for _ in range(fan_in)] for _ in range(fan_out)]


@mutant("type")
def one_number(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / fan_in))


@mutant("value")
def three_over_fan_in(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(3 / fan_in), size=(fan_out, fan_in))


@mutant("exception")
def method_of_the_old_generators(fan_in, fan_out, rng):
    return rng.randn(fan_out, fan_in) * np.sqrt(2 / fan_in)


@mutant("validation")
def empty_layers(fan_in, fan_out, rng):
    return rng.normal(0, np.sqrt(2 / max(fan_in, 1)), size=(fan_out, fan_in))
