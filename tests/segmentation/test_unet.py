"""The U-Net: sizes, parameters, skips, receptive field."""

import pytest
import torch
from torch import nn

from course_utils.segmentation.unet import UNet, centre_crop, double_conv


def test_the_network_of_the_paper_has_its_sizes_and_its_parameters():
    with torch.device("meta"):
        net = UNet(1, 2, width=64, depth=4, padding=0, norm=None)
        sides = []
        for block in [*net.down, *net.up]:
            block.register_forward_hook(lambda _, __, y: sides.append(y.shape[-1]))
        y = net(torch.empty(1, 1, 572, 572))
    assert y.shape == (1, 2, 388, 388)
    assert sides == [568, 280, 136, 64, 28, 52, 100, 196, 388]
    assert sum(p.numel() for p in net.parameters()) == 31_030_658


@pytest.mark.parametrize(("width", "depth"), [(4, 0), (4, 1), (3, 2), (2, 4)])
@pytest.mark.parametrize("skips", [True, False])
def test_the_output_has_the_size_of_the_input(width, depth, skips):
    torch.manual_seed(0)
    unit = 2**depth
    net = UNet(2, 3, width, depth, skips)
    assert net(torch.randn(2, 2, 3 * unit, 5 * unit)).shape == (2, 3, 3 * unit, 5 * unit)
    if depth:
        with pytest.raises(ValueError, match="multiples of 2"):
            net(torch.randn(1, 2, 3 * unit, 3 * unit + unit // 2))


def test_channels_double_at_each_level_and_skips_are_concatenated():
    net = UNet(1, 2, width=5, depth=3)
    firsts = [block[0] for block in net.down]
    assert [conv.out_channels for conv in firsts] == [5, 10, 20, 40]
    assert [block[0].in_channels for block in net.up] == [40, 20, 10]
    assert [block[0].in_channels for block in UNet(1, 2, 5, 3, skips=False).up] == [20, 10, 5]


def test_the_way_down_comes_first_in_the_concatenation():
    net = UNet(1, 1, width=1, depth=1, norm=None)
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
        for conv in (net.down[0][0], net.down[0][2], net.up[0][2]):
            conv.weight[..., 1, 1] = 1.0  # the identity on positive maps
        net.up[0][0].weight[0, 0, 1, 1] = 1.0  # reads channel 0: the skip
        net.head.weight[:] = 1.0
    x = torch.rand(1, 1, 8, 8)
    assert torch.equal(net(x), x)


def test_without_skips_the_output_knows_only_the_deepest_map():
    torch.manual_seed(1)
    net = UNet(1, 1, width=2, depth=2, skips=False).eval()
    deepest = []
    net.down[-1].register_forward_hook(lambda _, __, y: deepest.append(y))
    x = torch.randn(1, 1, 16, 16, requires_grad=True)
    y = net(x).sum()
    (through,) = torch.autograd.grad(y, deepest[0], retain_graph=True)
    (direct,) = torch.autograd.grad(y, x, retain_graph=True)
    (chained,) = torch.autograd.grad(deepest[0], x, through)
    assert torch.allclose(direct, chained)


def test_odd_maps_and_bad_arguments_are_refused():
    net = UNet(1, 1, 2, 2, padding=0, norm=None)
    with pytest.raises(ValueError, match="odd"):
        net(torch.zeros(1, 1, 43, 44))
    with pytest.raises(ValueError, match="must be"):
        UNet(1, 2)(torch.zeros(1, 8, 8))
    with pytest.raises(ValueError, match="must be at least"):
        UNet(1, 0)
    with pytest.raises(ValueError, match="depth"):
        UNet(1, 1, depth=-1)
    with pytest.raises(ValueError, match="norm must be"):
        UNet(1, 1, norm="layer")


def test_parts():
    x = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert torch.equal(centre_crop(x, 2, 4), x[:, :, 2:4, 1:5])
    assert double_conv(1, 3, padding=0, norm=None)(x).shape == (1, 3, 2, 2)
    for norm, kind in (("batch", nn.BatchNorm2d), ("group", nn.GroupNorm)):
        assert sum(isinstance(m, kind) for m in UNet(1, 1, norm=norm).modules()) == 14
        assert not any(isinstance(m, kind) for m in UNet(1, 1, norm=None).modules())
