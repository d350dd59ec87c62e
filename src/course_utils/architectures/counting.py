"""Count what a network costs without running it: shapes, parameters, multiply-adds, depth.

Everything works on torch's *meta* device, where a tensor has a shape and no numbers: a network of
sixty million weights is built and walked through in a blink, and takes no memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.func import functional_call

WEIGHTED = (nn.Conv2d, nn.Linear)


@dataclass(frozen=True)
class Stage:
    """One row of a shape walk: sizes are for one image, ``shape`` is the output's."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def count_parameters(model: nn.Module) -> int:
    """Return the number of trainable scalars of ``model``."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def on_meta(make: Callable[[], nn.Module]) -> nn.Module:
    """Build ``make()`` on the meta device: parameters with shapes and without memory."""
    with torch.device("meta"):
        return make()


def trace_shapes(model: nn.Module, input_shape: Sequence[int]) -> list[Stage]:
    """Walk one image through ``model`` on the meta device: a `Stage` for each direct child.

    ``input_shape`` is ``(C, H, W)``. A convolution with kernel ``(C_out, C_in / g, k, k)`` and
    output ``(C_out, H', W')`` costs ``C_out H' W' k k C_in / g`` multiply-adds, a dense layer
    ``d_out d_in``; nothing else is counted. A child that runs several times gets its last shape.
    The model stays as it is, on whatever device. Raises ValueError where the image does not fit.
    """
    costs: dict[str, int] = {}
    shapes: dict[str, tuple[int, ...]] = {}

    def record(name: str, module: nn.Module) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if "." not in name:
                shapes[name] = tuple(first.shape[1:])
            if isinstance(module, WEIGHTED):
                top = name.split(".", maxsplit=1)[0]
                costs[top] = costs.get(top, 0) + first.numel() * module.weight[0].numel()

        return hook

    hooks = [m.register_forward_hook(record(n, m)) for n, m in model.named_modules() if n]
    try:
        _forward_on_meta(model, input_shape)
    finally:
        for hook in hooks:
            hook.remove()
    return [
        Stage(name, shapes[name], count_parameters(child), costs.get(name, 0))
        for name, child in model.named_children()
        if name in shapes
    ]


def _forward_on_meta(model: nn.Module, input_shape: Sequence[int]) -> None:
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    blank = {name: torch.empty_like(t, device="meta") for name, t in tensors.items()}
    training = model.training
    model.eval()
    try:
        functional_call(model, blank, (torch.empty(1, *input_shape, device="meta"),))
    except RuntimeError as error:
        raise ValueError(f"input_shape: {tuple(input_shape)} does not fit: {error}") from error
    finally:
        model.train(training)


def shape_table(stages: Sequence[Stage]) -> str:
    """Return the walk as text: name, output shape, parameters, multiply-adds, and their sums."""
    width = max(len(stage.name) for stage in stages)
    lines = [
        f"{s.name:{width}s}  {' x '.join(map(str, s.shape)):>16s}  {s.parameters:>12,}"
        f"  {s.multiply_adds:>15,}"
        for s in stages
    ]
    head = f"{'':{width}s}  {'output':>16s}  {'parameters':>12s}  {'multiply-adds':>15s}"
    sums = sum(s.parameters for s in stages), sum(s.multiply_adds for s in stages)
    return "\n".join([head, *lines, f"{'sum':{width}s}  {'':16s}  {sums[0]:>12,}  {sums[1]:>15,}"])


class _Tracer(fx.Tracer):
    """Follows the data through a model; modules marked ``counts_as_depth = False`` stay closed."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        closed = not getattr(m, "counts_as_depth", True)
        return closed or super().is_leaf_module(m, module_qualified_name)


def longest_path(model: nn.Module) -> int:
    """Return the depth: the most convolutions and dense layers that one path passes through.

    Parallel branches count as their longest, so a projection beside a residual branch adds nothing.
    Gates (squeeze and excitation) are left out, as they are where depths are published.
    """
    depth: dict[fx.Node, int] = {}
    modules = dict(model.named_modules())
    for node in _Tracer().trace(model).nodes:
        before = max((depth[source] for source in node.all_input_nodes), default=0)
        weighted = node.op == "call_module" and isinstance(modules[str(node.target)], WEIGHTED)
        depth[node] = before + weighted
    return max(depth.values())
