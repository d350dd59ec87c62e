"""The roofline and the count of work, against sums done by hand and torch's own counter."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from course_utils.architectures import ARCHITECTURES, on_meta
from course_utils.attention.gpt import GPT
from course_utils.detection.networks import CentreDetector
from course_utils.kernels.roofline import (
    MACHINES,
    Machine,
    Work,
    attainable,
    by_kind,
    layer_work,
    least_seconds,
    measured_machine,
)

TOY = Machine("toy", {"fp32": 100.0, "fp16": 400.0}, 10.0, 1e3)


def test_the_roof_has_two_straight_parts_that_meet_at_the_ridge() -> None:
    assert TOY.ridge("fp32") == 10.0
    assert attainable(10.0, TOY, "fp32") == 100.0
    assert np.array_equal(attainable([0, 1, 5, 20], TOY, "fp32"), [0, 10, 50, 100])
    assert np.array_equal(attainable([[40, 80]], TOY, "fp16"), [[400, 400]])


@pytest.mark.parametrize("intensity", [-1.0, math.nan, [1.0, -2.0]])
def test_an_intensity_is_a_number_from_zero_up(intensity) -> None:
    with pytest.raises(ValueError, match="intensity"):
        attainable(intensity, TOY, "fp32")


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(ValueError, match=r"'fp8', T4 has \['fp16', 'fp32'\]"):
        attainable(1.0, MACHINES["T4"], "fp8")


def test_the_machines_are_those_of_the_data_sheets() -> None:
    assert list(MACHINES) == ["T4", "A100", "H100", "H200"]
    assert MACHINES["H200"].flops == MACHINES["H100"].flops
    assert all(m.name == name and "data sheet" in m.source for name, m in MACHINES.items())
    for machine in MACHINES.values():
        assert 3e11 < machine.bandwidth < 5e12 < machine.peak("fp32") < machine.peak("fp16")
    # Dense figures: half of the printed ones, which count the zeros of a sparse matrix.
    assert 986e12 < MACHINES["H200"].peak("bf16") < 990e12


def test_no_program_is_faster_than_either_limit() -> None:
    assert least_seconds(Work("a", "dense", 1000, 10), TOY, "fp32") == 10.0  # 1000 / 100
    assert least_seconds(Work("a", "copy", 0, 50), TOY, "fp32") == 5.0  # 50 / 10


def test_a_dense_layer_by_hand() -> None:
    (work,) = layer_work(nn.Linear(7, 5), torch.empty(3, 7))
    assert work == Work("", "dense", 2 * 3 * 7 * 5 + 3 * 5, 4 * (3 * 7 + 7 * 5 + 5 + 3 * 5))
    assert work.intensity == work.flop / work.bytes
    (half,) = layer_work(nn.Linear(7, 5), torch.empty(3, 7), itemsize=2)
    assert half.bytes * 2 == work.bytes


@pytest.mark.parametrize(
    ("layer", "kind", "multiply_adds"),
    [
        (nn.Conv2d(4, 6, 3, padding=1, bias=False), "convolution", 2 * 6 * 64 * 9 * 4),
        (nn.Conv2d(4, 6, 3, 2, 1, groups=2, bias=False), "convolution", 2 * 6 * 16 * 9 * 2),
        (nn.Conv2d(4, 4, 3, groups=4, bias=False), "depthwise convolution", 2 * 4 * 36 * 9),
        (nn.ConvTranspose2d(4, 6, 2, 2, bias=False), "convolution", 2 * 4 * 64 * 4 * 6),
    ],
)
def test_convolutions_by_hand(layer, kind, multiply_adds) -> None:
    (work,) = layer_work(layer, torch.empty(2, 4, 8, 8))
    moved = 2 * 4 * 64 + layer.weight.numel() + layer(torch.zeros(2, 4, 8, 8)).numel()
    assert work == Work("", kind, 2 * multiply_adds, 4 * moved)


def test_what_is_not_a_product_counts_its_elements() -> None:
    net = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Softmax(1), nn.Flatten())
    relu, pool, softmax = layer_work(net, torch.empty(1, 3, 4, 4))  # flattening is a view
    assert relu == Work("0", "activation", 48, 4 * 2 * 48)
    assert pool == Work("1", "pooling", 12 * 4, 4 * (48 + 12) + 8 * 12)  # with int64 places
    assert softmax == Work("2", "softmax", 5 * 12, 4 * 24)


def test_moving_numbers_is_no_arithmetic() -> None:
    (work,) = layer_work(nn.Embedding(1000, 6), torch.zeros(2, 5, dtype=torch.long))
    assert work == Work("", "look-up", 0, 4 * 2 * 60 + 8 * 10)  # the rows that are asked for


def test_a_number_that_is_seen_many_times_is_read_once() -> None:
    class Add(nn.Module):
        def forward(self, x):
            return x.expand(50, 4) + 1

    (work,) = layer_work(Add(), torch.empty(1, 4))
    assert work.bytes == 4 * (4 + 200)


@pytest.mark.parametrize("name", ["LeNet (1989)", "ResNet-18", "MobileNet"])
def test_products_agree_with_the_counter_of_torch(name) -> None:
    known = ARCHITECTURES[name]
    model, x = on_meta(known.make).eval(), torch.empty(2, *known.image, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    kinds = ("convolution", "depthwise convolution", "dense")
    works = [w for w in layer_work(model, x) if w.kind in kinds]
    biases = sum(w.flop for w in works) - counter.get_total_flops()
    assert 0 <= biases < 0.01 * counter.get_total_flops()


def test_attention_agrees_with_the_counter_of_torch() -> None:
    model = GPT(vocabulary=16, d=32, heads=4, layers=2, context=64)
    tokens = torch.zeros(3, 64, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(tokens)
    found = by_kind(layer_work(model, tokens))
    assert found["batched product"].flop == 2 * (2 * 2 * 3 * 64 * 64 * 32)  # layers, two products
    products = found["dense"].flop + found["batched product"].flop
    assert 0 <= products - counter.get_total_flops() < 0.02 * products


def test_flop_are_linear_in_the_batch_and_bytes_affine() -> None:
    model = on_meta(ARCHITECTURES["LeNet-like, 28x28"].make)
    one, two, nine = (layer_work(model, torch.empty(n, 1, 28, 28)) for n in (1, 2, 9))
    for a, b, c in zip(one, two, nine, strict=True):
        assert c.flop == 9 * a.flop
        assert c.bytes == a.bytes + 8 * (b.bytes - a.bytes)


def test_every_operation_has_the_name_of_its_module() -> None:
    model = GPT(vocabulary=16, d=32, heads=4, layers=2, context=64)
    works = layer_work(model, torch.zeros(1, 8, dtype=torch.long))
    names = {name for name, _ in model.named_modules()}
    assert {w.name for w in works} <= names
    assert [w.kind for w in works if w.name == "blocks.1.think.0"] == ["dense"]


def test_the_model_stays_as_it_is() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train()
    model[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    layer_work(model, torch.empty(2, 1, 5, 5))
    assert (model.training, model[0].training, model[1].training) == (True, False, True)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_another_method_can_be_counted() -> None:
    works = layer_work(CentreDetector(3, 2), torch.empty(1, 3, 64, 64), method="maps")
    assert by_kind(works)["convolution"].flop > 1e6


def test_an_input_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"x: shapes \[\(3, 8\)\] do not fit"):
        layer_work(nn.Linear(7, 5), torch.empty(3, 8))


def test_kinds_are_summed() -> None:
    works = [Work("a", "dense", 3, 10), Work("b", "copy", 0, 7), Work("c", "dense", 4, 1)]
    assert by_kind(works) == {
        "dense": Work("all", "dense", 7, 11),
        "copy": Work("all", "copy", 0, 7),
    }


def test_the_measured_roof_follows_the_clock() -> None:
    # Two readings a run: three products take 2, 1 and 3 seconds, copies 5, 4 and 8, sums 3, 3, 6.
    ticks = iter(np.cumsum([0, 2, 0, 1, 0, 3, 0, 5, 0, 4, 0, 8, 0, 3, 0, 3, 0, 6]).tolist())
    found = measured_machine("slow", side=8, numbers=64, times=3, clock=lambda: next(ticks))
    assert found.peak("fp32") == 2 * 8**3 / 1
    assert found.bandwidth == 8 * 64 / 4
    assert found.name == "slow"


def test_a_machine_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TOY.bandwidth = 1.0  # pyright: ignore[reportAttributeAccessIssue]


def test_a_real_layer_moves_what_is_counted() -> None:
    x, weight = torch.rand(2, 4, 8, 8), torch.rand(6, 4, 3, 3)
    y = functional.conv2d(x, weight)
    layer = nn.Conv2d(4, 6, 3, bias=False)
    (work,) = layer_work(layer, x)
    assert work.bytes == sum(t.untyped_storage().nbytes() for t in (x, weight, y))
