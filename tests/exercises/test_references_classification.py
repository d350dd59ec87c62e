"""The references of the classification exercises against torch, scikit-learn and brute force."""

import numpy as np
import pytest
import torch
from sklearn.metrics import top_k_accuracy_score
from torch import nn

from course_utils.feedback import exercise_for
from course_utils.feedback.exercises.classification_blocks import EVAL, fill, run_block
from course_utils.feedback.exercises.network_record import BATCH_NORM
from course_utils.feedback.exercises.network_replay import Replayed

SEEDS = range(40)


def exercise(function):
    return exercise_for(f"classification/{function}")


def reference(function):
    return exercise(function).reference


@pytest.mark.parametrize("seed", SEEDS)
def test_top_k_accuracy_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    batch, classes = int(rng.integers(1, 9)), int(rng.integers(3, 7))
    logits, labels = rng.normal(size=(batch, classes)), rng.integers(0, classes, size=batch)
    for k in range(1, classes):
        expected = top_k_accuracy_score(labels, logits, k=k, labels=np.arange(classes))
        assert reference("top_k_accuracy")(logits, labels, k) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_top_k_accuracy_with_ties_is_that_of_a_sorted_list(seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.integers(0, 3, size=(20, 5)).astype(float), rng.integers(0, 5, size=20)
    for k in range(1, 6):
        first = [sorted(range(5), key=lambda c, row=row: (-row[c], c))[:k] for row in logits]
        expected = np.mean([label in row for label, row in zip(labels, first, strict=True)])
        assert reference("top_k_accuracy")(logits, labels, k) == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_smoothed_labels_give_the_loss_of_torch(seed):
    rng = np.random.default_rng(seed)
    classes, eps = int(rng.integers(2, 9)), float(rng.uniform())
    labels = rng.integers(0, classes, size=6)
    logits = torch.tensor(rng.normal(size=(6, classes)))
    smoothed = torch.tensor(reference("label_smoothing")(labels, classes, eps))
    expected = nn.functional.cross_entropy(logits, torch.tensor(labels), label_smoothing=eps)
    assert float(nn.functional.cross_entropy(logits, smoothed)) == pytest.approx(float(expected))


def crops_in_torch(x, padding, rng):
    """Draw the flips first and the columns before the rows, and cut by unfolding."""
    batch, _, height, width = x.shape
    flips, columns, rows = rng.random(batch) < 0.5, *rng.integers(0, 2 * padding + 1, (2, batch))
    padded = nn.functional.pad(torch.tensor(x), (padding,) * 4)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    crops = windows[range(batch), :, rows, columns]
    return torch.where(torch.tensor(flips)[:, None, None, None], crops.flip(-1), crops).numpy()


def mixup_in_torch(x, y, alpha, rng):
    order, lam = rng.permutation(len(x)), float(rng.beta(alpha, alpha))
    return tuple(torch.lerp(a[order], a, lam).numpy() for a in map(torch.tensor, (x, y)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("function", "other"), [("random_crop_flip", crops_in_torch), ("mixup", mixup_in_torch)]
)
def test_the_facts_hold_for_any_seed_and_order_of_draws(function, other, seed):
    """An instructor may choose any seed: no draw may cost a right answer its points."""
    ours = exercise(function)
    rng = np.random.default_rng(1000 + seed)
    for case in [*ours.worked, *ours.draw(rng)]:
        for student in (ours.reference, other):
            got = ours.call(student, *case.args)
            np.testing.assert_equal(got, case.expected, case.note)


class Block(nn.Module):
    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.a = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.b = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c_out) for _ in range(2))
        self.across = nn.Identity()
        if stride != 1 or c_in != c_out:
            projection = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
            self.across = nn.Sequential(projection, nn.BatchNorm2d(c_out))

    def forward(self, x):
        h = self.norms[0](self.a(x)).relu()
        return (self.norms[1](self.b(h)) + self.across(x)).relu()


class Gate(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.down = nn.Linear(channels, channels // reduction)
        self.up = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        gates = self.up(self.down(x.flatten(2).mean(dim=2)).relu()).sigmoid()
        return torch.einsum("bchw,bc->bchw", x, gates)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_in_numpy_are_those_of_torch(seed):
    for function, module in {"ResidualBlock": Block, "SqueezeExcite": Gate}.items():
        ours = exercise(function)
        for case in [*ours.worked, *ours.draw(np.random.default_rng(seed))]:
            got = ours.call(module, *case.args)
            expected = ours.call(ours.reference, *case.args)
            if isinstance(got, np.ndarray):
                np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
            else:
                assert got == expected, case.note


def test_blocks_are_filled_whatever_their_layers_are_called():
    block = Replayed(run_block(Block, (2, 3, 2), EVAL, np.ones((1, 2, 4, 4))))
    fill(block)
    norms = [slot for slot in block.slots if slot.kind == BATCH_NORM]
    gammas = [slot.tensor for slot in norms if slot.name == "weight"]
    betas = [slot.tensor for slot in norms if slot.name == "bias"]
    assert len(gammas) == 3
    assert all(torch.equal(gamma, gammas[0]) for gamma in gammas)  # one role, one shape
    assert not torch.equal(gammas[0], betas[0])
    assert all(slot.tensor.min() > 0 for slot in norms if slot.name == "running_var")
    assert all(p.std() > 0.1 for p in block.parameters() if p.ndim == 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_depthwise_separable_params_are_those_of_torch(seed):
    c_in, c_out, k = (int(n) for n in np.random.default_rng(seed).integers(1, 30, size=3))
    depthwise = nn.Conv2d(c_in, c_in, k, groups=c_in, bias=False, device="meta")
    pointwise = nn.Conv2d(c_in, c_out, 1, bias=False, device="meta")
    count = depthwise.weight.numel() + pointwise.weight.numel()
    assert reference("depthwise_separable_params")(c_in, c_out, k) == count
