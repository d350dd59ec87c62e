"""What a small denoiser of digits should estimate: the noise, the picture, or v.

``python benchmarks/diffusion_targets.py`` trains a network of width 16 for each target on one core,
three seeds each, all for equally many steps, on digits of half the side, and stores what
``08_diffusion/06`` shows: judge agreement, Frechet distance, precision and recall of 300 digits
drawn by 20 steps of DDIM without guidance, and the error of the noise on 500 test digits in ten
parts of the time. For the judge the digits are enlarged; it reads real ones, treated alike, first.
"""

import time

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from course_utils.diffusion.generation import generate
from course_utils.diffusion.networks import TimeUNet
from course_utils.diffusion.quality import (
    agreement,
    frechet_distance,
    judge_features,
    precision_recall,
    trained_judge,
)
from course_utils.diffusion.training import fit_denoiser, held_out_loss
from course_utils.digits import small_digits
from course_utils.measured import store_measured
from course_utils.training import Data, seed_everything

SEEDS, WIDTH, CALLS, DRAWN = (0, 1, 2), 16, 20, 300
STEPS, RULES = 300, {"batch_size": 32, "lr": 4e-3, "ema": 0.98}
KINDS = {f"{target}, cosine": target for target in ("eps", "v", "x0")}


def half_size(split: str, count: int) -> Data:
    """Return digits averaged to 14x14 with a margin of one, ``(N, 1, 16, 16)``, and labels."""
    images, labels = small_digits(split, count)
    return functional.pad(images, (1, 1, 1, 1)), labels


def enlarged(images: Tensor) -> Tensor:
    """Return half-size digits as the judge wants them, ``(N, 1, 28, 28)``."""
    inner = images[:, :, 1:-1, 1:-1]
    return functional.interpolate(inner, scale_factor=2, mode="bilinear", align_corners=False)


def trained(seed: int, target: str) -> TimeUNet:
    """Train one small network, on the cosine schedule."""
    seed_everything(seed)
    model = TimeUNet(1, WIDTH, 10, target=target)
    fit_denoiser(model, *half_size("train", 8000), STEPS, seed=seed, **RULES)
    return model


def scores(model: TimeUNet | None, seed: int = 0) -> dict[str, float | list[float]]:
    """Draw and judge; without a model judge other real digits."""
    judge, (real, _) = trained_judge(), half_size("test", DRAWN)
    if model is None:
        drawn, wanted = (part[DRAWN:] for part in half_size("test", 2 * DRAWN))
    else:
        wanted = torch.arange(DRAWN) % 10
        drawn = generate(model, wanted, CALLS, seed=seed, shape=(1, 16, 16))
    seen, made = (judge_features(judge, enlarged(images)) for images in (real, drawn))
    precision, recall = precision_recall(seen, made)
    found: dict[str, float | list[float]] = {
        "agreement": agreement(judge, enlarged(drawn), wanted),
        "frechet": frechet_distance(seen, made),
        "precision": precision,
        "recall": recall,
    }
    if model is not None:
        error = held_out_loss(model, *half_size("test", 500)).numpy()
        found["error"] = [float(np.nanmean(part)) for part in np.split(error, 10)]
    return found


def main() -> None:
    """Train each kind with each seed and store the scores."""
    torch.set_num_threads(1)
    start, results = time.monotonic(), {}
    for name, target in KINDS.items():
        results[name] = [scores(trained(seed, target), seed) for seed in SEEDS]
        print(name, results[name], f"{time.monotonic() - start:.0f} s", flush=True)
    record = {"steps": STEPS, "width": WIDTH, "calls": CALLS, "drawn": DRAWN}
    record |= {"real": scores(None), "kinds": results}
    store_measured("diffusion_targets", record, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
