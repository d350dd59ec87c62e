"""Wrong mean average precisions: most change one step of a right one."""

import numpy as np

from tests.bank import mutant


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


def overlap(box, others, one=0, clamp=True, whole=None):
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    sides = high - low + one
    inside = np.prod(np.maximum(sides, 0) if clamp else sides, axis=1)
    area = np.prod(box[2:] - box[:2] + one)
    areas = np.prod(others[:, 2:] - others[:, :2] + one, axis=1)
    return inside / (area + areas - inside if whole is None else whole(area, areas))


class Right:
    """The right measure; each mutant below changes one of its steps."""

    def classes(self, predictions, truth):
        return sorted({int(label) for t in truth for label in t["labels"]})

    def iou(self, box, others):
        return overlap(box, others)

    def order(self, scores):
        return np.argsort(-np.asarray(scores), kind="stable")

    def rank(self, scores):
        return np.argsort(-np.asarray(scores), kind="stable")

    def choose(self, iou, free, threshold):
        iou = np.where(free, iou, -1)
        best = int(iou.argmax())
        return best if iou[best] >= threshold else None

    def skipped(self, predicted, true):
        return False

    def same_class(self, labels, label):
        return labels == label

    def flags(self, predictions, truth, label, threshold):
        scores, hits, count = [], [], 0
        for p, t in zip(predictions, truth, strict=True):
            ours, theirs = self.same_class(p["labels"], label), self.same_class(t["labels"], label)
            boxes, values, targets = p["boxes"][ours], p["scores"][ours], t["boxes"][theirs]
            if self.skipped(len(boxes), len(targets)):
                continue
            free = np.ones(len(targets), bool)
            count += len(targets)
            for index in self.order(values):
                found = None
                if len(targets):
                    found = self.choose(self.iou(boxes[index], targets), free, threshold)
                if found is not None:
                    free[found] = False
                scores.append(values[index])
                hits.append(found is not None)
        return scores, hits, count

    def average(self, scores, hits, count):
        if count == 0:
            return np.nan
        true = np.cumsum(np.array(hits, float)[self.rank(scores)] if hits else [])
        precision = true / np.arange(1, len(true) + 1)
        return self.area(precision, true / count)

    def area(self, precision, recall):
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        return float(np.sum(np.diff(np.append(0, recall)) * precision))

    def gather(self, values, counts):
        return float(np.mean(values)) if values else np.nan

    def thresholds(self, given):
        return given

    def __call__(self, predictions, ground_truth, iou_thresholds):
        refuse(predictions, ground_truth, iou_thresholds)
        values, counts = [], []
        for label in self.classes(predictions, ground_truth):
            for threshold in self.thresholds(iou_thresholds):
                found = self.flags(predictions, ground_truth, label, threshold)
                values.append(self.average(*found))
                counts.append(found[2])
        return self.gather(values, counts)


def wrong(kind, **changes):
    """Return a mutant with one or more steps replaced."""
    return mutant(kind)(type("Wrong", (Right,), changes)())


def again(self, iou, free, threshold):
    return int(iou.argmax()) if iou.max() >= threshold else None


def refused(self, scores, hits, count):
    if sum(hits) > count:
        raise ValueError(f"{sum(hits)} true positives, but {count} true boxes")
    return Right.average(self, scores, hits, count)


def if_still_free(self, iou, free, threshold):
    best = int(iou.argmax())
    return best if iou[best] >= threshold and free[best] else None


def any_that_fits(self, iou, free, threshold):
    return next((k for k, v in enumerate(iou) if free[k] and v >= threshold), None)


def strictly_above(self, iou, free, threshold):
    iou = np.where(free, iou, -1)
    return int(iou.argmax()) if iou.max() > threshold else None


def teeth(self, precision, recall):
    return float(np.sum(np.diff(np.append(0, recall)) * precision))


def hundred_and_one(self, precision, recall):
    wanted = np.linspace(0, 1, 101)[:, None]
    return float(np.where(recall >= wanted, precision, 0).max(axis=1, initial=0).mean())


def both_sets(self, predictions, truth):
    return sorted(
        {int(label) for side in (predictions, truth) for p in side for label in p["labels"]}
    )


def detected_ones(self, predictions, truth):
    said = {int(label) for p in predictions for label in p["labels"]}
    return [label for label in Right.classes(self, predictions, truth) if label in said]


def zero_for_nan(self, values, counts):
    return float(np.nan_to_num(values).mean()) if values else np.nan


