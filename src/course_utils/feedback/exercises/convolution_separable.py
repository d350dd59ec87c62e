"""Chapter 4: separable kernels."""

from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named

SECTION, TITLE = "04_cnn/07_networks", "Separable kernels and whole networks"
Array = np.ndarray


def peel(kernel: Array, most: int) -> list[tuple[float, Array, Array]]:
    """Return the largest singular triples, found one by one from the eigenvectors of K^T K.

    Each triple is taken off the kernel before the next is sought: no singular value decomposition.
    """
    rest, found = kernel.astype(np.float64), []
    for _ in range(most):
        right = np.linalg.eigh(rest.T @ rest)[1][:, -1]
        left = rest @ right
        found.append((float(np.sqrt(left @ left)), left, right))
        rest = rest - np.outer(left, right)
    return found


def separable_rank(kernel: Array, tol: float) -> int:
    """Count the singular values above tol times the first."""
    values = [value for value, _, _ in peel(kernel, min(kernel.shape))]
    return sum(value > tol * values[0] for value in values)


def _values(kernel: Array) -> Array:
    return np.linalg.svd(kernel, compute_uv=False)


def _share(kernel: Array, tol: float, power: int) -> int:
    values = _values(kernel) ** power
    return int((values > tol * values.sum()).sum())


def _norm(kernel: Array, tol: float) -> int:
    return int((_values(kernel) > tol * np.linalg.norm(kernel)).sum())


def _above(kernel: Array, tol: float) -> Any:
    return _values(kernel) > tol * _values(kernel)[0]


def _entries(kernel: Array, tol: float) -> int:
    return int((np.abs(kernel) > tol * np.abs(kernel).max()).sum())


RANK_MISTAKES = [
    *named(
        "absolute-tolerance",
        "tol was compared with the singular values themselves. Multiply it by the largest one: "
        "a kernel times 1000 has the same rank.",
        lambda kernel, tol: int((_values(kernel) > tol).sum()),
        lambda kernel, tol: int(np.linalg.matrix_rank(kernel, tol=tol)),
    ),
    *named(
        "tolerance-ignored",
        "tol is ignored. matrix_rank counts whatever is above rounding: set the tolerance.",
        lambda kernel, tol: int(np.linalg.matrix_rank(kernel)),
    ),
    *named(
        "zero-kernel",
        "a kernel of zeros has no singular value above 0: its rank is 0. Ask for more than tol "
        "times the largest, not for at least as much.",
        lambda kernel, tol: int((_values(kernel) >= tol * _values(kernel)[0]).sum()),
        lambda kernel, tol: max(1, int(_above(kernel, tol).sum())),
    ),
    *named(
        "squares-compared",
        "squares of the singular values were compared: the eigenvalues of K^T K. Take their roots.",
        lambda kernel, tol: int((_values(kernel) ** 2 > tol * _values(kernel)[0] ** 2).sum()),
    ),
    *named(
        "share-of-the-sum",
        "tol was taken of the sum of the singular values. Compare with the largest one.",
        lambda kernel, tol: _share(kernel, tol, 1),
        lambda kernel, tol: _share(kernel, tol, 2),
        _norm,
    ),
    *named(
        "counted-below",
        "the singular values that may be left out were counted. Count those above.",
        lambda kernel, tol: int((~_above(kernel, tol)).sum()),
    ),
    *named(
        "yes-or-no",
        "the result says whether the kernel is separable. Return the number of singular values.",
        lambda kernel, tol: int(_above(kernel, tol).sum() == 1),
        lambda kernel, tol: bool(_above(kernel, tol).sum() == 1),
    ),
    *named(
        "entries-counted",
        "entries of the kernel were counted. Its rank is about singular values.",
        _entries,
    ),
]


def matrix(rng: np.random.Generator, shape: tuple[int, int], values: list[float]) -> Array:
    """Return a random matrix with these singular values."""
    left = np.linalg.qr(rng.normal(size=(shape[0], len(values))))[0]
    right = np.linalg.qr(rng.normal(size=(shape[1], len(values))))[0]
    return (left * values) @ right.T


def _draw_rank(rng: np.random.Generator) -> list[Case]:
    outer = np.outer(rng.normal(size=5), rng.normal(size=3))
    middle = matrix(rng, (3, 5), [9.0, 2.0, 0.4])
    noisy = outer / np.linalg.norm(outer) + 1e-5 * rng.normal(size=(5, 3))
    return [
        Case((outer, 1e-6), note="an outer product"),
        Case((noisy, 1e-2), note="an outer product and noise"),
        Case((matrix(rng, (4, 4), [8.0, 4.0, 0.5, 0.2]), 0.1), note="values 8, 4, 0.5, 0.2"),
        Case((middle, 0.3), note="values 9, 2, 0.4"),
        Case((middle, 0.1), note="values 9, 2, 0.4"),
        Case((1e-4 * middle, 0.02), note="small numbers"),
        Case((1e4 * middle, 0.3), note="large numbers"),
        Case((matrix(rng, (5, 4), [3.0, 2.9, 2.8, 2.7]), 0.6), note="values that are alike"),
        Case((matrix(rng, (6, 2), [1.0, 0.5]).astype(np.float32), 0.1), note="float32"),
        Case((matrix(rng, (6, 8), [5.0, 3.0, 0.1])[::-2, ::2], 1e-5), note="a view"),
        Case((rng.normal(size=(1, 4)), 0.5), note="one row"),
    ]


KERNEL = np.array([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0]])

BAD_KERNELS = [
    (np.ones(3), "a kernel with one axis"),
    (np.ones((1, 1, 3, 3)), "a kernel with four axes"),
    (np.ones((0, 3)), "a kernel without rows"),
]

SEPARABLE_RANK = Exercise(
    key="convolution/separable_rank",
    points=1,
    concept="Separable kernels",
    section=SECTION,
    section_title=TITLE,
    reference=separable_rank,
    worked=[
        Case((KERNEL, 1e-6), note="(1 2) times (1 2 1)", expected=1),
        Case((np.zeros((3, 2)), 0.1), note="a kernel of zeros", expected=0),
        Case((np.diag([10.0, 4.0, 0.2]), 0.1), note="singular values 10, 4, 0.2", expected=2),
    ],
    draw=_draw_rank,
    bad_inputs=[
        *(BadInput((kernel, 0.1), because) for kernel, because in BAD_KERNELS),
        BadInput((KERNEL, -0.1), "a negative tol"),
        BadInput((KERNEL, 1.0), "a tol of 1"),
    ],
    misconceptions=RANK_MISTAKES,
    inputs=("kernel", "tol"),
)
