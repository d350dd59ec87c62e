"""Networks that were trained for longer than a page may take."""

from pathlib import Path

from course_utils.segmentation.objects import OBJECT_OUTPUTS
from course_utils.segmentation.unet import UNet
from course_utils.weights import load_weights

FOLDER = Path(__file__).parent / "weights"
WIDTHS = {"nuclei125": 12}


def untrained_unet(name: str) -> UNet:
    """Return the network that `trained_unet` fills, with random weights."""
    if name not in WIDTHS:
        raise ValueError(f"name must be one of {sorted(WIDTHS)}, got {name!r}")
    return UNet(1, OBJECT_OUTPUTS, WIDTHS[name], depth=3)


def trained_unet(name: str) -> UNet:
    """Return the U-Net that ``benchmarks/segmenter_weights.py`` trained, in evaluation mode.

    ``name`` is "nuclei125"; grey images in [0, 1], ``(B, 1, H, W) -> (B, 5, H, W)``: two logits
    (background, nucleus), then depth and offsets as `course_utils.segmentation.objects` has them.
    Raises ValueError for another name, DamagedFileError where the file is not what was shipped.
    """
    model = untrained_unet(name)
    load_weights(model, FOLDER / f"{name}.npz")
    return model
