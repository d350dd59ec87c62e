"""Chapter 3: what students get wrong in a step of Adam."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception


def _step(m: np.ndarray, v: np.ndarray, eps: float) -> np.ndarray:
    return m / (np.sqrt(v) + eps)


def _wrong(
    first: Callable[..., Any] = lambda m, g, beta: beta * m + (1 - beta) * g,
    second: Callable[..., Any] = lambda v, g, beta, m: beta * v + (1 - beta) * g**2,
    correct: Callable[..., Any] = lambda a, beta, t: a / (1 - beta**t),
    correct_second: Callable[..., Any] | None = None,
    step: Callable[..., Any] = _step,
    pack: Callable[..., Any] = lambda theta, m, v, m_hat, v_hat: (theta, m, v),
    sign: float = -1.0,
) -> Callable[..., Any]:
    """Return a step of Adam with one line changed."""

    def adam_step(
        theta: np.ndarray,
        grad: np.ndarray,
        m: np.ndarray,
        v: np.ndarray,
        t: int,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> Any:
        new_m = first(m, grad, beta1)
        new_v = second(v, grad, beta2, new_m)
        m_hat = correct(new_m, beta1, t)
        v_hat = (correct_second or correct)(new_v, beta2, t)
        return pack(theta + sign * lr * step(m_hat, v_hat, eps), new_m, new_v, m_hat, v_hat)

    return adam_step


def _moved_by(step: Callable[[SimpleNamespace], Any]) -> Callable[..., Any]:
    """Return a step of Adam with the right averages that moves theta by another ``step``.

    It is given g, the averages before (m_old, v_old) and after (m, v), the divisors of their
    corrections (d_m, d_v) and eps.
    """

    def adam_step(
        theta: np.ndarray,
        grad: np.ndarray,
        m: np.ndarray,
        v: np.ndarray,
        t: int,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> Any:
        c = SimpleNamespace(g=grad, m_old=m, v_old=v, eps=eps)
        c.m, c.v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
        c.d_m, c.d_v = 1 - beta1**t, 1 - beta2**t
        return theta - lr * step(c), c.m, c.v

    return adam_step


def _betas_fixed(*args: Any, beta1: float = 0.9, beta2: float = 0.999, **kwargs: Any) -> Any:
    return _wrong()(*args, **kwargs)


def _betas_exchanged(*args: Any, beta1: float = 0.9, beta2: float = 0.999, **kwargs: Any) -> Any:
    return _wrong()(*args, beta1=beta2, beta2=beta1, **kwargs)


def _one_corrected(**kwargs: Any) -> Misconception:
    return Misconception(
        "one-average-corrected",
        "only one average was corrected. Both start at 0: divide m by 1 - beta1**t and v by "
        "1 - beta2**t.",
        _wrong(**kwargs),
    )


def _step_miscounted(shift: int) -> Misconception:
    return Misconception(
        "step-miscounted",
        "the correction is one step off. t is 1 in the first step, and the power is t.",
        _wrong(correct=lambda a, beta, t: a / (1 - beta ** (t + shift))),
    )


MISCONCEPTIONS = [
    Misconception(
        "no-bias-correction",
        "the averages start at 0 and are too small in the first steps. Divide them by 1 - beta**t.",
        _wrong(correct=lambda a, beta, t: a),
    ),
    _one_corrected(correct_second=lambda a, beta, t: a),
    _one_corrected(
        correct=lambda a, beta, t: a, correct_second=lambda a, beta, t: a / (1 - beta**t)
    ),
    _step_miscounted(-1),
    _step_miscounted(1),
    Misconception(
        "corrected-averages-returned",
        "the corrected averages came back, so that the next step corrects them again. Keep m "
        "and v as they are and use the corrected ones for the step only.",
        _wrong(pack=lambda theta, m, v, m_hat, v_hat: (theta, m_hat, v_hat)),
    ),
    Misconception(
        "epsilon-under-the-root",
        "eps was added under the root. It is added to the root, so that it has the unit of a "
        "gradient.",
        _wrong(step=lambda m, v, eps: m / np.sqrt(v + eps)),
    ),
    Misconception(
        "epsilon-forgotten",
        "without eps a gradient that was always 0 gives 0 / 0. Add eps to the root.",
        _wrong(step=lambda m, v, eps: m / np.sqrt(v)),
    ),
    Misconception(
        "epsilon-fixed",
        "the eps that was given is not used.",
        _wrong(step=lambda m, v, eps: m / (np.sqrt(v) + 1e-8)),
    ),
    Misconception(
        "epsilon-before-the-correction",
        "eps joined the root of v before its correction, which enlarges it. Correct v first.",
        _moved_by(lambda c: c.m / c.d_m * math.sqrt(c.d_v) / (np.sqrt(c.v) + c.eps)),
    ),
    Misconception(
        "epsilon-before-the-correction",
        "eps joined the root of v before its correction, which enlarges it. Correct v first. And "
        "np.sqrt of a number is a float64: take math.sqrt.",
        _moved_by(lambda c: c.m / c.d_m * np.sqrt(c.d_v) / (np.sqrt(c.v) + c.eps)),
    ),
    Misconception(
        "power-forgotten",
        "the correction is that of t = 1 in every step. It is a power: 1 - beta**t.",
        _wrong(correct=lambda a, beta, t: a / (1 - beta)),
    ),
    Misconception(
        "one-beta-for-both",
        "v was corrected with beta1. It was averaged with beta2: divide by 1 - beta2**t.",
        _moved_by(lambda c: c.m / c.d_m / (np.sqrt(c.v / c.d_m) + c.eps)),
    ),
    Misconception(
        "corrected-before-the-update",
        "theta moved by the averages of the last step. Update m and v first, then correct "
        "the new ones.",
        _moved_by(lambda c: c.m_old / c.d_m / (np.sqrt(c.v_old / c.d_v) + c.eps)),
    ),
    Misconception(
        "gradient-for-its-average",
        "the gradient itself was divided by the root. Divide its corrected average m.",
        _moved_by(lambda c: c.g / (np.sqrt(c.v / c.d_v) + c.eps)),
    ),
    Misconception(
        "step-in-float64",
        "theta became float64: so is a number that numpy made (np.sqrt of a number, an array of "
        "betas). Use Python's own, math.sqrt and **.",
        _moved_by(lambda c: c.m / c.d_m / (np.sqrt(c.v) / np.sqrt(c.d_v) + c.eps)),
    ),
    Misconception(
        "root-forgotten",
        "m was divided by v itself. Take the root: v is a mean of squares.",
        _wrong(step=lambda m, v, eps: m / (v + eps)),
    ),
    Misconception(
        "square-forgotten",
        "v averages the gradients themselves. It is the average of their squares.",
        _wrong(second=lambda v, g, beta, m: beta * v + (1 - beta) * g),
    ),
    Misconception(
        "sizes-for-squares",
        "v averages sizes |g|. It is the average of the squares, of which the root is taken.",
        _wrong(second=lambda v, g, beta, m: beta * v + (1 - beta) * np.abs(g)),
    ),
    Misconception(
        "average-squared",
        "v averages the squares of m. It is the gradient that is squared.",
        _wrong(second=lambda v, g, beta, m: beta * v + (1 - beta) * m**2),
    ),
    Misconception(
        "betas-exchanged",
        "beta1 and beta2 are exchanged: beta1 belongs to m, beta2 to v.",
        _betas_exchanged,
    ),
    Misconception(
        "betas-fixed",
        "the betas that were given are not used.",
        _betas_fixed,
    ),
    Misconception(
        "summed-not-averaged",
        "the gradient joined with weight 1. In an average it has the weight 1 - beta.",
        _wrong(first=lambda m, g, beta: beta * m + g, second=lambda v, g, beta, m: beta * v + g**2),
    ),
    Misconception(
        "weights-exchanged",
        "the weights are exchanged: the old average keeps beta, the gradient gets 1 - beta.",
        _wrong(
            first=lambda m, g, beta: (1 - beta) * m + beta * g,
            second=lambda v, g, beta, m: (1 - beta) * v + beta * g**2,
        ),
    ),
    Misconception(
        "product-for-power",
        "the correction takes beta * t. It is a power: 1 - beta**t.",
        _wrong(correct=lambda a, beta, t: a / (1 - beta * t)),
    ),
    Misconception(
        "uphill",
        "this climbs: the step is subtracted from theta.",
        _wrong(sign=1.0),
    ),
    Misconception(
        "results-reordered",
        "the results are in another order. Return (theta, m, v).",
        _wrong(pack=lambda theta, m, v, m_hat, v_hat: (m, v, theta)),
    ),
]
