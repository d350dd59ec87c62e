"""What kind of mistake each detection is, and what was missed."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .boxes import as_boxes, box_iou
from .evaluation import Boxed, Mask, match_boxes

KINDS = ("correct", "duplicate", "localisation", "classification", "background")
Names = NDArray[np.str_]


def prediction_kinds(
    prediction: Boxed, truth: Boxed, iou_threshold: float = 0.5, floor: float = 0.1
) -> tuple[Names, Mask]:
    """Return ``(kinds, missed)`` of one image: ``(n,)`` names, and a flag for each truth ``(m,)``.

    A prediction that takes a truth of its class (`match_boxes`) is "correct". Of the others: with
    an IoU of at least ``iou_threshold`` with a truth of its class it is a "duplicate", with one of
    another class a "classification" error; with at least ``floor`` with any truth a "localisation"
    error; else "background". A truth that no correct prediction took is missed. Source: after
    Hoiem, Chodpathumwan and Dai (2012), Diagnosing error in object detectors, ECCV, and Bolya,
    Foley, Hays and Hoffman (2020), TIDE: a general toolbox for identifying object detection errors,
    ECCV.
    """
    boxes, targets = as_boxes(prediction["boxes"]), as_boxes(truth["boxes"])
    scores = np.asarray(prediction["scores"])
    same = np.asarray(prediction["labels"])[:, None] == np.asarray(truth["labels"])[None]
    iou = box_iou(boxes.astype(np.float64), targets.astype(np.float64))
    order = np.argsort(-scores, kind="stable")
    taken = np.full(len(boxes), -1)
    taken[order] = match_boxes(np.where(same, iou, -1.0)[order], iou_threshold)
    own = np.where(same, iou, 0.0).max(axis=1, initial=0.0)
    best = iou.max(axis=1, initial=0.0)
    kinds = np.select(
        [taken >= 0, own >= iou_threshold, best >= iou_threshold, best >= floor],
        ["correct", "duplicate", "classification", "localisation"],
        "background",
    )
    missed = np.ones(len(targets), bool)
    missed[taken[taken >= 0]] = False
    return kinds, missed


def error_kinds(
    predictions: Sequence[Boxed],
    ground_truth: Sequence[Boxed],
    iou_threshold: float = 0.5,
    floor: float = 0.1,
) -> dict[str, int]:
    """Return how many predictions are of each kind, and how many truths were missed.

    The kinds are those of `prediction_kinds`; correct + missed is the number of truths, and all
    but missed sum to the number of predictions. Drop predictions of low score first, as a user
    would. Raises ValueError for lists of different lengths.
    """
    if len(predictions) != len(ground_truth):
        raise ValueError(f"got {len(predictions)} predictions for {len(ground_truth)} images")
    counts: Counter[str] = Counter()
    for prediction, truth in zip(predictions, ground_truth, strict=True):
        kinds, missed = prediction_kinds(prediction, truth, iou_threshold, floor)
        counts.update(kinds.tolist())
        counts["missed"] += int(missed.sum())
    return {kind: counts[kind] for kind in (*KINDS, "missed")}
