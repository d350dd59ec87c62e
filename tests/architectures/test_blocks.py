"""The algebra of the blocks, on small real inputs."""

import pytest
import torch
from torch import nn

from course_utils.architectures import (
    Bottleneck,
    DenseBlock,
    EightOfTwelve,
    Inception,
    LocalResponseNorm,
    PlainBlock,
    ResidualBlock,
    SqueezeExcite,
    alexnet,
    bottleneck_resnet,
    densenet121,
    depthwise_separable,
    googlenet,
    lenet_28,
    lenet_1989,
    lenet_like,
    mobilenet,
    resnet18,
    small_net,
    transition,
    vgg,
)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lenet_1989, (1, 16, 16)),
        (lenet_like, (1, 32, 32)),
        (lenet_28, (1, 28, 28)),
        (lambda: alexnet(num_classes=10), (3, 227, 227)),
        (lambda: googlenet(10), (3, 64, 64)),
        (lambda: resnet18(10), (3, 64, 64)),
        (lambda: bottleneck_resnet((1, 1, 1, 1), 10, groups=32, base_width=128), (3, 64, 64)),
        (lambda: bottleneck_resnet((1, 1, 1, 1), 10, se_reduction=16), (3, 64, 64)),
        (lambda: densenet121(10), (3, 64, 64)),
        (lambda: mobilenet(10), (3, 64, 64)),
        (lambda: small_net(8), (1, 14, 14)),
    ],
)
def test_a_real_image_gives_ten_finite_scores(make, shape):
    model = make()  # in training mode: the running means know nothing yet
    with torch.no_grad():
        scores = model(torch.randn(2, *shape))
    assert scores.shape == (2, 10)
    assert torch.isfinite(scores).all()
    assert not torch.equal(scores[0], scores[1])


def test_vgg_runs_where_its_dense_layers_are_small():
    model = vgg((1, 1, 1, 1, 1), 10)
    features = nn.Sequential(*list(model)[:5])
    assert features(torch.randn(1, 3, 64, 64)).shape == (1, 512, 2, 2)


def test_grouped_convolution_is_two_convolutions_side_by_side():
    x, grouped = torch.randn(2, 6, 7, 5), nn.Conv2d(6, 8, 3, padding=1, groups=2)
    halves = [
        nn.functional.conv2d(part, weight, bias, padding=1)
        for part, weight, bias in zip(
            x.chunk(2, 1), grouped.weight.chunk(2), grouped.bias.chunk(2), strict=True
        )
    ]
    torch.testing.assert_close(grouped(x), torch.cat(halves, 1))


def test_a_group_for_each_channel_is_depthwise():
    block = depthwise_separable(5, 7, stride=2)
    depthwise, pointwise = block[0][0], block[1][0]
    assert depthwise.weight.numel() + pointwise.weight.numel() == 9 * 5 + 5 * 7
    x = torch.randn(1, 5, 8, 8)
    one = nn.functional.conv2d(x[:, 3:4], depthwise.weight[3:4], stride=2, padding=1)
    torch.testing.assert_close(depthwise(x)[:, 3:4], one)


