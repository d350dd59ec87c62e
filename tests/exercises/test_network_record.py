"""A network's record says what the network computes, and can do no more than that."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.feedback import examine, exercise_for
from course_utils.feedback.exercises import network_replay
from course_utils.feedback.exercises.network_record import BATCH_NORM, NORM, record_of
from course_utils.feedback.exercises.network_replay import Replayed, operation_named
from tests.bank import entries


class Everything(nn.Module):
    """Convolutions, norms, poolings, ways back up, in-place work, buffers, slices and constants."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4)])
        self.up = nn.ConvTranspose2d(4, 4, 2, 2)
        self.dense = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.rand(1, 8, 1, 1))
        self.shift = nn.Buffer(torch.rand(1, 8, 1, 1))

    def forward(self, x):
        a = nn.functional.relu(self.norms[0](self.first(x)), inplace=True)
        b = self.norms[1](nn.functional.max_pool2d(a, 2))
        b = nn.functional.interpolate(b, scale_factor=2, mode="bilinear")
        c = self.up(nn.functional.avg_pool2d(self.norms[2](a), 2))
        gate = torch.sigmoid(self.dense(c.mean((2, 3))))[:, :, None, None]
        both = torch.cat([b, c * gate], dim=1) * self.scale
        both[:, :2] += 1.5
        with torch.no_grad():
            fixed = both.abs().amax()
        return nn.functional.pad(both / fixed + self.shift, (1, 0, 0, 1))


def recorded(module: Callable[[], nn.Module] = Everything, size=(2, 2, 8, 6), train=False):
    torch.manual_seed(0)
    network = module().double().train(train)
    x = torch.rand(size, dtype=torch.float64, requires_grad=True)
    record = record_of(network, x)
    assert record is not None
    return network, x, record


def forged(**changes):
    """Return the record of a small network with some of it replaced."""
    record = recorded(lambda: nn.Conv2d(2, 3, 3))[2]
    told = json.loads(bytes(record["text"])) | changes
    return record | {"text": np.frombuffer(json.dumps(told).encode(), np.uint8)}


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("train", [False, True])
def test_a_replayed_network_computes_what_the_network_does(train):
    network, x, record = recorded(train=train)
    again = Replayed(record)
    for slot, parameter in zip(again.parameters(), network.parameters(), strict=True):
        with torch.no_grad():
            slot.copy_(parameter)
    for step in range(2):  # the second time on other numbers: they are not part of the record
        y = x.detach().clone().mul(1 + step).requires_grad_(True)
        z = x.detach().clone().mul(1 + step).requires_grad_(True)
        # Running averages move in train mode, where they are not read.
        theirs, ours = network(y), again.run(z).output
        close(ours, theirs)
        theirs.square().sum().backward()
        ours.square().sum().backward()
        close(z.grad, y.grad)
    for slot, parameter in zip(again.parameters(), network.parameters(), strict=True):
        close(slot.grad, parameter.grad)


def test_slots_say_what_a_parameter_belongs_to():
    slots = Replayed(recorded()[2]).slots
    assert {slot.name for slot in slots if slot.kind == BATCH_NORM} == {
        *("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    }
    assert [slot.name for slot in slots if slot.kind == NORM] == ["weight", "bias"]
    assert [slot.name for slot in slots if slot.buffer and not slot.kind] == ["shift"]
    assert all(slot.known for slot in slots)


def test_parameters_that_torch_does_not_know_of_are_told():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Conv2d(2, 2, 1).double()]

        def forward(self, x):
            return self.layers[0](x)

    again = Replayed(recorded(Hidden)[2])
    assert again.parameters() == []
    assert [tuple(p.shape) for p in again.hidden()] == [(2, 2, 1, 1), (2,)]


def test_what_is_detached_has_no_gradient_when_it_is_replayed():
    class Cut(nn.Conv2d):
        def forward(self, x):
            return super().forward(x).detach()

    again = Replayed(recorded(lambda: Cut(2, 2, 1))[2])
    assert not again.run(torch.rand(1, 2, 3, 3, dtype=torch.float64)).output.requires_grad


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("memory by numbers", ["aten.as_strided.default", [{"tensor": 0}, [9], [9], 10**9], {}]),
        ("a file", ["aten.from_file.default", ["/etc/passwd"], {}]),
        ("another storage", ["aten.set_.source_Tensor", [{"tensor": 0}, {"tensor": 1}], {}]),
        ("another library", ["prims.add.default", [{"tensor": 0}, {"tensor": 0}], {}]),
        ("no name", ["aten.__class__.mro", [], {}]),
        ("a tensor that is not there", ["aten.relu.default", [{"tensor": 99}], {}]),
        ("a module for a type", ["aten.to.dtype", [{"tensor": 0}, {"dtype": "nn"}], {}]),
        ("maps without end", ["aten.zeros.default", [[10**6, 10**6]], {}]),
        ("a copy without end", ["aten.repeat.default", [{"tensor": 0}, [9999, 9999, 1, 1]], {}]),
    ],
)
def test_a_forged_step_is_refused(name, step):
    with pytest.raises(ValueError, match=r"record|fit together|larger maps"):
        Replayed(forged(steps=[[*step, [5], True]], output=5)).run(torch.rand(1, 2, 5, 5))


