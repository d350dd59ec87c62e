"""Wrong low-rank filters."""

import numpy as np

from tests.bank import mutant


def decomposed(kernel, rank):
    """Return the first rank columns of U, singular values, and rows of V^T."""
    u, values, vt = np.linalg.svd(kernel)
    return u[:, :rank], values[:rank], vt[:rank]


@mutant("not-a-pair")
def the_approximation_itself(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return u @ np.diag(values) @ vt


@mutant("not-a-pair")
def three_factors(kernel, rank):
    return decomposed(kernel, rank)


@mutant("singular-values-forgotten")
def vectors_only(kernel, rank):
    u, _, vt = decomposed(kernel, rank)
    return u.T, vt


@mutant("singular-values-twice")
def values_in_both(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return (u * values).T, values[:, None] * vt


@mutant("root-on-one-side")
def one_root(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return np.sqrt(values)[:, None] * u.T, vt


@mutant("smallest-kept")
def ascending_order_assumed(kernel, rank):
    u, values, vt = np.linalg.svd(kernel, full_matrices=False)
    return u[:, -rank:].T * values[-rank:, None], vt[-rank:]


@mutant("one-too-few")
def range_from_one(kernel, rank):
    u, values, vt = np.linalg.svd(kernel)
    terms = range(1, rank)
    columns = np.array([values[i - 1] * u[:, i - 1] for i in terms])
    rows = np.array([vt[i - 1] for i in terms])
    return columns.reshape(-1, len(u)), rows.reshape(-1, len(vt))


@mutant("one-too-many")
def inclusive_slice(kernel, rank):
    u, values, vt = np.linalg.svd(kernel, full_matrices=False)
    return u[:, : rank + 1].T * values[: rank + 1, None], vt[: rank + 1]


@mutant("all-kept")
def nothing_left_out(kernel, rank):
    u, values, vt = np.linalg.svd(kernel, full_matrices=False)
    return u.T * values[:, None], vt


@mutant("rows-and-columns-swapped")
def rows_first(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return vt, (u * values).T


@mutant("filters-in-columns")
def as_in_the_decomposition(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return u * values, vt


@mutant("filters-in-columns")
def both_in_columns(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return u * values, vt.T


@mutant("v-not-transposed")
def columns_of_vt(kernel, rank):
    u, values, v = np.linalg.svd(kernel)
    return (u[:, :rank] * values[:rank]).T, v[:, :rank].T


@mutant("rows-of-u")
def first_rows_of_u(kernel, rank):
    u, values, vt = np.linalg.svd(kernel)
    return values[:rank, None] * u[:rank], vt[:rank]


@mutant("reshaped-not-transposed")
def reshaped(kernel, rank):
    u, values, vt = decomposed(kernel, rank)
    return np.reshape(u * np.sqrt(values), (rank, len(kernel))), np.sqrt(values)[:, None] * vt


@mutant("mean-subtracted")
def principal_components(kernel, rank):
    u, values, vt = decomposed(kernel - kernel.mean(axis=0, keepdims=True), rank)
    return (u * values).T, vt


@mutant("sums-of-the-kernel")
def marginals(kernel, rank):
    total = kernel.sum()
    columns = np.array([kernel.sum(axis=1)] * rank) / total
    return columns, np.array([kernel.sum(axis=0)] * rank) / rank


@mutant("dtype")
def in_float64(kernel, rank):
    u, values, vt = decomposed(np.array(kernel, dtype=np.float64), rank)
    return (u * values).T, vt


@mutant("mutates")
def deflated_in_place(kernel, rank):
    columns, rows = [], []
    for _ in range(rank):
        u, values, vt = np.linalg.svd(kernel)
        columns.append(values[0] * u[:, 0])
        rows.append(vt[0])
        kernel -= np.outer(columns[-1], rows[-1])
    return np.array(columns), np.array(rows)


@mutant("exception")
def eigenvectors(kernel, rank):
    values, vectors = np.linalg.eig(kernel)
    return values[:rank, None] * vectors.T[:rank], vectors.T[:rank]


@mutant("validation")
def any_rank(kernel, rank):
    u, values, vt = np.linalg.svd(np.atleast_2d(kernel), full_matrices=False)
    return (u[:, :rank] * values[:rank]).T, vt[:rank]


@mutant("rank-ignored")
def best_separable_kernel(kernel, rank):
    u, values, vt = decomposed(kernel, 1)
    return values[:, None] * u.T, vt
