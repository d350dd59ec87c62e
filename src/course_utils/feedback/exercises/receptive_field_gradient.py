"""Chapter 4: the receptive field of a torch network, read from a gradient."""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.receptive_field_layers import field_of
from course_utils.feedback.exercises.receptive_field_sizes import SECTION, TITLE

SIZE, NET = "size", "net left as it was"
LAYERS = ("Conv2d", "AvgPool2d", "Sequential")


def build(net: str, weight: float = 1.0) -> Any:
    """Return ``net``, layers of torch.nn separated by commas, with positive weights.

    They are near 1 in the centre of a kernel and near ``weight`` around it. Every other parameter
    comes with a gradient from an earlier call.
    """
    import torch

    names = {"__builtins__": {}, **{name: getattr(torch.nn, name) for name in LAYERS}}
    modules = eval(f"[{net}]", names)
    module = modules[0] if len(modules) == 1 else torch.nn.Sequential(*modules)
    rng = np.random.default_rng(len(net))
    for index, parameter in enumerate(module.parameters()):
        values, earlier = rng.uniform(0.5, 1.5, (2, *parameter.shape))
        if values.ndim == 4:
            centre = values[..., values.shape[2] // 2, values.shape[3] // 2].copy()
            values *= weight
            values[..., values.shape[2] // 2, values.shape[3] // 2] = centre
        parameter.data = torch.tensor(values, dtype=torch.float32)
        if index % 2:
            parameter.grad = torch.tensor(earlier, dtype=torch.float32)
    return module


def run_net(
    student: Callable[..., Any], net: str, input_size: int, weight: float = 1.0, asked: str = SIZE
) -> Any:
    """Return the size that the student measures, and, where asked, whether the net is as before."""
    import torch

    with torch.random.fork_rng(devices=[]):
        module = build(net, weight)
        size = student(module, input_size)
        if isinstance(size, torch.Tensor):
            raise TypeError("the result must be an int, got a torch.Tensor: take its .item()")
        if asked == SIZE:
            return size
        pairs = zip(_state(module), _state(build(net, weight)), strict=True)
        return size, *(now == before for now, before in pairs)


def _state(module: Any) -> list[list]:
    """Return all weights, all their gradients, and which of them can be trained."""
    parameters = list(module.parameters())
    return [
        [p.tolist() for p in parameters],
        [None if p.grad is None else p.grad.tolist() for p in parameters],
        [p.requires_grad for p in parameters],
    ]


def _reference(net: Any, input_size: int) -> int:
    """Follow the edges of the central output's window down through the layers' numbers."""
    layers, side = [], input_size
    for module in net.modules():
        if hasattr(module, "kernel_size"):
            names = ("kernel_size", "stride", "padding", "dilation")
            numbers = (getattr(module, name, 1) for name in names)
            k, s, p, d = (n[0] if isinstance(n, tuple) else n for n in numbers)
            layers.append({"k": k, "s": s, "p": p, "d": d})
            side = (side + 2 * p - d * (k - 1) - 1) // s + 1
    first, last = field_of(layers, side // 2)
    return min(last, input_size - 1) - max(first, 0) + 1


def _channels(net: Any) -> int:
    return next(m.in_channels for m in net.modules() if hasattr(m, "in_channels"))


def _extent(grad: Any) -> int:
    """Return the height of the box around the non-zero entries of a gradient (C, n, n)."""
    rows = grad.ne(0).any(dim=0).any(dim=1).nonzero()
    return int(rows.max() - rows.min()) + 1


def _only_to_input(output: Any, x: Any, net: Any) -> Any:
    import torch

    return torch.autograd.grad(output, x)[0]


def _wrong(
    channels: Callable[[Any], int] = _channels,
    pick: Callable[[Any], Any] = lambda y: y[0, :, y.shape[2] // 2, y.shape[3] // 2].sum(),
    differentiate: Callable[[Any, Any, Any], Any] = _only_to_input,
    measure: Callable[[Any], int] = _extent,
) -> Callable[[Any, int], int]:
    """Return the measurement with one of its steps changed."""

    def receptive_field_by_gradient(net: Any, input_size: int) -> int:
        import torch

        x = torch.ones(1, channels(net), input_size, input_size, requires_grad=True)
        return measure(differentiate(pick(net(x)), x, net)[0])

    return receptive_field_by_gradient


def _backward(output: Any, x: Any, net: Any) -> Any:
    output.backward()
    return x.grad


def _backward_after_clearing(output: Any, x: Any, net: Any) -> Any:
    net.zero_grad()
    return _backward(output, x, net)


def _cleared_after_backward(output: Any, x: Any, net: Any) -> Any:
    _backward(output, x, net)
    net.zero_grad()
    return x.grad


def _frozen(output: Any, x: Any, net: Any) -> Any:
    net.requires_grad_(False)
    return _only_to_input(output, x, net)


def _overwritten(net: Any, input_size: int) -> int:
    import torch

    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0)
    return _wrong()(net, input_size)


def _one_row(grad: Any) -> int:
    columns = grad[:, grad.shape[1] // 2].ne(0).any(dim=0).nonzero()
    return int(columns.max() - columns.min()) + 1


def _above(bound: float) -> Callable[[Any], int]:
    return lambda grad: _extent(grad * (grad.abs() > bound))


def _above_share(share: float) -> Callable[[Any], int]:
    return lambda grad: _extent(grad * (grad.abs() > share * grad.abs().max()))


def _draw(rng: np.random.Generator) -> list[Case]:
    a, b = (int(k) for k in rng.permutation([3, 5]))
    d, p, n = int(rng.integers(3, 5)), int(rng.integers(1, 3)), int(rng.integers(25, 32))
    deep = ", ".join(["Conv2d(1, 1, 3)"] * 4)
    nets = {
        f"Conv2d(1, 1, {a})": "one layer",
        f"Conv2d(3, 4, {a}, padding={p}), Conv2d(4, 2, {b}, padding=1)": "three input channels",
        f"Conv2d(2, 3, 3, dilation={d}), Conv2d(3, 1, 2)": "holes inside the field",
        f"Sequential(Conv2d(3, 2, {b}, stride=2, padding=2), AvgPool2d(2)), Conv2d(2, 1, 2)": (
            "strides, a net inside the net"
        ),
        f"Conv2d(4, 4, {a}, groups=4, padding=1), Conv2d(4, 2, 1)": "one filter a channel",
        f"AvgPool2d(3, stride=2), Conv2d(2, 2, {b})": "a pooling first",
        "Conv2d(1, 2, 2, dilation=4)": "a hole in the middle of the field",
    }
    first, second = list(nets)[:2]
    return [
        *[Case((net, n), note=note, part=SIZE) for net, note in nets.items()],
        Case((deep, n, 1e-4), note="small weights", part=SIZE),
        *[Case((net, n, 1.0, NET), note=NET, part=NET) for net in (first, second)],
    ]


RECEPTIVE_FIELD_BY_GRADIENT = Exercise(
    key="receptive_field/receptive_field_by_gradient",
    points=3,
    concept="Receptive field by gradient",
    section=SECTION,
    section_title=TITLE,
    reference=_reference,
    worked=[
        Case(("Conv2d(1, 1, 3)", 9), note="one layer", expected=3, part=SIZE),
        Case(
            ("Conv2d(1, 1, 3, padding=1), Conv2d(1, 1, 3, padding=1)", 11),
            note="two layers",
            expected=5,
            part=SIZE,
        ),
        Case(("AvgPool2d(2), Conv2d(1, 1, 3)", 14), note="windows of 2", expected=6, part=SIZE),
        Case(
            ("Conv2d(1, 1, 3), Conv2d(1, 1, 3)", 11, 1.0, NET),
            expected=(5, True, True, True),
            part=NET,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput(("Conv2d(1, 1, 1)", 0), "an input below 1"),
        BadInput(("Conv2d(1, 1, 1)", -3), "an input below 1"),
        BadInput(("AvgPool2d(2), AvgPool2d(2)", 9), "a net without a convolution"),
    ],
    misconceptions=[
        *[
            Misconception(
                "gradients-of-the-weights",
                "the call changed .grad of the net's weights, which belongs to the caller. "
                "torch.autograd.grad(output, x) gives the gradient of x alone.",
                _wrong(differentiate=way),
            )
            for way in (_backward, _backward_after_clearing, _cleared_after_backward)
        ],
        Misconception(
            "weights-frozen",
            "the weights came back with requires_grad off: the caller can no longer train them. "
            "torch.autograd.grad(output, x) needs no such switch.",
            _wrong(differentiate=_frozen),
        ),
        Misconception(
            "weights-overwritten",
            "the weights of the net were replaced. They are positive already: leave them.",
            _overwritten,
        ),
        Misconception(
            "all-outputs",
            "the gradient of all outputs together covers what any of them sees. Take one output.",
            _wrong(pick=lambda y: y.sum()),
        ),
        Misconception(
            "corner-output",
            "the output in the corner sees padding instead of pixels. Take the central one.",
            _wrong(pick=lambda y: y[0, :, 0, 0].sum()),
        ),
        *named(
            "pixels-counted",
            "the non-zero entries were counted: that is an area. Return the side of the box around "
            "them.",
            _wrong(measure=lambda grad: int(grad.ne(0).sum())),
            _wrong(measure=lambda grad: int(grad.ne(0).any(dim=0).sum())),
        ),
        *named(
            "holes-not-counted",
            "only rows with a gradient were counted. A dilated kernel leaves holes inside the "
            "field: take the last row minus the first, plus 1.",
            _wrong(measure=lambda grad: int(grad.ne(0).any(dim=0).any(dim=1).sum())),
            _wrong(measure=lambda grad: round(float(grad.ne(0).any(dim=0).sum()) ** 0.5)),
        ),
        Misconception(
            "middle-row-only",
            "one row of the input was searched. A dilated kernel may leave it out: look at all.",
            _wrong(measure=_one_row),
        ),
        Misconception(
            "last-minus-first",
            "from pixel a to pixel b there are b - a + 1 pixels.",
            _wrong(measure=lambda grad: _extent(grad) - 1),
        ),
        Misconception(
            "one-channel",
            "the input had one channel. Read in_channels of the net's first convolution.",
            _wrong(channels=lambda net: 1),
        ),
        Misconception(
            "three-channels",
            "the input had three channels. Read in_channels of the net's first convolution.",
            _wrong(channels=lambda net: 3),
        ),
        Misconception(
            "channels-of-the-weights",
            "the second axis of the weights is in_channels / groups. Read in_channels itself.",
            _wrong(channels=lambda net: next(net.parameters()).shape[1]),
        ),
        *[
            Misconception(
                "small-gradients-dropped",
                "small gradients were taken for zero. The field counts every input that has any "
                "influence: compare with 0 exactly.",
                _wrong(measure=measure),
            )
            for measure in (
                *map(_above, [1e-8, 1e-6, 1e-10, 1e-5, 1e-9, 1e-7, 1e-4, 1e-3, 1e-12]),
                *map(_above_share, [0.1, 0.05, 0.01, 0.5, 1e-3]),
            )
        ],
    ],
    call=run_net,
    weights={SIZE: 0.6, NET: 0.2, VALIDATION: 0.2},
    inputs=("net", "input_size", "weights around the centre", "asked for"),
    outputs=("size", "weights as before", "gradients as before", "trainable as before"),
)
