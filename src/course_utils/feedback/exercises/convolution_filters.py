"""Chapter 4: a kernel as a sum of few separable ones."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named, narrow, view
from course_utils.feedback.exercises.convolution_separable import (
    BAD_KERNELS,
    KERNEL,
    SECTION,
    TITLE,
    Array,
    matrix,
    peel,
)

Filters = tuple[Array, Array]


class NotTwoArraysError(Exception):
    """The function did not return the pair (columns, rows)."""


def run_filters(student: Callable[..., Any], kernel: Array, rank: int) -> Any:
    """Return the shapes of the filters and the kernel that they add up to.

    The filters themselves are not determined: a factor can move from columns to rows.
    """
    result = student(kernel, rank)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise NotTwoArraysError(f"return (columns, rows), not a {type(result).__name__}")
    columns, rows = result
    if not (isinstance(columns, np.ndarray) and isinstance(rows, np.ndarray)):
        raise NotTwoArraysError("columns and rows must be numpy arrays")
    if columns.ndim != 2 or rows.ndim != 2:
        raise NotTwoArraysError(f"two axes expected, got shapes {columns.shape} and {rows.shape}")
    shapes = np.array(columns.shape), np.array(rows.shape)
    fit = columns.shape == (rank, kernel.shape[0]) and rows.shape == (rank, kernel.shape[1])
    total = np.einsum("rh,rw->hw", columns, rows) if fit else np.zeros_like(kernel)
    return (*shapes, total)


def low_rank_filters(kernel: Array, rank: int) -> Filters:
    """Leave the singular value with the column."""
    triples = peel(kernel, rank)
    columns = np.array([left for _, left, _ in triples])
    rows = np.array([right for _, _, right in triples])
    return columns.astype(kernel.dtype), rows.astype(kernel.dtype)


def _filters(
    kept: Callable[[int, int], slice] = lambda rank, most: slice(rank),
    left: Callable[[Array], Array] = np.sqrt,
    right: Callable[[Array], Array] = np.sqrt,
    finish: Callable[[Array, Array], Filters] = lambda columns, rows: (columns, rows),
) -> Callable[..., Filters]:
    """Return filters from the singular value decomposition with one step changed."""

    def low_rank_filters(kernel: Array, rank: int) -> Filters:
        u, values, vt = np.linalg.svd(kernel, full_matrices=False)
        some = kept(rank, len(values))
        columns = (u * left(values)).T[some]
        rows = right(values)[some, None] * vt[some]
        return finish(columns, rows)

    return low_rank_filters


def _itself(values: Array) -> Array:
    return values


def _ones(values: Array) -> Array:
    return np.ones_like(values)


def _split(finish: Callable[[Array, Array], Filters]) -> list[Callable[..., Filters]]:
    """Return a mistake with the singular values in both filters, in columns, and in rows."""
    places = ((np.sqrt, np.sqrt), (_itself, _ones), (_ones, _itself))
    return [_filters(left=left, right=right, finish=finish) for left, right in places]


def _v_not_transposed(kernel: Array, rank: int) -> Filters:
    u, values, vt = np.linalg.svd(kernel)
    s = np.sqrt(values[:rank])[:, None]
    return s * u.T[:rank], s * vt.T[:rank]


def _u_by_rows(kernel: Array, rank: int) -> Filters:
    u, values, vt = np.linalg.svd(kernel)
    s = np.sqrt(values[:rank])[:, None]
    return s * u[:rank], s * vt[:rank]


def _reshaped(columns: Array, rows: Array) -> Filters:
    return columns.T.reshape(columns.shape), rows


def _centred(kernel: Array, rank: int) -> Filters:
    return _filters()(kernel - kernel.mean(axis=0), rank)


def _sums(kernel: Array, rank: int) -> Filters:
    """Take the sums over the rows and over the columns, as if the kernel were a table of odds."""
    columns, rows = kernel.sum(axis=1), kernel.sum(axis=0) / kernel.sum()
    return np.tile(columns / rank, (rank, 1)), np.tile(rows, (rank, 1))


MISTAKES = [
    *named(
        "not-a-pair",
        "the result is not a pair of matrices. Return (columns, rows), of shapes (rank, k_h) and "
        "(rank, k_w).",
        lambda kernel, rank: None,
    ),
    *named(
        "singular-values-forgotten",
        "the singular values are missing: the filters have length 1, and their products do not "
        "have the size of the kernel.",
        _filters(left=_ones, right=_ones),
    ),
    *named(
        "singular-values-twice",
        "the singular values went into the columns and into the rows. Their product holds them "
        "twice: put the square root into each, or all of it into one.",
        _filters(left=_itself, right=_itself),
    ),
    *named(
        "root-on-one-side",
        "only one of the two filters got the square root of the singular value. The product "
        "needs the whole of it.",
        _filters(left=_ones),
        _filters(right=_ones),
    ),
    *named(
        "smallest-kept",
        "the smallest singular values were kept. They come in falling order: take the first.",
        _filters(kept=lambda rank, most: slice(most - rank, None)),
    ),
    *named(
        "rank-ignored",
        "only the first term was kept, whatever the rank. The sum has rank terms: slice [:rank].",
        _filters(kept=lambda rank, most: slice(1)),
    ),
    *named(
        "one-too-few",
        "one term is missing. The sum has rank terms: slice [:rank].",
        _filters(kept=lambda rank, most: slice(rank - 1)),
    ),
    *named(
        "one-too-many",
        "there is one term too many. The sum has rank terms: slice [:rank].",
        _filters(kept=lambda rank, most: slice(rank + 1)),
    ),
    *named(
        "all-kept",
        "every singular value was kept. The sum has rank terms.",
        _filters(kept=lambda rank, most: slice(None)),
    ),
    *named(
        "rows-and-columns-swapped",
        "columns and rows were swapped. Columns have length k_h, rows k_w: return (columns, rows).",
        _filters(finish=lambda columns, rows: (rows, columns)),
    ),
    *named(
        "filters-in-columns",
        "the filters stand in columns. One filter is one row of the result: (rank, k_h) and "
        "(rank, k_w).",
        *_split(lambda columns, rows: (columns.T, rows.T)),
        *_split(lambda columns, rows: (columns.T, rows)),
        *_split(lambda columns, rows: (columns, rows.T)),
    ),
    *named(
        "v-not-transposed",
        "numpy's svd returns V already transposed: its rows are the right singular vectors.",
        _v_not_transposed,
    ),
    *named(
        "rows-of-u",
        "rows of U were taken. The left singular vectors are its columns.",
        _u_by_rows,
    ),
    *named(
        "reshaped-not-transposed",
        "the columns of U were put into rows by reshape, which mixes them. Transpose.",
        *_split(_reshaped),
    ),
    *named(
        "mean-subtracted",
        "a mean was subtracted first, as for principal components. Decompose the kernel itself.",
        _centred,
        lambda kernel, rank: _filters()(kernel - kernel.mean(), rank),
    ),
    *named(
        "sums-of-the-kernel",
        "the filters are the sums of rows and columns. That holds for a rank of 1 only; the best "
        "approximation comes from the singular vectors.",
        _sums,
    ),
]


def _draw(rng: np.random.Generator) -> list[Case]:
    square = matrix(rng, (4, 4), [5.0, 3.0, 1.0, 0.5])
    tall, wide = matrix(rng, (5, 3), [4.0, 2.0, 1.0]), matrix(rng, (2, 5), [3.0, 1.0])
    thin = matrix(rng, (4, 3), [4.0, 2.0, 1.0]).astype(np.float32)
    larger = matrix(rng, (6, 4), [6.0, 3.0, 1.5])[::-1]
    return [
        Case((square, 2), note="values 5, 3, 1, 0.5"),
        Case((square, 3), note="values 5, 3, 1, 0.5"),
        Case((tall, 1), note="higher than wide"),
        Case((tall, 2), note="higher than wide"),
        Case((wide, 1), note="wider than high"),
        Case((wide, 2), note="the rank of the kernel: nothing is left out"),
        Case((tall.T, 3), note="a transposed view, the rank of the kernel"),
        Case((square - square[0, 0] + 2.0, 1), note="a mean that is not 0"),
        Case((np.outer(rng.normal(size=3), rng.normal(size=4)), 2), note="a rank below that asked"),
        Case((np.zeros((2, 3)), 1), note="a kernel of zeros"),
        Case((thin, 2), note="float32"),
        Case((larger, 2), note="a view"),
        Case((view(rng, 3, 3), 1), note="a view"),
        Case((narrow(rng, 1, 8), 1), note="float32, one row"),
    ]


LOW_RANK_FILTERS = Exercise(
    key="convolution/low_rank_filters",
    points=2,
    concept="Low-rank filters",
    section=SECTION,
    section_title=TITLE,
    reference=low_rank_filters,
    worked=[
        Case(
            (KERNEL, 1),
            note="(1 2) times (1 2 1)",
            expected=(np.array([1, 2]), np.array([1, 3]), KERNEL),
        ),
        Case(
            (np.array([[0.0, 5.0], [2.0, 0.0], [0.0, 0.0]]), 1),
            note="singular values 5 and 2",
            expected=(
                np.array([1, 3]),
                np.array([1, 2]),
                np.array([[0.0, 5.0], [0.0, 0.0], [0.0, 0.0]]),
            ),
        ),
    ],
    draw=_draw,
    bad_inputs=[
        *(BadInput((kernel, 1), because) for kernel, because in BAD_KERNELS),
        BadInput((KERNEL, 0), "a rank of 0"),
        BadInput((KERNEL, -1), "a negative rank"),
        BadInput((KERNEL, 3), "a rank above the smaller side of the kernel"),
    ],
    misconceptions=MISTAKES,
    call=run_filters,
    inputs=("kernel", "rank"),
    outputs=("the shape of columns", "the shape of rows", "the sum of the outer products"),
)
