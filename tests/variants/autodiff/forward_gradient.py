"""Right gradients in forward mode, written in three ways."""

import numpy as np

from tests.bank import variant


class Dual:
    def __init__(self, value, tangent):
        self.value, self.tangent = value, tangent


class DualWithDefault(Dual):
    def __init__(self, value, tangent=0.0):
        super().__init__(float(value), float(tangent))


@variant
def loop_over_inputs(f, x):
    x = np.asarray(x)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"x must be a non-empty vector, got shape {x.shape}")
    gradient = np.zeros(x.size)
    for i in range(x.size):
        duals = [Dual(v, 1.0 if j == i else 0.0) for j, v in enumerate(x)]
        gradient[i] = f(*duals).tangent
    return gradient


@variant
def rows_of_the_identity(f, x):
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"x must have one axis and an entry, got shape {x.shape}")
    return np.array([f(*map(Dual, x, axis)).tangent for axis in np.eye(len(x))])


@variant
def one_dual_among_constants(f, x):
    x = np.array(x, dtype=float)
    if x.ndim != 1 or x.size < 1:
        raise ValueError("x: one axis, at least one entry")
    constants = [DualWithDefault(v) for v in x]
    gradient = []
    for i, v in enumerate(x):
        constants[i] = DualWithDefault(v, 1)
        gradient.append(f(*constants).tangent)
        constants[i] = DualWithDefault(v)
    return np.asarray(gradient, dtype=np.float64)
