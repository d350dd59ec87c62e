"""How the loss of small character models falls with their width and with the length of the text.

``python benchmarks/gpt_scaling.py`` trains 21 models for 300 steps each (three seeds a setting) and
stores their losses on the held-out paragraphs; three minutes on one core.
"""

import time

import torch

from course_utils.attention.gpt import GPT, fit_gpt, held_out_loss
from course_utils.attention.text import Characters, load_text, split_text
from course_utils.measured import store_measured

WIDTHS, PARTS, MIDDLE, STEPS, SEEDS = (8, 16, 32, 64), (64, 16, 4), 32, 300, range(3)


def train(width: int, part: int, seed: int) -> dict[str, float]:
    """Train one model on the first of ``part`` equal parts of the text."""
    text = load_text()
    characters = Characters(text)
    learned, held_out = (characters.encode(half) for half in split_text(text))
    learned = learned[: len(learned) // part]
    torch.manual_seed(seed)
    model = GPT(len(characters), width, heads=4, layers=2, context=64)
    losses = fit_gpt(model, learned, STEPS, lr=6e-3, seed=seed)
    tables = (model.tokens, model.positions, model.head)
    stack = sum(p.numel() for p in model.parameters()) - sum(t.weight.numel() for t in tables)
    return {
        "width": width,
        "parameters": stack,
        "characters": len(learned),
        "seed": seed,
        "train": sum(losses[-30:]) / 30,
        "held out": held_out_loss(model, held_out),
    }


def main() -> None:
    """Train every setting and store the losses."""
    torch.set_num_threads(1)
    start, rows = time.process_time(), []
    settings = [(width, 1) for width in WIDTHS] + [(MIDDLE, part) for part in PARTS]
    for width, part in settings:
        for seed in SEEDS:
            rows.append(train(width, part, seed))
            print(rows[-1], flush=True)
    results = {"steps": STEPS, "batch": 32, "context": 64, "runs": rows}
    store_measured("gpt_scaling", results, time.process_time() - start, ("torch",))


if __name__ == "__main__":
    main()
