"""The figures of boxes and thresholds in a browser agree with the course's own evaluation."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from site_pages import readout

from course_utils.detection.boxes import box_area, box_iou, giou
from course_utils.detection.evaluation import average_precision, match_detections
from course_utils.detection.suppression import nms
from course_utils.figures import BoxPair, DetectionThreshold

pytestmark = pytest.mark.web

ALT = "A field with two boxes or a picture with its detections and their curve beside."


def test_box_pair_measures_as_the_course_does(mount: Callable[..., Page]) -> None:
    page = mount(BoxPair((4, 4, 14, 12), (10, 6, 20, 16), alt=ALT))
    boxes = np.array([[4, 4, 14, 12], [10, 6, 20, 16]])
    rng = np.random.default_rng(0)
    ways = {"ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowUp": (0, -1), "ArrowDown": (0, 1)}
    field = np.array([32, 20])
    for _ in range(40):
        i, corner, key = rng.integers(2), bool(rng.integers(2)), rng.choice(list(ways))
        page.get_by_role("slider", name=f"box {'AB'[i]}, {'size' if corner else 'place'}").press(
            f"Shift+{key}"
        )
        step, size = 5 * np.array(ways[key]), boxes[i, 2:] - boxes[i, :2]
        if corner:
            boxes[i, 2:] = np.clip(boxes[i, 2:] + step, boxes[i, :2] + 1, field)
        else:
            start = np.clip(boxes[i, :2] + step, 0, field - size)
            boxes[i] = np.concatenate([start, start + size])
        said = readout(page)
        assert said["area of A"] == box_area(boxes)[0]
        assert said["IoU"] == pytest.approx(box_iou(boxes[:1], boxes[1:])[0, 0], abs=5e-4)
        assert said["GIoU"] == pytest.approx(giou(boxes[:1], boxes[1:])[0, 0], abs=5e-4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_box_pair_is_dragged(mount: Callable[..., Page]) -> None:
    page = mount(BoxPair((4, 4, 14, 12), (20, 6, 30, 16), alt=ALT))
    box = page.get_by_role("slider", name="box A, place").bounding_box()
    assert box
    pixel = box["width"] / 10
    page.mouse.move(box["x"] + 5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 5 + 10 * pixel, box["y"] + 40 + 3 * pixel, steps=4)
    page.mouse.up()
    slider = page.get_by_role("slider", name="box A, place")
    assert slider.get_attribute("aria-valuetext") == "x 14 to 24, y 7 to 15"


def crowd(seed: int) -> tuple[dict, dict]:
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 80, (9, 2))
    real = np.concatenate([start, start + rng.uniform(8, 20, (9, 2))], axis=1)
    again = rng.integers(0, 9, 40)
    found = np.concatenate([real[again] + rng.normal(0, 1.5, (40, 1)), real[:6] + 30])
    scores = rng.permutation(46) / 50 + 0.01
    one = {"boxes": found.round(2), "scores": scores, "labels": np.r_[again % 2, np.zeros(6, int)]}
    return one, {"boxes": real.round(2), "labels": np.arange(9) % 2}


@pytest.mark.parametrize("seed", range(4))
def test_thresholds_evaluate_as_the_course_does(seed: int, mount: Callable[..., Page]) -> None:
    prediction, truth = crowd(seed)
    page = mount(DetectionThreshold(np.zeros((100, 100)), prediction, truth, alt=ALT))
    for cut, suppression in ((0.2, 0.5), (0.5, 0.3), (0.0, 1.0), (0.37, 0.7)):
        for name, value in (("confidence threshold", cut), ("NMS threshold", suppression)):
            page.get_by_role("slider", name=name).fill(str(value))
        kept = np.concatenate(
            [
                which[nms(prediction["boxes"][which], prediction["scores"][which], suppression)]
                for which in (np.flatnonzero(prediction["labels"] == label) for label in (0, 1))
            ]
        )
        left = {name: values[kept] for name, values in prediction.items()}
        runs = [match_detections([left], [truth], 0.5, label)[:2] for label in (0, 1)]
        scores, hits = (np.concatenate(parts) for parts in zip(*runs, strict=True))
        shown = scores >= cut
        said = readout(page)
        assert said["shown"] == shown.sum()
        assert said["of these right"] == hits[shown].sum()
        assert said["recall"] == pytest.approx(hits[shown].sum() / 9, abs=1e-3)
        assert said["AP of this picture"] == pytest.approx(
            average_precision(scores, hits, 9), abs=1e-3
        )
        kinds = page.locator("[data-kind]").evaluate_all("all => all.map(n => n.dataset.kind)")
        assert kinds.count("correct") == hits[shown].sum()
        assert kinds.count("missed") == 9 - hits[shown].sum()
        assert len(kinds) == shown.sum() + 9 - hits[shown].sum()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
