"""Distances between sets of features against independent computations; the judge; the weights."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch

from course_utils.data import load_mnist
from course_utils.diffusion.generation import generate
from course_utils.diffusion.quality import (
    agreement,
    frechet_distance,
    judge_features,
    precision_recall,
    trained_judge,
)
from course_utils.diffusion.weights import DENOISERS, FOLDER, trained_denoiser
from course_utils.training import accuracy

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(0)


def script():
    """Return ``benchmarks/diffusion_weights.py`` as a module."""
    spec = importlib.util.spec_from_file_location(
        "diffusion_weights", ROOT / "benchmarks/diffusion_weights.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_frechet_against_the_root_of_a_product():
    for d in (1, 3, 8):
        a = RNG.normal(size=(50, d)) @ RNG.normal(size=(d, d))
        b = RNG.normal(size=(70, d)) @ RNG.normal(size=(d, d)) + 1
        cov_a, cov_b = (np.atleast_2d(np.cov(x.T)) for x in (a, b))
        root = scipy.linalg.sqrtm(cov_a @ cov_b).real
        gap = np.sum((a.mean(0) - b.mean(0)) ** 2)
        assert frechet_distance(a, b) == pytest.approx(gap + np.trace(cov_a + cov_b - 2 * root))
        assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
        assert frechet_distance(a, a + 2) == pytest.approx(4 * d)
    with pytest.raises(ValueError, match="b must be"):
        frechet_distance(a, b[:, :2])
    with pytest.raises(ValueError, match="a must be"):
        frechet_distance(a[:1], b)


def test_frechet_where_features_never_vary():
    flat = np.zeros((20, 4))
    assert frechet_distance(flat, flat) == 0
    assert frechet_distance(flat, flat + 1) == 4


def test_precision_and_recall_by_loops():
    for k in (1, 3):
        real, fake = RNG.normal(size=(25, 2)), RNG.normal(size=(18, 2)) * 0.6 + 0.4

        def covered(points, region, k=k):
            hits = 0
            for p in points:
                for centre in region:
                    reach = sorted(np.linalg.norm(centre - q) for q in region)[k]
                    if np.linalg.norm(p - centre) <= reach + 1e-12:
                        hits += 1
                        break
            return hits / len(points)

        expected = (covered(fake, real), covered(real, fake))
        assert precision_recall(real, fake, k) == pytest.approx(expected)
    with pytest.raises(ValueError, match="k must"):
        precision_recall(real, fake, 18)


def test_a_set_that_repeats_itself_is_precise_and_forgets():
    real = RNG.normal(size=(200, 3))
    precision, recall = precision_recall(real, np.repeat(real[:1], 200, axis=0))
    assert precision == 1
    assert recall <= 0.01


def test_the_judge_reads_real_digits():
    data, judge = load_mnist("test"), trained_judge()
    images, labels = torch.from_numpy(data.images[:, None]), torch.from_numpy(data.labels)
    assert accuracy(judge, images, labels) >= 0.985
    assert agreement(judge, images[:50], labels[:50]) >= 0.94
    assert agreement(judge, images[:50], (labels[:50] + 1) % 10) <= 0.06
    features = judge_features(judge, images[:3])
    assert features.shape == (3, 64)
    logits = features @ judge.head.weight.detach().double().numpy().T
    logits += judge.head.bias.detach().numpy()
    assert np.allclose(logits, judge(images[:3]).detach().numpy(), atol=1e-3)


def test_the_shipped_digits_are_read_as_intended():
    wanted = torch.arange(60) % 10
    drawn = generate(trained_denoiser("digits"), wanted, 10, 2.0, seed=3)
    assert agreement(trained_judge(), drawn, wanted) >= 0.93


def test_the_shipped_sprites_are_pictures():
    drawn = generate(trained_denoiser("sprites"), [0, 9], 8, shape=(3, 16, 16))
    assert drawn.shape == (2, 3, 16, 16)
    corners = drawn[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.mean() > 0.8  # on white
    assert drawn.std() > 0.05


def test_the_weights_are_small_and_known_by_name():
    sizes = [file.stat().st_size for file in FOLDER.glob("*.npz")]
    assert sum(sizes) < 2e6
    assert {file.stem for file in FOLDER.glob("*.npz")} >= {"judge", *DENOISERS}
    with pytest.raises(ValueError, match="name must be"):
        trained_denoiser("letters")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "sprites"])
def test_the_script_still_reaches_its_loss_on_a_short_run(name):
    torch.set_num_threads(1)
    weights = script()
    steps, bound = weights.SHORT[name]
    _, losses = weights.train_denoiser(name, steps)
    assert np.mean(losses[-10:]) < bound
