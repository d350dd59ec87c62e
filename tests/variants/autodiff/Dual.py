"""Right dual numbers, written in three ways."""

import math
from dataclasses import dataclass

import numpy as np

from tests.bank import variant


@variant(factory=True)
def with_a_dataclass():
    @dataclass(frozen=True)
    class Dual:
        value: float
        tangent: float = 0.0

        def __add__(self, other):
            o = lift(other)
            return Dual(self.value + o.value, self.tangent + o.tangent)

        __radd__ = __add__

        def __neg__(self):
            return Dual(-self.value, -self.tangent)

        def __sub__(self, other):
            return self + (-lift(other))

        def __rsub__(self, other):
            return (-self) + other

        def __mul__(self, other):
            o = lift(other)
            return Dual(self.value * o.value, self.tangent * o.value + self.value * o.tangent)

        __rmul__ = __mul__

        def __pow__(self, n):
            if n == 0:
                return Dual(1.0)
            return Dual(self.value**n, n * self.value ** (n - 1) * self.tangent)

        def __truediv__(self, other):
            return self * lift(other) ** -1

        def __rtruediv__(self, other):
            return lift(other) * self**-1

    def lift(x):
        return x if isinstance(x, Dual) else Dual(float(x))

    def chain(f, df):
        def apply(x):
            return Dual(f(x.value), df(x.value) * x.tangent) if isinstance(x, Dual) else f(x)

        return apply

    return {
        "Dual": Dual,
        "log": chain(math.log, lambda v: 1 / v),
        "sin": chain(math.sin, math.cos),
        "cos": chain(math.cos, lambda v: -math.sin(v)),
        "exp": chain(math.exp, math.exp),
    }


@variant(factory=True)
def in_numpy_scalars():
    class Dual:
        def __init__(self, value, tangent):
            self.value = np.float64(value)
            self.tangent = np.float64(tangent)

        def __add__(self, other):
            v, t = parts(other)
            return Dual(self.value + v, self.tangent + t)

        def __radd__(self, other):
            return self + other

        def __sub__(self, other):
            v, t = parts(other)
            return Dual(self.value - v, self.tangent - t)

        def __rsub__(self, other):
            v, t = parts(other)
            return Dual(v - self.value, t - self.tangent)

        def __mul__(self, other):
            v, t = parts(other)
            return Dual(self.value * v, self.value * t + v * self.tangent)

        def __rmul__(self, other):
            return self * other

        def __truediv__(self, other):
            v, t = parts(other)
            return Dual(self.value / v, (self.tangent - self.value / v * t) / v)

        def __rtruediv__(self, other):
            v, t = parts(other)
            return Dual(v, t) / self

        def __pow__(self, n):
            return Dual(self.value**n, n * self.value ** (n - 1) * self.tangent)

    def parts(x):
        return (x.value, x.tangent) if isinstance(x, Dual) else (x, 0.0)

    def log(x):
        v, t = parts(x)
        return Dual(np.log(v), t / v)

    def sin(x):
        v, t = parts(x)
        return Dual(np.sin(v), np.cos(v) * t)

    def cos(x):
        v, t = parts(x)
        return Dual(np.cos(v), -np.sin(v) * t)

    def exp(x):
        v, t = parts(x)
        return Dual(np.exp(v), np.exp(v) * t)

    return {"Dual": Dual, "log": log, "sin": sin, "cos": cos, "exp": exp}


@variant(factory=True)
def as_matrices():
    """A dual number is the matrix [[value, tangent], [0, value]]."""

    class Dual:
        def __init__(self, value, tangent):
            self.matrix = np.array([[value, tangent], [0.0, value]], dtype=float)

        @property
        def value(self):
            return self.matrix[0, 0]

        @property
        def tangent(self):
            return self.matrix[0, 1]

        def __add__(self, other):
            return of(self.matrix + matrix(other))

        def __sub__(self, other):
            return of(self.matrix - matrix(other))

        def __rsub__(self, other):
            return of(matrix(other) - self.matrix)

        def __mul__(self, other):
            return of(self.matrix @ matrix(other))

        def __truediv__(self, other):
            return of(self.matrix @ np.linalg.inv(matrix(other)))

        def __rtruediv__(self, other):
            return of(matrix(other) @ np.linalg.inv(self.matrix))

        def __pow__(self, n):
            return of(np.linalg.matrix_power(self.matrix, n))

        __radd__, __rmul__ = __add__, __mul__

    def of(m):
        return Dual(m[0, 0], m[0, 1])

    def matrix(x):
        return x.matrix if isinstance(x, Dual) else x * np.eye(2)

    def function(f, derivative):
        def apply(x):
            if not isinstance(x, Dual):
                return f(x)
            return Dual(f(x.value), derivative(x.value) * x.tangent)

        return apply

    return {
        "Dual": Dual,
        "log": function(np.log, lambda v: 1 / v),
        "sin": function(np.sin, np.cos),
        "cos": function(np.cos, lambda v: -np.sin(v)),
        "exp": function(np.exp, np.exp),
    }