@pytest.mark.parametrize(("c_in", "c_out", "stride"), [(4, 4, 1), (4, 6, 1), (4, 4, 2), (3, 8, 2)])
def test_residual_shapes_and_shortcuts(c_in, c_out, stride):
    block = ResidualBlock(c_in, c_out, stride)
    assert block(torch.randn(2, c_in, 8, 6)).shape == (2, c_out, 8 // stride, 6 // stride)
    same = stride == 1 and c_in == c_out
    assert isinstance(block.shortcut, nn.Identity) == same


def test_a_silent_branch_leaves_relu_of_the_input():
    x = torch.randn(3, 4, 5, 5)
    for block in (ResidualBlock(4, 4), Bottleneck(4, 2, 4)):
        last = [m for m in block.branch.modules() if isinstance(m, nn.BatchNorm2d)][-1]
        nn.init.zeros_(last.weight)
        torch.testing.assert_close(block(x), torch.relu(x))


def test_plain_and_residual_differ_by_the_input_alone():
    plain, residual = PlainBlock(4, 4).eval(), ResidualBlock(4, 4).eval()
    residual.branch.load_state_dict(plain.branch.state_dict())
    x = torch.rand(2, 4, 5, 5)
    torch.testing.assert_close(residual(x), torch.relu(plain.branch(x) + x))
    torch.testing.assert_close(plain(x), torch.relu(plain.branch(x)))


def test_bottleneck_costs_what_the_text_says():
    block = Bottleneck(256, 64, 256)
    kernels = [m.weight.numel() for m in block.modules() if isinstance(m, nn.Conv2d)]
    assert sum(kernels) == 69_632
    grouped = Bottleneck(256, 128, 256, groups=32)
    kernels = [m.weight.numel() for m in grouped.modules() if isinstance(m, nn.Conv2d)]
    assert sum(kernels) == 70_144


def test_the_place_of_the_stride_changes_no_shape():
    x = torch.randn(1, 8, 6, 6)
    for first in (False, True):
        assert Bottleneck(8, 4, 16, 2, stride_first=first)(x).shape == (1, 16, 3, 3)


def test_squeeze_and_excitation_with_a_silent_last_layer_halves():
    gate, x = SqueezeExcite(8, 4), torch.randn(2, 8, 3, 5)
    nn.init.zeros_(gate.gate[2].weight)
    nn.init.zeros_(gate.gate[2].bias)
    torch.testing.assert_close(gate(x), x / 2)


def test_squeeze_and_excitation_looks_at_means_only():
    gate, x = SqueezeExcite(8, 2), torch.randn(2, 8, 3, 5)
    shuffled = x.flatten(2)[:, :, torch.randperm(15)].view_as(x)
    factors, others = gate(x) / x, gate(shuffled) / shuffled
    torch.testing.assert_close(factors[:, :, 0, 0], others[:, :, 0, 0])
    weights = [p.numel() for name, p in SqueezeExcite(256).named_parameters() if "weight" in name]
    assert sum(weights) == 8_192


@pytest.mark.parametrize("reduction", [0, 9])
def test_squeeze_and_excitation_needs_a_hidden_unit(reduction):
    with pytest.raises(ValueError, match="reduction"):
        SqueezeExcite(8, reduction)


@pytest.mark.parametrize("size", [3, 5])
def test_local_response_norm_agrees_with_torch(size):
    x = 30 * torch.randn(2, 9, 4, 3)
    theirs = nn.LocalResponseNorm(size, alpha=size * 1e-4, beta=0.75, k=2.0)
    torch.testing.assert_close(LocalResponseNorm(size)(x), theirs(x))


def test_inception_stacks_its_branches():
    block, x = Inception(6, 2, (3, 4), (2, 5), 1), torch.randn(2, 6, 7, 7)
    y = block(x)
    assert y.shape == (2, 12, 7, 7)
    torch.testing.assert_close(y[:, 2:6], block.three(x))


def test_auxiliary_classifiers_speak_in_training_only():
    model, x = googlenet(10, auxiliaries=True), torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert [logits.shape for logits in model(x)] == [(2, 10)] * 3
        assert model.eval()(x).shape == (2, 10)


def test_dense_blocks_append_and_keep():
    block, x = DenseBlock(5, layers=3, growth=4), torch.randn(2, 5, 6, 6)
    y = block(x)
    assert y.shape == (2, 17, 6, 6)
    assert torch.equal(y[:, :5], x)
    assert transition(17)(y).shape == (2, 8, 3, 3)


def test_each_group_of_1989_reads_eight_maps():
    layer, x = EightOfTwelve(), torch.zeros(1, 12, 8, 8, requires_grad=True)
    y = layer(x)
    assert y.shape == (1, 12, 4, 4)
    for unit in range(12):
        (grad,) = torch.autograd.grad(y[0, unit].sum(), x, retain_graph=True)
        assert (grad.abs().sum((0, 2, 3)) > 0).sum() == 8
