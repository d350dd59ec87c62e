"""Wrong counts of singular values."""

import numpy as np

from tests.bank import mutant


def spectrum(kernel):
    return np.linalg.svd(kernel)[1]


@mutant("absolute-tolerance")
def above_tol(kernel, tol):
    return int(np.sum(spectrum(kernel) > tol))


@mutant("absolute-tolerance")
def matrix_rank_with_tol(kernel, tol):
    return int(np.linalg.matrix_rank(kernel, tol))


@mutant("tolerance-ignored")
def matrix_rank(kernel, tol):
    return int(np.linalg.matrix_rank(kernel))


@mutant("tolerance-ignored")
def a_tolerance_of_its_own(kernel, tol):
    values = spectrum(kernel)
    return int(np.sum(values > 1e-6 * max(values[0], 1e-300)))


@mutant("zero-kernel")
def at_least(kernel, tol):
    values = spectrum(kernel)
    return int(np.sum(values >= tol * values.max()))


@mutant("zero-kernel")
def one_at_least(kernel, tol):
    values = spectrum(kernel)
    return 1 + int(np.sum(values[1:] > tol * values[0]))


@mutant("squares-compared")
def eigenvalues_of_the_gram_matrix(kernel, tol):
    values = np.linalg.eigvalsh(kernel @ kernel.T)
    return int(np.sum(values > tol * max(values[-1], 0)))


@mutant("share-of-the-sum")
def share(kernel, tol):
    values = spectrum(kernel)
    return int(np.sum(values > tol * np.sum(values)))


@mutant("share-of-the-sum")
def share_of_the_energy(kernel, tol):
    energy = spectrum(kernel) ** 2
    return int(np.sum(energy > tol * np.sum(energy)))


@mutant("counted-below")
def negligible_ones(kernel, tol):
    values = spectrum(kernel)
    return int(np.sum(values <= tol * values[0]))


@mutant("yes-or-no")
def is_separable(kernel, tol):
    values = spectrum(kernel)
    return bool(np.sum(values > tol * values[0]) == 1)


@mutant("yes-or-no")
def is_separable_as_a_number(kernel, tol):
    values = spectrum(kernel)
    return int(np.sum(values > tol * values[0]) == 1)


@mutant("entries-counted")
def large_entries(kernel, tol):
    return int(np.count_nonzero(np.abs(kernel) > tol * np.abs(kernel).max()))


@mutant("dtype")
def count_as_float(kernel, tol):
    values = spectrum(kernel)
    return float(np.sum(values > tol * values[0]))


@mutant("exception")
def determinant(kernel, tol):
    return 1 if abs(np.linalg.det(kernel)) < tol else len(kernel)


@mutant("validation")
def any_stack_of_kernels(kernel, tol):
    values = np.linalg.svd(np.atleast_2d(kernel))[1]
    return int(np.sum(values > tol * values.max(initial=0)))
