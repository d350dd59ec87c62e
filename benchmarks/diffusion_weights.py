"""The shipped weights of chapter 8: the judge of digits, the denoisers of digits and of sprites.

``python benchmarks/diffusion_weights.py`` trains on one core (the judge 2 minutes, the digits 18,
the sprites 8), writes ``course_utils/diffusion/weights/*.npz`` (float16, with checksums) and
prints what the files score as they are loaded; names as arguments train only these. Settings were
chosen on the validation digits; the test digits are read once, at the end, by the judge.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils.data import load_emoji, load_mnist
from course_utils.diffusion.generation import generate
from course_utils.diffusion.networks import TimeUNet
from course_utils.diffusion.quality import Judge, agreement, trained_judge
from course_utils.diffusion.training import fit_denoiser, held_out_loss
from course_utils.diffusion.weights import FOLDER, trained_denoiser, untrained_denoiser
from course_utils.training import Data, accuracy, fit, one_cycle, seed_everything
from course_utils.weights import store_weights

STEPS = {"digits": 5000, "sprites": 10000}  # the length of the schedule of the rate
STOP = {"digits": 5000, "sprites": 5000}  # where a training ends
RULES = {"batch_size": 64, "lr": 2e-3, "drop_label": 0.1, "ema": 0.999}
SHORT = {"digits": (40, 0.5), "sprites": (40, 0.65)}  # steps, and a loss that they stay under
JUDGE_EPOCHS, SEED, CHECKPOINT = 12, 0, 1000


def digits(split: str) -> Data:
    """Return digits ``(N, 1, 28, 28)`` in [0, 1] and their labels."""
    data = load_mnist(split)
    return torch.from_numpy(data.images[:, None]), torch.from_numpy(data.labels)


def sprites() -> Data:
    """Return sprites on white, of half the side ``(N, 3, 16, 16)``, and their categories."""
    data = load_emoji()
    return functional.avg_pool2d(torch.from_numpy(data.over(1.0)), 2), torch.from_numpy(data.labels)


def bent(generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """Return an augmentation: turned, scaled, sheared and moved a little, each image its own."""

    def bend(x: Tensor) -> Tensor:
        angle, scale, shear = (2 * torch.rand(len(x), generator=generator) - 1 for _ in range(3))
        shift = 0.14 * (2 * torch.rand(len(x), 2, generator=generator) - 1)
        angle, scale = 0.2 * angle, 1 + 0.12 * scale
        rows = [scale * angle.cos(), 0.2 * shear - scale * angle.sin(), shift[:, 0]]
        rows += [scale * angle.sin(), scale * angle.cos(), shift[:, 1]]
        maps = torch.stack(rows, 1).reshape(-1, 2, 3)
        grid = functional.affine_grid(maps, list(x.shape), align_corners=False)
        return functional.grid_sample(x, grid, align_corners=False)

    return bend


def train_judge() -> nn.Module:
    """Train the classifier that reads drawn digits."""
    seed_everything(SEED)
    judge = Judge()
    judge.to(memory_format=torch.channels_last)  # pyrefly: ignore[no-matching-overload]
    sgd = torch.optim.SGD(
        judge.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
    augment = bent(torch.Generator().manual_seed(SEED))
    fit(
        judge, digits("train"), digits("val"), epochs=JUDGE_EPOCHS, batch_size=64, optimizer=sgd,
        augment=augment, schedule=one_cycle,
    )  # fmt: skip
    return judge


class Enough(Exception):  # noqa: N818 - not an error
    """Raised to end a training before its schedule ends."""


def train_denoiser(
    name: str, steps: int, stop: int | None = None, folder: Path | None = None
) -> tuple[TimeUNet, list[float]]:
    """Train the denoiser ``name``; return its average and the losses.

    The rate follows a schedule of ``steps`` steps. Where ``stop`` is smaller the average after
    ``stop`` steps is returned, without losses. Averages on the way go to ``folder``.
    """
    seed_everything(SEED)
    model = untrained_denoiser(name)
    images, labels = digits("train") if name == "digits" else sprites()

    def keep(step: int, average: nn.Module) -> None:
        if folder is not None and step and step % CHECKPOINT == 0:
            store_weights(average, folder / f"{name}.npz")
            print(f"{name}: {step} steps at {time.strftime('%H:%M:%S')}", flush=True)
        if step == stop:
            model.load_state_dict(average.state_dict())
            raise Enough

    try:
        return model, fit_denoiser(model, images, labels, steps, **RULES, seed=SEED, watch=keep)
    except Enough:
        return model.eval(), []


def report(name: str) -> None:
    """Print what the stored file scores."""
    if name == "judge":
        print("test accuracy", accuracy(trained_judge(), *digits("test")))
        return
    model = trained_denoiser(name)
    images, labels = digits("val") if name == "digits" else sprites()
    print("mean squared error of the noise", held_out_loss(model, images, labels).nanmean().item())
    if name == "digits":
        wanted = torch.arange(1000) % 10
        for scale in (1.0, 2.0):
            drawn = generate(model, wanted, 20, scale, seed=1)
            print("20 steps, guidance", scale, agreement(trained_judge(), drawn, wanted))


def main() -> None:
    """Train, store, load again and score."""
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ["judge", "digits", "sprites"]:
        start = time.monotonic()
        if name == "judge":
            model = train_judge()
        else:
            model, _ = train_denoiser(name, STEPS[name], STOP[name], FOLDER)
        size = store_weights(model, FOLDER / f"{name}.npz")
        print(f"{name}: {size / 1e6:.2f} MB in {time.monotonic() - start:.0f} s", flush=True)
        report(name)


if __name__ == "__main__":
    main()
