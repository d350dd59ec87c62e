"""The shipped weights of the U-Net with three answers a pixel, trained on the nuclei's train band.

``python benchmarks/segmenter_weights.py`` trains on one core in three minutes, writes
``course_utils/segmentation/weights/nuclei125.npz`` (float16, with its checksum) and prints the
scores of the file as it is loaded. The settings were chosen on the validation band.
"""

import time

import torch

from course_utils.data import load_nuclei
from course_utils.segmentation.instances import group_by_centres, watershed_instances
from course_utils.segmentation.metrics import instance_f1, mean_iou
from course_utils.segmentation.objects import maps_of, objects_loss
from course_utils.segmentation.training import fit_segmenter, outputs_of
from course_utils.segmentation.weights import FOLDER, trained_unet, untrained_unet
from course_utils.training import seed_everything
from course_utils.weights import store_weights

NAME, STEPS, BATCH, SIDE, RATE, SEED = "nuclei125", 1200, 4, 128, 0.01, 0
MIN_SIZE = 20  # pixels; smaller finds are dropped


def scores(split: str) -> dict[str, float]:
    """Return what the shipped network scores on a band."""
    data = load_nuclei(split)
    true = data.instances[0]
    probability, depth, offsets = maps_of(outputs_of(trained_unet(NAME), data.images[0]))
    mask = probability > 0.5
    cut = watershed_instances(probability, depth, min_size=MIN_SIZE)
    grouped = group_by_centres(mask, offsets, min_size=MIN_SIZE)
    return {
        "mIoU": mean_iou(mask.astype(int), (true > 0).astype(int), 2),
        "F1, watershed": instance_f1(cut, true),
        "F1, centres": instance_f1(grouped, true),
    }


def main() -> None:
    """Train, store, load again and score."""
    torch.set_num_threads(1)
    start, data = time.monotonic(), load_nuclei("train")
    seed_everything(SEED)
    model = untrained_unet(NAME)
    rules = {"batch": BATCH, "side": SIDE, "lr": RATE, "seed": SEED, "loss": objects_loss}
    losses = fit_segmenter(model, data.images[0], data.instances[0], STEPS, **rules)
    print(f"loss of the last 100 steps: {sum(losses[-100:]) / 100:.4f}")
    size = store_weights(model, FOLDER / f"{NAME}.npz")
    print(f"{size / 1e6:.2f} MB in {time.monotonic() - start:.0f} s")
    for split in ("val", "test"):
        print(split, {name: round(value, 3) for name, value in scores(split).items()})


if __name__ == "__main__":
    main()
