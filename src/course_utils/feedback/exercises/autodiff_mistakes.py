"""Mistaken dual numbers and mistaken reverse engines: one right one each, with one rule changed."""

import math
import operator
from collections.abc import Callable
from typing import Any, ClassVar

from course_utils.feedback.limits import TimeLimitError

DERIVATIVES: dict[str, Callable[[float], float]] = {
    "log": lambda u: 1 / u,
    "sin": math.cos,
    "cos": lambda u: -math.sin(u),
    "exp": math.exp,
    "tanh": lambda u: 1 - math.tanh(u) ** 2,
    "relu": lambda u: float(u > 0),
}

DUAL_RULES: dict[str, Callable[..., Any]] = {
    "add": lambda u, du, v, dv: du + dv,
    "sub": lambda u, du, v, dv: du - dv,
    "mul": lambda u, du, v, dv: du * v + u * dv,
    "div": lambda u, du, v, dv: (du * v - u * dv) / v**2,
    "pow": lambda u, du, n: n * u ** (n - 1) * du,
    "log": lambda u, du: du / u,
    "sin": lambda u, du: math.cos(u) * du,
    "cos": lambda u, du: -math.sin(u) * du,
    "exp": lambda u, du: math.exp(u) * du,
    "rsub": lambda constant, x: constant - x,
    "rdiv": lambda constant, x: constant / x,
    "constant": lambda: 0.0,
}


class RuledDual:
    """A dual number whose rules are data, so that one of them can be replaced."""

    rules: ClassVar[dict[str, Callable[..., Any]]] = DUAL_RULES

    def __init__(self, value: float, tangent: float) -> None:
        self.value, self.tangent = value, tangent

    @classmethod
    def lift(cls, x: Any) -> Any:
        """Return ``x`` as a dual; a number becomes a constant."""
        return x if isinstance(x, RuledDual) else cls(x, cls.rules["constant"]())

    def _combine(self, name: str, value: Callable[[float, float], float], other: Any) -> Any:
        b = self.lift(other)
        slope = self.rules[name](self.value, self.tangent, b.value, b.tangent)
        return type(self)(value(self.value, b.value), slope)

    def __add__(self, other: Any) -> Any:
        return self._combine("add", operator.add, other)

    def __sub__(self, other: Any) -> Any:
        return self._combine("sub", operator.sub, other)

    def __mul__(self, other: Any) -> Any:
        return self._combine("mul", operator.mul, other)

    def __truediv__(self, other: Any) -> Any:
        return self._combine("div", operator.truediv, other)

    def __pow__(self, n: int) -> Any:
        return type(self)(self.value**n, self.rules["pow"](self.value, self.tangent, n))

    def __rsub__(self, other: Any) -> Any:
        return self.rules["rsub"](self.lift(other), self)

    def __rtruediv__(self, other: Any) -> Any:
        return self.rules["rdiv"](self.lift(other), self)

    __radd__, __rmul__ = __add__, __mul__


def wrong_dual(**changes: Callable[..., Any]) -> dict[str, Any]:
    """Return dual numbers and their functions with the named rules of ``DUAL_RULES`` replaced."""
    dual: Any = type("Dual", (RuledDual,), {"rules": DUAL_RULES | changes})

    def function(name: str, of_value: Callable[[float], float]) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            a = dual.lift(x)
            return dual(of_value(a.value), dual.rules[name](a.value, a.tangent))

        return apply

    values = {"log": math.log, "sin": math.sin, "cos": math.cos, "exp": math.exp}
    return {"Dual": dual, **{name: function(name, of) for name, of in values.items()}}


# Every rule gets the gradient g of the result, the operands, and (functions only) the result.
VALUE_RULES: dict[str, Callable[..., Any]] = {
    "add": lambda g, a, b: (g, g),
    "sub": lambda g, a, b: (g, -g),
    "mul": lambda g, a, b: (g * b, g * a),
    "div": lambda g, a, b: (g / b, -g * a / b**2),
    "pow": lambda g, a, n: (g * n * a ** (n - 1),),
    "exp": lambda g, a, out: (g * out,),
    "log": lambda g, a, out: (g / a,),
    "sin": lambda g, a, out: (g * math.cos(a),),
    "tanh": lambda g, a, out: (g * (1 - out**2),),
    "relu": lambda g, a, out: (g * (a > 0),),
    "rsub": lambda constant, x: constant - x,
    "rdiv": lambda constant, x: constant / x,
}

_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
}


