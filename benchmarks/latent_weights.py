"""The shipped weights of latent diffusion on digits: an autoencoder and a flow on its codes.

``python benchmarks/latent_weights.py`` trains on one core in five minutes, writes
``course_utils/diffusion/weights/latent.npz`` (float16, with its checksum) and prints how the file
scores as it is loaded. The settings were chosen on the validation digits.
"""

import time

import numpy as np
import torch
from diffusion_weights import digits

from course_utils.diffusion.autoencoder import (
    FILE,
    LatentDigits,
    fit_autoencoder,
    fit_latent_flow,
    generate_latent,
    measure_codes,
    trained_latent_digits,
)
from course_utils.diffusion.quality import (
    agreement,
    frechet_distance,
    judge_features,
    trained_judge,
)
from course_utils.training import seed_everything
from course_utils.weights import store_weights

AUTOENCODER_STEPS, FLOW_STEPS, SEED = 2000, 8000, 0


def scores(split: str) -> None:
    """Print how well the shipped stages rebuild and draw digits."""
    model, judge, (images, labels) = trained_latent_digits(), trained_judge(), digits(split)
    real = judge_features(judge, images)
    rebuilt = model.pictures_of(model.codes_of(images))
    pictures = {("rebuilt", 1.0): (rebuilt, labels)}
    asked = torch.arange(len(images)) % 10
    for steps in (1, 2, 4, 8, 16):
        for scale in (1.0, 1.5, 2.0):
            pictures[f"{steps} steps", scale] = generate_latent(model, asked, steps, scale), asked
    for (name, scale), (drawn, wanted) in pictures.items():
        read = agreement(judge, drawn, wanted)
        distance = frechet_distance(real, judge_features(judge, drawn))
        print(f"{split} {name}, guidance {scale}: read {read:.3f}, Frechet {distance:.2f}")


def main() -> None:
    """Train both stages, store, load again and score."""
    torch.set_num_threads(1)
    start, (images, labels) = time.monotonic(), digits("train")
    seed_everything(SEED)
    model = LatentDigits()
    first = fit_autoencoder(model.autoencoder, images, AUTOENCODER_STEPS, seed=SEED)
    print(f"autoencoder: loss {np.mean(first[-100:]):.2f}, {time.monotonic() - start:.0f} s")
    measure_codes(model, images)
    second = fit_latent_flow(model, images, labels, FLOW_STEPS, seed=SEED)
    size = store_weights(model, FILE)
    print(f"flow: loss {np.mean(second[-500:]):.3f}, {size / 1e6:.3f} MB")
    print(f"{time.monotonic() - start:.0f} s in all")
    for split in ("val", "test"):
        scores(split)


if __name__ == "__main__":
    main()
