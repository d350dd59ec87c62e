"""What every operation of a network costs, without running it: FLOP, and bytes of memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass(frozen=True)
class Work:
    """One operation: where it is in the network, what it is, its FLOP, and the bytes it must move.

    The bytes are the least possible without fusing: every input read once, the output written once.
    """

    name: str
    kind: str
    flop: int
    bytes: int

    @property
    def intensity(self) -> float:
        """FLOP a byte."""
        return self.flop / self.bytes


_ACTIVATIONS = "relu relu_ gelu silu silu_ sigmoid tanh leaky_relu leaky_relu_ hardtanh hardtanh_"
_KINDS = {
    "convolution": "convolution",
    "mm addmm": "dense",
    "bmm baddbmm": "batched product",
    "_softmax _log_softmax": "softmax",
    "native_batch_norm _native_batch_norm_legit_no_training _native_batch_norm_legit "
    "native_layer_norm native_group_norm": "normalisation",
    "max_pool2d_with_indices avg_pool2d _adaptive_avg_pool2d mean": "pooling",
    "copy_ clone cat stack _to_copy constant_pad_nd repeat fill_ zeros ones zeros_like ones_like "
    "new_zeros full arange scalar_tensor zero_ triu tril upsample_nearest2d": "copy",
    "embedding index index_select gather": "look-up",
    _ACTIVATIONS: "activation",
}
KIND_OF = {name: kind for names, kind in _KINDS.items() for name in names.split()}
PER_ELEMENT = {"softmax": 5, "normalisation": 7, "copy": 0, "look-up": 0}  # others: 1
_STILL = {"_unsafe_view", "_reshape_alias", "detach", "lift_fresh", "empty", "empty_like",
          "new_empty", "new_empty_strided", "empty_strided", "sym_size"}  # fmt: skip


def layer_work(
    model: nn.Module,
    x: Tensor | tuple[Tensor, ...],
    itemsize: int | None = None,
    method: str = "forward",
) -> list[Work]:
    """Return the `Work` of every operation of one forward pass, in order.

    The pass runs on torch's meta device, in evaluation mode: no numbers are computed, and the model
    stays as it is. ``x`` is the input with its batch axis, or a tuple of inputs; only its shapes
    and types count. ``itemsize`` replaces the bytes of a floating-point number, as if everything
    were stored in another format. A product of ``(m, k)`` and ``(k, n)`` counts ``2 m k n``, a
    convolution twice its multiply-adds, a softmax 5 and a normalisation 7 an element, everything
    else 1 an element, moving numbers 0. Views cost nothing and are left out.

    Raises ValueError where the input does not fit the model.
    """
    inputs = tuple(t.to("meta") for t in (x if isinstance(x, tuple) else (x,)))
    called = _Calls(model, method)
    blank = {
        name: torch.empty_like(t, device="meta")
        for name, t in (*called.named_parameters(), *called.named_buffers())
    }
    modes, log = {module: module.training for module in model.modules()}, _WorkLog(itemsize)
    called.eval()
    try:
        with torch.no_grad(), torch.device("meta"), _named(model, log), log:
            functional_call(called, blank, inputs)
    except RuntimeError as error:
        shapes = [tuple(t.shape) for t in inputs]
        raise ValueError(f"x: shapes {shapes} do not fit the model: {error}") from error
    finally:
        for module, training in modes.items():
            module.training = training
    return log.works


class _Calls(nn.Module):
    """A module that calls one method of another."""

    def __init__(self, model: nn.Module, method: str) -> None:
        super().__init__()
        self.model, self.method = model, method

    def forward(self, *inputs: Tensor) -> Any:
        return getattr(self.model, self.method)(*inputs)


@contextmanager
def _named(model: nn.Module, log: _WorkLog) -> Iterator[None]:
    """Tell ``log`` which module runs."""

    def enter(name: str) -> Callable[..., None]:
        return lambda _module, _inputs: log.path.append(name)

    def leave(_module: nn.Module, _inputs: object, _output: object) -> None:
        log.path.pop()

    hooks = []
    for name, module in model.named_modules():
        hooks += [
            module.register_forward_pre_hook(enter(name)),
            module.register_forward_hook(leave),
        ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@dataclass
class _WorkLog(TorchDispatchMode):
    """Notes every operation that torch carries out while it is on."""

    itemsize: int | None
    path: list[str] = field(default_factory=lambda: [""])
    works: list[Work] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func._schema.name.split("::")[-1]
        if func.is_view or name in _STILL:
            return out
        results = _tensors(out)
        if results:
            self.works.append(self._work(name, args, kwargs or {}, results))
        return out

    def _work(self, name: str, args: tuple, kwargs: dict, results: list[Tensor]) -> Work:
        kind, sources = KIND_OF.get(name, "elementwise"), _tensors((args, kwargs))
        if name == "convolution" and args[1].shape[1] == 1 < args[0].shape[1]:
            kind = "depthwise convolution"
        if name in ("copy_", "fill_", "zero_"):
            sources = sources[1:]  # the target is written, not read
        if kind == "look-up":
            sources = [results[0], *(t for t in sources if not t.is_floating_point())]
        moved = sum(self._bytes(t) for t in (*sources, *results))
        return Work(self.path[-1], kind, _flop(name, kind, args, results[0]), moved)

    def _bytes(self, tensor: Tensor) -> int:
        """Bytes of the distinct elements: an axis of stride 0 is one number seen many times."""
        size = self.itemsize if self.itemsize and tensor.is_floating_point() else None
        axes = zip(tensor.shape, tensor.stride(), strict=True)
        return (size or tensor.itemsize) * math.prod(n for n, stride in axes if stride or not n)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _flop(name: str, kind: str, args: tuple, result: Tensor) -> int:
    n = result.numel()
    if name == "convolution":
        x, weight, bias, transposed = args[0], args[1], args[2], args[6]
        sums = (x if transposed else result).numel() * weight[0].numel()
        return 2 * sums + (n if bias is not None else 0)
    if kind in ("dense", "batched product"):
        added = name in ("addmm", "baddbmm")
        return 2 * n * args[1 if added else 0].shape[-1] + n * added
    if name in ("max_pool2d_with_indices", "avg_pool2d"):
        return n * math.prod(args[1] if len(args[1]) == 2 else args[1] * 2)
    if kind == "pooling":
        return args[0].numel()
    return n * PER_ELEMENT.get(kind, 1)


def by_kind(works: Iterable[Work]) -> dict[str, Work]:
    """Return the sums over all operations of a kind, largest number of FLOP first."""
    found: dict[str, Work] = {}
    for work in works:
        old = found.get(work.kind, Work("all", work.kind, 0, 0))
        found[work.kind] = Work("all", work.kind, old.flop + work.flop, old.bytes + work.bytes)
    return dict(sorted(found.items(), key=lambda item: -item[1].flop))
