"""Chapter 6: mistakes in the mean average precision."""

import numpy as np

from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.detection_boxes import PLUS_ONE, SMALLER, UNCLAMPED
from course_utils.feedback.exercises.detection_mean_forms import (
    above,
    again,
    as_they_come,
    evaluated,
    even_if_taken,
    everything,
    first_fit,
    image_by_image,
    images_with_zeros,
    labels_found,
    labels_of_both,
    labels_predicted,
    last_fit,
    matched,
    one_image,
    or_zero,
    pooled,
    refusing,
    weighted,
    zero_for_nan,
)
from course_utils.feedback.exercises.detection_precision_mistakes import at_points, curve, plain

_MATCHING = [
    *named(
        "truth-matched-again",
        "two predictions took the same true box. Each is taken once: the second one is a duplicate "
        "and wrong.",
        evaluated(matched(again)),
        evaluated(matched(again), average=refusing),
    ),
    *named(
        "best-even-if-taken",
        "a prediction whose best true box is taken counts as wrong at once. As COCO does it, it "
        "may take the best of those that are free.",
        evaluated(matched(even_if_taken)),
    ),
    *named(
        "first-fit",
        "a prediction took any true box that it overlaps enough. It takes the free one of largest "
        "IoU.",
        evaluated(matched(first_fit)),
        evaluated(matched(last_fit)),
    ),
    *named(
        "above-the-threshold-only",
        "an IoU of exactly the threshold is a match: compare with >=.",
        evaluated(matched(above)),
    ),
    *named(
        "matched-unsorted",
        "true boxes were given away in the order in which predictions came. The surest one "
        "chooses first.",
        evaluated(matched(visit=as_they_come)),
        evaluated(matched(visit=lambda scores: np.argsort(scores, kind="stable"))),
    ),
    *named(
        "images-laid-together",
        "predictions matched true boxes of other images. Match image by image.",
        evaluated(images=one_image),
    ),
    *named(
        "labels-ignored",
        "the classes were mixed: predictions took true boxes of another class. Match each class "
        "apart.",
        evaluated(labels=everything),
    ),
    *named(
        "images-without-predictions-skipped",
        "images without predictions were left out, and their true boxes with them. They count as "
        "missed.",
        evaluated(matched(skip=lambda predicted, true: predicted == 0)),
        evaluated(matched(skip=lambda predicted, true: predicted == 0 or true == 0)),
    ),
    *named(
        "images-without-truth-skipped",
        "images without true boxes were left out. What is predicted there is wrong, and counts.",
        evaluated(matched(skip=lambda predicted, true: true == 0)),
    ),
]

_RANKING = [
    *named(
        "image-after-image",
        "the predictions were ranked within each image only. Sort them by score over all images "
        "before precision and recall are computed.",
        evaluated(average=curve(order=as_they_come)),
    ),
    *named(
        "mean-over-images",
        "the average precision was computed image by image and averaged. There is one ranked list "
        "over all images.",
        image_by_image,
        images_with_zeros,
    ),
    *named(
        "classes-ranked-together",
        "all classes went into one ranked list. Each class has its own, and the mean is taken "
        "over the classes.",
        evaluated(pooled, labels=everything),
    ),
    *named(
        "101-points",
        "the envelope was read at 101 or 11 recalls. Take the area at all points.",
        evaluated(average=curve(measure=at_points(101))),
        evaluated(average=curve(measure=at_points(11))),
    ),
    *named(
        "no-envelope",
        "the precision was taken as it is, with its teeth. Take its envelope first.",
        evaluated(average=curve(hull=plain)),
    ),
]

_MEANS = [
    *named(
        "classes-of-the-predictions",
        "a class without a true box counted as 0. The mean runs over the classes of the ground "
        "truth.",
        evaluated(average=curve(no_truth=lambda: 0.0), labels=labels_of_both),
        evaluated(labels=labels_of_both, gather=zero_for_nan),
        evaluated(average=curve(no_truth=lambda: 0.0), labels=labels_predicted),
    ),
    *named(
        "undetected-classes-left-out",
        "a class of which nothing was predicted was left out. Its average precision is 0, and "
        "counts.",
        evaluated(labels=labels_found),
    ),
    *named(
        "nan-for-a-class",
        "classes without a true box gave nan, and so did the mean. Leave them out.",
        evaluated(labels=labels_of_both),
    ),
    *named(
        "first-threshold-only",
        "one threshold was used. Take the mean over all of them.",
        evaluated(thresholds=lambda t: t[:1]),
        evaluated(thresholds=lambda t: t[-1:]),
        evaluated(thresholds=lambda t: (0.5,)),
    ),
    *named(
        "weighted-by-the-boxes",
        "classes were weighted by their number of true boxes. Each class counts the same.",
        evaluated(gather=weighted),
    ),
    *named(
        "not-averaged",
        "the average precisions came back one by one, or summed. Return their mean.",
        evaluated(gather=lambda values, counts: values),
        evaluated(gather=lambda values, counts: np.array(values)),
        evaluated(gather=lambda values, counts: float(np.sum(values))),
    ),
    *named(
        "no-truth",
        "without any true box there is nothing to average: return nan.",
        evaluated(gather=or_zero),
    ),
]

_OVERLAP = [
    *named(
        "plus-one",
        "the overlaps inside take widths as x2 - x1 + 1. Boxes are half-open.",
        evaluated(matched(overlaps=PLUS_ONE)),
    ),
    *named(
        "smaller-area",
        "the overlaps inside are divided by the area of one box. Divide by the union.",
        evaluated(matched(overlaps=SMALLER)),
    ),
    *named(
        "negative-not-clamped",
        "boxes that are apart match: two negative sides have a positive product. Set each side to "
        "0 first.",
        evaluated(matched(overlaps=UNCLAMPED)),
    ),
]

MISTAKES = [*_MATCHING, *_RANKING, *_MEANS, *_OVERLAP]
