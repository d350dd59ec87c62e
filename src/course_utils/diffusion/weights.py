"""Denoisers that were trained for longer than a page may take."""

from pathlib import Path

from course_utils.diffusion.networks import TimeUNet
from course_utils.weights import load_weights

FOLDER = Path(__file__).parent / "weights"
# channels, width, classes, target
DENOISERS = {"digits": (1, 32, 10, "v"), "sprites": (3, 24, 10, "v")}


def untrained_denoiser(name: str) -> TimeUNet:
    """Return the network that `trained_denoiser` fills, with random weights."""
    if name not in DENOISERS:
        raise ValueError(f"name must be one of {sorted(DENOISERS)}, got {name!r}")
    c_in, width, num_classes, target = DENOISERS[name]
    return TimeUNet(c_in, width, num_classes, target=target)


def trained_denoiser(name: str) -> TimeUNet:
    """Return a denoiser that ``benchmarks/diffusion_weights.py`` trained, in evaluation mode.

    ``name`` is "digits": pictures (1, 28, 28), classes 0..9; or "sprites": (3, 16, 16) on white,
    the ten categories of `load_emoji`. Raises ValueError for another name, DamagedFileError where
    the file is not what was shipped.
    """
    model = untrained_denoiser(name)
    load_weights(model, FOLDER / f"{name}.npz")
    return model
