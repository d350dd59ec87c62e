"""Wrong gradients in forward mode."""

import numpy as np

from tests.bank import mutant


class Dual:
    def __init__(self, value, tangent):
        self.value, self.tangent = value, tangent


def checked(x):
    x = np.asarray(x)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"x must be a non-empty vector, got shape {x.shape}")
    return x


@mutant("all-inputs-seeded")
def every_tangent_is_one(f, x):
    x = checked(x)
    return np.array([f(*[Dual(v, 1.0) for v in x]).tangent for _ in x])


@mutant("one-pass-only")
def one_pass_for_all(f, x):
    duals = [Dual(v, 1.0) for v in checked(x)]
    return f(*duals).tangent


@mutant("seeds-left-on")
def never_resets_the_seed(f, x):
    x = checked(x)
    duals = [Dual(v, 0.0) for v in x]
    gradient = np.zeros(len(x))
    for i, dual in enumerate(duals):
        dual.tangent = 1.0
        gradient[i] = f(*duals).tangent
    return gradient


@mutant("value-instead-of-tangent")
def reads_the_value(f, x):
    x = checked(x)
    gradient = np.zeros(len(x))
    for i in range(len(x)):
        gradient[i] = f(*[Dual(v, float(i == j)) for j, v in enumerate(x)]).value
    return gradient


@mutant("seed-is-the-input")
def seeds_with_x(f, x):
    x = checked(x)
    gradient = np.zeros(len(x))
    for i in range(len(x)):
        gradient[i] = f(*[Dual(v, v if i == j else 0.0) for j, v in enumerate(x)]).tangent
    return gradient


@mutant("unseeded")
def forgets_the_seed(f, x):
    x = checked(x)
    return np.array([f(*[Dual(v, 0.0) for v in x]).tangent for _ in range(len(x))])


@mutant("finite-differences")
def difference_quotient(f, x, step=1e-6):
    x = checked(x).astype(float)
    base = f(*[Dual(v, 0.0) for v in x]).value
    gradient = np.zeros(len(x))
    for i in range(len(x)):
        moved = x.copy()
        moved[i] += step
        gradient[i] = (f(*[Dual(v, 0.0) for v in moved]).value - base) / step
    return gradient


@mutant("integer-gradient")
def zeros_like_the_input(f, x):
    x = checked(x)
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        gradient[i] = f(*[Dual(v, float(i == j)) for j, v in enumerate(x)]).tangent
    return gradient


@mutant("validation")
def accepts_anything(f, x):
    x = np.asarray(x, dtype=float).reshape(-1)
    rows = np.eye(x.size)
    return np.array([f(*[Dual(v, t) for v, t in zip(x, row, strict=True)]).tangent for row in rows])


@mutant("type")
def returns_a_list(f, x):
    x = checked(x)
    return [f(*map(Dual, x, row)).tangent for row in np.eye(len(x))]
