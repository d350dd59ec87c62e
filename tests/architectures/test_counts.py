"""Parameters, depths, shapes and multiply-adds of the whole networks, on the meta device."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils.architectures import (
    ARCHITECTURES,
    alexnet,
    compact_cnn,
    count_parameters,
    googlenet,
    lenet_1989,
    lenet_like,
    longest_path,
    on_meta,
    resnet50,
    resnet152,
    shape_table,
    small_net,
    trace_shapes,
    vgg,
)

NAMES = list(ARCHITECTURES)


@pytest.mark.parametrize("name", NAMES)
def test_the_count_is_the_published_one(name):
    assert count_parameters(on_meta(ARCHITECTURES[name].make)) == ARCHITECTURES[name].published


@pytest.mark.parametrize("name", NAMES)
def test_the_depth_is_the_published_one(name):
    assert longest_path(on_meta(ARCHITECTURES[name].make)) == ARCHITECTURES[name].depth


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_a_score_for_each_class(name):
    last = trace_shapes(on_meta(ARCHITECTURES[name].make), ARCHITECTURES[name].image)[-1]
    assert last.shape == ((10,) if name.startswith("LeNet") else (1000,))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_multiply_adds_are_half_of_torchs_own_count(name):
    model = on_meta(ARCHITECTURES[name].make).eval()
    stages = trace_shapes(model, ARCHITECTURES[name].image)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, *ARCHITECTURES[name].image, device="meta"))
    assert 2 * sum(stage.multiply_adds for stage in stages) == counter.get_total_flops()


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        (lambda: alexnet(grouped=False), 62_378_344),
        (lambda: lenet_like(3), 62_006),
        (lambda: googlenet(auxiliaries=True), 13_378_280),
    ],
)
def test_variants(make, parameters):
    assert count_parameters(on_meta(make)) == parameters


def test_lenet_1989_layer_by_layer():
    counts = [count_parameters(layer) for layer in lenet_1989()]
    assert counts == [1068, 2592, 5790, 310]


def test_resnet50_stages():
    stages = {s.name: s.shape for s in trace_shapes(on_meta(resnet50), (3, 224, 224))}
    assert stages["stem"] == (64, 112, 112)
    assert stages["pool"] == (64, 56, 56)
    assert stages["stage1"] == (256, 56, 56)
    assert stages["stage2"] == (512, 28, 28)
    assert stages["stage3"] == (1024, 14, 14)
    assert stages["stage4"] == (2048, 7, 7)
    assert stages["average"] == (2048,)


def test_multiply_adds_in_the_papers_are_met():
    """ResNet's table: 3.8 and 11.3 billion, with the stride where the paper has it."""
    for make, billions in ((resnet50, 3.8), (resnet152, 11.3)):
        stages = trace_shapes(on_meta(lambda m=make: m(stride_first=True)), (3, 224, 224))
        assert sum(s.multiply_adds for s in stages) / 1e9 == pytest.approx(billions, abs=0.07)


def test_the_walk_leaves_the_model_alone():
    model = small_net(8).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trace_shapes(model, (1, 14, 14))
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_the_walk_counts_groups_and_bias_as_it_says():
    model = nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.Flatten(), nn.Linear(6 * 3 * 3, 2))
    stages = trace_shapes(model, (4, 5, 5))
    assert [s.multiply_adds for s in stages] == [6 * 9 * 9 * 2, 0, 108]
    assert [s.parameters for s in stages] == [6 * 2 * 9 + 6, 0, 110]
    assert "sum" in shape_table(stages)


def test_an_image_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="input_shape"):
        trace_shapes(on_meta(lenet_like), (1, 28, 28))


def test_depth_counts_the_longest_branch():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.short = nn.Linear(3, 3)
            self.long = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))

        def forward(self, x):
            return self.short(x) + self.long(x)

    assert longest_path(Two()) == 2


@pytest.mark.parametrize("depth", [8, 20, 56])
def test_small_nets_have_the_depth_they_are_asked_for(depth):
    assert longest_path(small_net(depth)) == depth


@pytest.mark.parametrize("depth", [2, 9, 40])
def test_other_depths_are_refused(depth):
    with pytest.raises(ValueError, match="depth"):
        small_net(depth)


def test_vgg_wants_five_stages():
    with pytest.raises(ValueError, match="layers"):
        vgg((1, 1, 1))


def test_the_compact_network_has_the_size_that_its_page_states():
    net = compact_cnn(3, 8)
    assert count_parameters(net) == 70_488
    assert trace_shapes(net, (3, 28, 28))[-1].shape == (8,)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        compact_cnn(3, 8, width=0)
