"""Three kinds of attention that look a name up among many, three seeds each.

``python benchmarks/attention_kinds.py`` trains one head of each kind for 1,500 steps on one core, a
minute or two in all, and stores what ``09_attention/06`` shows: the share of right answers by the
number of pairs. The settings are the same for all kinds and were not searched.
"""

import time

import torch

from course_utils.attention.recall import fit_recall, recall_accuracy
from course_utils.measured import store_measured

SEEDS, PAIRS, STEPS = (0, 1, 2), (4, 8, 16, 32, 64), 1500
KINDS = {
    "softmax": ("softmax", 32),
    "linear, width 32": ("linear", 32),
    "linear, width 64": ("linear", 64),
    "window of 8": ("window", 32),
}


def main() -> None:
    """Train, score and store."""
    torch.set_num_threads(1)
    started = time.perf_counter()
    results: dict[str, list[list[float]]] = {}
    for name, (kind, d) in KINDS.items():
        models = [fit_recall(kind, seed, STEPS, d=d) for seed in SEEDS]
        right = [[recall_accuracy(model, pairs) for pairs in PAIRS] for model in models]
        results[name] = [[round(share, 3) for share in row] for row in right]
        print(name, results[name], flush=True)
    found = {"pairs": PAIRS, "accuracy": results}
    store_measured("attention_kinds", found, time.perf_counter() - started, ("torch",))


if __name__ == "__main__":
    main()
