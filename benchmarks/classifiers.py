"""Digits and blood cells classified by the compact network, three seeds each: the book's bars.

``python benchmarks/classifiers.py`` trains on one core and stores what ``05_classification/01``
shows. Settings were chosen on the validation sets; each test set is opened once a seed.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from course_utils.architectures.compact import compact_cnn
from course_utils.augmentation import shifted, turned
from course_utils.data import load_bloodmnist, load_mnist
from course_utils.measured import store_measured
from course_utils.training import Data, accuracy, fit, one_cycle, seed_everything

SEEDS = range(3)


def standardised(load: Callable) -> dict[str, Data]:
    """Return the splits as tensors ``(N, C, H, W)``, standardised by the training set."""
    sets = {name: load(name) for name in ("train", "val", "test")}
    images = {name: torch.from_numpy(data.images) for name, data in sets.items()}
    images = {name: x[:, None] if x.ndim == 3 else x for name, x in images.items()}
    mean, std = (f(images["train"], (0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    return {n: ((x - mean) / std, torch.from_numpy(sets[n].labels)) for n, x in images.items()}


def turned_and_shifted(x: Tensor) -> Tensor:
    """Return cells under one of eight symmetries, moved by up to two pixels."""
    return turned(shifted(x, 2, "replicate"))


TASKS: dict[str, tuple[Any, Any, dict[str, Any], float]] = {
    "digits": (load_mnist, partial(shifted, pixels=1), {"epochs": 6, "batch_size": 64}, 0.01),
    "cells": (load_bloodmnist, turned_and_shifted, {"epochs": 24, "batch_size": 32}, 0.02),
}


def run(name: str, seed: int) -> dict[str, float]:
    """Train one network and return its validation and test accuracy and its seconds."""
    load, augment, rules, lr = TASKS[name]
    data = standardised(load)
    seed_everything(seed)
    model = compact_cnn(data["train"][0].shape[1], int(data["train"][1].max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
    chosen = {"optimizer": optimizer, "schedule": one_cycle, "augment": augment}
    start = time.monotonic()
    fit(model, data["train"], data["val"], seed=seed, **rules, **chosen)
    seconds = time.monotonic() - start
    found = {split: accuracy(model, *data[split]) for split in ("val", "test")}
    print(name, seed, found, f"{seconds:.0f} s", flush=True)
    return found | {"seconds": round(seconds, 1)}


def main() -> None:
    """Run all tasks and seeds, and store the results."""
    torch.set_num_threads(1)
    start = time.monotonic()
    results = {name: [run(name, seed) for seed in SEEDS] for name in TASKS}
    store_measured("classifiers", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
