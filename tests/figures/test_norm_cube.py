"""The tensor cube: the sets of the four norms, and what it refuses."""

import numpy as np
import pytest
import torch

from course_utils.figures import NormCube
from course_utils.figures.norm_cube import norm_sets

ALT = "A tensor of samples, channels and places with the averaged values filled."
TORCH = {
    "batch": lambda x, g: torch.nn.functional.batch_norm(x, None, None, training=True),
    "layer": lambda x, g: torch.nn.functional.layer_norm(x, x.shape[1:]),
    "instance": lambda x, g: torch.nn.functional.instance_norm(x),
    "group": torch.nn.functional.group_norm,
}


@pytest.mark.parametrize("norm", TORCH)
def test_the_sets_are_those_of_torch(norm: str) -> None:
    """A norm removes the mean of each set, so the sets can be read off torch's result."""
    x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sets = norm_sets(norm, (3, 4, 5), groups=2)
    y = TORCH[norm](x, 2).numpy()
    for number in np.unique(sets):
        assert y[sets == number].mean() == pytest.approx(0, abs=1e-12)
        assert y[sets == number].var() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("norm", "size"), [("batch", 12), ("layer", 16), ("instance", 4)])
def test_members_of_the_chosen_cell(norm: str, size: int) -> None:
    figure = NormCube(alt=ALT, norm=norm, cell=(2, 3, 1))
    assert figure.members().sum() == size
    assert figure.members()[2, 3, 1]


def test_groups_lie_between_layer_and_instance() -> None:
    figure = NormCube(alt=ALT, norm="group", groups=1)
    for groups, norm in ((1, "layer"), (4, "instance")):
        figure.groups = groups
        assert (figure.members() == NormCube(alt=ALT, norm=norm).members()).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"norm": "weight"}, r"norm: got 'weight', expected one of"),
        ({"shape": (3, 4)}, r"shape: got \(3, 4\), expected \(N, C, HW\)"),
        ({"shape": (0, 4, 4)}, r"shape: got \(0, 4, 4\)"),
        ({"groups": 3}, r"groups: got 3, expected a divisor of the 4 channels"),
        ({"cell": (0, 4, 0)}, r"cell: got \(0, 4, 0\), expected a place in \(3, 4, 4\)"),
        ({"cell": (0, 1)}, r"cell: got \(0, 1\)"),
    ],
)
def test_what_it_refuses(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NormCube(alt=ALT, **wrong)
