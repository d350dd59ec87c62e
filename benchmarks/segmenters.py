"""Nuclei: a threshold against U-Nets, and six ways from pixels to objects, three seeds each.

``python benchmarks/segmenters.py`` trains on one core and stores what ``07_segmentation/03`` and
``07_segmentation/05`` show, on the validation and the test band: the mIoU of the mask, instance F1
and panoptic quality. Settings were chosen on the validation band. The second part trains on ever
smaller pieces of the training band.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from torch import Tensor
from torch.nn import functional

from course_utils.data import SegmentedImages, load_nuclei
from course_utils.measured import store_measured
from course_utils.segmentation.instances import (
    border_classes,
    border_weights,
    connected_instances,
    drop_small,
    group_by_centres,
    grow_instances,
    watershed_instances,
)
from course_utils.segmentation.losses import weighted_cross_entropy
from course_utils.segmentation.metrics import instance_f1, mean_iou, panoptic_quality
from course_utils.segmentation.objects import maps_of, objects_loss
from course_utils.segmentation.training import fit_segmenter, mask_cross_entropy, outputs_of
from course_utils.segmentation.unet import UNet
from course_utils.training import seed_everything

SEEDS, SPLITS = (0, 1, 2), ("val", "test")
STEPS, BATCH, SIDE, RATE, WIDTH, DEPTH = 250, 4, 96, 0.01, 8, 3
MIN_SIZE = 20  # pixels; smaller finds are dropped
PIECES = {"1/16": (80, 128), "1/4": (160, 256), "all": (320, 512)}  # rows, columns of the band
Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]


def border_loss(outputs: Tensor, instances: Tensor) -> Tensor:
    """Return the cross-entropy with the U-Net paper's weights between close objects."""
    weights = np.stack([border_weights(one, sigma=3.0) for one in instances.numpy()])
    mask = (instances > 0).long()
    return weighted_cross_entropy(outputs, mask, pixel_weights=torch.from_numpy(weights))


def three_classes(outputs: Tensor, instances: Tensor) -> Tensor:
    """Return the cross-entropy of background, inside and border."""
    target = np.stack([border_classes(one) for one in instances.numpy()])
    return functional.cross_entropy(outputs, torch.from_numpy(target))


def components(mask: Mask) -> Labels:
    """Return the connected components of a mask."""
    return drop_small(connected_instances(mask), MIN_SIZE)


def cut_by_distance(mask: Mask) -> Labels:
    """Flood the distance to the background, a rule without any learning."""
    distance = np.asarray(ndimage.distance_transform_edt(mask))
    return watershed_instances(mask.astype(float), distance, min_size=MIN_SIZE)


def from_mask(outputs: Tensor) -> dict[str, tuple[Mask, Labels]]:
    """Return mask and instances from two logits."""
    mask = (outputs.argmax(0) == 1).numpy()
    return {"components": (mask, components(mask)), "distance": (mask, cut_by_distance(mask))}


def from_border(outputs: Tensor) -> dict[str, tuple[Mask, Labels]]:
    """Return mask and instances from three classes: the insides, grown back over the border."""
    classes = outputs.argmax(0).numpy()
    seeds = components(classes == 1)
    return {"grown": (classes > 0, drop_small(grow_instances(seeds, classes > 0), MIN_SIZE))}


def from_objects(outputs: Tensor) -> dict[str, tuple[Mask, Labels]]:
    """Return mask and instances from depths and from offsets."""
    probability, depth, offsets = maps_of(outputs)
    mask = probability > 0.5
    cut = watershed_instances(probability, depth, min_size=MIN_SIZE)
    grouped = group_by_centres(mask, offsets, min_size=MIN_SIZE)
    return {
        "components": (mask, components(mask)),
        "watershed": (mask, cut),
        "centres": (mask, grouped),
    }


def score(mask: Mask, instances: Labels, true: Labels) -> dict[str, float]:
    """Return mIoU of the mask, F1 and panoptic quality of the instances."""
    return {
        "mIoU": mean_iou(mask.astype(int), (true > 0).astype(int), 2),
        "F1": instance_f1(instances, true),
        "PQ": panoptic_quality(instances, true),
    }


