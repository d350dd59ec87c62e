"""Tiles cover an image once, and blending them changes nothing that they agree on."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.segmentation.tiling import BLENDS, predict_tiled, tile_profile, tile_starts


@pytest.mark.parametrize(
    ("length", "side", "overlap"), [(100, 32, 8), (64, 64, 0), (65, 64, 10), (96, 32, 0)]
)
def test_tiles_cover_with_the_overlap(length, side, overlap):
    starts = tile_starts(length, side, overlap)
    assert starts[0] == 0
    assert starts[-1] + side == length
    assert all(0 < b - a <= side - overlap for a, b in pairwise(starts))
    assert len(starts) == 1 + -(-(length - side) // (side - overlap))


def test_bad_tiles_are_refused():
    for length, side, overlap in [(10, 20, 0), (30, 20, 20), (30, 20, -1)]:
        with pytest.raises(ValueError, match="overlap"):
            tile_starts(length, side, overlap)
    with pytest.raises(ValueError, match="blend"):
        tile_profile(0, 8, 2, 20, "none")
    with pytest.raises(ValueError, match="image"):
        predict_tiled(nn.Identity(), np.zeros(4), 2, 0)


def test_profiles():
    first = tile_profile(0, 8, 3, 20, "linear")
    assert first.tolist() == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    middle = tile_profile(5, 8, 3, 20, "linear")
    assert torch.allclose(first[5:] + middle[:3], torch.ones(3))
    centre = tile_profile(5, 8, 4, 20, "centre")
    assert (centre > 0.5).tolist() == [False, False, True, True, True, True, False, False]


@pytest.mark.parametrize("blend", BLENDS)
@pytest.mark.parametrize("overlap", [0, 5, 6])
def test_a_network_without_neighbours_is_unchanged_by_tiles(blend, overlap):
    torch.manual_seed(0)
    net = nn.Conv2d(1, 3, 1)
    image = np.random.default_rng(0).random((37, 50)).astype(np.float32)
    with torch.no_grad():
        whole = net(torch.from_numpy(image)[None, None])[0]
    assert torch.allclose(predict_tiled(net, image, 16, overlap, blend=blend), whole, atol=1e-6)


def test_centres_are_exact_where_the_overlap_covers_the_receptive_field():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1))
    image = np.random.default_rng(0).random((2, 40, 40)).astype(np.float32)
    with torch.no_grad():
        whole = net(torch.from_numpy(image)[None])[0]
    exact = predict_tiled(net, image, 20, 4, blend="centre")
    assert torch.allclose(exact, whole, atol=1e-5)
    assert not torch.allclose(predict_tiled(net, image, 20, 0), whole, atol=1e-3)
