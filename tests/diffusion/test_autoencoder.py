"""The two stages of latent diffusion: shapes, the loss by hand, and the shipped weights."""

import numpy as np
import pytest
import torch

from course_utils.data import load_mnist
from course_utils.diffusion.autoencoder import (
    BLUR,
    FILE,
    LATENT,
    DigitAutoencoder,
    LatentDigits,
    autoencoder_loss,
    fit_autoencoder,
    fit_latent_flow,
    generate_latent,
    measure_codes,
    trained_latent_digits,
)
from course_utils.diffusion.quality import agreement, trained_judge

ASKED = torch.arange(200) % 10


def digits(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    data = load_mnist("val")
    return torch.from_numpy(data.images[:n, None]), torch.from_numpy(data.labels[:n])


def test_the_loss_is_cross_entropy_plus_half_the_square_of_the_code():
    torch.manual_seed(0)
    model, (images, _) = DigitAutoencoder(), digits(3)
    blur = torch.randn(3, LATENT)
    codes = model.encode(images)
    p = model.decode(codes + BLUR * blur).double()
    pixels = -(images * p.log() + (1 - images) * (1 - p).log()).sum((1, 2, 3))
    expected = (pixels + codes.square().sum(1) / 2).mean().item()
    assert autoencoder_loss(model, images, blur).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_short_training_of_both_stages():
    torch.manual_seed(0)
    model, (images, labels) = LatentDigits(), digits(200)
    losses = fit_autoencoder(model.autoencoder, images, 20)
    assert np.mean(losses[-5:]) < 0.85 * losses[0]
    measure_codes(model, images)
    codes = model.codes_of(images)
    assert torch.allclose(codes.mean(0), torch.zeros(LATENT), atol=1e-3)
    assert torch.allclose(codes.std(0), torch.ones(LATENT), atol=1e-3)
    flow = fit_latent_flow(model, images, labels, 60)
    assert np.mean(flow[-10:]) < flow[0]


def test_the_shipped_stages_rebuild_and_draw_digits():
    model, judge, (images, labels) = trained_latent_digits(), trained_judge(), digits(200)
    rebuilt = model.pictures_of(model.codes_of(images))
    assert (rebuilt - images).square().mean() < 0.02
    assert agreement(judge, rebuilt, labels) > 0.9
    drawn = generate_latent(model, ASKED, 8, scale=1.5)
    assert drawn.shape == (200, 1, 28, 28)
    assert agreement(judge, drawn, ASKED) > 0.9
    assert torch.equal(drawn, generate_latent(model, ASKED, 8, scale=1.5))
    assert agreement(judge, generate_latent(model, ASKED, 8, scale=0.0), ASKED) < 0.3


def test_the_file_is_small():
    assert FILE.stat().st_size < 300_000
