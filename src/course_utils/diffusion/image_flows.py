"""Flow matching on pictures, with the U-Net of diffusion as the velocity."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils.diffusion.flows import at_time, flow_path, straight_pair
from course_utils.diffusion.networks import TimeUNet
from course_utils.diffusion.training import EMA, dropped
from course_utils.training import descend

CLOCK = 1000  # the U-Net's embedding expects times 0 .. 1000


def fit_image_flow(
    model: TimeUNet,
    images: Tensor,
    labels: Tensor,
    steps: int,
    *,
    batch_size: int = 64,
    lr: float = 2e-3,
    seed: int = 0,
) -> list[float]:
    """Train ``model.raw`` as a velocity on ``images`` (N, C, H, W) in [0, 1]; return the losses.

    Everything else is as in `fit_denoiser`: pictures in [-1, 1], a tenth of the labels dropped, the
    averaged weights left in the model.
    """
    generator = torch.Generator().manual_seed(seed)
    average, scaled = EMA(model), 2 * images - 1

    def draw_loss() -> Tensor:
        average.update(model)
        rows = torch.randint(len(scaled), (batch_size,), generator=generator)
        told = dropped(labels[rows], model.num_classes or 0, 0.1, generator)
        s = torch.rand(batch_size, generator=generator)
        noise = torch.randn(batch_size, *images.shape[1:], generator=generator)
        x, target = straight_pair(scaled[rows], noise, s)
        return nn.functional.mse_loss(model.raw(x, CLOCK * s, told), target)

    losses = descend(model, draw_loss, steps, lr=lr, clip=1.0)
    average.update(model)
    model.load_state_dict(average.model.state_dict())
    return losses


@torch.no_grad()
def generate_flow(
    model: TimeUNet,
    labels: Sequence[int] | Tensor,
    steps: int,
    seed: int = 0,
    *,
    shape: tuple[int, int, int] = (1, 28, 28),
) -> Tensor:
    """Draw one picture for each label by Euler steps from noise: ``(B, C, H, W)`` in [0, 1].

    The picture that is guessed at each step, ``x - s v``, is held in its range before it is used,
    as `generate` does it.
    """
    told = torch.as_tensor(labels)
    noise = torch.randn(len(told), *shape, generator=torch.Generator().manual_seed(seed))

    def velocity(x: Tensor, s: Tensor) -> Tensor:
        time = at_time(s, x)
        guess = (x - time * model.raw(x, CLOCK * s, told)).clamp(-1, 1)
        return (x - guess) / time

    return ((flow_path(velocity, noise, steps)[-1] + 1) / 2).clamp(0, 1)
