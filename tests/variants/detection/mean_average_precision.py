"""Right mean average precisions, written differently."""

import numpy as np

from tests.bank import variant


def refuse(predictions, truth, thresholds):
    if len(predictions) != len(truth) or len(thresholds) == 0:
        raise ValueError("one prediction an image, and at least one threshold")
    if not all(0 < t <= 1 for t in thresholds):
        raise ValueError(f"thresholds must be in (0, 1], got {thresholds}")
    for p, t in zip(predictions, truth, strict=True):
        if not len(p["boxes"]) == len(p["scores"]) == len(p["labels"]):
            raise ValueError("one score and one label a box")
        if len(t["boxes"]) != len(t["labels"]):
            raise ValueError("one label a box")


def overlaps(a, b):
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    inside = np.maximum(high - low, 0).prod(axis=2)
    sizes = [(c[:, 2:] - c[:, :2]).prod(axis=1) for c in (a, b)]
    return inside / (sizes[0][:, None] + sizes[1] - inside)


def area(scores, hits, count):
    true = np.cumsum(np.asarray(hits, float)[np.argsort(-np.asarray(scores), kind="stable")])
    precision = true / np.arange(1, len(true) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return np.sum(np.diff(true, prepend=0) * envelope) / count


@variant
def image_by_image_then_sorted(predictions, ground_truth, iou_thresholds):
    refuse(predictions, ground_truth, iou_thresholds)
    labels = np.unique(np.concatenate([[], *(t["labels"] for t in ground_truth)]))
    values = []
    for label in labels:
        for threshold in iou_thresholds:
            scores, hits, count = [], [], 0
            for p, t in zip(predictions, ground_truth, strict=True):
                ours, targets = p["labels"] == label, t["boxes"][t["labels"] == label]
                order = np.argsort(-p["scores"][ours], kind="stable")
                iou = overlaps(p["boxes"][ours][order], targets)
                scores.extend(p["scores"][ours][order])
                count += len(targets)
                for row in iou:
                    hit = row.size > 0 and row.max() >= threshold
                    if hit:
                        iou[:, row.argmax()] = -1
                    hits.append(hit)
            values.append(area(scores, hits, count))
    return float(np.mean(values)) if values else float("nan")


@variant
def over_all_images_at_once(predictions, ground_truth, iou_thresholds):
    refuse(predictions, ground_truth, iou_thresholds)
    per_class = {}
    for label in sorted({int(x) for t in ground_truth for x in t["labels"]}):
        ranked = sorted(
            (-float(p["scores"][k]), image, k)
            for image, p in enumerate(predictions)
            for k in np.flatnonzero(p["labels"] == label)
        )
        for threshold in iou_thresholds:
            left = [list(t["boxes"][t["labels"] == label].astype(float)) for t in ground_truth]
            count, hits = sum(map(len, left)), []
            for _, image, k in ranked:
                box = predictions[image]["boxes"][k][None].astype(float)
                values = [overlaps(box, other[None])[0, 0] for other in left[image]]
                best = int(np.argmax(values)) if values else -1
                hits.append(best >= 0 and values[best] >= threshold)
                if hits[-1]:
                    left[image].pop(best)
            value = area(np.arange(len(hits))[::-1], hits, count)
            per_class.setdefault(label, []).append(value)
    if not per_class:
        return np.nan
    return np.mean([np.mean(values) for values in per_class.values()])


class Evaluator:
    """Collect what each image says, then ask for the mean."""

    def __init__(self, threshold):
        self.threshold, self.found, self.counts = threshold, {}, {}

    def add(self, p, t):
        for label in set(p["labels"].tolist()) | set(t["labels"].tolist()):
            mine, theirs = np.flatnonzero(p["labels"] == label), t["labels"] == label
            self.counts[label] = self.counts.get(label, 0) + int(theirs.sum())
            targets, taken = t["boxes"][theirs], set()
            for k in mine[np.argsort(-p["scores"][mine], kind="stable")]:
                values = overlaps(p["boxes"][k : k + 1], targets)[0]
                free = [j for j in range(len(targets)) if j not in taken]
                best = max(free, key=lambda j, v=values: v[j], default=None)
                hit = best is not None and bool(values[best] >= self.threshold)
                taken |= {best} if hit else set()
                self.found.setdefault(label, []).append((float(p["scores"][k]), hit))

    def values(self):
        for label, count in self.counts.items():
            pairs = self.found.get(label, [])
            if count:
                yield area([pair[0] for pair in pairs], [pair[1] for pair in pairs], count)


@variant
def evaluators(predictions, ground_truth, iou_thresholds):
    refuse(predictions, ground_truth, iou_thresholds)
    values = []
    for threshold in iou_thresholds:
        evaluator = Evaluator(threshold)
        for p, t in zip(predictions, ground_truth, strict=True):
            evaluator.add(p, t)
        values += evaluator.values()
    return np.array(values).mean() if values else np.array(np.nan)