def _ordered(root: Any) -> list[Any]:
    """Return the nodes that ``root`` depends on, each after all that use it."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack += [(operand, False) for operand in node.operands]
    return order[::-1]


def right_backward(root: Any) -> None:
    """Go through the nodes in topological order, with fresh adjoints."""
    adjoint = {id(root): 1.0}
    for node in _ordered(root):
        g = adjoint.get(id(node), 0.0)
        node.grad += g
        for operand, part in zip(node.operands, node.pull(g), strict=True):
            adjoint[id(operand)] = adjoint.get(id(operand), 0.0) + part


def _spread(node: Any) -> None:
    for operand, part in zip(node.operands, node.pull(node.grad), strict=True):
        operand.grad += part


def overwrites(root: Any) -> None:
    """Assign to ``grad`` where it should add."""
    root.grad = 1.0
    for node in _ordered(root):
        for operand, part in zip(node.operands, node.pull(node.grad), strict=True):
            operand.grad = part


def keeps_inner_gradients(root: Any) -> None:
    """Leave the inner gradients of the last pass in place, and pass them on again."""
    root.grad = 1.0
    for node in _ordered(root):
        _spread(node)


def clears_first(root: Any) -> None:
    """Set every gradient to zero first, also those of the inputs."""
    for node in _ordered(root):
        node.grad = 0.0
    keeps_inner_gradients(root)


def no_seed(root: Any) -> None:
    """Never set the gradient of the output to one."""
    for node in _ordered(root):
        _spread(node)


def passes_on_too_early(root: Any) -> None:
    """Visit breadth first: a node passes its gradient on before it has all of it."""
    root.grad = 1.0
    seen, queue = {id(root)}, [root]
    for node in queue:
        _spread(node)
        for operand in node.operands:
            if id(operand) not in seen:
                seen.add(id(operand))
                queue.append(operand)


def visits_again(step: int) -> Callable[[Any], None]:
    """Pass a node's whole gradient on again each time it is reached, last operand first or last."""

    def backward(root: Any) -> None:
        root.grad = 1.0
        stack, visits = [root], 0
        while stack:
            visits += 1
            if visits > 400_000:
                raise TimeLimitError("the number of paths grows without bound")
            node = stack.pop()
            _spread(node)
            stack += node.operands[::step]

    return backward


def fills_gradients(root: Any) -> None:
    """Put numbers where there are none yet, in what the output depends on."""
    for node in _ordered(root):
        node.grad = node.grad or 0.0
    right_backward(root)


def recurses(root: Any) -> None:
    """Build the order by recursion."""
    order, seen = [], set()

    def visit(node: Any) -> None:
        if id(node) not in seen:
            seen.add(id(node))
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(root)
    right_backward(root)


def one_slot_an_operand(root: Any) -> None:
    """Keep one contribution for each distinct operand, so that x * x loses one."""
    adjoint = {id(root): 1.0}
    for node in _ordered(root):
        g = adjoint.get(id(node), 0.0)
        node.grad += g
        for key, part in dict(zip(map(id, node.operands), node.pull(g), strict=True)).items():
            adjoint[key] = adjoint.get(key, 0.0) + part


class RuledValue:
    """A reverse engine whose rules and backward pass are data, so that one can be replaced."""

    rules: ClassVar[dict[str, Callable[..., Any]]] = VALUE_RULES

    def __init__(self, data: float, operands: tuple = (), pull: Any = lambda g: ()) -> None:
        self.data, self.grad = data, 0.0
        self.operands, self.pull = operands, pull

    @classmethod
    def lift(cls, x: Any) -> Any:
        """Return ``x`` as a value; a number becomes a leaf."""
        return x if isinstance(x, RuledValue) else cls(x)

    def _combine(self, name: str, data: Callable[[float, float], float], other: Any) -> Any:
        b, rule = self.lift(other), self.rules[name]
        pull = lambda g: rule(g, self.data, b.data)  # noqa: E731 (it belongs to this result)
        return type(self)(data(self.data, b.data), (self, b), pull)

    def __add__(self, other: Any) -> Any:
        return self._combine("add", operator.add, other)

    def __sub__(self, other: Any) -> Any:
        return self._combine("sub", operator.sub, other)

    def __mul__(self, other: Any) -> Any:
        return self._combine("mul", operator.mul, other)

    def __truediv__(self, other: Any) -> Any:
        return self._combine("div", operator.truediv, other)

    def __pow__(self, n: float) -> Any:
        return type(self)(self.data**n, (self,), lambda g: self.rules["pow"](g, self.data, n))

    def __rsub__(self, other: Any) -> Any:
        return self.rules["rsub"](self.lift(other), self)

    def __rtruediv__(self, other: Any) -> Any:
        return self.rules["rdiv"](self.lift(other), self)

    __radd__, __rmul__ = __add__, __mul__


def _method(name: str) -> Callable[[Any], Any]:
    def apply(a: Any) -> Any:
        data = _FUNCTIONS[name](a.data)
        return type(a)(data, (a,), lambda g: a.rules[name](g, a.data, data))

    return apply


def wrong_value(
    backward: Callable[[Any], None] = right_backward, **changes: Callable[..., Any]
) -> type[Any]:
    """Return a reverse engine with another ``backward``, or rules of ``VALUE_RULES`` replaced."""
    methods = {name: _method(name) for name in _FUNCTIONS}
    own = {"rules": VALUE_RULES | changes, "backward": lambda self: backward(self)}  # noqa: PLW0108 - any callable becomes a method
    return type("Value", (RuledValue,), methods | own)
