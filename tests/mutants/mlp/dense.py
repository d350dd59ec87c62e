"""Wrong dense layers."""

import numpy as np

from tests.bank import mutant


@mutant("weights-not-transposed")
def no_transpose(x, W, b):
    return np.dot(x, W) + b


@mutant("weights-not-transposed")
def einsum_with_exchanged_indices(x, W, b):
    return np.einsum("...i,ij->...j", x, W) + b


@mutant("bias-forgotten")
def no_bias(x, W, b):
    return np.tensordot(x, W, axes=(-1, 1))


@mutant("bias-subtracted")
def threshold(x, W, b):
    return np.einsum("...j,ij->...i", x, W) - b


@mutant("inputs-as-columns")
def column_vectors(x, W, b):
    return np.matmul(W, x) + b


@mutant("bias-as-column")
def column_bias(x, W, b):
    return x @ W.T + b.reshape(-1, 1)


@mutant("elementwise-product")
def star_for_matrix_product(x, W, b):
    return np.sum(x * W, axis=-1) + b


@mutant("leading-axes-lost")
def batch_flattened(x, W, b):
    x = x.reshape(-1, x.shape[-1])
    return x @ W.T + b


@mutant("activation-included")
def with_relu(x, W, b):
    y = x @ W.T + b
    y[y < 0] = 0
    return y


@mutant("dtype")
def list_comprehension_in_float64(x, W, b):
    return np.asarray(x, dtype=np.float64) @ W.T.astype(np.float64) + b


@mutant("none")
def return_forgotten(x, W, b):
    y = x @ W.T + b  # noqa: F841


@mutant("type")
def lists_returned(x, W, b):
    return (x @ W.T + b).tolist()


@mutant("mutates")
def products_written_into_the_weights(x, W, b):
    rows = []
    for row in x.reshape(-1, x.shape[-1]):
        terms = W
        terms *= row
        rows.append(terms.sum(axis=1) + b)
    return np.array(rows).reshape(*x.shape[:-1], len(b))


@mutant("validation")
def no_shapes_checked(x, W, b):
    return x @ W.T + b
