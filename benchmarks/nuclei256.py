"""The on-demand set nuclei256: the same U-Net on images of many labs, three seeds, against Otsu.

``python benchmarks/nuclei256.py`` downloads the set the first time (88 MB), trains on one core and
stores what ``07_segmentation/05`` shows: mIoU over all pixels of the test images, F1 and panoptic
quality over all their nuclei. The settings were chosen on the validation images.
"""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from segmenters import Labels, Mask
from skimage.filters import threshold_otsu

from course_utils.data import load_nuclei256
from course_utils.measured import store_measured
from course_utils.segmentation.crops import nuclei_crops, stretched
from course_utils.segmentation.instances import (
    connected_instances,
    drop_small,
    group_by_centres,
    watershed_instances,
)
from course_utils.segmentation.metrics import class_iou, match_instances, pixel_confusion
from course_utils.segmentation.objects import OBJECT_OUTPUTS, maps_of, objects_loss
from course_utils.segmentation.training import fit_segmenter, outputs_of
from course_utils.segmentation.unet import UNet
from course_utils.training import seed_everything

SEEDS, SPLITS = (0, 1, 2), ("val", "test")
STEPS, BATCH, SIDE, RATE, WIDTH, DEPTH = 2000, 4, 128, 0.005, 12, 3
MIN_SIZE, SEPARATION, SIGMA, RADIUS = 12, 6, 2.0, 4  # pixels
# Each image is stretched already, and its grey values mean something: little change of them.
CROPS = partial(nuclei_crops, gains=(0.9, 1.1), shifts=(0.0, 0.0))
Found = tuple[Mask, Labels]


def prepared(images: NDArray) -> NDArray:
    """Return the root of the stretched images: dim nuclei beside bright ones become visible."""
    return np.sqrt(stretched(images).clip(0))


def components(mask: Mask) -> Labels:
    """Return the connected components of a mask."""
    return drop_small(connected_instances(mask), MIN_SIZE)


def flooded(mask: Mask, depth: NDArray) -> Labels:
    """Cut a mask by flooding ``-depth``."""
    rules = {"separation": SEPARATION, "sigma": SIGMA, "min_size": MIN_SIZE}
    return watershed_instances(mask.astype(float), depth, **rules)


def cut_by_distance(mask: Mask) -> Labels:
    """Flood the distance to the background, a rule without any learning."""
    return flooded(mask, np.asarray(ndimage.distance_transform_edt(mask)))


def score(found: Iterable[Found], instances: NDArray[np.integer]) -> dict[str, float]:
    """Return mIoU, F1 and panoptic quality, counted over all images together."""
    confusion = np.zeros((2, 2), np.int64)
    counts = np.zeros(4)  # true positives, false positives, false negatives, sum of IoU
    for (mask, labels), true in zip(found, instances, strict=True):
        confusion += pixel_confusion(mask.astype(int), (true > 0).astype(int), 2)
        tp, fp, fn, overlap = match_instances(labels, true)
        counts += tp, fp, fn, tp * overlap if tp else 0
    tp, fp, fn, overlap = counts
    iou = class_iou(confusion)
    return {
        "nucleus IoU": float(iou[1]),
        "mIoU": float(iou.mean()),
        "F1": float(2 * tp / (2 * tp + fp + fn)),
        "PQ": float(overlap / (tp + (fp + fn) / 2)),
    }


def threshold(cut: Callable[[Mask], Labels]) -> Callable[[NDArray], list[Found]]:
    """Return a method: Gaussian, each image's own Otsu threshold, then ``cut``."""

    def method(images: NDArray) -> list[Found]:
        smooth = [ndimage.gaussian_filter(image, 1.0) for image in images]
        masks = [image > threshold_otsu(image) for image in smooth]
        return [(mask, cut(mask)) for mask in masks]

    return method


def eight_views(model: UNet, image: NDArray) -> tuple[NDArray, NDArray]:
    """Return probability and depth, the logits averaged over the symmetries of the square."""
    total = np.zeros((3, *image.shape))
    for turns in range(4):
        for flip in (False, True):
            view = np.rot90(image, turns)
            outputs = outputs_of(model, view.T if flip else view)[:3].numpy()
            outputs = outputs.transpose(0, 2, 1) if flip else outputs
            total += np.rot90(outputs, -turns, axes=(1, 2)) / 8
    logits = torch.from_numpy(total)
    return logits[:2].softmax(0)[1].numpy(), logits[2].sigmoid().numpy()


def network(images: NDArray, model: UNet) -> dict[str, list[Found]]:
    """Return what the network finds, read in five ways."""
    found: dict[str, list[Found]] = {}
    for image in images:
        probability, depth, offsets = maps_of(outputs_of(model, image))
        mask = probability > 0.5
        ways = {
            "components": components(mask),
            "distance": cut_by_distance(mask),
            "watershed": flooded(mask, depth),
            "centres": group_by_centres(mask, offsets, radius=RADIUS, min_size=MIN_SIZE),
        }
        for way, labels in ways.items():
            found.setdefault(f"U-Net, {way}", []).append((mask, labels))
        probability, depth = eight_views(model, image)
        joint = flooded(probability > 0.5, depth)
        found.setdefault("8 views, watershed", []).append((probability > 0.5, joint))
    return found


def main() -> None:
    """Score the threshold, train and score the networks, store the results."""
    torch.set_num_threads(1)
    start = time.monotonic()
    sets = {split: load_nuclei256(split) for split in ("train", *SPLITS)}
    images = {split: prepared(data.images) for split, data in sets.items()}
    plain = {split: stretched(sets[split].images) for split in SPLITS}
    results: dict[str, Any] = {}

    def keep(way: str, split: str, found: list[Found]) -> None:
        scores = score(found, sets[split].instances)
        results.setdefault(way, {}).setdefault(split, []).append(scores)
        print(f"{way:20s} {split:4s}", {k: round(v, 3) for k, v in scores.items()}, flush=True)

    for split in SPLITS:
        keep("Otsu, components", split, threshold(components)(plain[split]))
        keep("Otsu, distance", split, threshold(cut_by_distance)(plain[split]))
    for seed in SEEDS:
        seed_everything(seed)
        model = UNet(1, OBJECT_OUTPUTS, WIDTH, DEPTH, norm="group")
        rules = {"batch": BATCH, "side": SIDE, "lr": RATE, "seed": seed, "crops": CROPS}
        train = images["train"], sets["train"].instances
        fit_segmenter(model, *train, STEPS, loss=objects_loss, **rules)
        for split in SPLITS:
            for way, found in network(images[split], model).items():
                keep(way, split, found)
    packages = ("torch", "numpy", "scipy", "scikit-image")
    store_measured("nuclei256", results, time.monotonic() - start, packages)


if __name__ == "__main__":
    main()
