"""The confusion gallery counts right, keeps the surest pictures, and refuses what does not fit."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from course_utils.figures import ConfusionGallery

ALT = "A confusion matrix of three classes whose entries open the pictures that they count."
NAMES = ["a", "b", "c"]


def scene(count: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), size=count)
    return rng.random((count, 3, 6, 6)), rng.integers(0, 3, size=count), p


def test_counts_are_those_of_scikit_learn():
    from sklearn.metrics import confusion_matrix

    images, labels, p = scene()
    figure = ConfusionGallery(images, labels, p, NAMES, alt=ALT)
    assert figure.counts == confusion_matrix(labels, p.argmax(1), labels=range(3)).tolist()


def test_each_entry_keeps_its_surest_pictures():
    images, labels, p = scene()
    figure = ConfusionGallery(images, labels, p, NAMES, alt=ALT, each=2)
    for i in range(3):
        for j in range(3):
            kept = [t["sure"] for t in figure.tiles if (t["row"], t["column"]) == (i, j)]
            all_of_them = np.sort(p.max(1)[(labels == i) & (p.argmax(1) == j)])[::-1]
            np.testing.assert_allclose(kept, all_of_them[:2], rtol=1e-3)


@pytest.mark.parametrize("grey", [True, False])
def test_the_sheet_holds_the_pictures_in_the_order_of_the_tiles(grey):
    shades = np.linspace(0.1, 0.9, 12)
    shape = (12, 8, 8) if grey else (12, 3, 8, 8)
    images = np.ones(shape) * shades.reshape(12, *[1] * (len(shape) - 1))
    p = np.eye(3)[np.zeros(12, dtype=int)] * 0.9 + 0.1 / 3
    figure = ConfusionGallery(images, np.zeros(12, dtype=int), p, NAMES, alt=ALT, each=12)
    page = Image.open(io.BytesIO(base64.b64decode(figure.sheet.split(",")[1]))).convert("L")
    pixels = np.asarray(page, dtype=float) / 255
    found = [pixels[4 + 8 * (k // 10), 4 + 8 * (k % 10)] for k in range(12)]
    np.testing.assert_allclose(found, shades, atol=0.03)


def test_what_does_not_fit_is_refused():
    images, labels, p = scene()
    with pytest.raises(ValueError, match=r"expected images .* got \(40, 3, 6, 6\), \(40, 2\)"):
        ConfusionGallery(images, labels, p[:, :2], NAMES, alt=ALT)
    with pytest.raises(ValueError, match="expected images"):
        ConfusionGallery(images[:, :2], labels, p, NAMES, alt=ALT)
