"""A vision transformer against a convolutional network on blood cells, three seeds each.

``python benchmarks/vit.py`` trains on one core in less than a quarter of an hour and stores what
``09_attention/07`` shows: equal parameters, then equal epochs or equal seconds of the processor,
the class token against the mean, positions, a quarter of the data. The rate of the transformer is
chosen on the validation set, that of the convolutional network as in ``classifiers.py``. One
longer run ships (``course_utils/attention/weights/vit_cells.npz``).
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from classifiers import SEEDS, standardised, turned_and_shifted
from torch import nn

from course_utils.architectures.compact import compact_cnn
from course_utils.attention.vit import ViT
from course_utils.attention.weights import FOLDER
from course_utils.data import load_bloodmnist
from course_utils.measured import store_measured
from course_utils.training import Data, accuracy, fit, one_cycle, seed_everything
from course_utils.weights import store_weights

EPOCHS, LONG, SHORT = 20, 60, 8
RATES = (0.002, 0.004, 0.008)
CNN_RATE = 0.02
SHARE = 4  # a quarter of the training set, for as many steps as half of the whole takes


def train(
    make: Callable[[], nn.Module], data: dict[str, Data], epochs: int, lr: float, seed: int
) -> tuple[nn.Module, dict[str, Any]]:
    """Train one network; return it and what it scored, with the seconds of the processor."""
    seed_everything(seed)
    model = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
    start = time.process_time()
    rules: dict[str, Any] = {"optimizer": optimizer, "schedule": one_cycle, "batch_size": 32}
    rules |= {"augment": turned_and_shifted, "seed": seed, "epochs": epochs}
    history = fit(model, data["train"], data["val"], **rules)
    run: dict[str, Any] = {"seconds": round(time.process_time() - start, 1), "epochs": epochs}
    run |= {split: accuracy(model, *data[split]) for split in ("train", "val", "test")}
    run |= {"loss": history.val_loss[-1], "curve": history.val_accuracy}
    return model, run


def quarter(data: dict[str, Data], seed: int) -> dict[str, Data]:
    """Return the splits with a random quarter of the training set."""
    x, y = data["train"]
    kept = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))[::SHARE]
    return data | {"train": (x[kept], y[kept])}


def repeated(name: str, make: Callable[[], nn.Module], lr: float, epochs: int, few: bool) -> dict:
    """Train with every seed; return the scores, one list a score, and the number of parameters."""
    data = standardised(load_bloodmnist)
    runs = []
    for seed in SEEDS:
        _, run = train(make, quarter(data, seed) if few else data, epochs, lr, seed)
        print(f"{name:28s} {seed}", {k: v for k, v in run.items() if k != "curve"}, flush=True)
        runs.append(run)
    parameters = sum(p.numel() for p in make().parameters() if p.requires_grad)
    return {key: [run[key] for run in runs] for key in runs[0]} | {"parameters": parameters}


def main() -> None:
    """Choose the rate, run all comparisons, store the results and the weights of the long run."""
    torch.set_num_threads(1)
    start, data = time.monotonic(), standardised(load_bloodmnist)
    tuning = {lr: train(ViT, data, SHORT, lr, seed=0)[1] for lr in RATES}
    lr = min(tuning, key=lambda rate: tuning[rate]["loss"])
    print({rate: (run["loss"], run["val"]) for rate, run in tuning.items()}, flush=True)
    compared = {"CNN": repeated("CNN", lambda: compact_cnn(3, 8), CNN_RATE, EPOCHS, few=False)}
    pace = sum(run["seconds"] for run in tuning.values()) / (SHORT * len(tuning))
    equal = round(sum(compared["CNN"]["seconds"]) / len(SEEDS) / pace)
    few = SHARE * EPOCHS // 2
    cases: dict[str, tuple[Callable[[], nn.Module], float, int, bool]] = {
        "ViT, equal seconds": (ViT, lr, equal, False),
        "ViT": (ViT, lr, EPOCHS, False),
        "ViT, mean": (lambda: ViT(pool="mean"), lr, EPOCHS, False),
        "ViT, no positions": (lambda: ViT(positions=False), lr, EPOCHS, False),
        "CNN, a quarter": (lambda: compact_cnn(3, 8), CNN_RATE, few, True),
        "ViT, a quarter": (ViT, lr, few, True),
    }
    compared |= {name: repeated(name, *case) for name, case in cases.items()}
    model, long = train(ViT, data, LONG, lr, seed=0)
    print("long", {k: v for k, v in long.items() if k != "curve"}, flush=True)
    FOLDER.mkdir(exist_ok=True)
    long["bytes"] = store_weights(model, FOLDER / "vit_cells.npz")
    tuned = {str(rate): {k: run[k] for k in ("loss", "val")} for rate, run in tuning.items()}
    results = {"rates": tuned, "rate": lr, "compared": compared, "shipped": long}
    store_measured("vit", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
