"""Blood cells under eight recipes, three seeds each: what each part of a recipe brings.

``python benchmarks/recipes.py`` trains on one core and stores what ``05_classification/06`` shows:
accuracy, loss and calibration error on the validation set, and the logits of the first seed. The
test accuracy of every recipe is stored too; the page reads that of the one validation chose.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from classifiers import SEEDS, standardised, turned_and_shifted
from torch import Tensor
from torch.nn import functional

from course_utils.architectures.compact import compact_cnn
from course_utils.augmentation import mixed, patched, shifted
from course_utils.calibration import calibration_error
from course_utils.data import load_bloodmnist
from course_utils.measured import store_measured
from course_utils.training import accuracy, fit, logits_of, one_cycle, seed_everything

CLASSES, EPOCHS = 8, 16


def blended(blend: Callable, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Apply mixup or CutMix to images and labels."""
    return blend(x, functional.one_hot(y, CLASSES).float())


smooth = partial(functional.cross_entropy, label_smoothing=0.1)
RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "constant rate": {"schedule": None, "lr": 0.002},
    "shifts": {"augment": lambda x: shifted(x, 2, "replicate")},
    "shifts, turns": {"augment": turned_and_shifted},
    "+ label smoothing": {"augment": turned_and_shifted, "loss": smooth},
    "+ mixup": {
        "augment": turned_and_shifted,
        "mix": partial(blended, partial(mixed, alpha=0.2)),
    },
    "+ CutMix": {
        "augment": turned_and_shifted,
        "mix": partial(blended, partial(patched, alpha=1.0)),
    },
    "long": {"augment": turned_and_shifted, "epochs": 36},
}


def run(name: str, seed: int) -> dict[str, Any]:
    """Train under one recipe; return validation results, the test accuracy and the logits."""
    data = standardised(load_bloodmnist)
    rules: dict[str, Any] = {"epochs": EPOCHS, "batch_size": 32, "schedule": one_cycle, "lr": 0.02}
    rules |= RECIPES[name]
    seed_everything(seed)
    model = compact_cnn(3, CLASSES)
    rate = rules.pop("lr")
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3)
    fit(model, data["train"], data["val"], optimizer=optimizer, seed=seed, **rules)
    x, y = data["val"]
    logits = logits_of(model, x)
    found = {
        "accuracy": accuracy(model, x, y),
        "loss": functional.cross_entropy(logits, y).item(),
        "calibration": calibration_error(logits.softmax(1).double().numpy(), y.numpy()),
        "train": accuracy(model, *data["train"]),
        "test": accuracy(model, *data["test"]),
    }
    print(f"{name:18s} {seed}", {k: round(v, 4) for k, v in found.items()}, flush=True)
    return found | {"logits": np.round(logits.numpy(), 2).tolist() if seed == 0 else None}


def main() -> None:
    """Run all recipes and seeds, and store the results."""
    torch.set_num_threads(1)
    start, results, logits = time.monotonic(), {}, {}
    for name in RECIPES:
        runs = [run(name, seed) for seed in SEEDS]
        logits[name] = runs[0]["logits"]
        keys = ("accuracy", "loss", "calibration", "train", "test")
        results[name] = {key: [r[key] for r in runs] for key in keys}
    stored = {"recipes": results, "logits of seed 0": logits}
    store_measured("recipes", stored, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
