"""What is true of every U-Net, whatever its layers are: read from one forward pass.

Every map (B, C, H, W) that torch makes on the way is written down. Its size tells its level, and
gradients tell which map reaches the output along which way.
"""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

# Sent to another process, a class inside a function would not find the names of its annotations.
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SHAPE, LOGITS = "shape of the output", "what the logits may be"
WIDTHS, PARAMETERS = "channels level by level", "unused and hidden parameters"
SKIPS, JOINS = "ways around the level below", "maps joined by no sum and no product"
FILLS = 4
Size = tuple[int, int]


@dataclass
class Passed:
    """One forward pass: x, the output, all maps in order, and the parameters that were used."""

    x: Any
    output: Any
    maps: list[Any]
    used: list[Any]

    def __post_init__(self) -> None:
        """Sort the maps by level: those made on the way down, and those made afterwards."""
        self.down: list[list[Any]] = []
        rest, size = [self.x, *self.maps], tuple(self.x.shape[2:])
        while True:
            below = (size[0] // 2, size[1] // 2)
            index = next((i for i, m in enumerate(rest) if tuple(m.shape[2:]) == below), len(rest))
            self.down.append([m for m in rest[:index] if tuple(m.shape[2:]) == size])
            if index == len(rest) or 0 in below:
                self.up = [m for m in rest if tuple(m.shape[2:]) != size]
                return
            rest, size = rest[index:], below

    def widths(self) -> list[int]:
        """Return the channels of the map that leaves each level; at the bottom, of most maps."""
        *upper, bottom = self.down
        own = Counter(m.shape[1] for m in bottom[1:] or bottom)  # the first comes from above
        return [level[-1].shape[1] for level in upper] + [max(own, key=lambda c: (own[c], c))]

    def ways(self) -> list[list[Any]]:
        """Return for each level the gradients that reach its maps around the level below."""
        return [self._around_below(level) for level in range(len(self.down) - 1)]

    def _around_below(self, level: int) -> list[Any]:
        leaving, below = self.down[level][-1], self.down[level + 1][0]
        own = [m for m in self.down[level] if m.shape[1] == leaving.shape[1]]
        return [self._around(m, below) for m in own]

    def joins(self) -> tuple[bool, ...]:
        """Return level by level that no sum joins the ways, and then that no product does.

        The two terms of a sum have equal gradients, the factors of a product equal products of
        value and gradient. Parts of a concatenation meet weights of their own.
        """
        found = [
            joined(self, self.down[level][-1], ways[-1], self.down[level + 1][0])
            for level, ways in enumerate(self.ways())
        ]
        return *(not summed for summed, _ in found), *(not product for _, product in found)

    def _around(self, at: Any, below: Any) -> Any:
        import torch

        total, lower = gradients(weighted(self.output), [at, below])
        through = torch.autograd.grad(
            below, at, grad_outputs=lower, retain_graph=True, allow_unused=True
        )[0]
        return total - through if through is not None else total


def weighted(output: Any) -> Any:
    """Return a sum of the outputs in which every entry has a weight of its own."""
    import torch

    generator = torch.Generator().manual_seed(1)
    weights = torch.rand(output.shape, generator=generator, dtype=output.dtype) + 0.5
    return (output * weights).sum()


def gradients(scalar: Any, tensors: Sequence[Any]) -> list[Any]:
    """Return the gradient of ``scalar`` in each tensor, zeros where it does not depend on it."""
    import torch

    if not tensors:
        return []
    found = torch.autograd.grad(scalar, list(tensors), retain_graph=True, allow_unused=True)
    pairs = zip(found, tensors, strict=True)
    return [torch.zeros_like(t) if g is None else g for g, t in pairs]


def joined(run: Passed, skip: Any, way: Any, below: Any) -> tuple[bool, bool]:
    """Return whether a sum and whether a product joins ``skip`` with a map made from ``below``.

    ``way`` is the gradient that reaches the skip around the level below.
    """
    if not bool(way.abs().max() > 0):
        return False, False
    others = [m for m in run.up if m.shape == skip.shape]
    grads = gradients(weighted(run.output), others)
    lower = [bool(gradients(weighted(m), [below])[0].abs().max() > 0) for m in others]
    risen = [(m, g) for m, g, low in zip(others, grads, lower, strict=True) if low]
    aside = [g for g, low in zip(grads, lower, strict=True) if not low]
    summed = any(alike(g, way) for _, g in risen)
    summed |= any(alike(risen[0][1], g) for g in aside) if risen else False
    return summed, any(alike(m * g, skip * way) for m, g in risen)


def alike(a: Any, b: Any) -> bool:
    """Return whether two gradients agree and are not all zero."""
    import torch

    return bool(a.abs().max() > 0) and torch.allclose(a, b, rtol=1e-9, atol=0)


def passed(network: Any, size: Size, c_in: int) -> Passed:
    """Run the network on two images and write down the maps and the parameters on the way."""
    import torch
    from torch.overrides import TorchFunctionMode

    maps, used = [], []

    class Recorder(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
            result = func(*args, **(kwargs or {}))
            given = [*args, *(kwargs or {}).values()]
            used.extend(a for a in given if isinstance(a, torch.nn.Parameter))
            for item in result if isinstance(result, tuple | list) else (result,):
                if isinstance(item, torch.Tensor) and item.ndim == 4 and item.requires_grad:
                    maps.append(item)
            return result

    generator = torch.Generator().manual_seed(0)
    x = torch.rand((2, c_in, *size), generator=generator, dtype=torch.float64) + 0.5
    x.requires_grad_(True)
    with Recorder():
        output = network(x)
    if output is not None and not isinstance(output, torch.Tensor):
        raise TypeError(f"forward must return a tensor, got {type(output).__name__}")
    return Passed(x, output, maps, used)


def fill(network: Any, signed: bool, seed: int) -> None:
    """Set all parameters: positive, so that every ReLU lets through, or of both signs and large."""
    import torch
    from torch.nn.modules.batchnorm import _NormBase

    rng = np.random.default_rng(seed)
    for module in network.modules():
        norm = isinstance(module, _NormBase | torch.nn.GroupNorm | torch.nn.LayerNorm)
        for name, parameter in module.named_parameters(recurse=False):
            fan = max(int(np.prod(parameter.shape[1:])), 1)
            if norm or parameter.ndim < 2:
                shift = 3.0 if norm and name == "bias" and not signed else 0.0
                values = rng.uniform(0.5, 1.5, parameter.shape) + shift
            else:
                values = rng.uniform(0.5, 1.5, parameter.shape) / fan
            if signed and not norm:
                values = rng.normal(size=parameter.shape) * (3 / fan**0.5)
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(np.asarray(values)))


def fill_hidden(network: Any, used: Sequence[Any]) -> bool:
    """Set the parameters in ``used`` that the network does not know of; return whether any are."""
    import torch

    known = {id(parameter) for parameter in network.parameters()}
    hidden = [parameter for parameter in used if id(parameter) not in known]
    rng = np.random.default_rng(0)
    for parameter in hidden:
        fan = max(int(np.prod(parameter.shape[1:])), 1)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(rng.uniform(0.5, 1.5, tuple(parameter.shape)) / fan))
    return bool(hidden)


