"""A torch network as data: the operations of one forward pass, and what it is made of.

What is compared are facts about a network, and whoever states a fact can state a wrong one. So the
process that holds a student's network only writes down what the network computes. The facts are
found from that record where nothing of the student's runs (see `network_replay.py`): a record with
the right facts is a right network, however it came about.
"""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

# Sent to another process, a class inside a function would not find the names of its annotations.
from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

BATCH_NORM, NORM, PLAIN = "batch norm", "norm", ""
CONSTANTS = 8 << 20  # bytes of arrays that a network may bring, beyond its parameters
STEPS = 5000


def kind_of(module: Any) -> str:
    """Return what the parameters of a module belong to: a normalisation, or another layer."""
    from torch import nn
    from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

    if isinstance(module, _BatchNorm):
        return BATCH_NORM
    return NORM if isinstance(module, _NormBase | nn.GroupNorm | nn.LayerNorm) else PLAIN


def images(c_in: int, size: tuple[int, int]) -> Any:
    """Return the two images that a network is run on."""
    import torch

    generator = torch.Generator().manual_seed(0)
    x = torch.rand((2, c_in, *size), generator=generator, dtype=torch.float64) + 0.5
    return x.requires_grad_(True)


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Let torch make tensors in float64, those of layers that it does not know of, too."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def record_of(network: Any, x: Any) -> dict[str, Any] | None:
    """Return the record of ``network(x)`` as plain values; None where the network returns None.

    Without an x there are no steps, and no output.

    ``text`` is JSON in bytes: the slots (parameters and buffers, by module), the steps
    (operation, arguments, results, whether gradients were on), and the place of the output.
    ``arrays`` are the tensors that neither a step nor the caller made. Raises TypeError where the
    network is no module or its output no tensor, ValueError where there is too much to write down.
    """
    import torch

    if not isinstance(network, torch.nn.Module):
        raise TypeError(f"the class must be a torch.nn.Module, got {type(network).__name__}")
    recorder = _Recorder(x)
    for module in network.modules():
        for is_buffer, named in enumerate((module.named_parameters, module.named_buffers)):
            for name, tensor in named(recurse=False):
                recorder.slot(tensor, name, kind_of(module), bool(is_buffer))
    if x is None:
        return recorder.record(None)
    with _recording(recorder):
        output = network(x)
    if output is None:
        return None
    if not isinstance(output, torch.Tensor):
        raise TypeError(f"forward must return a tensor, got {type(output).__name__}")
    return recorder.record(output)


def _recording(recorder: _Recorder) -> Any:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
            result = func(*args, **(kwargs or {}))
            recorder.step(func, args, kwargs or {}, result)
            return result

    return Mode()


class _Recorder:
    """Writes down slots, steps, and the tensors that come from elsewhere."""

    def __init__(self, x: Any) -> None:
        self.places: dict[int, int] = {}
        self.kept: list[Any] = []  # or another tensor could get the identity of one that has gone
        self.slots: list[dict[str, Any]] = []
        self.steps: list[Any] = []
        self.arrays: dict[int, np.ndarray] = {}
        self._place(x)

    def _place(self, tensor: Any) -> int:
        self.places[id(tensor)] = len(self.kept)
        self.kept.append(tensor)
        return self.places[id(tensor)]

    def slot(self, tensor: Any, name: str, kind: str, is_buffer: bool, known: bool = True) -> int:
        """Write down a parameter or a buffer; return its place."""
        place = self.places.get(id(tensor))
        if place is None:
            place = self._place(tensor)
        if is_buffer:
            self._keep(place, tensor)
        described = {"at": place, "name": name, "kind": kind, "buffer": is_buffer, "known": known}
        self.slots.append({**described, "shape": list(tensor.shape)})
        return place

    def _keep(self, place: int, tensor: Any) -> None:
        self.arrays[place] = tensor.detach().cpu().numpy().copy()
        if sum(array.nbytes for array in self.arrays.values()) > CONSTANTS:
            raise ValueError("the network holds far more numbers than it needs")

    def step(self, func: Any, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        """Write down an operation; what has no tensor among its results leads nowhere."""
        import torch

        results = result if isinstance(result, tuple | list) else (result,)
        if not any(isinstance(each, torch.Tensor) for each in results):
            return
        if len(self.steps) == STEPS:
            raise ValueError(f"more than {STEPS} operations in one forward pass")
        given = [self._form(each) for each in args]
        named = {name: self._form(value) for name, value in kwargs.items()}
        found = [self._result(each) for each in results]
        self.steps.append([str(func), given, named, found, torch.is_grad_enabled()])

    def _result(self, result: Any) -> int | None:
        import torch

        if not isinstance(result, torch.Tensor):
            return None
        place = self.places.get(id(result))  # what works in place returns its argument
        return self._place(result) if place is None else place

    def _form(self, value: Any) -> Any:
        import torch

        if isinstance(value, torch.Tensor):
            return {"tensor": self._of(value)}
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).removeprefix("torch.")}
        if isinstance(value, list | tuple):
            return [self._form(each) for each in value]
        # Layouts, devices, memory formats and generators are those of the replay.
        return value if isinstance(value, bool | int | float | str) else None

    def _of(self, tensor: Any) -> int:
        """Return the place of a tensor; one that nobody has made is a constant or a parameter."""
        import torch

        if id(tensor) in self.places:
            return self.places[id(tensor)]
        if isinstance(tensor, torch.nn.Parameter):
            return self.slot(tensor, "", PLAIN, is_buffer=False, known=False)
        place = self._place(tensor)
        self._keep(place, tensor)
        return place

    def record(self, output: Any) -> dict[str, Any]:
        """Return all of it in plain values."""
        place = 0 if output is None else self._of(output)
        told = {"slots": self.slots, "steps": self.steps, "output": place}
        return {
            "text": np.frombuffer(json.dumps(told).encode(), np.uint8),
            "places": list(self.arrays),
            "arrays": list(self.arrays.values()),
        }
