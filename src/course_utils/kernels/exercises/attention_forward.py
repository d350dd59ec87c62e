"""Chapter 10: flash attention, forward."""

import numpy as np

from course_utils.feedback.exercise import COMPILES, VALIDATION, Case
from course_utils.kernels.exercises.arrays import HALF, VIEWS, Array
from course_utils.kernels.exercises.attention_forward_mistakes import MISTAKES
from course_utils.kernels.exercises.attention_inputs import (
    CAUSAL,
    SECTION,
    TITLE,
    cancelling,
    items,
    normal,
    refusals,
    shifted,
    views,
    wholes,
)
from course_utils.kernels.exercises.attention_items import ALL, by_items
from course_utils.kernels.exercises.attention_looks import look_at_tiles
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.running import AGAIN, triton_exercise

OUT, LSE = ITEMS = ("out", "lse")


def flash_attention(q: Array, k: Array, v: Array, causal: bool = False) -> tuple[Array, Array]:
    """Take each query by itself, in float64, with all keys that it may see."""
    out, lse = np.zeros(q.shape), np.zeros(q.shape[:3])
    for place in np.ndindex(q.shape[:3]):
        head, count = place[:2], place[2] + 1 if causal else k.shape[2]
        keys, values = (x[head][:count].astype(np.float64) for x in (k, v))
        scores = keys @ q[place].astype(np.float64) / np.sqrt(q.shape[3])
        lse[place] = np.logaddexp.reduce(scores)
        out[place] = np.exp(scores - lse[place]) @ values
    return out.astype(q.dtype), lse.astype(np.float32)


def _three(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> list[Array]:
    return [normal(rng, *shape, dtype=dtype) for _ in range(3)]


def _draw(rng: np.random.Generator) -> list[Case]:
    long = int(rng.integers(140, 160))
    far = np.array([90.0, -120.0], np.float32)[:, None, None]
    plain: list[tuple[list[Array], str]] = [
        (_three(rng, 2, 2, 37, 32), "two samples of two heads"),
        (_three(rng, 1, 1, long, 32), "more tokens than a block"),
        (_three(rng, 1, 1, 19, 128), "heads of 128 columns"),
        (shifted(rng, (2, 1, 45, 32), far), "scores around 90 and around -120"),
    ]
    again = {CAUSAL: True, AGAIN: True}
    return [
        *(case for args, note in plain for case in items(ITEMS, args, note)),
        wholes(views(rng, 3, 1, 2, 33, 32), "views that are not contiguous", VIEWS),
        wholes(_three(rng, 1, 1, long, 64), "causal, many tokens", CAUSAL, causal=True),
        Case((ALL, *_three(rng, 1, 1, 35, 32)), again, "called again", part=CAUSAL),
        Case((OUT, *_three(rng, 1, 1, 50, 64, dtype="float16")), note="float16", part=HALF),
        Case((OUT, *_cancelling(rng)), note="float16 values that cancel", part=HALF),
    ]


def _cancelling(rng: np.random.Generator) -> list[Array]:
    """Return float16 tensors whose sum of values grows far larger than the result.

    All keys are equal, so that all weights are, and the values of the second half cancel those of
    the first.
    """
    q, k, v = _three(rng, 1, 1, 150, 32, dtype="float16")
    k[:] = k[:, :, :1]
    v = cancelling(rng, 1, 1, 150, 32)
    return [q, k, v]


def _worked() -> list[Case]:
    # Scores are q k / sqrt(32): 3 for one token; 0 and log 3, 0 and 2 log 3 for two.
    q, k, v = (np.zeros((1, 1, 1, 32), np.float32) for _ in range(3))
    q[..., 0], k[..., 0], v[0, 0, 0] = 32**0.5, 3, np.arange(32) / 8
    one = [q, k, v]
    q, k, v = (np.zeros((1, 1, 2, 32), np.float32) for _ in range(3))
    q[0, 0, :, 0] = 32**0.5, 2 * 32**0.5
    k[0, 0, 1, 0] = np.log(3)
    v[0, 0] = np.arange(64).reshape(2, 32) / 8
    two = [q, k, v]
    first, second = v[0, 0].astype(np.float64)

    def answer(out: list[Array], lse: list[float] | Array) -> tuple[Array, Array]:
        return np.array([[out]], np.float32), np.array([[lse]], np.float32)

    mixed = (first + 9 * second) / 10
    answers = [
        (one, answer([one[2][0, 0, 0]], [3.0]), "one token", False),
        (two, answer([(first + 3 * second) / 4, mixed], np.log([4, 10])), "two tokens", False),
        (two, answer([first, mixed], [0.0, np.log(10)]), "causal, two tokens", True),
    ]
    return [
        Case((item, *args), note=note, expected=value, part=item)
        for args, expected, note, causal in answers
        if not causal
        for item, value in zip(ITEMS, expected, strict=True)
    ] + [
        Case((ALL, *args), {CAUSAL: True}, note=note, expected=expected, part=CAUSAL)
        for args, expected, note, causal in answers
        if causal
    ]


_COMPILED = [np.ones((1, 2, 256, 64), np.float16)] * 3

FLASH_ATTENTION = by_items(
    triton_exercise(
        key="triton_attention/flash_attention",
        points=6,
        concept="Flash attention",
        section=SECTION,
        section_title=TITLE,
        reference=flash_attention,
        worked=_worked(),
        draw=_draw,
        bad_inputs=refusals(lambda q, k, v: (q, k, v)),
        misconceptions=MISTAKES,
        look=look_at_tiles,
        compiles=compile_part(*_COMPILED, causal=True),
        weights={
            OUT: 0.35,
            LSE: 0.1,
            VIEWS: 0.1,
            CAUSAL: 0.2,
            HALF: 0.1,
            COMPILES: 0.05,
            VALIDATION: 0.1,
        },
        inputs=("q", "k", "v"),
        outputs=ITEMS,
    ),
    ITEMS,
)
