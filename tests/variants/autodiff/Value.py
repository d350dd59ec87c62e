"""Right reverse engines: topological order, youngest first from a heap, and counts of uses."""

import heapq
import itertools
import math
from collections import Counter

import numpy as np

from tests.bank import variant


@variant
class Closures:
    def __init__(self, data, children=(), pull=None):
        self.data, self.grad = float(data), 0.0
        self._children, self._pull = tuple(children), pull

    def lift(self, x):
        return x if isinstance(x, Closures) else type(self)(x)

    def __add__(self, other):
        other = self.lift(other)
        return type(self)(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        other = self.lift(other)
        return type(self)(
            self.data * other.data,
            (self, other),
            lambda g: (g * other.data, g * self.data),
        )

    def __pow__(self, n):
        return type(self)(self.data**n, (self,), lambda g: (g * n * self.data ** (n - 1),))

    def __sub__(self, other):
        return self + self.lift(other) * -1

    def __rsub__(self, other):
        return self * -1 + other

    def __truediv__(self, other):
        return self * self.lift(other) ** -1

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        e = math.exp(self.data)
        return type(self)(e, (self,), lambda g: (g * e,))

    def log(self):
        return type(self)(math.log(self.data), (self,), lambda g: (g / self.data,))

    def sin(self):
        return type(self)(math.sin(self.data), (self,), lambda g: (g * math.cos(self.data),))

    def tanh(self):
        t = math.tanh(self.data)
        return type(self)(t, (self,), lambda g: (g * (1 - t * t),))

    def relu(self):
        return type(self)(max(0.0, self.data), (self,), lambda g: (g if self.data > 0 else 0.0,))

    def backward(self):
        order, seen, stack = [], {id(self)}, [(self, iter(self._children))]
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                order.append(node)
                stack.pop()
            elif id(child) not in seen:
                seen.add(id(child))
                stack.append((child, iter(child._children)))
        flow = {id(self): 1.0}
        for node in reversed(order):
            g = flow.get(id(node), 0.0)
            node.grad += g
            if node._pull:
                for child, share in zip(node._children, node._pull(g), strict=True):
                    flow[id(child)] = flow.get(id(child), 0.0) + share


@variant(factory=True)
def youngest_first():
    clock = itertools.count(0, -1)

    class Value:
        def __init__(self, data, parents=()):
            self.data, self.grad, self.parents = data, 0.0, parents
            self.born = next(clock)

        def __add__(self, other):
            o = lift(other)
            return Value(self.data + o.data, ((self, 1.0), (o, 1.0)))

        def __sub__(self, other):
            o = lift(other)
            return Value(self.data - o.data, ((self, 1.0), (o, -1.0)))

        def __rsub__(self, other):
            return lift(other) - self

        def __mul__(self, other):
            o = lift(other)
            return Value(self.data * o.data, ((self, o.data), (o, self.data)))

        def __truediv__(self, other):
            o = lift(other)
            quotient = self.data / o.data
            return Value(quotient, ((self, 1 / o.data), (o, -quotient / o.data)))

        def __rtruediv__(self, other):
            return lift(other) / self

        def __pow__(self, n):
            return Value(self.data**n, ((self, n * self.data ** (n - 1)),))

        __radd__, __rmul__ = __add__, __mul__

        def exp(self):
            return Value(np.exp(self.data), ((self, np.exp(self.data)),))

        def log(self):
            return Value(np.log(self.data), ((self, 1 / self.data),))

        def sin(self):
            return Value(np.sin(self.data), ((self, np.cos(self.data)),))

        def tanh(self):
            return Value(np.tanh(self.data), ((self, 1 / np.cosh(self.data) ** 2),))

        def relu(self):
            return Value(self.data * (self.data > 0), ((self, float(self.data > 0)),))

        def backward(self):
            flow, waiting = {self.born: 1.0}, [(self.born, self)]
            while waiting:
                born, node = heapq.heappop(waiting)
                g = flow.pop(born)
                node.grad += float(g)
                for parent, partial in node.parents:
                    if parent.born not in flow:
                        flow[parent.born] = 0.0
                        heapq.heappush(waiting, (parent.born, parent))
                    flow[parent.born] += partial * g

    def lift(x):
        return x if isinstance(x, Value) else Value(x)

    return Value


@variant
class Counted(Closures):
    """A node is ready when all its uses in this graph have reported (Kahn's order)."""

    def backward(self):
        uses, found, stack = Counter(), {id(self)}, [self]
        inner = []
        while stack:
            node = stack.pop()
            inner.append(node)
            for child in node._children:
                uses[id(child)] += 1
                if id(child) not in found:
                    found.add(id(child))
                    stack.append(child)
        held = {id(node): node.grad for node in inner}
        for node in inner:
            node.grad = 0.0
        self.grad, ready = 1.0, [self]
        while ready:
            node = ready.pop()
            for child, share in zip(
                node._children, node._pull(node.grad) if node._pull else (), strict=True
            ):
                child.grad += share
                uses[id(child)] -= 1
                if not uses[id(child)]:
                    ready.append(child)
        for node in inner:
            node.grad += held[id(node)]
