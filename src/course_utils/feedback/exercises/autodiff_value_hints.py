"""What a student reads about each mistake in a reverse engine."""

import math
from collections.abc import Callable
from typing import Any

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises import autodiff_mistakes as mistakes
from course_utils.feedback.exercises.autodiff_mistakes import DERIVATIVES, wrong_value
from course_utils.feedback.limits import TimeLimitError

MOST_VISITS = 400_000


def _value(
    name: str, hint: str, backward: Callable[[Any], None] | None = None, **changes: Any
) -> Misconception:
    wrong = wrong_value(backward, **changes) if backward else wrong_value(**changes)
    return Misconception(name, hint, wrong)


def _no_upstream(function: str) -> Misconception:
    def local(g: float, a: float, out: float) -> tuple[float]:
        return (DERIVATIVES[function](a),)

    return Misconception(
        f"no-upstream-{function}",
        f"the backward rule of {function} gives the local derivative alone. Multiply it by the "
        "gradient of the result.",
        wrong_value(mistakes.right_backward, **{function: local}),
    )


def _no_reflected() -> type[Any]:
    right = wrong_value()
    for name in ("__radd__", "__rsub__", "__rmul__", "__rtruediv__"):
        setattr(right, name, None)
    return right


def _without_gradient() -> type[Any]:
    right = wrong_value(mistakes.fills_gradients)

    class Empty(right):
        def __init__(self, data: float, *trace: Any) -> None:
            super().__init__(data, *trace)
            self.grad = None

    return Empty


def _walks_every_path(add: bool) -> Callable[[Any], None]:
    """Hand the gradient on by recursion as soon as a node is reached, once for each path to it."""

    def backward(root: Any) -> None:
        root.grad, visits = 1.0, 0

        def send(node: Any) -> None:
            nonlocal visits
            visits += 1
            if visits > MOST_VISITS:
                raise TimeLimitError("the number of paths grows without bound")
            for operand, part in zip(node.operands, node.pull(node.grad), strict=True):
                operand.grad = operand.grad + part if add else part
                send(operand)

        send(root)

    return backward


VALUE_MISCONCEPTIONS = [
    _value(
        "recursion",
        "Python's recursion limit ends long chains. Order the nodes with a stack of your own.",
        mistakes.recurses,
    ),
    _value(
        "grad-overwritten",
        "a value used twice kept only the last gradient. Every use adds its share: +=, not =.",
        mistakes.overwrites,
    ),
    _value(
        "grad-overwritten",
        "a value used twice kept only the last gradient. Every use adds its share: +=, not =.",
        _walks_every_path(add=False),
    ),
    _value(
        "inner-gradients-kept",
        "a second backward sent the inner gradients of the first on again. Start each pass with "
        "fresh inner gradients, and add to grad at the end.",
        mistakes.keeps_inner_gradients,
    ),
    Misconception(
        "grad-starts-at-none",
        "grad is None until a backward pass comes by. It starts at 0.0: an input that the output "
        "does not use has the gradient 0.",
        _without_gradient(),
    ),
    _value(
        "leaf-gradients-cleared",
        "backward cleared gradients that were already there. It adds; clearing is the caller's.",
        mistakes.clears_first,
    ),
    _value(
        "no-seed",
        "no gradient left the output. Its derivative by itself is 1: start from there.",
        mistakes.no_seed,
    ),
    _value(
        "passed-on-too-early",
        "a node passed its gradient on before all its uses had added theirs. Go through the "
        "nodes in reverse topological order.",
        mistakes.passes_on_too_early,
    ),
    *[
        _value(
            "node-visited-again",
            "a node that is used twice passed its whole gradient on twice. Visit it once, after "
            "all its uses.",
            way,
        )
        for way in (
            mistakes.visits_again(1),
            mistakes.visits_again(-1),
            _walks_every_path(add=True),
        )
    ],
    _value(
        "same-operand-twice",
        "in x * x one of the two uses was lost. Keep the operands in a tuple, not by identity.",
        mistakes.one_slot_an_operand,
    ),
    Misconception(
        "no-reflected-operators",
        "a plain number on the left, as in 3 + x, was refused. Write __radd__ and its kin.",
        _no_reflected(),
    ),
    _value(
        "reflected-subtraction-swapped",
        "10 - x came out as x - 10. In __rsub__(self, other), self is on the right.",
        rsub=lambda constant, x: x - constant,
    ),
    _value(
        "reflected-division-swapped",
        "12 / x came out as x / 12. In __rtruediv__(self, other), self is on the right.",
        rdiv=lambda constant, x: x / constant,
    ),
    _value(
        "subtraction-sign",
        "in u - v the gradient of v has a minus.",
        sub=lambda g, a, b: (g, g),
    ),
    _value(
        "product-swapped",
        "in u * v the gradient of u is g * v: each factor gets the other one.",
        mul=lambda g, a, b: (g * a, g * b),
    ),
    _value(
        "product-no-upstream",
        "the rule of u * v gives v and u alone. Multiply both by the gradient of the result.",
        mul=lambda g, a, b: (b, a),
    ),
    _value(
        "quotient-sign",
        "in u / v the gradient of v is -g u / v^2: the minus is missing.",
        div=lambda g, a, b: (g / b, g * a / b**2),
    ),
    _value(
        "power-no-exponent",
        "the rule of u ** n lacks its factor n: g n u^(n-1).",
        pow=lambda g, a, n: (g * a ** (n - 1),),
    ),
    _value(
        "power-exponent-kept",
        "the rule of u ** n lowers the exponent by one: g n u^(n-1).",
        pow=lambda g, a, n: (g * n * a**n,),
    ),
    _value(
        "relu-gradient-everywhere",
        "the gradient went through where the input of relu was negative. It is 0 there.",
        relu=lambda g, a, out: (g,),
    ),
    _value(
        "relu-masked-by-gradient",
        "relu let the gradient through by the gradient's own sign. The input's sign decides.",
        relu=lambda g, a, out: (max(g, 0.0),),
    ),
    _value(
        "tanh-of-input",
        "1 - t^2 takes the output t of tanh, not its input.",
        tanh=lambda g, a, out: (g * (1 - a**2),),
    ),
    _value(
        "tanh-not-squared",
        "the derivative of tanh is 1 - t^2: the square is missing.",
        tanh=lambda g, a, out: (g * (1 - out),),
    ),
    _value(
        "sine-sign",
        "the derivative of sin is cos, without a minus.",
        sin=lambda g, a, out: (-g * math.cos(a),),
    ),
    _value(
        "logarithm-multiplied",
        "the gradient of log(u) is g / u, not g * u.",
        log=lambda g, a, out: (g * a,),
    ),
    _value(
        "exp-of-gradient",
        "the gradient of exp(u) is g times the output, not g times the input.",
        exp=lambda g, a, out: (g * a,),
    ),
    *[_no_upstream(name) for name in ("exp", "log", "sin", "tanh", "relu")],
]
