"""A translator into mirror images: with the right past, alone, and after a planted mistake.

``python benchmarks/translators.py`` trains three seeds, scores each on the words of the shipped
text, which training never showed, and stores the shares; half a minute on one core.
"""

import time

import torch

from course_utils.attention.reversing import Translator, scores, teach, words_by_length
from course_utils.measured import store_measured


def main() -> None:
    """Train, score and store."""
    torch.set_num_threads(1)
    start, rows = time.process_time(), []
    for seed in range(3):
        torch.manual_seed(seed)
        rows.append(scores(teach(Translator(), seed), words_by_length()))
        print(rows[-1], flush=True)
    store_measured("translators", rows, time.process_time() - start, ("torch",))


if __name__ == "__main__":
    main()
