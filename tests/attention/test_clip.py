"""Two encoders on pictures and captions: the loss, the language, a short training."""

import numpy as np
import pytest
import torch

from course_utils.attention.clip import TwoTowers, clip_loss, fit_towers, zero_shot
from course_utils.attention.shapes import (
    COLOURS,
    HELD_OUT,
    SHAPES,
    SIZES,
    WORDS,
    captions,
    drawings,
    tokens,
)


def by_loops(pictures: np.ndarray, texts: np.ndarray, scale: float) -> float:
    """Take each picture's and each text's own cross-entropy, in Python's numbers."""
    n, total = len(pictures), 0.0
    for i in range(n):
        for one, other in ((pictures, texts), (texts, pictures)):
            scores = [scale * float(np.dot(one[i], other[j])) for j in range(n)]
            total += np.log(sum(np.exp(score) for score in scores)) - scores[i]
    return total / (2 * n)


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_is_two_cross_entropies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 6, 3))
    got = clip_loss(torch.from_numpy(a), torch.from_numpy(b), 1.7)
    assert float(got) == pytest.approx(by_loops(a, b, 1.7), rel=1e-10)


def test_at_chance_the_loss_is_the_logarithm_of_the_batch() -> None:
    same = torch.ones(4, 3)
    assert float(clip_loss(same, same, 5.0)) == pytest.approx(np.log(4))


def test_the_gradients_are_differences() -> None:
    a, b = torch.randn(2, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    inputs = (a.requires_grad_(), b.requires_grad_(), torch.tensor(2.0, dtype=torch.float64))
    inputs[2].requires_grad_()
    assert torch.autograd.gradcheck(clip_loss, inputs)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected two"):
        clip_loss(torch.ones(3, 2), torch.ones(4, 2), 1.0)


def test_captions_say_what_is_drawn_and_never_nothing() -> None:
    rng = np.random.default_rng(0)
    data = drawings(500, rng)
    for (colour, shape, size), text in zip(data.traits, captions(data.traits, rng), strict=True):
        words = set(text.split())
        assert words & {list(COLOURS)[colour], SHAPES[shape]}
        allowed = {"a", "shape", list(COLOURS)[colour], SHAPES[shape], SIZES[size]}
        assert words <= allowed
    assert not {(c, s) for c, s, _ in data.traits.tolist()} & set(HELD_OUT)
    held = drawings(100, rng, held_out=True)
    assert {(c, s) for c, s, _ in held.traits.tolist()} == set(HELD_OUT)


def test_the_drawn_colour_is_in_the_picture() -> None:
    data = drawings(200, np.random.default_rng(1))
    middle = data.images.numpy() - data.images.numpy().min(axis=(2, 3), keepdims=True)
    hue = middle.reshape(200, 3, -1).max(axis=2)
    paints = np.array(list(COLOURS.values()))
    cosine = (
        (hue @ paints.T) / np.linalg.norm(hue, axis=1)[:, None] / np.linalg.norm(paints, axis=1)
    )
    assert (cosine.argmax(axis=1) == data.traits[:, 0]).mean() > 0.9


def test_words_become_numbers() -> None:
    assert tokens(["a red ring"]).tolist() == [
        [WORDS.index("a"), WORDS.index("red"), WORDS.index("ring"), 0]
    ]
    with pytest.raises(ValueError, match="known words"):
        tokens(["a pink ring"])


@pytest.mark.slow
def test_a_short_training_finds_colours() -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    model = TwoTowers()
    losses = fit_towers(model, drawings(400, rng), 60)
    assert losses[0] > 2 * losses[-1]
    test = drawings(200, rng)
    found = zero_shot(model, test.images, [f"a {c} shape" for c in COLOURS])
    assert torch.allclose(found.sum(dim=1), torch.ones(200))
    assert (found.argmax(dim=1).numpy() == test.traits[:, 0]).mean() > 0.9
    assert torch.allclose(model.pictures(test.images).norm(dim=1), torch.ones(200))
