"""Models that were trained for longer than a page may take."""

from pathlib import Path

from course_utils.attention.gpt import GPT
from course_utils.attention.text import Characters, load_text
from course_utils.attention.vit import ViT
from course_utils.weights import load_weights

FOLDER = Path(__file__).parent / "weights"


def untrained_gpt() -> GPT:
    """Return the model that `trained_gpt` fills, with random weights."""
    return GPT(len(Characters(load_text())), d=96, heads=4, layers=3, context=64, dropout=0.1)


def trained_gpt() -> GPT:
    """Return the character model that ``benchmarks/gpt_weights.py`` trained, in evaluation mode.

    Its tokens are ``Characters(load_text())``, its context 64 characters. Raises DamagedFileError
    where the file is not what was shipped.
    """
    model = untrained_gpt()
    load_weights(model, FOLDER / "gpt.npz")
    return model


def trained_vit() -> ViT:
    """Return the vision transformer that ``benchmarks/vit.py`` trained, in evaluation mode.

    It reads blood cells ``(B, 3, 28, 28)`` standardised by the training set, a channel at a time.
    Raises DamagedFileError where the file is not what was shipped.
    """
    model = ViT()
    load_weights(model, FOLDER / "vit_cells.npz")
    return model
