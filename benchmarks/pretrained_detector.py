"""Does a backbone that learned to classify help to detect? Tree crowns, three seeds each.

``python benchmarks/pretrained_detector.py`` trains the detector with anchors on one core, with the
same rules on three backbones: the book's own from random weights, and EfficientNet-Lite0 with the
weights of ImageNet, frozen or trained on, or from random weights. It stores what
``06_detection/04`` shows: AP50 on the held-out images (validation and test; nothing is chosen by
them).
"""

import time

import torch
from focal import SEEDS, SIZES, STRIDE, held_out
from torch import Tensor, nn
from torch.nn import functional

from course_utils.architectures.resnet import conv_norm
from course_utils.backbone import MEAN, SCALE, Backbone
from course_utils.detection.crops import detection_set
from course_utils.detection.networks import AnchorDetector
from course_utils.detection.training import evaluate, fit_detector
from course_utils.measured import store_measured
from course_utils.training import seed_everything

STEPS, BATCH, SIDE = 120, 4, 192
TAPS = {4: 40, 10: 112}  # last block and channels of the maps at strides 8 and 16
ARMS: dict[str, tuple[bool, bool] | None] = {
    "small network, from scratch": None,
    "EfficientNet-Lite0, from scratch": (False, False),
    "EfficientNet-Lite0, pretrained, frozen": (True, True),
    "EfficientNet-Lite0, pretrained, trained on": (True, False),
}


class Pyramid(nn.Module):
    """EfficientNet-Lite0 up to stride 16, merged down to stride 8: ``(B, F, H/8, W/8)``."""

    def __init__(self, features: int, pretrained: bool, frozen: bool) -> None:
        super().__init__()
        self.stride, self.coarsest, self.features = STRIDE, 2 * STRIDE, features
        self.body, self.pretrained = Backbone(pretrained=pretrained), pretrained
        self.body.net._blocks = self.body.net._blocks[: max(TAPS) + 1]
        del self.body.net._conv_head, self.body.net._bn1
        self.laterals = nn.ModuleList(conv_norm(c, features, 1) for c in TAPS.values())
        self.smooth = nn.Sequential(conv_norm(features, features, 3), nn.ReLU())
        self.body.requires_grad_(not frozen)

    def forward(self, x: Tensor) -> Tensor:
        """Return one map of features."""
        net, maps = self.body.net, []
        x = net._swish(net._bn0(net._conv_stem((x - MEAN) / SCALE)))
        for place, block in enumerate(net._blocks):
            x = block(x)
            if place in TAPS:
                maps.append(x)
        fine, coarse = (lateral(found) for lateral, found in zip(self.laterals, maps, strict=True))
        return self.smooth(fine + functional.interpolate(coarse, scale_factor=2))

    def train(self, mode: bool = True) -> "Pyramid":
        """Switch to training; only random weights train with the statistics of the batch."""
        super().train(mode)
        if not self.pretrained:
            nn.Module.train(self.body, mode)
        return self


def run(arm: str, seed: int) -> dict[str, float]:
    """Train on one backbone; return AP50, the seconds of training and the trained weights."""
    data, choice = detection_set("treecrowns"), ARMS[arm]
    seed_everything(seed)
    model = AnchorDetector(data.c_in, 1, SIZES["treecrowns"], stride=STRIDE)
    if choice is not None:
        model.add_module("backbone", Pyramid(model.backbone.features, *choice))
    start = time.monotonic()
    fit_detector(model, data.train, STEPS, batch=BATCH, side=SIDE, seed=seed, **data.crops)
    found = {
        "seconds": time.monotonic() - start,
        "AP50": evaluate(model, held_out(data)),
        "weights": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    print(f"{arm:44s} {seed}", {k: round(v, 3) for k, v in found.items()}, flush=True)
    return found


def main() -> None:
    """Run all backbones and seeds, and store the results."""
    torch.set_num_threads(1)
    start, results = time.monotonic(), {}
    for arm in ARMS:
        runs = [run(arm, seed) for seed in SEEDS]
        results[arm] = {key: [r[key] for r in runs] for key in runs[0]}
    store_measured("pretrained_detector", results, time.monotonic() - start, ("torch", "numpy"))


if __name__ == "__main__":
    main()
