"""Chapter 9: mistakes in a softmax over blocks."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.feedback.exercise import Misconception
from course_utils.feedback.exercises.attention_steps import Array

Difference = Callable[[Any, Any], Any]
Final = tuple[Any, Any, Any]


def power(x: Any, top: Any) -> Any:
    """Return e^(x - top), 0 where x is hidden."""
    return np.where(np.isneginf(x), 0.0, np.exp(x - top)).astype(np.asarray(x).dtype)


def _careless(x: Any, top: Any) -> Any:
    """Return e^(x - top), which is nan where both are -inf."""
    return np.exp(x - top)


def ready(m: Array, s: Array, blocks: Sequence[Array], kept: Sequence[Array]) -> Final:
    """Return the maximum, the sum and the softmax."""
    return m, s, power(np.concatenate(list(blocks), -1), m[..., None]) / s[..., None]


def streamed(
    grow: Callable[[Array, Array], Array] = np.maximum,
    rescale: Callable[[Array, Array, Array], Array] = lambda s, m, new: s * power(m, new),
    shift: Callable[[Array, Array], Array] = lambda new, top: new,
    start: tuple[float, float] = (-np.inf, 0.0),
    finish: Callable[..., Any] = ready,
    raised: Difference = power,
    gather: Callable[[Array], Array] = lambda e: e.sum(axis=-1),
) -> Callable[[Sequence[Array]], Any]:
    """Return the loop over the blocks with one of its steps changed."""

    def wrong(blocks: Sequence[Array]) -> Any:
        m, s = (np.full(blocks[0].shape[:-1], value, blocks[0].dtype) for value in start)
        kept = []
        for block in blocks:
            top = block.max(axis=-1)
            new = grow(m, top)
            e = raised(block, np.asarray(shift(new, top))[..., None])
            s, m = rescale(s, m, new) + gather(e), new
            kept.append(e)
        return finish(m, s, blocks, kept)

    return wrong


def _careless_end(m: Array, s: Array, blocks: Sequence[Array], kept: Sequence[Array]) -> Final:
    return m, s, np.exp(np.concatenate(list(blocks), -1) - m[..., None]) / s[..., None]


def _naive(blocks: Sequence[Array]) -> Final:
    x = np.concatenate(list(blocks), -1)
    m, e = x.max(axis=-1), np.exp(x)
    return m, e.sum(-1), e / e.sum(-1, keepdims=True)


def _naive_zero(blocks: Sequence[Array]) -> Final:
    _, s, p = _naive(blocks)
    return np.zeros_like(s), s, p


def _one_maximum(blocks: Sequence[Array]) -> Final:
    x = np.concatenate(list(blocks), -1)
    e = np.exp(x - x.max())
    return x.max(), e.sum(-1), e / e.sum(-1, keepdims=True)


def _one_maximum_a_row(blocks: Sequence[Array]) -> Final:
    m, s, p = _one_maximum(blocks)
    return np.full(np.shape(s), m), s, p


def _each_alone(m: Array, s: Array, blocks: Sequence[Array], kept: Sequence[Array]) -> Final:
    raised = [power(b, b.max(-1, keepdims=True)) for b in blocks]
    return m, s, np.concatenate([e / e.sum(-1, keepdims=True) for e in raised], -1)


def _each_own_maximum(m: Array, s: Array, blocks: Sequence[Array], kept: Sequence[Array]) -> Final:
    raised = [power(b, b.max(-1, keepdims=True)) for b in blocks]
    return m, s, np.concatenate(raised, -1) / s[..., None]


def _turned(change: Callable[[Any, Any, Any], Any]) -> Callable[[Sequence[Array]], Any]:
    """Return the right result, changed at the end."""
    return streamed(finish=lambda m, s, blocks, kept: change(*ready(m, s, blocks, kept)))


def told(name: str, hint: str, *wrong: Callable[..., Any]) -> list[Misconception]:
    """Return a mistake in its forms."""
    return [Misconception(name, hint, each) for each in wrong]


def _wide(blocks: Sequence[Array]) -> Final:
    return streamed()([block.astype(np.float64) for block in blocks])


_SUMS = [
    *told(
        "sum-not-rescaled",
        "the sum was not rescaled when the maximum grew. Its terms were taken with the old one: "
        "multiply by e^(m_old - m_new).",
        streamed(rescale=lambda s, m, new: s),
    ),
    *told(
        "rescaled-the-wrong-way",
        "the sum was multiplied by e^(m_new - m_old), which lets it grow. Old terms shrink when "
        "the maximum grows: e^(m_old - m_new).",
        streamed(rescale=lambda s, m, new: s * np.where(s == 0, 0, np.exp(new - m))),
        streamed(rescale=lambda s, m, new: s * np.exp(new - m)),
        streamed(rescale=lambda s, m, new: s / np.exp(m - new)),
    ),
    *told(
        "maximum-of-the-block",
        "a block was raised with its own maximum. All terms of the sum need the same one: the "
        "running maximum, which may come from an earlier block.",
        streamed(shift=lambda new, top: top),
    ),
    *told(
        "maximum-not-kept",
        "the maximum is that of the last block. Keep the larger of the old one and the block's.",
        streamed(grow=lambda m, top: top),
    ),
    *told(
        "factor-not-exponentiated",
        "the sum was multiplied by a difference or quotient of maxima. The factor is "
        "e^(m_old - m_new).",
        streamed(rescale=lambda s, m, new: np.where(s == 0, 0, s * (m - new))),
        streamed(rescale=lambda s, m, new: np.where(s == 0, 0, s * (m / new))),
        streamed(rescale=lambda s, m, new: s * (m - new)),
    ),
    *told(
        "maximum-starts-at-0",
        "the running maximum starts at 0, which no score may reach. Start at minus infinity, or "
        "with the first block.",
        streamed(start=(0.0, 0.0)),
    ),
    *told(
        "sum-starts-at-1",
        "the running sum starts at 1. Nothing was added yet: 0.",
        streamed(start=(-1e30, 0.0), rescale=lambda s, m, new: s * power(m, new) + (m <= -1e30)),
        streamed(finish=lambda m, s, b, kept: ready(m, s + 1, b, kept)),
        streamed(finish=lambda m, s, b, kept: ready(m, s + power(b[0].max(-1), m), b, kept)),
    ),
    *told(
        "hidden-block-gives-nan",
        "where all scores so far are hidden, the running maximum is minus infinity, and "
        "-inf - (-inf) is nan. Subtract a finite number there.",
        streamed(raised=_careless, rescale=lambda s, m, new: s * _careless(m, new)),
        streamed(
            raised=_careless,
            rescale=lambda s, m, new: s * _careless(m, new),
            finish=_careless_end,
        ),
        streamed(raised=_careless),
        streamed(rescale=lambda s, m, new: s * _careless(m, new)),
    ),
]

_RESULTS = [
    *told(
        "float64-came-along",
        "float32 became float64. Make the running maximum and sum in the dtype of the blocks.",
        _wide,
    ),
    *told(
        "earlier-blocks-not-corrected",
        "the exponentials of earlier blocks were kept with the maximum of their time. Multiply "
        "them by e^(m_old - m_new), or take the softmax at the end.",
        streamed(
            finish=lambda m, s, b, kept: (m, s, np.concatenate(kept, -1) / s[..., None]),
        ),
        streamed(finish=_each_own_maximum),
    ),
    *told(
        "each-block-by-itself",
        "each block sums to one. All blocks together do.",
        streamed(finish=_each_alone),
    ),
    *told(
        "not-normalised",
        "the exponentials were not divided by the sum.",
        _turned(lambda m, s, p: (m, s, p * s[..., None])),
    ),
    *told(
        "logarithm-of-the-sum",
        "a logarithm came back. Return the sum of e^(x - max) itself.",
        _turned(lambda m, s, p: (m, np.log(s), p)),
        _turned(lambda m, s, p: (m, m + np.log(s), p)),
        _turned(lambda m, s, p: (m + np.log(s), s, p)),
    ),
    *told(
        "sum-without-the-maximum",
        "the sum is that of e^x: it overflows. Return the sum of e^(x - max).",
        _turned(lambda m, s, p: (m, s * np.exp(m), p)),
    ),
    *told(
        "max-not-subtracted",
        "the maximum is not subtracted: exp overflows, and there is nothing to rescale.",
        _naive,
        _naive_zero,
    ),
    *told(
        "one-maximum-for-all-rows",
        "one maximum for all rows leaves others to underflow. Each row keeps its own.",
        _one_maximum,
        _one_maximum_a_row,
    ),
    *told(
        "sum-of-the-softmax",
        "the sum is that of the softmax, 1. Return the running sum of e^(x - max).",
        _turned(lambda m, s, p: (m, p.sum(-1), p)),
        _turned(lambda m, s, p: (m, np.ones_like(s), p)),
    ),
    *told(
        "axis-kept",
        "maximum and sum have an axis of length 1 too many. They have the leading axes only.",
        _turned(lambda m, s, p: (m[..., None], s[..., None], p)),
    ),
    *told(
        "results-exchanged",
        "the results are in another order. Return (max, sum, softmax).",
        _turned(lambda m, s, p: (s, m, p)),
        _turned(lambda m, s, p: (p, m, s)),
        _turned(lambda m, s, p: (p, s, m)),
    ),
    *told(
        "blocks-not-joined",
        "the softmax came back in blocks. Concatenate them along the last axis.",
        streamed(
            finish=lambda m, s, b, kept: (m, s, [power(x, m[..., None]) / s[..., None] for x in b])
        ),
    ),
    *told(
        "first-or-last-block-only",
        "the softmax of one block came back. Return that of all blocks, concatenated.",
        streamed(finish=lambda m, s, b, kept: (m, s, power(b[-1], m[..., None]) / s[..., None])),
        streamed(finish=lambda m, s, b, kept: (m, s, power(b[0], m[..., None]) / s[..., None])),
    ),
]

MISTAKES = [*_RESULTS, *_SUMS]
