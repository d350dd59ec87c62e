"""Two small detectors on one backbone: one with anchors, one with centre points."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from course_utils.architectures.resnet import ResidualBlock, conv_norm

from .anchors import BACKGROUND, anchor_grid, match_anchors
from .boxes import clip_boxes, decode_boxes, encode_boxes
from .losses import centre_focal_loss, focal_loss, paired_giou, smooth_l1
from .suppression import nms
from .targets import centre_targets, near_cells

Detections = dict[str, NDArray[Any]]
ClassLoss = Callable[[Tensor, Tensor], Tensor]
PRIOR = 0.01  # share of objects that an untrained head believes in


class SmallBackbone(nn.Module):
    """A pyramid: ``(B, c_in, H, W) -> (B, F, H/stride, W/stride)`` with F = 2 width.

    A strided convolution to half of ``stride``, then three stages that halve the side by a maximum
    and widen the map to 2, 3 and 4 times ``width``. On the way down the coarse maps are enlarged
    and added to the finer ones. Every window is even, so that a coarse cell lies in the middle of
    the finer cells it stands for. H and W must be multiples of ``4 * stride``. Source: Lin et al.
    (2017), Feature pyramid networks for object detection, CVPR.
    """

    def __init__(self, c_in: int, width: int = 24, stride: int = 8) -> None:
        super().__init__()
        if stride not in (4, 8):
            raise ValueError(f"stride must be 4 or 8, got {stride}")
        self.stride, self.coarsest, self.features = stride, 4 * stride, 2 * width
        half = stride // 2
        first = nn.Conv2d(c_in, width, 2 * half, half, padding=half // 2, bias=False)
        self.stem = nn.Sequential(first, nn.BatchNorm2d(width), nn.ReLU())
        channels = [width, 2 * width, 3 * width, 4 * width]
        self.stages = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(2), ResidualBlock(a, b)) for a, b in pairwise(channels)
        )
        self.laterals = nn.ModuleList(conv_norm(c, self.features, 1) for c in channels[1:])
        self.smooth = nn.Sequential(conv_norm(self.features, self.features, 3), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Return one map of features at ``stride``."""
        if x.shape[2] % self.coarsest or x.shape[3] % self.coarsest:
            raise ValueError(f"H and W must be multiples of {self.coarsest}: {tuple(x.shape)}")
        x = self.stem(x)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        merged = self.laterals[-1](maps[-1])
        for lateral, finer in zip(self.laterals[-2::-1], maps[-2::-1], strict=True):
            enlarged = functional.interpolate(merged, scale_factor=2, mode="bilinear")
            merged = lateral(finer) + enlarged
        return self.smooth(merged)


def head(features: int, outputs: int, bias: float = 0.0) -> nn.Sequential:
    """Return 3x3 convolution, ReLU, 1x1 convolution; the last one's bias starts at ``bias``."""
    last = nn.Conv2d(features, outputs, 1)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.constant_(last.bias, bias)  # pyrefly: ignore[bad-argument-type]
    return nn.Sequential(conv_norm(features, features, 3), nn.ReLU(), last)


def prior_bias(prior: float = PRIOR) -> float:
    """Return the logit at which the sigmoid is ``prior``: ``log(prior / (1 - prior))``."""
    return float(np.log(prior / (1 - prior)))


