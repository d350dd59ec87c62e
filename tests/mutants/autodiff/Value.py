"""Wrong reverse engines: each changes one rule, or the backward pass, of a right one."""

import math

from tests.bank import mutant
from tests.mutants.right_autodiff import RightValue


@mutant("recursion")
class RecursiveOrder(RightValue):
    def topological(self):
        order, seen = [], set()

        def build(node):
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    build(child)
                order.append(node)

        build(self)
        return order[::-1]


@mutant("grad-overwritten")
class AssignsGradients(RightValue):
    def backward(self):
        self.grad = 1.0
        for node in self.topological():
            for child, part in zip(node.children, node.pull(node.grad), strict=False):
                child.grad = part


@mutant("grad-overwritten")
class AssignsAndRecurses(AssignsGradients):
    topological = RecursiveOrder.topological


@mutant("inner-gradients-kept")
class AccumulatesEverywhere(RightValue):
    def backward(self):
        self.grad = 1.0
        for node in self.topological():
            for child, part in zip(node.children, node.pull(node.grad), strict=False):
                child.grad += part


@mutant("inner-gradients-kept")
class AccumulatesAndRecurses(AccumulatesEverywhere):
    topological = RecursiveOrder.topological


@mutant("leaf-gradients-cleared")
class ClearsTheGraph(AccumulatesEverywhere):
    def backward(self):
        for node in self.topological():
            node.grad = 0.0
        super().backward()


@mutant("no-seed")
class NeverSeeds(RightValue):
    def backward(self):
        for node in self.topological():
            for child, part in zip(node.children, node.pull(node.grad), strict=False):
                child.grad += part


@mutant("passed-on-too-early")
class BreadthFirst(AccumulatesEverywhere):
    def topological(self):
        order = [self]
        seen = {self}
        for node in order:
            for child in node.children:
                if child not in seen:
                    seen.add(child)
                    order.append(child)
        return order


@mutant("node-visited-again")
class NoVisitedSet(RightValue):
    def backward(self):
        self.grad = 1.0
        stack = [self]
        while stack:
            node = stack.pop()
            for child, part in zip(node.children, node.pull(node.grad), strict=False):
                child.grad += part
                stack.append(child)


@mutant("node-visited-again")
class RecursesIntoEveryUse(RightValue):
    def backward(self, first=True):
        if first:
            self.grad = 1.0
        for child, part in zip(self.children, self.pull(self.grad), strict=False):
            child.grad += part
        for child in self.children:
            child.backward(first=False)


@mutant("time")
class EveryPath(RightValue):
    def backward(self):
        stack = [(self, 1.0)]
        while stack:
            node, g = stack.pop()
            node.grad += g
            stack.extend(zip(node.children, node.pull(g), strict=False))


@mutant("same-operand-twice")
class OneSlotAnOperand(RightValue):
    def backward(self):
        flow = {self: 1.0}
        for node in self.topological():
            g = flow.get(node, 0.0)
            node.grad += g
            parts = dict(zip(node.children, node.pull(g), strict=False))
            for child, part in parts.items():
                flow[child] = flow.get(child, 0.0) + part


@mutant("reflected-subtraction-swapped")
class RsubIsSub(RightValue):
    __rsub__ = RightValue.__sub__


@mutant("reflected-division-swapped")
class RtruedivIsTruediv(RightValue):
    def __rtruediv__(self, other):
        return self / other


@mutant("subtraction-sign")
class SubtractionLikeAddition(RightValue):
    def __sub__(self, other):
        other = self.lift(other)
        return self.new(self.data - other.data, (self, other), lambda g: (g, g))


@mutant("product-swapped")
class OwnFactor(RightValue):
    def __mul__(self, other):
        a, b = self, self.lift(other)
        return self.new(a.data * b.data, (a, b), lambda g: (g * a.data, g * b.data))


@mutant("product-no-upstream")
class LocalProduct(RightValue):
    def __mul__(self, other):
        a, b = self, self.lift(other)
        return self.new(a.data * b.data, (a, b), lambda g: (b.data, a.data))


