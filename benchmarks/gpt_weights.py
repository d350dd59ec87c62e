"""The shipped weights of the character GPT, trained on the prose of this book's chapters 1 to 5.

``python benchmarks/gpt_weights.py`` trains on one core in about five minutes, writes
``course_utils/attention/weights/gpt.npz`` (float16, with its checksum) and stores the loss on the
held-out paragraphs during training. The settings were chosen on these paragraphs, so their last
loss is a little too good.
"""

import time

import torch

from course_utils.attention.gpt import GPT, fit_gpt, held_out_loss
from course_utils.attention.text import Characters, load_text, split_text
from course_utils.attention.weights import FOLDER, trained_gpt, untrained_gpt
from course_utils.measured import store_measured
from course_utils.training import seed_everything
from course_utils.weights import store_weights

STEPS, BATCH, RATE, SEED, EVERY = 2400, 32, 4e-3, 0, 200


def train(steps: int) -> tuple[GPT, list[dict[str, float]]]:
    """Return a model trained for ``steps`` and its losses on both texts as it was trained."""
    text = load_text()
    characters = Characters(text)
    learned, held_out = (characters.encode(part) for part in split_text(text))
    seed_everything(SEED)
    model, curve, recent = untrained_gpt(), [], []

    def watch(step: int, loss: float) -> None:
        recent.append(loss)
        if step % EVERY == 0:
            curve.append({"step": step, "train": sum(recent) / len(recent)})
            curve[-1]["held out"] = held_out_loss(model, held_out)
            recent.clear()
            print({name: round(value, 4) for name, value in curve[-1].items()}, flush=True)

    fit_gpt(model, learned, steps, batch=BATCH, lr=RATE, seed=SEED, watch=watch)
    return model, curve


def main() -> None:
    """Train, store, load again and score."""
    torch.set_num_threads(1)
    start = time.process_time()
    model, curve = train(STEPS)
    FOLDER.mkdir(exist_ok=True)
    size = store_weights(model, FOLDER / "gpt.npz")
    seconds = time.process_time() - start
    print(f"{size / 1e6:.2f} MB in {seconds:.0f} s of one core")
    held_out = Characters(load_text()).encode(split_text(load_text())[1])
    shipped = {"curve": curve, "bytes": size, "held out": held_out_loss(trained_gpt(), held_out)}
    store_measured("gpt_weights", shipped, seconds, ("torch", "numpy"))


if __name__ == "__main__":
    main()
