"""Right low-rank filters, written differently."""

import numpy as np

from tests.bank import variant


def refuse(kernel, rank):
    if kernel.ndim != 2 or 0 in kernel.shape or rank < 1 or rank > min(kernel.shape):
        raise ValueError(f"kernel {kernel.shape}, rank {rank}")


@variant
def values_with_the_columns(kernel, rank):
    refuse(kernel, rank)
    u, values, vt = np.linalg.svd(kernel)
    return (u[:, :rank] * values[:rank]).T, vt[:rank]


@variant
def values_with_the_rows(kernel, rank):
    refuse(kernel, rank)
    u, values, vt = np.linalg.svd(kernel, full_matrices=False)
    columns = np.array([u[:, i] for i in range(rank)])
    rows = np.array([values[i] * vt[i] for i in range(rank)])
    return columns, rows


@variant
def projected_on_eigenvectors(kernel, rank):
    """Project on the leading eigenvectors of K^T K."""
    refuse(kernel, rank)
    wide = kernel.astype(np.float64)
    basis = np.linalg.eigh(wide.T @ wide)[1][:, ::-1][:, :rank]
    return [(wide @ basis).T.astype(kernel.dtype), basis.T.astype(kernel.dtype)]


@variant
def of_the_transposed_kernel(kernel, rank):
    refuse(kernel, rank)
    v, values, ut = np.linalg.svd(kernel.T)
    return -ut[:rank], -(v[:, :rank] * values[:rank]).T