@mutant("quotient-sign")
class QuotientWithoutMinus(RightValue):
    def __truediv__(self, other):
        a, b = self, self.lift(other)
        return self.new(a.data / b.data, (a, b), lambda g: (g / b.data, g * a.data / b.data**2))


@mutant("power-no-exponent")
class PowerWithoutFactor(RightValue):
    def __pow__(self, n):
        return self.new(self.data**n, (self,), lambda g: (g * self.data ** (n - 1),))


@mutant("power-exponent-kept")
class PowerNotLowered(RightValue):
    def __pow__(self, n):
        out = self.data**n
        return self.new(out, (self,), lambda g: (g * n * out,))


@mutant("relu-gradient-everywhere")
class ReluLetsAllThrough(RightValue):
    def relu(self):
        return self.new(self.data if self.data > 0 else 0.0, (self,), lambda g: (g,))


@mutant("relu-masked-by-gradient")
class ReluOfTheGradient(RightValue):
    def relu(self):
        return self.new(max(0.0, self.data), (self,), lambda g: (g if g > 0 else 0.0,))


@mutant("tanh-of-input")
class TanhOfInput(RightValue):
    def tanh(self):
        return self.new(math.tanh(self.data), (self,), lambda g: (g * (1 - self.data**2),))


@mutant("tanh-not-squared")
class TanhNotSquared(RightValue):
    def tanh(self):
        out = math.tanh(self.data)
        return self.new(out, (self,), lambda g: (g * (1 - out),))


@mutant("sine-sign")
class SineSign(RightValue):
    def sin(self):
        return self.new(math.sin(self.data), (self,), lambda g: (-math.cos(self.data) * g,))


@mutant("logarithm-multiplied")
class LogTimesInput(RightValue):
    def log(self):
        return self.new(math.log(self.data), (self,), lambda g: (g * self.data,))


@mutant("exp-of-gradient")
class ExpTimesInput(RightValue):
    def exp(self):
        return self.new(math.exp(self.data), (self,), lambda g: (g * self.data,))


@mutant("no-upstream-exp")
class ExpAlone(RightValue):
    def exp(self):
        out = math.exp(self.data)
        return self.new(out, (self,), lambda g: (out,))


@mutant("no-upstream-log")
class LogAlone(RightValue):
    def log(self):
        return self.new(math.log(self.data), (self,), lambda g: (1 / self.data,))


@mutant("no-upstream-sin")
class SinAlone(RightValue):
    def sin(self):
        return self.new(math.sin(self.data), (self,), lambda g: (math.cos(self.data),))


@mutant("no-upstream-tanh")
class TanhAlone(RightValue):
    def tanh(self):
        out = math.tanh(self.data)
        return self.new(out, (self,), lambda g: (1 - out**2,))


@mutant("no-upstream-relu")
class ReluAlone(RightValue):
    def relu(self):
        return self.new(max(0.0, self.data), (self,), lambda g: (float(self.data > 0),))


@mutant("no-reflected-operators")
class NoFloatOnTheLeft(RightValue):
    __radd__ = __rmul__ = __rsub__ = __rtruediv__ = None


@mutant("grad-starts-at-none")
class GradStartsAtNone(RightValue):
    def __init__(self, data, children=(), pull=None):
        super().__init__(data, children, pull)
        self.grad = None

    def backward(self):
        for node in self.topological():
            node.grad = node.grad or 0.0
        super().backward()


@mutant("node-visited-again")
class SendsAlongEveryPath(RightValue):
    def backward(self):
        def send(node):
            for child, part in zip(node.children, node.pull(node.grad), strict=False):
                child.grad += part
                send(child)

        self.grad = 1.0
        send(self)


@mutant("grad-overwritten")
class AssignsAlongEveryPath(RightValue):
    def backward(self):
        def send(node):
            for child, part in zip(node.children, node.pull(node.grad), strict=False):
                child.grad = part
                send(child)

        self.grad = 1.0
        send(self)
