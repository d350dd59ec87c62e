"""Typed class names: what the figure sends, and what it refuses."""

import json

import numpy as np
import pytest

from course_utils.figures import ZeroShot

ALT = "A picture, typed class names, and bars that say which name is the closest to it."
IMAGE = np.linspace(0, 1, 12).reshape(3, 2, 2)
GROUPS = {"colour": ["red", "blue"], "shape": ["ring"]}
PHRASES = {"red": [1, 0], "blue": [0, 1], "red ring": [0.6, 0.8]}


def figure(**changes):
    settings = {"names": "red, blue", "scale": 5.0, "alt": ALT} | changes
    pictures = settings.pop("pictures", {"one": (IMAGE, [1.0, 0.0])})
    groups, phrases = settings.pop("groups", GROUPS), settings.pop("phrases", PHRASES)
    return ZeroShot(pictures, groups, phrases, **settings)


def test_it_sends_plain_numbers():
    made = figure()
    packed = made.pictures[0]
    assert (packed["name"], packed["width"], packed["vector"]) == ("one", 2, [1, 0])
    expected = np.rint(255 * IMAGE).astype(int).transpose(1, 2, 0).ravel()
    assert packed["levels"] == expected.tolist()
    assert made.phrases["red ring"] == [0.6, 0.8]
    assert [group["name"] for group in made.groups] == ["colour", "shape"]
    json.dumps([made.pictures, made.groups, made.phrases])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pictures": {}}, "vectors of one length"),
        ({"phrases": {"red": [1.0, 0.0, 0.0]}}, "vectors of one length"),
        ({"pictures": {"one": (IMAGE[0], [1.0, 0.0])}}, r"must be \(3, H, W\), got \(2, 2\)"),
        ({"groups": {"colour": ["red"], "shape": ["red"]}}, "in one group only"),
        ({"scale": 0.0}, "scale must be above 0"),
    ],
)
def test_what_does_not_fit_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        figure(**changes)
