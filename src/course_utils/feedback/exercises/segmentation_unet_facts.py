"""What is true of every U-Net, whatever its layers are: found from the record of a forward pass.

The record is run again. The size of a map (B, C, H, W) tells its level, and gradients tell which
map reaches the output along which way.
"""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.feedback.exercises.network_record import PLAIN, images
from course_utils.feedback.exercises.network_replay import Replayed

SHAPE, LOGITS = "shape of the output", "what the logits may be"
WIDTHS, PARAMETERS = "channels level by level", "unused and hidden parameters"
SKIPS, JOINS = "ways around the level below", "maps joined by no sum and no product"
FILLS = 4
Size = tuple[int, int]


@dataclass
class Passed:
    """One forward pass: x, the output, and all maps in order."""

    x: Any
    output: Any
    maps: list[Any]

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


def passed(network: Replayed, size: Size, c_in: int) -> Passed:
    """Run the network on two images and keep the maps on the way."""
    x = images(c_in, size)
    run = network.run(x)
    return Passed(x, run.output, [m for m in run.results if m.ndim == 4 and m.requires_grad])


def fill(network: Replayed, signed: bool, seed: int) -> None:
    """Set all parameters: positive, so that every ReLU lets through, or of both signs and large."""
    import torch

    rng = np.random.default_rng(seed)
    for slot in network.slots:
        if slot.buffer:
            continue
        shape, norm = tuple(slot.tensor.shape), slot.kind != PLAIN
        fan = max(int(np.prod(shape[1:])), 1)
        if norm or len(shape) < 2:
            shift = 3.0 if norm and slot.name == "bias" and not signed else 0.0
            values = rng.uniform(0.5, 1.5, shape) + shift
        else:
            values = rng.uniform(0.5, 1.5, shape) / fan
        if signed and not norm:
            values = rng.normal(size=shape) * (3 / fan**0.5)
        with torch.no_grad():
            slot.tensor.copy_(torch.from_numpy(np.asarray(values)))


def facts_of(record: Any, c_in: int, asked: str, size: Size) -> Any:
    """Return what ``asked`` names about a recorded network of ``c_in`` channels, in plain values.

    Raises ValueError where there is no network in the record, TypeError where it has no gradient.
    """
    if record is None:
        return None
    network = Replayed(record)
    if asked == LOGITS:
        return logits(network, size, c_in)
    fill(network, signed=False, seed=0)
    run = passed(network, size, c_in)
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


def logits(network: Replayed, size: Size, c_in: int) -> Any:
    """Return what some set of parameters does with raw logits, and none with squashed ones."""
    found = []
    for seed in range(FILLS):
        fill(network, signed=True, seed=seed)
        values = passed(network, size, c_in).output.detach().numpy()
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


def parameters(network: Replayed, run: Passed) -> tuple[bool, bool]:
    """Return whether all parameters are used, and whether torch knows all that are used."""
    import torch

    known = network.parameters()
    if not known:
        return False, not network.hidden()
    found = torch.autograd.grad(weighted(run.output), known, allow_unused=True)
    return all(g is not None for g in found), not network.hidden()