def test_work_without_end_is_refused_before_it_is_done():
    x = {"tensor": 0}
    grow = [["aten.expand.default", [x, [1900, 1900]], {}, [5], True]]
    steps = [*grow, *[["aten.mm.default", [{"tensor": 5}, {"tensor": 5}], {}, [6], True]] * 9]
    with pytest.raises(ValueError, match="multiplications"):
        Replayed(forged(steps=steps, output=6)).run(torch.rand(1, 1))
    parts = [["aten.expand.default", [x, [100_000, 1]], {}, [5], True]]
    parts += [["aten.unbind.int", [{"tensor": 5}], {}, [6], True]]
    with pytest.raises(ValueError, match="parts"):
        Replayed(forged(steps=parts, output=6)).run(torch.rand(1, 1))


@pytest.mark.parametrize(
    "slots",
    [
        [
            {
                "at": 1,
                "name": "weight",
                "kind": "",
                "buffer": False,
                "known": True,
                "shape": [10**10],
            }
        ],
        [
            {"at": at, "name": "", "kind": "", "buffer": False, "known": True, "shape": [n]}
            for at, n in ((1, 3_000_000), (1, 3_000_000))
        ],
        [{"at": 1, "name": "weight", "kind": "", "buffer": False, "known": True, "shape": [-5]}],
        [{"at": 7, "name": "buffer", "kind": "", "buffer": True, "known": True, "shape": [1]}],
        [[]],
        None,
    ],
)
def test_forged_parameters_are_refused(slots):
    with pytest.raises(ValueError, match="not the record"):
        Replayed(forged(slots=slots))


@pytest.mark.parametrize("record", [7, {}, {"text": b"["}, {"text": b"[" * 10**6}, [1], "UNet"])
def test_what_is_no_record_is_refused(record):
    with pytest.raises(ValueError, match="not the record"):
        Replayed(record)


def test_operations_that_read_memory_by_numbers_are_unknown():
    allowed = []
    for name in dir(torch.ops.aten):
        for overload in getattr(getattr(torch.ops.aten, name), "overloads", list)():
            try:
                allowed.append(operation_named(f"aten.{name}.{overload}"))
            except ValueError:
                continue
    harmless = {"rounding_mode", "approximate", "mode", "reduce", "indexing"}
    for op in allowed:
        words = {a.name for a in op._schema.arguments if "str" in str(a.type)}
        assert words <= harmless, op
    names = {op._schema.name for op in allowed}
    assert len(names) > 200
    assert not {n for n in names if "stride" in n or "storage" in n or "set_" in n or "file" in n}


def test_more_steps_than_any_network_needs_are_cut(monkeypatch):
    monkeypatch.setattr(network_replay, "STEPS", 1)
    two = [["aten.relu.default", [{"tensor": 0}], {}, [5], True]]
    two += [["aten.relu.default", [{"tensor": 5}], {}, [6], True]]
    with pytest.raises(ValueError, match="fit together"):
        Replayed(forged(steps=two, output=6)).run(torch.rand(1))


def test_facts_stated_by_the_program_earn_nothing():
    exercise = exercise_for("segmentation/UNet")
    case = next(case for case in exercise.worked if case.args[4] == "channels level by level")
    assert exercise.judge is not None
    with pytest.raises(ValueError, match="not the record"):
        exercise.judge(case.expected, *case.args)


@pytest.mark.parametrize("key", ["classification/ResidualBlock", "classification/SqueezeExcite"])
def test_a_block_that_works_on_numpy_alone_is_not_one_that_learns(key):
    right: Any = entries("variants", key)[0].student

    class Detached(right):
        def forward(self, x):
            return super().forward(x).detach()

    report = examine(exercise_for(key), Detached, hidden=True)
    assert 0 < report.earned < report.points
