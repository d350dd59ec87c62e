"""Right precision, recall and F1, written differently."""

import numpy as np

from tests.bank import variant


def refuse(matrix):
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) == 0:
        raise ValueError(f"matrix must be square, got {matrix.shape}")
    if (matrix < 0).any():
        raise ValueError("counts cannot be negative")


@variant
def loop(matrix):
    refuse(matrix)
    p, r, f = [], [], []
    for k in range(len(matrix)):
        hits, column, row = matrix[k, k], matrix[:, k].sum(), matrix[k].sum()
        p.append(hits / column if column else 0.0)
        r.append(hits / row if row else 0.0)
        f.append(2 * hits / (column + row) if column + row else 0.0)
    return np.array(p), np.array(r), np.array(f)


@variant
def nan_replaced(matrix):
    refuse(matrix)
    hits = np.diag(matrix)
    with np.errstate(invalid="ignore"):
        p = np.nan_to_num(hits / matrix.sum(axis=0))
        r = np.nan_to_num(hits / matrix.sum(axis=1))
        return p, r, np.nan_to_num(2 * p * r / (p + r))


@variant
def divide_where(matrix):
    refuse(matrix)

    def ratio(a, b):
        return np.divide(a, b, out=np.zeros(len(a)), where=b > 0)

    hits = matrix.diagonal()
    columns, rows = np.einsum("ij->j", matrix), np.einsum("ij->i", matrix)
    return [ratio(hits, columns), ratio(hits, rows), ratio(2 * hits, columns + rows)]
