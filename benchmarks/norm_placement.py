"""Where the norm stands in a Transformer block: what trains, by depth, learning rate and warm-up.

``python benchmarks/norm_placement.py`` trains 72 small stacks to write eight symbols backwards
(100 steps each, three seeds) and stores the share of right symbols of each; three minutes on one
core. Guessing is 1/8.
"""

import time

import torch

from course_utils.attention.mirror import mirror_accuracy
from course_utils.measured import store_measured

DEPTHS, RATES, WARMUPS, SEEDS = (2, 6, 12), (0.003, 0.01), (1, 100), range(3)


def main() -> None:
    """Train every setting and store the accuracies."""
    torch.set_num_threads(1)
    start, rows = time.process_time(), []
    for depth in DEPTHS:
        for lr in RATES:
            for warmup in WARMUPS:
                for first in (True, False):
                    found = [mirror_accuracy(depth, first, lr, warmup, seed) for seed in SEEDS]
                    row = {"depth": depth, "lr": lr, "warmup": warmup, "norm first": first}
                    rows.append(row | {"accuracy": found})
                    print(rows[-1], flush=True)
    store_measured("norm_placement", rows, time.process_time() - start, ("torch",))


if __name__ == "__main__":
    main()