class Detector(nn.Module):
    """What both detectors share: padding, suppression, one image at a time."""

    backbone: SmallBackbone

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the raw outputs of the two heads."""
        raise NotImplementedError

    def loss(self, images: Tensor, boxes: Sequence[NDArray], labels: Sequence[NDArray]) -> Tensor:
        """Return the loss of a batch: images ``(B, C, H, W)``, boxes and labels of each."""
        raise NotImplementedError

    def candidates(self, images: Tensor, limit: int) -> list[tuple[NDArray, NDArray, NDArray]]:
        """Return boxes, scores and labels of each image before suppression."""
        raise NotImplementedError

    @torch.no_grad()
    def detect(
        self, images: Tensor, score: float = 0.05, iou: float = 0.5, limit: int = 100
    ) -> list[Detections]:
        """Return the detections of ``(B, C, H, W)``: a dict of boxes, scores, labels an image.

        Candidates, ten times as many as ``limit``, lose those below ``score``, then those that
        overlap a better one of their class by more than ``iou``; at most ``limit`` are kept, by
        falling score. Boxes are clipped.
        """
        self.eval()
        height, width = images.shape[2:]
        multiple = self.backbone.coarsest
        padded = functional.pad(images, (0, -width % multiple, 0, -height % multiple))
        found = []
        for places, scores, labels in self.candidates(padded, 10 * limit):
            kept = scores >= score
            boxes = clip_boxes(places[kept], height, width)
            found.append(_suppressed(boxes, scores[kept], labels[kept], iou, limit))
        return found


def _suppressed(
    boxes: NDArray, scores: NDArray, labels: NDArray, iou: float, limit: int
) -> Detections:
    """Suppress within each class: classes are moved apart so that they do not overlap."""
    apart = boxes + labels[:, None] * (boxes.max(initial=0.0) + 1)
    kept = nms(apart, scores, iou)[:limit]
    return {"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept]}


class AnchorDetector(Detector):
    """RetinaNet in miniature: every anchor is classified and, where it holds a box, moved.

    ``sizes`` and ``ratios`` are those of `anchor_grid`. ``class_loss`` takes the logits ``(K, C)``
    of the K anchors that count and their one-hot targets, and returns a sum; by default the focal
    loss. The classifier's bias starts at the logit of ``prior``. Source: Lin et al. (2017), Focal
    loss for dense object detection, ICCV; here with one level of features.
    """

    def __init__(
        self,
        c_in: int,
        num_classes: int,
        sizes: Sequence[float] = (16, 24, 36),
        ratios: Sequence[float] = (1.0,),
        width: int = 24,
        stride: int = 4,
        class_loss: ClassLoss = lambda logits, onehot: focal_loss(logits, onehot).sum(),
        prior: float = PRIOR,
    ) -> None:
        super().__init__()
        self.class_loss = class_loss
        self.num_classes, self.sizes, self.ratios = num_classes, tuple(sizes), tuple(ratios)
        self.backbone = SmallBackbone(c_in, width, stride)
        each = len(self.sizes) * len(self.ratios)
        self.classify = head(self.backbone.features, each * num_classes, prior_bias(prior))
        self.regress = head(self.backbone.features, each * 4)

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits ``(B, N, C)`` and deltas ``(B, N, 4)``, in the order of the anchors."""
        features = self.backbone(images)
        logits, deltas = self.classify(features), self.regress(features)
        batch = len(images)
        return (
            logits.permute(0, 2, 3, 1).reshape(batch, -1, self.num_classes),
            deltas.permute(0, 2, 3, 1).reshape(batch, -1, 4),
        )

    def anchors(self, images: Tensor) -> NDArray:
        """Return the anchors ``(N, 4)`` of images of this size."""
        stride = self.backbone.stride
        height, width = (side // stride for side in images.shape[2:])
        return anchor_grid(height, width, stride, self.sizes, self.ratios)

    def targets(
        self, anchors: NDArray, boxes: NDArray, labels: NDArray
    ) -> tuple[NDArray, NDArray, NDArray]:
        """Return matches ``(N,)``, one-hot classes ``(N, C)``, deltas ``(N, 4)`` of one image."""
        matches = match_anchors(anchors, boxes)
        onehot = np.zeros((len(anchors), self.num_classes), np.float32)
        deltas = np.zeros((len(anchors), 4), np.float32)
        hit = np.flatnonzero(matches >= 0)
        if hit.size:
            onehot[hit, labels[matches[hit]]] = 1
            deltas[hit] = encode_boxes(boxes[matches[hit]], anchors[hit])
        return matches, onehot, deltas

    def loss(self, images: Tensor, boxes: Sequence[NDArray], labels: Sequence[NDArray]) -> Tensor:
        """Return focal loss plus smooth L1 of the deltas, each over the number of positives."""
        logits, deltas = self.maps(images)
        anchors = self.anchors(images)
        parts = [self.targets(anchors, *true) for true in zip(boxes, labels, strict=True)]
        matches, onehot, wanted = (torch.from_numpy(np.stack(p)) for p in zip(*parts, strict=True))
        positive = matches >= 0
        counted = positive | (matches == BACKGROUND)
        total = max(int(positive.sum()), 1)
        classes = self.class_loss(logits[counted], onehot[counted])
        places = smooth_l1(deltas[positive] - wanted[positive], beta=0.1).sum()
        return (classes + places) / total

    def candidates(self, images: Tensor, limit: int) -> list[tuple[NDArray, NDArray, NDArray]]:
        """Return the ``limit`` best anchors of each class as boxes: no class crowds out another."""
        logits, deltas = self.maps(images)
        anchors, found = self.anchors(images), []
        for p, d in zip(logits.sigmoid(), deltas, strict=True):
            scores, best = p.topk(min(limit, len(p)), dim=0)
            labels = torch.arange(p.shape[1]).expand_as(best).flatten()
            best = best.flatten()
            boxes = decode_boxes(d[best].double().clamp(-4, 4).numpy(), anchors[best.numpy()])
            found.append((boxes, scores.flatten().double().numpy(), labels.numpy()))
        return found


class CentreDetector(Detector):
    """CenterNet in miniature: a heat map of centres, and at each the distances to four sides.

    ``heat_loss`` takes the logits and the heat map, both ``(B, C, h, w)``, and returns a sum.
    Source: Zhou, Wang and Krähenbühl (2019), Objects as points; the distances in place of offset
    and size, learnt at the cells around the centre too, are those of Tian et al. (2019), FCOS,
    ICCV.
    """

    def __init__(
        self,
        c_in: int,
        num_classes: int,
        width: int = 24,
        stride: int = 4,
        heat_loss: ClassLoss = lambda logits, heat: centre_focal_loss(logits, heat).sum(),
    ) -> None:
        super().__init__()
        self.num_classes, self.heat_loss = num_classes, heat_loss
        self.backbone = SmallBackbone(c_in, width, stride)
        self.heat = head(self.backbone.features, num_classes, prior_bias())
        self.sides = head(self.backbone.features, 4, float(np.log(4.0)))

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return heat logits ``(B, C, h, w)`` and distances ``(B, 4, h, w)`` in pixels."""
        features = self.backbone(images)
        return self.heat(features), self.sides(features).clamp(-4, 6).exp() * self.backbone.stride

    def boxes_at(self, sides: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Return boxes ``(n, 4)`` from distances ``(n, 4)`` left, top, right, bottom of cells."""
        centre = self.backbone.stride * (torch.stack([columns, rows], 1) + 0.5)
        return torch.cat([centre - sides[:, :2], centre + sides[:, 2:]], 1)

    def loss(self, images: Tensor, boxes: Sequence[NDArray], labels: Sequence[NDArray]) -> Tensor:
        """Return the heat map's focal loss plus 1 - GIoU of the boxes, each over the objects."""
        logits, sides = self.maps(images)
        stride, (height, width) = self.backbone.stride, logits.shape[2:]
        heats, overlaps = [], []
        for n, (b, kind) in enumerate(zip(boxes, labels, strict=True)):
            heat, cells = centre_targets(b, kind, self.num_classes, height, width, stride)
            heats.append(torch.from_numpy(heat))
            near = near_cells(cells, b, height, width, stride)
            rows, columns, owner = (torch.from_numpy(part) for part in near)
            made = self.boxes_at(sides[n, :, rows, columns].T, rows, columns)
            overlaps.append(paired_giou(made, torch.from_numpy(b)[owner]))
        objects = max(sum(map(len, boxes)), 1)
        heat_loss = self.heat_loss(logits, torch.stack(heats)) / objects
        overlap = torch.cat(overlaps)
        return heat_loss + (1 - overlap).sum() / max(len(overlap), 1)

    def candidates(self, images: Tensor, limit: int) -> list[tuple[NDArray, NDArray, NDArray]]:
        """Return the boxes at the ``limit`` highest local maxima of each heat map."""
        logits, sides = self.maps(images)
        peaks = logits.sigmoid() * (functional.max_pool2d(logits, 3, 1, 1) == logits)
        width, found = logits.shape[3], []
        for p, s in zip(peaks, sides, strict=True):
            scores, best = p.flatten().topk(min(limit, p.numel()))
            cell = best % p[0].numel()
            rows, columns = cell // width, cell % width
            boxes = self.boxes_at(s[:, rows, columns].T, rows, columns).double().numpy()
            found.append((boxes, scores.double().numpy(), (best // p[0].numel()).numpy()))
        return found
