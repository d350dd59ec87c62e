"""Wrong dual numbers: each changes one method or one function of a right one."""

import math

from tests.bank import mutant
from tests.mutants.right_autodiff import FUNCTIONS, RightDual, exp, log


def with_class(dual):
    return {"Dual": dual, **FUNCTIONS}


def with_function(name, function):
    return {"Dual": RightDual, **FUNCTIONS, name: function}


@mutant("product-of-tangents", factory=True)
def multiplies_tangents():
    class Dual(RightDual):
        def __mul__(self, other):
            other = self.lift(other)
            return self.new(self.value * other.value, self.tangent * other.tangent)

    return with_class(Dual)


@mutant("half-a-product-rule", factory=True)
def one_term_of_the_product_rule():
    class Dual(RightDual):
        def __mul__(self, other):
            other = self.lift(other)
            return self.new(self.value * other.value, other.value * self.tangent)

    return with_class(Dual)


@mutant("subtraction-adds-tangents", factory=True)
def subtraction_copied_from_addition():
    class Dual(RightDual):
        def __sub__(self, other):
            other = self.lift(other)
            return self.new(self.value - other.value, self.tangent + other.tangent)

    return with_class(Dual)


@mutant("quotient-sign", factory=True)
def quotient_rule_backwards():
    class Dual(RightDual):
        def __truediv__(self, other):
            a, b = self, self.lift(other)
            tangent = (a.value * b.tangent - a.tangent * b.value) / (b.value * b.value)
            return self.new(a.value / b.value, tangent)

    return with_class(Dual)


@mutant("quotient-not-squared", factory=True)
def quotient_rule_without_square():
    class Dual(RightDual):
        def __truediv__(self, other):
            a, b = self, self.lift(other)
            tangent = (a.tangent * b.value - a.value * b.tangent) / b.value
            return self.new(a.value / b.value, tangent)

    return with_class(Dual)


@mutant("quotient-of-tangents", factory=True)
def divides_tangents():
    class Dual(RightDual):
        def __truediv__(self, other):
            b = self.lift(other)
            tangent = self.tangent / b.tangent if b.tangent != 0 else float("inf")
            return self.new(self.value / b.value, tangent)

    return with_class(Dual)


@mutant("reflected-subtraction-swapped", factory=True)
def rsub_calls_sub():
    class Dual(RightDual):
        def __rsub__(self, other):
            return self - other

    return with_class(Dual)


@mutant("reflected-division-swapped", factory=True)
def rtruediv_is_truediv():
    class Dual(RightDual):
        __rtruediv__ = RightDual.__truediv__

    return with_class(Dual)


@mutant("constant-tangent-one", factory=True)
def lifts_with_tangent_one():
    class Dual(RightDual):
        def lift(self, x):
            return x if isinstance(x, Dual) else Dual(x, 1.0)

    return {"Dual": Dual, **{n: of_anything(f, Dual) for n, f in FUNCTIONS.items()}}


def of_anything(function, dual):
    return lambda x: function(x if isinstance(x, dual) else dual(x, 1.0))


@mutant("power-no-chain-factor", factory=True)
def power_rule_alone():
    class Dual(RightDual):
        def __pow__(self, n):
            return self.new(self.value**n, n * self.value ** (n - 1))

    return with_class(Dual)


@mutant("power-no-exponent", factory=True)
def power_without_its_factor():
    class Dual(RightDual):
        def __pow__(self, n):
            return self.new(self.value**n, self.value ** (n - 1) * self.tangent)

    return with_class(Dual)


@mutant("power-exponent-kept", factory=True)
def power_not_lowered():
    class Dual(RightDual):
        def __pow__(self, n):
            power = self.value**n
            return self.new(power, n * power * self.tangent)

    return with_class(Dual)


@mutant("power-by-logarithm", factory=True)
def power_by_logarithm():
    class Dual(RightDual):
        def __pow__(self, n):
            return exp(n * log(self))

    return with_class(Dual)


@mutant("no-chain-factor-log", factory=True)
def log_without_chain_rule():
    def log(x):
        return x.new(math.log(x.value), 1 / x.value) if isinstance(x, RightDual) else math.log(x)

    return with_function("log", log)


@mutant("no-chain-factor-sin", factory=True)
def sin_without_chain_rule():
    def sin(x):
        return (
            x.new(math.sin(x.value), math.cos(x.value)) if isinstance(x, RightDual) else math.sin(x)
        )

    return with_function("sin", sin)


@mutant("no-chain-factor-cos", factory=True)
def cos_without_chain_rule():
    def cos(x):
        return (
            x.new(math.cos(x.value), -math.sin(x.value))
            if isinstance(x, RightDual)
            else math.cos(x)
        )

    return with_function("cos", cos)


@mutant("no-chain-factor-exp", factory=True)
def exp_without_chain_rule():
    def exp(x):
        return (
            x.new(math.exp(x.value), math.exp(x.value)) if isinstance(x, RightDual) else math.exp(x)
        )

    return with_function("exp", exp)


def keeps_tangent(function):
    return lambda x: (
        x.new(function(x.value), x.tangent) if isinstance(x, RightDual) else function(x)
    )


@mutant("tangent-passed-on-log", factory=True)
def log_of_the_value_only():
    return with_function("log", keeps_tangent(math.log))


@mutant("tangent-passed-on-sin", factory=True)
def sin_of_the_value_only():
    return with_function("sin", keeps_tangent(math.sin))


@mutant("tangent-passed-on-cos", factory=True)
def cos_of_the_value_only():
    return with_function("cos", keeps_tangent(math.cos))


@mutant("tangent-passed-on-exp", factory=True)
def exp_of_the_value_only():
    return with_function("exp", keeps_tangent(math.exp))


@mutant("cosine-sign", factory=True)
def cos_without_minus():
    def cos(x):
        if not isinstance(x, RightDual):
            return math.cos(x)
        return x.new(math.cos(x.value), math.sin(x.value) * x.tangent)

    return with_function("cos", cos)


@mutant("sine-sign", factory=True)
def sin_with_minus():
    def sin(x):
        if not isinstance(x, RightDual):
            return math.sin(x)
        return x.new(math.sin(x.value), -math.cos(x.value) * x.tangent)

    return with_function("sin", sin)


@mutant("power-rule-for-exp", factory=True)
def exp_like_a_power():
    def exp(x):
        if not isinstance(x, RightDual):
            return math.exp(x)
        return x.new(math.exp(x.value), x.value * math.exp(x.value - 1) * x.tangent)

    return with_function("exp", exp)


@mutant("functions-of-floats", factory=True)
def functions_of_duals_only():
    def log(x):
        return x.new(math.log(x.value), x.tangent / x.value)

    def sin(x):
        return x.new(math.sin(x.value), math.cos(x.value) * x.tangent)

    def cos(x):
        return x.new(math.cos(x.value), -math.sin(x.value) * x.tangent)

    def exp(x):
        return x.new(math.exp(x.value), math.exp(x.value) * x.tangent)

    return {"Dual": RightDual, "log": log, "sin": sin, "cos": cos, "exp": exp}


@mutant("plain-numbers-refused", factory=True)
def plain_numbers_refused():
    class Dual(RightDual):
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = None

        def lift(self, other):
            return Dual(other.value, other.tangent)

    return with_class(Dual)


@mutant("plain-numbers-refused", factory=True)
def plain_numbers_refused_on_either_side():
    class Dual(RightDual):
        def lift(self, other):
            return Dual(other.value, other.tangent)

    return with_class(Dual)
