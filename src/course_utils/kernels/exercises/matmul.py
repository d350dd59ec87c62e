"""Chapter 10: the product of two matrices by tiles."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback import BadInput, Case
from course_utils.kernels.exercises.arrays import (
    HALF,
    HALF_SUM,
    LONG,
    SINGLE,
    STRIDES,
    VIEWS,
    WEIGHTS,
    Array,
    apart,
    half,
    single,
    told,
    turned,
)
from course_utils.kernels.exercises.compiling import compile_part
from course_utils.kernels.exercises.races import refuse_races
from course_utils.kernels.exercises.running import AGAIN, triton_exercise

SECTION, TITLE = "10_gpu/05_matmul", "Tiles: the matrix product"
TILES = (16, 32, 64, 128)  # likely sizes of a block of the inner dimension


def matmul(a: Array, b: Array) -> Array:
    """Add up the outer products of columns of a and rows of b, in float64."""
    total = np.zeros((a.shape[0], b.shape[1]))
    for column, row in zip(a.T.astype(np.float64), b.astype(np.float64), strict=True):
        total += np.multiply.outer(column, row)
    return total.astype(a.dtype)


def _product(a: Array, b: Array) -> Array:
    return (a.astype(np.float32) @ b.astype(np.float32)).astype(a.dtype)


def _read(of_a: Callable[[Array], Array], of_b: Callable[[Array], Array]) -> Callable[..., Array]:
    return lambda a, b: _product(of_a(a), of_b(b))


def _same(x: Array) -> Array:
    return x


def _blocks(kept: Callable[[int, int], slice]) -> list[Callable[[Array, Array], Array]]:
    """Return products over some of the inner dimension: ``kept(K, block)``, a form a block size."""

    def product_with(block: int) -> Callable[[Array, Array], Array]:
        def wrong(a: Array, b: Array) -> Array:
            part = kept(a.shape[1], block)
            return _product(a[:, part], b[part])

        return wrong

    return [product_with(block) for block in TILES]


def _repeated(block: int) -> Callable[[Array, Array], Array]:
    """The pointers never move: each step adds the first block again, masked by what is left."""

    def wrong(a: Array, b: Array) -> Array:
        total = np.zeros((a.shape[0], b.shape[1]), np.float32)
        for start in range(0, a.shape[1], block):
            part = slice(0, min(block, a.shape[1] - start))
            total += a[:, part].astype(np.float32) @ b[part].astype(np.float32)
        return total.astype(a.dtype)

    return wrong


def _repeated_whole(block: int) -> Callable[[Array, Array], Array]:
    def wrong(a: Array, b: Array) -> Array:
        steps = -(-a.shape[1] // block)
        return (steps * _product(a[:, :block], b[:block]).astype(np.float32)).astype(a.dtype)

    return wrong


def cancelling(rng: np.random.Generator, outer: int, inner: int) -> tuple[Array, Array]:
    """Return float16 (outer, inner) twice; row products have huge parts whose sum is near 0.

    The first and the second half of the inner dimension give the same but for the sign.
    """
    first, weights = rng.uniform(2, 4, (2, outer, inner // 2))
    second = -first + rng.normal(size=first.shape) / 16
    return (
        np.concatenate([first, second], axis=1).astype(np.float16),
        np.concatenate([weights, weights], axis=1).astype(np.float16),
    )


def _draw(rng: np.random.Generator) -> list[Case]:
    m, k, n = (int(v) for v in rng.integers(33, 60, size=3))
    shapes = [(1, 1, 1), (m, k, n), (5, 150 + k, 70), (70, 7, m)]
    cases = [
        Case((single(rng, a, b), single(rng, b, c)), note=f"{a} x {b} by {b} x {c}", part=SINGLE)
        for a, b, c in shapes
    ]
    a, b, c, d = single(rng, m, k), single(rng, k, n), single(rng, 20, 21), single(rng, 21, 20)
    views = [
        ((turned(a), b), "a transposed in memory"),
        ((c, apart(d)), "b with every second column of memory"),
    ]
    cases += [Case(args, note=note, part=VIEWS) for args, note in views]
    cases.append(Case((half(rng, 18, k), half(rng, k, 21)), note="float16", part=HALF))
    x, y = cancelling(rng, 17, 1100)
    cases.append(Case((x, y[:9].T.copy()), note="large partial sums, float16", part=LONG))
    twice = single(rng, 9, 20), single(rng, 20, 7)
    return [*cases, Case(twice, {AGAIN: True}, note="called three times", part=SINGLE)]


_A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
_B = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], np.float32)

MATMUL = triton_exercise(
    key="triton_convolution/matmul",
    points=4,
    concept="Matrix product",
    section=SECTION,
    section_title=TITLE,
    reference=matmul,
    worked=[
        Case(
            (_A, _B),
            note="2 x 3 by 3 x 2",
            expected=np.array([[4.0, 7.0], [10.0, 16.0]], np.float32),
            part=SINGLE,
        )
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_A, _A), "inner sizes that differ"),
        BadInput((_A, _B[:, 0]), "a vector"),
        BadInput((_A[None], _B[None]), "a batch of matrices"),
        BadInput((_A, _B.astype(np.float16)), "another dtype"),
        BadInput((np.ones((2, 2), int), np.ones((2, 2), int)), "integers"),
    ],
    misconceptions=[
        *told(
            "one-block-only",
            "only one block of the inner dimension counts: the accumulator is overwritten in each "
            "step, or there is no loop. Add: acc = tl.dot(a, b, acc).",
            *_blocks(lambda k, block: slice((k - 1) // block * block, k)),
            *_blocks(lambda k, block: slice(0, block)),
        ),
        *told(
            "last-block-dropped",
            "the loop leaves out the rest of the inner dimension: it takes cdiv(K, BLOCK) steps, "
            "and a mask in the last.",
            *_blocks(lambda k, block: slice(0, k // block * block)),
        ),
        *told(
            "pointers-stand-still",
            "every step of the loop read the first block again. Move both pointers on, along the "
            "inner dimension.",
            *map(_repeated, TILES),
            *map(_repeated_whole, TILES),
        ),
        *told(
            "factor-transposed",
            "one factor was read transposed: rows of a and columns of b belong together.",
            _read(_same, lambda b: b.reshape(b.shape[::-1]).T),
            _read(lambda a: a.reshape(a.shape[::-1]).T, _same),
        ),
        STRIDES,
        HALF_SUM,
    ],
    look=refuse_races,
    compiles=compile_part(np.ones((48, 64), np.float16), np.ones((64, 32), np.float16)),
    weights=WEIGHTS,
    inputs=("a", "b"),
)