def facts_of(network: Any, c_in: int, asked: str, size: Size) -> Any:
    """Return what ``asked`` names about a network of ``c_in`` channels, as plain values."""
    import torch

    if not isinstance(network, torch.nn.Module):
        raise TypeError(f"the class must be a torch.nn.Module, got {type(network).__name__}")
    network.double().eval()
    if asked == LOGITS:
        return logits(network, size, c_in)
    fill(network, signed=False, seed=0)
    run = passed(network, size, c_in)
    if fill_hidden(network, run.used):  # or the ways through them would hang on their luck
        run = passed(network, size, c_in)
    if run.output is None:
        return None
    if not run.output.requires_grad:
        raise TypeError("the output has no gradient: is there a no_grad or a detach in forward?")
    answers = {
        SHAPE: lambda: tuple(run.output.shape),
        PARAMETERS: lambda: parameters(network, run),
        WIDTHS: run.widths,
        SKIPS: lambda: tuple(any(bool(g.abs().max() > 0) for g in ways) for ways in run.ways()),
        JOINS: run.joins,
    }
    return answers[asked]()


def logits(network: Any, size: Size, c_in: int) -> Any:
    """Return what some set of parameters does with raw logits, and none with squashed ones."""
    found = []
    for seed in range(FILLS):
        fill(network, signed=True, seed=seed)
        output = passed(network, size, c_in).output
        if output is None:
            return None
        values = output.detach().numpy()
        top = values.max(axis=1)
        together = np.log(np.exp(values - top[:, None]).sum(axis=1)) + top
        found.append(
            (
                bool((values < 0).any()),
                bool((values < -1).any()),
                bool((values > 1).any()),
                not np.allclose(values.sum(axis=1), 1),
                not np.allclose(together, 0, atol=1e-6),
            )
        )
    return tuple(any(each) for each in zip(*found, strict=True))


def parameters(network: Any, run: Passed) -> tuple[bool, bool]:
    """Return whether all parameters are used, and whether torch knows all that are used."""
    import torch

    known = list(network.parameters())
    if not known:
        return False, not run.used
    found = torch.autograd.grad(weighted(run.output), known, allow_unused=True)
    names = {id(p) for p in known}
    return all(g is not None for g in found), all(id(p) in names for p in run.used)
