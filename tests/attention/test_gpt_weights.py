"""The shipped character model is what was stored, and its script still learns."""

import importlib.util
from pathlib import Path

import pytest
import torch

from course_utils.attention.gpt import fit_gpt, held_out_loss, next_token_loss
from course_utils.attention.text import Characters, load_text, split_text
from course_utils.attention.weights import FOLDER, trained_gpt, untrained_gpt
from course_utils.measured import load_measured

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def texts():
    characters = Characters(load_text())
    return [characters.encode(part) for part in split_text(load_text())]


def test_the_shipped_model_scores_what_was_stored(texts):
    results = load_measured("gpt_weights")["results"]
    assert (FOLDER / "gpt.npz").stat().st_size == results["bytes"] < 800_000
    assert held_out_loss(trained_gpt(), texts[1]) == pytest.approx(results["held out"], abs=1e-3)
    assert results["held out"] < 1.4  # nats; counts of four characters reach 1.43


@pytest.mark.slow
def test_the_script_still_learns():
    spec = importlib.util.spec_from_file_location("gpt_weights", BENCHMARKS / "gpt_weights.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.EVERY = 20
    _, curve = script.train(40)
    assert [row["step"] for row in curve] == [20, 40]
    assert curve[1]["held out"] < 2.7  # nats; single letters give 3.1


def test_loss_and_training_by_hand(texts):
    model = untrained_gpt().eval()
    tokens = texts[0][: 3 * 65].view(3, 65)
    logits = model(tokens[:, :-1]).log_softmax(-1)
    picked = [logits[b, t, tokens[b, t + 1]] for b in range(3) for t in range(64)]
    assert next_token_loss(model, tokens).item() == pytest.approx(-sum(picked).item() / 192, 1e-5)
    told = []
    losses = fit_gpt(model, texts[0], 3, batch=2, watch=lambda *pair: told.append(pair))
    assert told == list(enumerate(losses, 1))
    assert not model.training
    with pytest.raises(ValueError, match="context"):
        fit_gpt(model, torch.zeros(64, dtype=torch.long), 1)
