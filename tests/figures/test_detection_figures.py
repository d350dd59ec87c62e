"""The figures of boxes and thresholds: what they send, how much, and what they refuse."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from course_utils.figures import BoxPair, DetectionThreshold

ALT = "A field with two boxes or a picture with its detections and their curve beside."


def scene(count: int = 20) -> tuple[np.ndarray, dict, dict]:
    rng = np.random.default_rng(0)
    start = rng.uniform(0, 50, (count, 2))
    boxes = np.concatenate([start, start + rng.uniform(2, 14, (count, 2))], axis=1)
    labels = rng.integers(0, 2, count)
    prediction = {"boxes": boxes, "scores": rng.random(count), "labels": labels}
    return rng.random((3, 64, 80)), prediction, {"boxes": boxes[:5], "labels": labels[:5]}


def test_box_pair_sends_whole_numbers() -> None:
    pair = ((2, 2, 8, 9), (4, 4, 12, 12))
    figure = BoxPair(*pair, alt=ALT, presets={"equal": (pair[0], pair[0])})
    assert figure.boxes == [[2, 2, 8, 9], [4, 4, 12, 12]]
    assert figure.presets == {"equal": [[2, 2, 8, 9], [2, 2, 8, 9]]}


@pytest.mark.parametrize("box", [(3, 3, 3, 9), (9, 3, 4, 9), (0, 0, 33, 4), (-1, 0, 4, 4)])
def test_a_box_without_area_or_outside_the_field_is_refused(box: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="inside 32 x 20 pixels, got"):
        BoxPair(box, (0, 0, 4, 4), alt=ALT)
    with pytest.raises(ValueError, match="inside 32 x 20 pixels, got"):
        BoxPair((0, 0, 4, 4), (0, 0, 4, 4), alt=ALT, presets={"bad": ((0, 0, 4, 4), box)})


def test_detections_are_sent_by_falling_score() -> None:
    image, prediction, truth = scene()
    figure = DetectionThreshold(image, prediction, truth, alt=ALT, limit=8)
    order = np.argsort(-prediction["scores"])[:8]
    np.testing.assert_allclose(figure.found["scores"], prediction["scores"][order], rtol=1e-3)
    np.testing.assert_allclose(figure.found["boxes"], prediction["boxes"][order], atol=0.006)
    assert figure.found["labels"] == prediction["labels"][order].tolist()
    assert len(figure.truth["boxes"]) == 5
    assert "scores" not in figure.truth


@pytest.mark.parametrize("grey", [True, False])
def test_the_picture_travels_as_it_is(grey: bool) -> None:
    ramp = np.linspace(0, 1, 80)[None] * np.linspace(0.2, 1, 64)[:, None]
    image = ramp if grey else np.stack([ramp, ramp, ramp])
    figure = DetectionThreshold(image, *scene()[1:], alt=ALT)
    sent = Image.open(io.BytesIO(base64.b64decode(figure.picture.split(",")[1]))).convert("L")
    assert figure.size == [64, 80]
    np.testing.assert_allclose(np.asarray(sent) / 255, ramp, atol=0.05)


def test_a_crowded_picture_stays_small() -> None:
    _, prediction, truth = scene(1000)
    noise = np.random.default_rng(1).random((3, 256, 256))  # nothing compresses worse
    figure = DetectionThreshold(noise, prediction, truth, alt=ALT)
    state = {name: figure.get_state()[name] for name in ("picture", "found", "truth")}
    assert len(json.dumps(state)) < 150_000


def test_what_does_not_fit_is_refused() -> None:
    image, prediction, truth = scene()
    with pytest.raises(ValueError, match=r"image must be .* got \(2, 64, 80\)"):
        DetectionThreshold(image[:2], prediction, truth, alt=ALT)
    with pytest.raises(ValueError, match="scores must lie in"):
        DetectionThreshold(image, prediction | {"scores": np.full(20, 2.0)}, truth, alt=ALT)
    with pytest.raises(ValueError, match=r"expected boxes \(5, 4\) and labels \(5,\), got \(4, 4"):
        DetectionThreshold(image, prediction, truth | {"boxes": truth["boxes"][:4]}, alt=ALT)
