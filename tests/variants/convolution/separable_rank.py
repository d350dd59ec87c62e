"""Right counts of singular values, written differently."""

import numpy as np

from tests.bank import variant


def refuse(kernel, tol):
    if kernel.ndim != 2 or 0 in kernel.shape or tol < 0 or tol >= 1:
        raise ValueError(f"kernel {kernel.shape}, tol {tol}")


@variant
def loop_over_the_values(kernel, tol):
    refuse(kernel, tol)
    _, values, _ = np.linalg.svd(kernel)
    count = 0
    for value in values:
        if value > tol * values.max():
            count += 1
    return count


@variant
def eigenvalues_of_the_smaller_gram_matrix(kernel, tol):
    refuse(kernel, tol)
    wide = kernel.astype(np.float64)
    gram = wide @ wide.T if wide.shape[0] < wide.shape[1] else wide.T @ wide
    values = np.sqrt(np.clip(np.linalg.eigvalsh(gram), 0, None))
    return np.count_nonzero(values > tol * values[-1])


@variant
def matrix_rank_with_a_relative_tolerance(kernel, tol):
    refuse(kernel, tol)
    return np.linalg.matrix_rank(kernel, tol=tol * np.linalg.norm(kernel, 2))


@variant
def ratios(kernel, tol):
    refuse(kernel, tol)
    if not kernel.any():
        return 0
    values = np.linalg.svd(kernel.T, compute_uv=False)
    return len(values[values / values[0] > tol])
