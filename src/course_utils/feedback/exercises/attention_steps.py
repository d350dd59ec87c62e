"""Chapter 9: the steps of attention, and the mistakes that are made in one of them.

``attention`` and ``multi_head_attention`` share scores, mask and softmax. A mistake in one of these
steps is a dict of keyword arguments, which both take.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception

WHOLE, CAUSAL, EXTREMES = "all keys", "causal", "extremes"
Array = np.ndarray
Step = dict[str, Any]


def swap(x: Array) -> Array:
    """Return x with its last two axes exchanged."""
    return x.swapaxes(-1, -2)


def products(q: Array, k: Array) -> Array:
    """Return q k^T."""
    return q @ swap(k)


def scaled(q: Array, k: Array) -> Array:
    """Return q k^T / sqrt(d)."""
    return products(q, k) / q.shape[-1] ** 0.5


def softmax(s: Array, axis: Any = -1) -> Array:
    """Return the softmax along an axis, of its shifted scores."""
    raised = np.exp(s - s.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def future(s: Array, offset: int = 1) -> Array:
    """Return where keys lie ``offset`` places or more after their query."""
    return np.triu(np.ones(s.shape[-2:], bool), offset)


def hide(value: float = -np.inf, offset: int = 1) -> Callable[[Array], Array]:
    """Return a mask that puts ``value`` in the place of hidden scores."""
    return lambda s: np.where(future(s, offset), value, s)


def lower(amount: float, offset: int = 1) -> Callable[[Array], Array]:
    """Return a mask that adds ``amount`` to hidden scores."""
    return lambda s: s + np.where(future(s, offset), amount, 0.0).astype(s.dtype)


def weights_of(
    q: Array,
    k: Array,
    causal: bool,
    score: Callable[[Array, Array], Array] = scaled,
    mask: Callable[[Array], Array] = hide(),  # noqa: B008 - a function, never changed
    soften: Callable[[Array], Array] = softmax,
    after: Callable[[Array], Array] = lambda a: a,
    always: bool = False,
) -> tuple[Array, Array]:
    """Return scores (masked) and weights."""
    s = score(q, k)
    if causal or always:
        s = mask(s)
        return s, after(soften(s))
    return s, soften(s)


def _same(s: Array) -> Array:
    return s


def _naive(s: Array) -> Array:
    raised = np.exp(s)
    return raised / raised.sum(axis=-1, keepdims=True)


def _one_maximum(s: Array) -> Array:
    return _naive(s - s.max())


def _everything(s: Array) -> Array:
    raised = np.exp(s - s.max())
    return raised / raised.sum()


def _cut(a: Array) -> Array:
    return np.where(future(a), 0.0, a).astype(a.dtype)


def _cut_and_divided(a: Array) -> Array:
    return _cut(a) / _cut(a).sum(axis=-1, keepdims=True)


def _root(q: Array) -> float:
    return q.shape[-1] ** 0.5


_SCALES = [
    (
        "scale-missing",
        "the scores are not divided by sqrt(d). Products of wide vectors are large, and the "
        "softmax would look at one key only.",
        [{"score": products}],
    ),
    (
        "scale-by-d",
        "the scores were divided by d. Their spread grows as sqrt(d): divide by the root.",
        [{"score": lambda q, k: products(q, k) / q.shape[-1]}],
    ),
    (
        "scale-multiplied",
        "the scores were multiplied by sqrt(d). Divide.",
        [{"score": lambda q, k: products(q, k) * _root(q)}],
    ),
    (
        "scale-by-the-keys",
        "the root is that of the number of keys. It is that of the width d of a key.",
        [{"score": lambda q, k: products(q, k) / k.shape[-2] ** 0.5}],
    ),
]

_SOFTMAXES = [
    (
        "softmax-over-queries",
        "the softmax runs over the queries. Each query shares its attention among the keys: the "
        "last axis of q k^T.",
        [{"soften": lambda s: softmax(s, -2)}],
    ),
    (
        "softmax-over-everything",
        "the whole array of weights sums to one. Each row must: one query, all keys.",
        [{"soften": _everything}, {"soften": lambda s: softmax(s, (-2, -1))}],
    ),
    (
        "softmax-axis-by-number",
        "the axis of the softmax is counted from the front, which fits one number of axes only. "
        "Write axis=-1.",
        [{"soften": lambda s, a=a: softmax(s, a)} for a in (1, 2, 3, 0)],
    ),
    (
        "softmax-forgotten",
        "the values were added with the scores themselves. Weights come from a softmax.",
        [{"soften": _same}],
    ),
    (
        "not-normalised",
        "the exponentials were not divided by their sum.",
        [
            {"soften": np.exp},
            {"soften": lambda s: np.exp(s - s.max(axis=-1, keepdims=True))},
        ],
    ),
    (
        "no-max-subtraction",
        "exp overflows for large scores. Subtract the largest of each row first: it cancels.",
        [{"soften": _naive}],
    ),
    (
        "one-maximum-for-all",
        "one maximum for the whole array leaves rows that underflow to 0/0. Take each row's.",
        [{"soften": _one_maximum}],
    ),
]

_WEAK = (-1e4, -1e3, -100.0, -50.0, -20.0, -10.0, -30.0, -500.0)
_MASKS = [
    (
        "mask-too-weak",
        "the number that hides a key is not far enough below the scores. Use minus infinity.",
        [{"mask": way(amount)} for amount in _WEAK for way in (hide, lower)],
    ),
    (
        "mask-after-softmax",
        "the mask came after the softmax: rows no longer sum to one, and hidden keys have taken "
        "their share. Hide scores before it.",
        [{"mask": _same, "after": _cut}],
    ),
    (
        "zeroed-scores",
        "hidden scores were set to 0, which is a score like any other: e^0 = 1. Set them to minus "
        "infinity.",
        [{"mask": hide(0.0)}],
    ),
    (
        "diagonal-hidden",
        "the mask is shifted by one: it hides a token from itself, and the first sees nothing.",
        [{"mask": way} for way in (hide(offset=0), hide(-1e9, 0), lower(-1e9, 0))],
    ),
    (
        "future-leaks",
        "the mask is shifted by one: each token sees the next one, which it is to predict.",
        [{"mask": hide(offset=2)}],
    ),
    (
        "past-hidden",
        "the mask is upside down: tokens see what comes after them. Rows are queries.",
        [{"mask": lambda s: np.where(swap(future(s)), -np.inf, s)}],
    ),
    (
        "causal-ignored",
        "causal=True changes nothing. A token may look at itself and those before it.",
        [{"mask": _same}],
    ),
    (
        "always-causal",
        "the mask is there without causal=True, too.",
        [{"always": True}],
    ),
    (
        "maximum-of-hidden-keys",
        "the maximum was taken over hidden keys, too. Where one of them is far larger, all that "
        "may be seen underflows to 0/0: hide first.",
        [{"mask": _same, "after": _cut_and_divided}],
    ),
]


def step_mistakes(make: Callable[..., Callable[..., Any]]) -> list[Misconception]:
    """Return the mistakes in scores, softmax and mask; ``make`` takes the changed step."""
    found = []
    for name, hint, steps in (*_SCALES, *_SOFTMAXES, *_MASKS):
        found += told(name, hint, *(make(**step) for step in steps))
    return found


def told(name: str, hint: str, *wrong: Callable[..., Any]) -> list[Misconception]:
    """Return a mistake in its forms, each in the dtype of its input and in float64."""
    return [Misconception(name, hint, way) for each in wrong for way in (each, in_float64(each))]


def in_float64(wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``wrong`` as it is when arrays are turned into float64 first."""

    def wide(*args: Any, **settings: Any) -> Any:
        floats = [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in args]
        return wrong(*floats, **settings)

    return wide


def narrow(rng: np.random.Generator, *shape: int) -> Array:
    """Return normal numbers in float32."""
    return rng.normal(size=shape).astype(np.float32)


def view(rng: np.random.Generator, *shape: int) -> Array:
    """Return an array of this shape that is a view, reversed in the rows, every second column."""
    *front, rows, columns = shape
    return rng.normal(size=(*front, rows, 2 * columns))[..., ::-1, ::2]
