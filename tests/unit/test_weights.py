"""Weights in half precision with a checksum: written, read, refused where damaged."""

import pytest
import torch
from torch import nn

from course_utils.data import DamagedFileError
from course_utils.weights import load_weights, store_weights


def network():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Conv2d(3, 2, 1))


def test_weights_survive_in_half_precision(tmp_path):
    torch.manual_seed(0)
    trained = network()
    trained(torch.randn(4, 1, 8, 8))  # moves the running statistics
    size = store_weights(trained, tmp_path / "a.npz")
    assert size == (tmp_path / "a.npz").stat().st_size
    loaded = network()
    load_weights(loaded, tmp_path / "a.npz")
    assert not loaded.training
    for name, value in trained.state_dict().items():
        if value.is_floating_point():
            assert torch.equal(loaded.state_dict()[name], value.half().float())
    first = (tmp_path / "a.npz").read_bytes()
    store_weights(trained, tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == first


def test_two_files_share_one_list(tmp_path):
    for name in ("b.npz", "a.npz"):
        store_weights(network(), tmp_path / name)
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["a.npz", "b.npz"]


def test_damage_is_noticed(tmp_path):
    file = tmp_path / "a.npz"
    store_weights(network(), file)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DamagedFileError):
        load_weights(network(), file)
    with pytest.raises(DamagedFileError):
        load_weights(network(), tmp_path / "missing.npz")


def test_what_does_not_fit_is_refused(tmp_path):
    net = network()
    with torch.no_grad():
        net[0].weight[0] = 1e6
    with pytest.raises(ValueError, match="float16"):
        store_weights(net, tmp_path / "a.npz")
    store_weights(nn.Linear(2, 2), tmp_path / "a.npz")
    with pytest.raises(RuntimeError):
        load_weights(network(), tmp_path / "a.npz")