# name: (outputs, skips, loss, what reads the outputs)
METHODS: dict[str, tuple[int, bool, Callable, Callable]] = {
    "U-Net": (2, True, mask_cross_entropy, from_mask),
    "no skips": (2, False, mask_cross_entropy, from_mask),
    "border weights": (2, True, border_loss, from_mask),
    "border class": (3, True, three_classes, from_border),
    "objects": (5, True, objects_loss, from_objects),
}


def threshold_scores(sets: dict[str, SegmentedImages]) -> dict[str, Any]:
    """Return the scores of Gaussian and Otsu; the threshold is that of the training band."""
    smooth = {s: ndimage.gaussian_filter(d.images[0], 1.0) for s, d in sets.items()}
    threshold = threshold_otsu(smooth["train"])
    found: dict[str, Any] = {"Otsu, components": {}, "Otsu, distance": {}}
    for split in SPLITS:
        mask, true = smooth[split] > threshold, sets[split].instances[0]
        found["Otsu, components"][split] = [score(mask, components(mask), true)]
        found["Otsu, distance"][split] = [score(mask, cut_by_distance(mask), true)]
    return found


def network_scores(name: str, seed: int, sets: dict[str, SegmentedImages]) -> dict[str, Any]:
    """Train one network and return its scores by way of reading and split."""
    outputs, skips, loss, read = METHODS[name]
    seed_everything(seed)
    model = UNet(1, outputs, WIDTH, DEPTH, skips)
    train = sets["train"].images[0], sets["train"].instances[0]
    rules = {"batch": BATCH, "side": SIDE, "lr": RATE, "seed": seed, "loss": loss}
    fit_segmenter(model, *train, STEPS, **rules)
    found: dict[str, Any] = {}
    for split in SPLITS:
        for way, (mask, labels) in read(outputs_of(model, sets[split].images[0])).items():
            scores = score(mask, labels, sets[split].instances[0])
            found.setdefault(f"{name}, {way}", {})[split] = scores
    return found


def piece_scores(rows: int, columns: int, seed: int, sets: dict[str, SegmentedImages]) -> float:
    """Train on the upper left piece of the training band; return the mIoU on the test band."""
    seed_everything(seed)
    model = UNet(1, 2, WIDTH, DEPTH)
    place = (0, slice(0, rows), slice(0, columns))
    piece = sets["train"].images[place], sets["train"].instances[place]
    rules = {"batch": BATCH, "side": min(SIDE, rows), "lr": RATE, "seed": seed}
    fit_segmenter(model, *piece, STEPS, **rules)
    mask = (outputs_of(model, sets["test"].images[0]).argmax(0) == 1).numpy()
    return mean_iou(mask.astype(int), (sets["test"].instances[0] > 0).astype(int), 2)


def main() -> None:
    """Run all methods and seeds, and store the scores."""
    torch.set_num_threads(1)
    start = time.monotonic()
    sets = {split: load_nuclei(split) for split in ("train", *SPLITS)}
    results = threshold_scores(sets)
    for name in METHODS:
        for seed in SEEDS:
            for way, scores in network_scores(name, seed, sets).items():
                for split in SPLITS:
                    results.setdefault(way, {}).setdefault(split, []).append(scores[split])
                print(seed, way, {k: round(v, 3) for k, v in scores["val"].items()}, flush=True)
    pieces = {}
    for name, (rows, columns) in PIECES.items():
        nuclei = len(np.unique(sets["train"].instances[0, :rows, :columns])) - 1
        runs = [piece_scores(rows, columns, seed, sets) for seed in SEEDS]
        pieces[name] = {"nuclei": nuclei, "test mIoU": runs}
        print(name, pieces[name], flush=True)
    stored = {"methods": results, "pieces": pieces}
    packages = ("torch", "numpy", "scipy", "scikit-image")
    store_measured("segmenters", stored, time.monotonic() - start, packages)


if __name__ == "__main__":
    main()
