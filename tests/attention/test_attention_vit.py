"""The vision transformer: patches in order, shapes, what the class token does, its weights."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_utils.architectures.compact import compact_cnn
from course_utils.attention.vit import ViT, patchify, unpatchify
from course_utils.attention.weights import FOLDER, trained_vit
from course_utils.data import load_bloodmnist
from course_utils.training import accuracy, fit, one_cycle, seed_everything


def images(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_patches_by_hand() -> None:
    x = torch.arange(16).reshape(1, 1, 4, 4)
    expected = [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    assert patchify(x, 2)[0].tolist() == expected


@pytest.mark.parametrize(("patch", "height", "width"), [(2, 4, 6), (3, 9, 3), (1, 2, 5)])
def test_patches_as_by_unfold(patch: int, height: int, width: int) -> None:
    x = images(3, 2, height, width)
    expected = functional.unfold(x, patch, stride=patch).transpose(1, 2)
    assert torch.equal(patchify(x, patch), expected)
    assert torch.equal(unpatchify(patchify(x, patch), patch, height, width), x)


def test_embedding_is_a_strided_convolution() -> None:
    model, x = ViT(), images(2, 3, 28, 28)
    kernel = model.embed.weight.unflatten(1, (3, 4, 4))
    expected = functional.conv2d(x, kernel, model.embed.bias, stride=4).flatten(2).transpose(1, 2)
    assert torch.allclose(model.embed(patchify(x, 4)), expected, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: patchify(images(1, 1, 6, 6), 4),
        lambda: patchify(images(1, 6, 6), 2),
        lambda: patchify(images(1, 1, 6, 6), 0),
        lambda: unpatchify(images(1, 9, 4), 2, 4, 4),
        lambda: unpatchify(images(1, 4, 5), 2, 4, 4),
        lambda: unpatchify(images(1, 4, 4), 2, 5, 4),
        lambda: ViT(pool="max"),
        lambda: ViT(side=30),
    ],
)
def test_bad_sizes_are_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"patch|pool"):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("pool", ["cls", "mean"])
def test_order_matters_through_positions_only(pool: str) -> None:
    x = images(2, 3, 28, 28)
    order = torch.randperm(49, generator=torch.Generator().manual_seed(1))
    mixed = unpatchify(patchify(x, 4)[:, order], 4, 28, 28)
    blind, seeing = ViT(pool=pool, positions=False).eval(), ViT(pool=pool).eval()
    assert torch.allclose(blind(mixed), blind(x), atol=1e-5)
    assert not torch.allclose(seeing(mixed), seeing(x), atol=1e-3)


def test_maps_are_those_of_the_forward_pass() -> None:
    model, x = ViT(layers=1), images(2, 3, 28, 28)
    maps = model.attention_maps(x)
    assert maps.shape == (2, 1, 4, 50, 50)
    assert torch.allclose(maps.sum(-1), torch.ones(()), atol=1e-5)
    block, stream = model.encoder.blocks[0], model.tokens(x)
    normed = block.norms[0](stream)
    values = block.attend.split(block.attend.v(normed))
    mixed = block.attend.out((maps[:, 0] @ values).transpose(1, 2).flatten(2))
    stream = stream + mixed
    stream = model.encoder.norm(stream + block.think(block.norms[1](stream)))
    assert torch.allclose(model.head(stream[:, 0]), model(x), atol=1e-5)


def test_it_is_as_large_as_its_rival() -> None:
    sizes = [sum(p.numel() for p in m.parameters()) for m in (ViT(), compact_cnn(3, 8))]
    assert abs(sizes[0] / sizes[1] - 1) < 0.02


def test_shipped_weights_read_blood_cells() -> None:
    assert (FOLDER / "vit_cells.npz").stat().st_size < 400_000
    train, val = (torch.from_numpy(load_bloodmnist(split).images) for split in ("train", "val"))
    mean, std = (f(train, (0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    labels = torch.from_numpy(np.asarray(load_bloodmnist("val").labels))
    assert accuracy(trained_vit(), (val - mean) / std, labels) > 0.9


@pytest.mark.slow
def test_two_epochs_already_tell_most_cells_apart() -> None:
    x, y = {}, {}
    for split in ("train", "val"):
        cells = load_bloodmnist(split)
        x[split], y[split] = torch.from_numpy(cells.images), torch.from_numpy(cells.labels)
    mean, std = (f(x["train"], (0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    train, val = (((x[split] - mean) / std, y[split]) for split in ("train", "val"))
    seed_everything(0)
    model = ViT()
    adam = torch.optim.AdamW(model.parameters(), lr=0.004, weight_decay=1e-3)
    rules = {"epochs": 2, "batch_size": 32, "optimizer": adam, "schedule": one_cycle}
    assert fit(model, train, val, **rules).val_accuracy[-1] > 0.55
