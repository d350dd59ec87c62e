"""Small digits: the averages of the pixels, the labels beside them, clear errors."""

import pytest
import torch

from course_utils.data import load_mnist
from course_utils.digits import small_digits


def test_pixels_are_averages():
    full = torch.from_numpy(load_mnist("val").images[:5])
    x, y = small_digits("val", 5, pool=4, centre=0.5)
    assert x.shape == (5, 1, 7, 7)
    assert torch.allclose(x[3, 0, 2, 4], full[3, 8:12, 16:20].mean() - 0.5)
    assert y.tolist() == load_mnist("val").labels[:5].tolist()
    flat, _ = small_digits("val", 5, pool=4, centre=0.5, flat=True)
    assert torch.equal(flat, x.flatten(1))


@pytest.mark.parametrize(("count", "pool"), [(0, 2), (1001, 2), (5, 3), (5, 0)])
def test_bad_sizes(count, pool):
    with pytest.raises(ValueError, match=r"count must be in 1..1000|pool must divide 28"):
        small_digits("val", count, pool)
