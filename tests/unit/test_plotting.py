"""The figure style: alt texts are demanded and delivered, grids accept the usual image shapes."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils import plotting
from course_utils.data import load_photo

ALT = "A straight line rises from the lower left corner to the upper right one."


def test_show_sends_the_picture_in_a_palette_with_its_alt_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = []
    monkeypatch.setattr(plotting, "display", sent.append)
    figure, axis = plt.subplots()
    axis.imshow(load_photo("coffee").transpose(1, 2, 0))
    full = io.BytesIO()
    figure.savefig(full, format="png", bbox_inches="tight")
    plotting.show(figure, ALT)
    data, metadata = sent[0]._repr_mimebundle_()
    content = base64.b64decode(data["image/png"])
    picture = Image.open(io.BytesIO(content))
    assert metadata["image/png"]["alt"] == ALT
    assert not plt.fignum_exists(figure.number)
    assert picture.mode == "P"
    assert len(content) < 0.5 * len(full.getvalue())
    difference = np.asarray(picture.convert("RGB"), float) - np.asarray(
        Image.open(full).convert("RGB"), float
    )
    assert np.abs(difference).mean() < 3  # of 255, in a photograph


def test_show_refuses_a_short_alt_text() -> None:
    with pytest.raises(ValueError, match="at least 10 words what the figure shows, got 2"):
        plotting.show(plt.figure(), "A figure")
    plt.close("all")


@pytest.mark.parametrize("shape", [(5, 4, 4), (5, 3, 4, 4), (5, 4, 4, 3)])
def test_image_grid_draws_one_picture_an_image(shape: tuple[int, ...]) -> None:
    figure = plotting.image_grid(np.random.default_rng(0).random(shape), columns=3)
    assert sum(len(axis.images) for axis in figure.axes) == 5
    plt.close(figure)


def test_image_grid_names_bad_input() -> None:
    with pytest.raises(ValueError, match=r"images must be .* got shape \(5, 4\)"):
        plotting.image_grid(np.zeros((5, 4)))
    with pytest.raises(ValueError, match="titles must be 2 strings, got 1"):
        plotting.image_grid(np.zeros((2, 4, 4)), titles=["one"])


def test_colours_can_be_told_apart_with_red_green_blindness() -> None:
    """Machado et al. (2009), deuteranopia: any two of the six hues stay apart in RGB."""
    deuteranopia = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    )
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in plotting.COLOURS])
    seen = rgb @ deuteranopia.T
    gaps = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert gaps[~np.eye(len(rgb), dtype=bool)].min() > 0.12
