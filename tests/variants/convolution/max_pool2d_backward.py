"""Right gradients of max pooling, written differently."""

import numpy as np

from tests.bank import variant


def checked(grad_y, x, k, stride):
    """Return k and the stride as pairs, or raise ValueError."""
    pairs = [v if isinstance(v, tuple) else (v, v) for v in (k, k if stride is None else stride)]
    if min(*pairs[0], *pairs[1]) < 1:
        raise ValueError(f"k and stride must be at least 1, got {k} and {stride}")
    if x.ndim != 4 or 0 in x.shape:
        raise ValueError(f"x must be (B, C, H, W), got {x.shape}")
    size = [(n - a) // s + 1 for n, a, s in zip(x.shape[2:], *pairs, strict=True)]
    if min(size) < 1 or grad_y.shape != (*x.shape[:2], *size):
        raise ValueError(f"grad_y must be {(*x.shape[:2], *size)}, got {grad_y.shape}")
    return pairs


@variant
def loops(grad_y, x, k, stride=None):
    k, s = checked(grad_y, x, k, stride)
    dx = np.zeros(x.shape, x.dtype)
    for b, c, i, j in np.ndindex(*grad_y.shape):
        patch = x[b, c, s[0] * i : s[0] * i + k[0], s[1] * j : s[1] * j + k[1]]
        u, v = np.unravel_index(patch.argmax(), patch.shape)
        dx[b, c, s[0] * i + u, s[1] * j + v] += grad_y[b, c, i, j]
    return dx


@variant
def weight_by_weight_in_reading_order(grad_y, x, k, stride=None):
    """Offer the gradient to one place of the windows after the other, until it is taken."""
    k, s = checked(grad_y, x, k, stride)
    rows, columns = grad_y.shape[2:]

    def at(array, u, v):
        return array[:, :, u : u + s[0] * rows : s[0], v : v + s[1] * columns : s[1]]

    places = list(np.ndindex(*k))
    best = np.max([at(x, u, v) for u, v in places], axis=0)
    dx, left = np.zeros_like(x), np.ones(grad_y.shape, dtype=bool)
    for u, v in places:
        taken = left & (at(x, u, v) == best)
        view = at(dx, u, v)
        view += grad_y * taken
        left &= ~taken
    return dx


@variant
def counted_indices(grad_y, x, k, stride=None):
    """Sum the gradients that arrive at each flat index with bincount."""
    k, s = checked(grad_y, x, k, stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, k, axis=(2, 3))[:, :, :: s[0], :: s[1]]
    u, v = np.divmod(windows.reshape(*grad_y.shape, -1).argmax(axis=-1), k[1])
    image, i, j = (
        np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], 1, 1),
        np.arange(grad_y.shape[2])[:, None],
        np.arange(grad_y.shape[3]),
    )
    flat = (image * x.shape[2] + s[0] * i + u) * x.shape[3] + s[1] * j + v
    total = np.bincount(flat.ravel(), weights=grad_y.ravel(), minlength=x.size)
    return total.reshape(x.shape).astype(x.dtype)


@variant
def one_hot_matrix(grad_y, x, k, stride=None):
    k, s = checked(grad_y, x, k, stride)
    dx = np.zeros_like(x)
    for i in range(grad_y.shape[2]):
        for j in range(grad_y.shape[3]):
            window = np.s_[:, :, s[0] * i : s[0] * i + k[0], s[1] * j : s[1] * j + k[1]]
            flat = x[window].reshape(*x.shape[:2], -1)
            hot = np.eye(flat.shape[2], dtype=x.dtype)[flat.argmax(axis=2)]
            share = grad_y[:, :, i, j, None] * hot
            dx[window] += share.reshape(*x.shape[:2], *k)
    return dx