matched_many_times = wrong("truth-matched-again", choose=again)
matched_and_refused = wrong("truth-matched-again", choose=again, average=refused)
taken_means_wrong = wrong("best-even-if-taken", choose=if_still_free)
first_that_fits = wrong("first-fit", choose=any_that_fits)
strict = wrong("above-the-threshold-only", choose=strictly_above)
given_order = wrong("matched-unsorted", order=lambda self, scores: range(len(scores)))
no_global_sort = wrong("image-after-image", rank=lambda self, scores: np.arange(len(scores)))
toothy = wrong("no-envelope", area=teeth)
coco_points = wrong("101-points", area=hundred_and_one)
empty_predictions_left_out = wrong(
    "images-without-predictions-skipped", skipped=lambda self, predicted, true: predicted == 0
)
empty_truth_left_out = wrong(
    "images-without-truth-skipped", skipped=lambda self, predicted, true: true == 0
)
no_classes = wrong(
    "labels-ignored",
    classes=lambda self, predictions, truth: [0] if any(len(t["labels"]) for t in truth) else [],
    same_class=lambda self, labels, label: np.ones(len(labels), bool),
)
zero_for_unknown_classes = wrong(
    "classes-of-the-predictions", classes=both_sets, gather=zero_for_nan
)
undetected = wrong("undetected-classes-left-out", classes=detected_ones)
nan_spreads = wrong(
    "nan-for-a-class", classes=both_sets, gather=lambda self, v, c: np.mean(v) if v else np.nan
)
one_threshold = wrong("first-threshold-only", thresholds=lambda self, given: given[:1])
larger_classes_count_more = wrong(
    "weighted-by-the-boxes",
    gather=lambda self, v, c: float(np.dot(v, c) / np.sum(c)) if v else np.nan,
)
one_by_one = wrong("not-averaged", gather=lambda self, v, c: np.array(v))
summed = wrong("not-averaged", gather=lambda self, v, c: float(sum(v)))
zero_without_truth = wrong("no-truth", gather=lambda self, v, c: float(np.mean(v)) if v else 0.0)
closed_boxes = wrong("plus-one", iou=lambda self, box, others: overlap(box, others, one=1))
share_of_the_smaller = wrong(
    "smaller-area", iou=lambda self, box, others: overlap(box, others, whole=np.minimum)
)
product_of_negatives = wrong(
    "negative-not-clamped", iou=lambda self, box, others: overlap(box, others, clamp=False)
)
mean_of_nothing = wrong("exception", gather=lambda self, v, c: sum(v) / len(v))


@mutant("images-laid-together")
def one_large_image(predictions, ground_truth, iou_thresholds):
    refuse(predictions, ground_truth, iou_thresholds)
    if not predictions:
        return np.nan
    both = [
        [{name: np.concatenate([image[name] for image in side]) for name in side[0]}]
        for side in (predictions, ground_truth)
    ]
    return Right()(*both, iou_thresholds)


@mutant("mean-over-images")
def image_by_image(predictions, ground_truth, iou_thresholds):
    refuse(predictions, ground_truth, iou_thresholds)
    found = [
        Right()([p], [t], iou_thresholds)
        for p, t in zip(predictions, ground_truth, strict=True)
        if len(t["boxes"])
    ]
    return float(np.mean(found)) if found else np.nan


@mutant("classes-ranked-together")
def one_list_for_all(predictions, ground_truth, iou_thresholds):
    refuse(predictions, ground_truth, iou_thresholds)
    right, values = Right(), []
    labels = right.classes(predictions, ground_truth)
    for threshold in iou_thresholds:
        parts = [right.flags(predictions, ground_truth, label, threshold) for label in labels]
        scores = [score for part in parts for score in part[0]]
        hits = [hit for part in parts for hit in part[1]]
        values.append(right.average(scores, hits, sum(part[2] for part in parts)))
    return float(np.mean(values))


@mutant("mutates")
def boxes_rounded_in_place(predictions, ground_truth, iou_thresholds):
    value = Right()(predictions, ground_truth, iou_thresholds)
    for p in predictions:
        p["boxes"] = p["boxes"][Right().order(p["scores"])] + 0.5
    return value


@mutant("validation")
def zip_stops_at_the_shorter(predictions, ground_truth, iou_thresholds):
    count = min(len(predictions), len(ground_truth))
    return Right()(predictions[:count], ground_truth[:count], iou_thresholds)
