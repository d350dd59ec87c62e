"""Flow matching beside diffusion: digits at equal training and equal network calls, and the plane.

``python benchmarks/flow_matching.py`` takes eight minutes of one core and stores what
``08_diffusion/08_flows`` shows. Digits: the same small U-Net, seeds, batches and steps, trained to
predict v on the cosine schedule and drawn from by DDIM, or trained as a velocity on straight paths
and drawn from by Euler's steps; 500 digits for each number of calls are judged. Plane: distances
of a first flow, a rectified one and of distilled students to the ring.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course_utils.data import load_mnist
from course_utils.diffusion.flows import curvature, flow_path
from course_utils.diffusion.generation import generate
from course_utils.diffusion.image_flows import fit_image_flow, generate_flow
from course_utils.diffusion.networks import TimeUNet
from course_utils.diffusion.plane import (
    distilled,
    draw_noise,
    draw_ring,
    first_flow,
    rectified,
    sliced_distance,
)
from course_utils.diffusion.quality import (
    agreement,
    frechet_distance,
    judge_features,
    trained_judge,
)
from course_utils.diffusion.training import fit_denoiser
from course_utils.measured import store_measured
from course_utils.training import seed_everything

SEEDS, CALLS = (0, 1, 2), (1, 2, 4, 8, 16, 32)
WIDTH, STEPS, DRAWN, PLANE_STEPS = 16, 600, 500, 1500


def digits() -> dict[str, dict[str, list[list[float]]]]:
    """Return agreement and Frechet distance of each method: one list a number of calls."""
    train, test = load_mnist("train"), load_mnist("test")
    images, labels = torch.from_numpy(train.images[:, None]), torch.from_numpy(train.labels)
    judge, asked = trained_judge(), torch.arange(DRAWN) % 10
    real = judge_features(judge, torch.from_numpy(test.images[:DRAWN, None]))

    def diffusion(seed: int) -> Callable[[int], Tensor]:
        model = TimeUNet(1, WIDTH, 10, target="v")
        fit_denoiser(model, images, labels, STEPS, seed=seed)
        return lambda calls: generate(model, asked, calls, seed=seed)

    def flow(seed: int) -> Callable[[int], Tensor]:
        model = TimeUNet(1, WIDTH, 10)
        fit_image_flow(model, images, labels, STEPS, seed=seed)
        return lambda calls: generate_flow(model, asked, calls, seed)

    found: dict[str, dict[str, list[list[float]]]] = {}
    for name, method in {"diffusion, DDIM": diffusion, "flow, Euler": flow}.items():
        rows = {"agreement": [[] for _ in CALLS], "frechet": [[] for _ in CALLS]}
        for seed in SEEDS:
            seed_everything(seed)
            draw = method(seed)
            for place, calls in enumerate(CALLS):
                drawn = draw(calls)
                distance = frechet_distance(real, judge_features(judge, drawn))
                rows["agreement"][place].append(agreement(judge, drawn, asked))
                rows["frechet"][place].append(distance)
            print(name, seed, [round(row[-1], 3) for row in rows["agreement"]], flush=True)
        found[name] = rows
    return found


def plane() -> dict[str, list[list[float]]]:
    """Return distances to the ring, one list a method: seeds by calls; and curvatures."""
    truth = draw_ring(4000, torch.Generator().manual_seed(99))
    noise = draw_noise(4000, torch.Generator().manual_seed(98))
    names = ("first", "rectified", "distilled", "curvature")
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    for seed in SEEDS:
        first = first_flow(seed, PLANE_STEPS)
        second = rectified(first, seed, PLANE_STEPS)
        students = distilled(first, seed, PLANE_STEPS // 3)
        nets = {
            "first": dict.fromkeys(CALLS, first),
            "rectified": dict.fromkeys(CALLS, second),
            "distilled": students,
        }
        for name, by_calls in nets.items():
            ends = [flow_path(net, noise, n)[-1] for n, net in sorted(by_calls.items())]
            found[name].append([sliced_distance(end, truth) for end in ends])
        bent = [curvature(flow_path(net, noise, 32)) for net in (first, second)]
        found["curvature"].append(bent)
        print("plane", seed, {name: np.round(found[name][-1], 3) for name in names}, flush=True)
    return found


def main() -> None:
    """Train, draw, judge and store."""
    torch.set_num_threads(1)
    start = time.monotonic()
    results = {"calls": CALLS, "steps": STEPS, "width": WIDTH, "drawn": DRAWN}
    results |= {"plane": plane(), "digits": digits()}
    store_measured("flow_matching", results, time.monotonic() - start, ("torch",))


if __name__ == "__main__":
    main()
