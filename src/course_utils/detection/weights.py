"""The detectors of each set, and their weights after a longer training than a page may take."""

from pathlib import Path

from course_utils.detection.networks import AnchorDetector, CentreDetector, Detector
from course_utils.weights import load_weights

FOLDER = Path(__file__).parent / "weights"
KINDS = ("anchors", "centres")
SQUARE = (1.0,)
# c_in, classes, stride, width; sizes and ratios of the anchors. Nuclei cut by a border are thin,
# platelets are 13 to 25 pixels wide: both sets need the finer map.
SHAPES = {
    "nuclei": (1, 1, 4, 16, (11, 24), (0.3, 1.0, 3.0)),
    "treecrowns": (3, 1, 8, 24, (24, 36, 54), SQUARE),
    "bccd": (3, 3, 4, 24, (20, 36, 54, 90), SQUARE),
}


def untrained_detector(set_name: str, kind: str) -> Detector:
    """Return the detector that the book uses for a set, with random weights.

    ``set_name`` is "nuclei", "treecrowns" or "bccd", ``kind`` "anchors" or "centres". Raises
    ValueError for another name.
    """
    if set_name not in SHAPES or kind not in KINDS:
        raise ValueError(f"expected {sorted(SHAPES)} and {KINDS}, got {set_name!r}, {kind!r}")
    c_in, classes, stride, width, sizes, ratios = SHAPES[set_name]
    if kind == "anchors":
        return AnchorDetector(c_in, classes, sizes, ratios, width, stride)
    return CentreDetector(c_in, classes, width=width, stride=stride)


def trained_detector(set_name: str, kind: str) -> Detector:
    """Return the detector that ``benchmarks/detector_weights.py`` trained, in evaluation mode.

    As `untrained_detector`, for "nuclei" and "treecrowns". Raises DamagedFileError where the file
    is not what was shipped.
    """
    model = untrained_detector(set_name, kind)
    load_weights(model, FOLDER / f"{set_name}_{kind}.npz")
    return model
