"""Training of a denoiser: draw a time, add noise, ask what was added; average the weights."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.diffusion.networks import TimeUNet
from course_utils.training import descend


class EMA:
    """A copy of a model whose weights follow its weights slowly.

    After each step ``average <- d average + (1 - d) weights`` with ``d = min(decay, (1 + n) /
    (10 + n))`` at the n-th update, so that the random first weights are soon forgotten. ``model``
    is the copy. Source: Polyak and Juditsky (1992), Acceleration of stochastic approximation by
    averaging. Raises ValueError for a decay outside [0, 1).
    """

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), got {decay}")
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.updates = decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move the average towards the weights of ``model``."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for mine, other in zip(self.model.parameters(), model.parameters(), strict=True):
            mine.lerp_(other, 1 - decay)


def dropped(labels: Tensor, none: int, share: float, generator: torch.Generator) -> Tensor:
    """Return a copy of ``labels`` ``(B,)``, about a ``share`` of them replaced by ``none``.

    A model that is trained so answers with and without a label, which guidance needs.
    Source: Ho and Salimans (2022), Classifier-Free Diffusion Guidance, algorithm 1.
    """
    lost = torch.rand(len(labels), generator=generator) < share
    return labels.masked_fill(lost, none)


def noised_batch(model: TimeUNet, x0: Tensor, t: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``x_t`` and what ``model.raw`` is to say of it: eps, x0, or ``v``.

    ``x0``, ``noise`` (B, C, H, W), t (B,) whole numbers in 1..T;
    ``x_t = sqrt(abar_t) x0 + sqrt(1 - abar_t) noise`` and
    ``v = sqrt(abar_t) noise - sqrt(1 - abar_t) x0``.
    """
    kept = model.alpha_bars[t][:, None, None, None]
    signal, scale = kept.sqrt(), (1 - kept).sqrt()
    wanted = {"eps": noise, "x0": x0, "v": signal * noise - scale * x0}[model.target]
    return signal * x0 + scale * noise, wanted


def denoising_loss(
    model: TimeUNet, x0: Tensor, labels: Tensor | None, generator: torch.Generator
) -> Tensor:
    """Return the mean squared error at one random time for each picture, a scalar with a graph."""
    t = torch.randint(1, len(model.alpha_bars), (len(x0),), generator=generator)
    noise = torch.randn(x0.shape, generator=generator)
    x_t, wanted = noised_batch(model, x0, t, noise)
    return (model.raw(x_t, t, labels) - wanted).square().mean()


def fit_denoiser(
    model: TimeUNet,
    images: Tensor,
    labels: Tensor | None = None,
    steps: int = 1000,
    *,
    batch_size: int = 64,
    lr: float = 2e-3,
    drop_label: float = 0.1,
    ema: float = 0.999,
    seed: int = 0,
    progress: bool = False,
    watch: Callable[[int, nn.Module], None] | None = None,
) -> list[float]:
    """Train on ``images (N, C, H, W)`` in [0, 1], leave the averaged weights in ``model``.

    Returns the loss of each step. Images are scaled to [-1, 1]. A share ``drop_label`` of the
    labels is replaced by *no label*, for guidance. ``seed`` draws batches, times, noise and drops.
    ``watch(step, averaged model)`` is called before each step. Raises ValueError for images
    outside [0, 1] and, as `descend`, for ``steps`` below 1 or a loss that is no longer finite.
    """
    if images.min() < 0 or images.max() > 1:
        raise ValueError("images must lie in [0, 1]")
    generator = torch.Generator().manual_seed(seed)
    average, scaled = EMA(model, ema), 2 * images - 1
    drawn = 0

    def draw_loss() -> Tensor:
        nonlocal drawn
        if drawn > 0:
            average.update(model)
        if watch is not None:
            watch(drawn, average.model)
        drawn += 1
        rows = torch.randint(len(scaled), (batch_size,), generator=generator)
        told = None
        if labels is not None:
            told = dropped(labels[rows], model.num_classes or 0, drop_label, generator)
        return denoising_loss(model, scaled[rows], told, generator)

    losses = descend(model, draw_loss, steps, lr=lr, clip=1.0, progress=progress)
    average.update(model)
    model.load_state_dict(average.model.state_dict())
    return losses


@torch.no_grad()
def held_out_loss(
    model: TimeUNet, images: Tensor, labels: Tensor | None = None, seed: int = 0
) -> Tensor:
    """Return the squared error of the noise, the same draws at each call: ``(T,)`` by time.

    Every image is used once, its time spread evenly over 1..T; where no image has a time the entry
    is nan.
    """
    generator = torch.Generator().manual_seed(seed)
    last = len(model.alpha_bars) - 1
    t = torch.linspace(1, last, len(images)).round().long()
    noise = torch.randn(images.shape, generator=generator)
    kept = model.alpha_bars[t][:, None, None, None]
    x_t = kept.sqrt() * (2 * images - 1) + (1 - kept).sqrt() * noise
    parts = zip(*(each.split(250) for each in (x_t, t)), strict=True)
    told = [None] * len(t.split(250)) if labels is None else labels.split(250)
    found = torch.cat([model(x, at, y) for (x, at), y in zip(parts, told, strict=True)])
    error = (found - noise).square().mean((1, 2, 3))
    result = torch.full((last,), float("nan"))
    for time in t.unique():
        result[time - 1] = error[t == time].mean()
    return result
