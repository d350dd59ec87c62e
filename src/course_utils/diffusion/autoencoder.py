"""Latent diffusion in small: digits in sixteen numbers, and a flow that draws those numbers."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from course_utils.diffusion.flows import VelocityNet, flow_path, straight_pair
from course_utils.diffusion.samplers import guided_eps
from course_utils.diffusion.training import dropped
from course_utils.training import descend, logits_of
from course_utils.weights import load_weights

LATENT, BLUR = 16, 0.2
FILE = Path(__file__).parent / "weights" / "latent.npz"


class DigitAutoencoder(nn.Module):
    """An autoencoder with a vector of ``latent`` numbers: ``(B, 1, 28, 28)`` in [0, 1] and back.

    ``encode`` gives ``(B, latent)``, ``decode`` takes it back to pictures in [0, 1]. In training
    the code is blurred by normal noise of deviation ``BLUR``: near codes must mean near pictures.
    """

    def __init__(self, latent: int = LATENT) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(16, 24, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(24 * 49, latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, 24 * 49),
            nn.SiLU(),
            nn.Unflatten(1, (24, 7, 7)),
            nn.ConvTranspose2d(24, 24, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.ConvTranspose2d(24, 12, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(12, 1, 3, padding=1),
        )

    def encode(self, images: Tensor) -> Tensor:
        """Return the codes of images ``(B, 1, 28, 28)``: ``(B, latent)``."""
        return self.encoder(images)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the pictures of codes ``(B, latent)``, in [0, 1]."""
        return self.decoder(codes).sigmoid()


def autoencoder_loss(model: DigitAutoencoder, images: Tensor, blur: Tensor) -> Tensor:
    """Return the ELBO loss of a VAE whose posterior deviation is ``BLUR``, up to constants.

    Binary cross-entropy summed over the pixels plus ``|code|^2 / 2``, the mean over the batch;
    ``blur`` is standard normal, of the codes' shape.
    """
    codes = model.encode(images)
    logits = model.decoder(codes + BLUR * blur)
    pixels = nn.functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    return (pixels + codes.square().sum() / 2) / len(images)


def fit_autoencoder(
    model: DigitAutoencoder, images: Tensor, steps: int, *, lr: float = 3e-3, seed: int = 0
) -> list[float]:
    """Train on ``images`` ``(N, 1, 28, 28)`` in [0, 1]; return the losses."""
    generator = torch.Generator().manual_seed(seed)

    def draw_loss() -> Tensor:
        batch = images[torch.randint(len(images), (128,), generator=generator)]
        return autoencoder_loss(model, batch, torch.randn(128, LATENT, generator=generator))

    return descend(model, draw_loss, steps, lr=lr, clip=100.0)


class LatentDigits(nn.Module):
    """The two stages: an autoencoder, and a flow on its codes that is told the digit.

    ``mean`` and ``scale`` bring the codes to mean 0 and variance 1 for the flow.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.autoencoder = DigitAutoencoder()
        self.flow = VelocityNet(LATENT, width=96, blocks=3, num_classes=10)
        self.register_buffer("mean", torch.zeros(LATENT))
        self.register_buffer("scale", torch.ones(LATENT))

    def codes_of(self, images: Tensor) -> Tensor:
        """Return the standardised codes of images ``(B, 1, 28, 28)``: ``(B, latent)``."""
        return (logits_of(self.autoencoder.encoder, images) - self.mean) / self.scale

    @torch.no_grad()
    def pictures_of(self, codes: Tensor) -> Tensor:
        """Return the pictures of standardised codes, ``(B, 1, 28, 28)`` in [0, 1]."""
        return self.autoencoder.decode(codes * self.scale + self.mean)


def measure_codes(model: LatentDigits, images: Tensor) -> None:
    """Set ``mean`` and ``scale`` to those of the codes of ``images``, one for each number."""
    codes = logits_of(model.autoencoder.encoder, images)
    model.mean.copy_(codes.mean(0))
    model.scale.copy_(codes.std(0))


def fit_latent_flow(
    model: LatentDigits,
    images: Tensor,
    labels: Tensor,
    steps: int,
    *,
    lr: float = 2e-3,
    seed: int = 0,
) -> list[float]:
    """Train the second stage by flow matching on the codes of images; return the losses.

    A tenth of the labels are dropped, so that the flow can be guided. The autoencoder is fixed.
    """
    generator = torch.Generator().manual_seed(seed)
    codes = model.codes_of(images)

    def draw_loss() -> Tensor:
        rows = torch.randint(len(codes), (256,), generator=generator)
        told = dropped(labels[rows], 10, 0.1, generator)
        noise = torch.randn(256, LATENT, generator=generator)
        s = torch.rand(256, generator=generator)
        x, target = straight_pair(codes[rows], noise, s)
        return nn.functional.mse_loss(model.flow(x, s, told), target)

    return descend(model.flow, draw_loss, steps, lr=lr)


@torch.no_grad()
def generate_latent(
    model: LatentDigits,
    labels: Sequence[int] | Tensor,
    steps: int = 16,
    scale: float = 1.0,
    seed: int = 0,
) -> Tensor:
    """Draw a digit for each label: flow noise to a code in ``steps`` Euler steps, decode once.

    ``scale`` is the guidance, 1 for none. Returns ``(B, 1, 28, 28)`` in [0, 1].
    """
    told = torch.as_tensor(labels)
    noise = torch.randn(len(told), LATENT, generator=torch.Generator().manual_seed(seed))

    def velocity(x: Tensor, s: Tensor) -> Tensor:
        asked = model.flow(x, s, told)
        if scale == 1:
            return asked
        return guided_eps(asked, model.flow(x, s), scale)

    return model.pictures_of(flow_path(velocity, noise, steps)[-1])


def trained_latent_digits() -> LatentDigits:
    """Return both stages as ``benchmarks/latent_weights.py`` trained them, in evaluation mode.

    Raises DamagedFileError where the file is not what was shipped.
    """
    model = LatentDigits()
    load_weights(model, FILE)
    return model
