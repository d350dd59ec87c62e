"""Transfer from ImageNet to blood cells and to groceries at 5, 20 and all images a class.

``python benchmarks/transfer.py`` runs on one core, three seeds each, and stores what
``05_classification/07`` shows: validation accuracy of the compact network from scratch, of logistic
regression on frozen features (pretrained and, as a control, random), and of the pretrained backbone
fine-tuned as a whole. The groceries are downloaded the first time (124 MB).
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from classifiers import SEEDS
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from course_utils.architectures.compact import compact_cnn
from course_utils.augmentation import mirrored, shifted, turned
from course_utils.backbone import FEATURES, Backbone, features_of
from course_utils.data import load_bloodmnist, load_grocery
from course_utils.measured import store_measured
from course_utils.training import Data, accuracy, fit, one_cycle, seed_everything

SIZES = {"5": 5, "20": 20, "all": 10_000}  # images a class, at most
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)  # C of the logistic regression, chosen on validation
# Epochs that let runs of all sizes see similar numbers of images.
SCRATCH_EPOCHS = {"5": 200, "20": 80, "all": 16}
TUNE_EPOCHS = {"5": 20, "20": 10, "all": 1}
LOADERS = {"cells": load_bloodmnist, "groceries": partial(load_grocery, level="ten")}
# Cells have no upright position, groceries have one.
SYMMETRY: dict[str, Callable[[Tensor], Tensor]] = {"cells": turned, "groceries": mirrored}


def subset(y: torch.Tensor, each: int, seed: int) -> torch.Tensor:
    """Return the indices of ``each`` random images of every class."""
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    return torch.cat([order[y[order] == c][:each] for c in y.unique()])


def scratch(task: str, data: dict[str, Data], size: str, seed: int) -> float:
    """Train the compact network on few images and return its validation accuracy."""
    x, y = data["train"]
    some = subset(y, SIZES[size], seed)
    seed_everything(seed)
    model = compact_cnn(3, int(y.max()) + 1)

    def augment(images: Tensor) -> Tensor:
        return SYMMETRY[task](shifted(images, 2, "replicate"))

    rules = {"epochs": SCRATCH_EPOCHS[size], "batch_size": 32, "augment": augment}
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=1e-3)
    train = x[some], y[some]
    fit(model, train, data["val"], optimizer=optimizer, schedule=one_cycle, seed=seed, **rules)
    return accuracy(model, *data["val"])


def frozen(features: dict[str, Data], size: str, seed: int) -> float:
    """Fit a logistic regression on features; its penalty is chosen on the validation set."""
    x, y = features["train"]
    some = subset(y, SIZES[size], seed)
    scale = StandardScaler().fit(x[some].numpy())
    x_val, y_val = scale.transform(features["val"][0].numpy()), features["val"][1].numpy()
    models = [LogisticRegression(C=penalty, max_iter=2000) for penalty in PENALTIES]
    fitted = [m.fit(scale.transform(x[some].numpy()), y[some].numpy()) for m in models]
    return max(float(model.score(x_val, y_val)) for model in fitted)


def tuned(task: str, data: dict[str, Data], size: str, seed: int) -> float:
    """Fine-tune the whole pretrained network and return its validation accuracy."""
    x, y = data["train"]
    some = subset(y, SIZES[size], seed)
    seed_everything(seed)
    model = nn.Sequential(Backbone(), nn.Linear(FEATURES, int(y.max()) + 1))
    groups = [
        {"params": model[0].parameters(), "lr": 5e-4},
        {"params": model[1].parameters(), "lr": 5e-3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=1e-3)
    rules = {"epochs": TUNE_EPOCHS[size], "batch_size": 20, "augment": SYMMETRY[task]}
    val = data["val"][0][:20], data["val"][1][:20]  # its epoch-wise value is not used
    train = x[some], y[some]
    fit(model, train, val, optimizer=optimizer, schedule=one_cycle, seed=seed, **rules)
    return accuracy(model, *data["val"])


def methods(task: str) -> dict[str, Callable[[str, int], float]]:
    """Return the four methods, each a function of size and seed, with their data prepared."""
    sets = {split: LOADERS[task](split) for split in ("train", "val")}
    images = {s: (torch.from_numpy(d.images), torch.from_numpy(d.labels)) for s, d in sets.items()}
    mean, std = (f(images["train"][0], (0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    scaled = {s: ((x - mean) / std, y) for s, (x, y) in images.items()}
    found = {"from scratch": partial(scratch, task, scaled)}
    for name, pretrained in {"frozen": True, "frozen, random weights": False}.items():
        seed_everything(0)
        backbone = Backbone(pretrained=pretrained)
        features = {s: (features_of(backbone, x), y) for s, (x, y) in images.items()}
        found[name] = partial(frozen, features)
    return found | {"fine-tuned": partial(tuned, task, images)}


def main() -> None:
    """Run every set, method, size and seed, and store the accuracies."""
    torch.set_num_threads(1)
    start = time.monotonic()
    results: dict[str, dict[str, dict[str, list[float]]]] = {}
    for task in LOADERS:
        for name, method in methods(task).items():
            for size in SIZES:
                runs = [method(size, seed) for seed in SEEDS]
                print(f"{task:9s} {name:22s} {size:>3s}", np.round(runs, 3), flush=True)
                results.setdefault(task, {}).setdefault(name, {})[size] = runs
    store_measured(
        "transfer", results, time.monotonic() - start, ("torch", "scikit-learn", "numpy")
    )


if __name__ == "__main__":
    main()
