"""The right dual numbers and the right engine that the mutants change in one place."""

import math


class RightDual:
    def __init__(self, value, tangent):
        self.value = value
        self.tangent = tangent

    def lift(self, x):
        return x if isinstance(x, RightDual) else type(self)(x, 0.0)

    def new(self, value, tangent):
        return type(self)(value, tangent)

    def __add__(self, other):
        other = self.lift(other)
        return self.new(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other):
        other = self.lift(other)
        return self.new(self.value - other.value, self.tangent - other.tangent)

    def __mul__(self, other):
        other = self.lift(other)
        tangent = self.tangent * other.value + self.value * other.tangent
        return self.new(self.value * other.value, tangent)

    def __truediv__(self, other):
        other = self.lift(other)
        above = self.tangent * other.value - self.value * other.tangent
        return self.new(self.value / other.value, above / other.value**2)

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self.lift(other) - self

    def __rtruediv__(self, other):
        return self.lift(other) / self

    def __pow__(self, n):
        return self.new(self.value**n, n * self.value ** (n - 1) * self.tangent)


def log(x):
    if not isinstance(x, RightDual):
        return math.log(x)
    return x.new(math.log(x.value), x.tangent / x.value)


def sin(x):
    if not isinstance(x, RightDual):
        return math.sin(x)
    return x.new(math.sin(x.value), math.cos(x.value) * x.tangent)


def cos(x):
    if not isinstance(x, RightDual):
        return math.cos(x)
    return x.new(math.cos(x.value), -math.sin(x.value) * x.tangent)


def exp(x):
    if not isinstance(x, RightDual):
        return math.exp(x)
    return x.new(math.exp(x.value), math.exp(x.value) * x.tangent)


FUNCTIONS = {"log": log, "sin": sin, "cos": cos, "exp": exp}


class RightValue:
    def __init__(self, data, children=(), pull=None):
        self.data = data
        self.grad = 0.0
        self.children = children
        self.pull = pull or (lambda g: ())

    def lift(self, x):
        return x if isinstance(x, RightValue) else type(self)(x)

    def new(self, data, children, pull):
        return type(self)(data, children, pull)

    def __add__(self, other):
        other = self.lift(other)
        return self.new(self.data + other.data, (self, other), lambda g: (g, g))

    def __sub__(self, other):
        other = self.lift(other)
        return self.new(self.data - other.data, (self, other), lambda g: (g, -g))

    def __mul__(self, other):
        a, b = self, self.lift(other)
        return self.new(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data))

    def __truediv__(self, other):
        a, b = self, self.lift(other)
        return self.new(a.data / b.data, (a, b), lambda g: (g / b.data, -g * a.data / b.data**2))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self.lift(other) - self

    def __rtruediv__(self, other):
        return self.lift(other) / self

    def __pow__(self, n):
        return self.new(self.data**n, (self,), lambda g: (g * n * self.data ** (n - 1),))

    def exp(self):
        out = math.exp(self.data)
        return self.new(out, (self,), lambda g: (g * out,))

    def log(self):
        return self.new(math.log(self.data), (self,), lambda g: (g / self.data,))

    def sin(self):
        return self.new(math.sin(self.data), (self,), lambda g: (g * math.cos(self.data),))

    def tanh(self):
        out = math.tanh(self.data)
        return self.new(out, (self,), lambda g: (g * (1 - out**2),))

    def relu(self):
        return self.new(max(0.0, self.data), (self,), lambda g: (g * (self.data > 0),))

    def topological(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, expanded = stack.pop()
            if expanded:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((child, False) for child in node.children)
        return order[::-1]

    def backward(self):
        flow = {self: 1.0}
        for node in self.topological():
            g = flow.get(node, 0.0)
            node.grad += g
            for child, part in zip(node.children, node.pull(g), strict=False):
                flow[child] = flow.get(child, 0.0) + part
