import json

import numpy as np
import pytest

from course_utils.figures import BackpropPass, BackpropSteps

ALT = (
    "A network of two layers whose numbers appear forwards and then backwards, one layer at a time."
)
W1, b1 = np.array([[1.0, -2.0], [0.5, 1.0], [-1.0, 0.25]]), np.array([0.0, 0.5, 1.0])
W2, b2 = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]]), np.array([0.25, -0.5])
PARAMS = [(W1, b1), (W2, b2)]


def relu_slope(z):
    return (z > 0).astype(float)


def one_pass(x=(1.0, 2.0)):
    x = np.array(x)
    z1 = W1 @ x + b1
    h1 = np.maximum(z1, 0)
    z2 = W2 @ h1 + b2
    d2 = z2 - np.array([1.0, 0.0])
    d1 = (W2.T @ d2) * relu_slope(z1)
    return BackpropPass(z=[z1, z2], h=[x, h1, z2], deltas=[d1, d2], loss=0.5 * d2 @ d2)


def figure(params=PARAMS, **passes):
    return BackpropSteps(
        params=params, passes=passes or {"a": one_pass()}, slopes=relu_slope, alt=ALT
    )


def labels(step):
    return [term["label"] for term in step["terms"] if not isinstance(term, str)]


def step_of(fig, title):
    return next(s for s in fig.spec["passes"][0]["steps"] if s["title"] == title)


def value(step, label):
    rows = next(t["rows"] for t in step["terms"] if not isinstance(t, str) and t["label"] == label)
    return np.array(rows, dtype=float)


def test_the_steps_go_up_to_the_loss_and_down_again():
    titles = [step["title"] for step in figure().spec["passes"][0]["steps"]]
    assert titles == [
        "Input", "Forward: z₁", "Forward: h₁", "Forward: z₂", "Forward: h₂", "Loss and δ₂",
        "Backward: W₂, b₂", "Backward: δ₁", "Backward: W₁, b₁",
    ]  # fmt: skip


def test_every_displayed_equation_holds():
    fig = figure()
    up = step_of(fig, "Forward: z₂")
    assert np.allclose(value(up, "W₂") @ value(up, "h₁") + value(up, "b₂"), value(up, "z₂"), 1e-3)
    down = step_of(fig, "Backward: δ₁")
    product = value(down, "W₂ᵀ") @ value(down, "δ₂") * value(down, "g′(z₁)")
    assert np.allclose(product, value(down, "δ₁"), 1e-3)
    outer = step_of(fig, "Backward: W₁, b₁")
    assert value(outer, "∂L/∂W₁").shape == W1.shape
    assert np.allclose(value(outer, "δ₁") @ value(outer, "h₀ᵀ"), value(outer, "∂L/∂W₁"), 1e-3)


def test_the_mask_is_shown_where_a_unit_is_off():
    assert value(step_of(figure(), "Backward: δ₁"), "g′(z₁)").ravel().tolist() == [0, 1, 1]


def test_errors_appear_only_on_the_way_back():
    steps = figure().spec["passes"][0]["steps"]
    assert [step["back"] for step in steps] == [None] * 5 + [2, 2, 1, 1]
    assert [step["forward"] for step in steps] == [0, 0, 1, 1, 2, 2, 2, 2, 2]


def test_several_samples_travel_as_small_json():
    fig = figure(a=one_pass(), b=one_pass((-1.0, 0.5)))
    assert [one["name"] for one in fig.spec["passes"]] == ["a", "b"]
    assert len(json.dumps(fig.spec)) < 20_000


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ([], "got no layer"),
        ([(W1, b1), (W2.T, b2)], "layer 2 has W"),
        ([(W1, b2)], "layer 1 has W"),
        ([(np.zeros((7, 2)), np.zeros(7))], "at most 6"),
    ],
)
def test_layers_that_do_not_fit_are_refused(params, says):
    with pytest.raises(ValueError, match=says):
        figure(params)


def test_a_pass_of_other_shapes_is_refused():
    wrong = one_pass()
    with pytest.raises(ValueError, match="deltas has shapes"):
        figure(a=BackpropPass(z=wrong.z, h=wrong.h, deltas=wrong.deltas[::-1], loss=0.0))
    with pytest.raises(ValueError, match="expected at least one BackpropPass"):
        BackpropSteps(params=PARAMS, passes={}, slopes=relu_slope, alt=ALT)
