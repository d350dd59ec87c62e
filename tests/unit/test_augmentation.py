"""Random changes of images: what they may do, how often, and what they refuse."""

import pytest
import torch

from course_utils.augmentation import mirrored, mixed, patched, shifted, turned


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def test_a_shift_is_a_crop_of_the_padded_image():
    x = torch.rand(200, 2, 5, 4)
    padded = torch.nn.functional.pad(x, (2, 2, 2, 2))
    seen = set()
    for image, out in zip(padded, shifted(x, 2), strict=True):
        crops = {(r, c): image[:, r : r + 5, c : c + 4] for r in range(5) for c in range(5)}
        match = [place for place, crop in crops.items() if torch.equal(crop, out)]
        assert match
        seen.add(match[0])
    assert len(seen) == 25, "every offset occurs"


def test_a_turn_is_a_symmetry_of_the_square():
    x = torch.rand(1, 1, 4, 4).expand(400, -1, -1, -1)
    images = [torch.rot90(x[0], k, (1, 2)) for k in range(4)]
    images += [image.flip(-1) for image in images]
    found = turned(x)
    counts = [sum(torch.equal(out, image) for out in found) for image in images]
    assert sum(counts) == 400
    assert min(counts) > 20


def test_a_mirror_turns_half_of_the_images_round():
    x = torch.rand(400, 2, 3, 4)
    out = mirrored(x)
    turned_round = (out == x.flip(-1)).flatten(1).all(1)
    assert ((out == x).flatten(1).all(1) ^ turned_round).all()
    assert 150 < turned_round.sum() < 250


def test_mixup_shares_images_and_targets_alike():
    x, targets = torch.eye(6)[:, :, None, None], torch.eye(6)
    out, shares = mixed(x, targets, 1.0)
    assert torch.equal(out[:, :, 0, 0], shares)
    assert torch.allclose(shares.sum(1), torch.ones(6))
    own = shares.diagonal()
    assert len({round(v, 5) for v in own.tolist() if v < 1}) == 1, "one share a batch"


def test_cutmix_counts_the_pixels_that_it_pastes():
    x = torch.arange(6.0)[:, None, None, None].expand(-1, 1, 9, 7)
    for _ in range(20):
        out, shares = patched(x, torch.eye(6), 1.0)
        for k in range(6):
            area = torch.stack([(out[k] == c).double().mean() for c in range(6)])
            assert torch.allclose(area, shares[k].double(), atol=1e-6)


def test_bad_input():
    with pytest.raises(ValueError, match="pixels 0 or more"):
        shifted(torch.rand(1, 1, 4, 4), -1)
    with pytest.raises(ValueError, match=r"x must be \(B, C, H, H\), got \(1, 1, 4, 5\)"):
        turned(torch.rand(1, 1, 4, 5))
    with pytest.raises(ValueError, match="alpha must be above 0, got 0"):
        mixed(torch.rand(2, 1, 4, 4), torch.eye(2), 0)
