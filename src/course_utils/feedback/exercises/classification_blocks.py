"""What the checks of torch blocks share: a student's module in, numpy facts out.

Names of attributes and the order of their definition are the student's own. So every parameter gets
numbers that follow from its role (weight or bias of a layer, part of a normalisation) and its
shape alone, and the expected output is computed from the same numbers in numpy.
"""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.feedback.exercises.network_record import BATCH_NORM, record_of
from course_utils.feedback.exercises.network_replay import Replayed

PARAMETERS, SHAPE, UNUSED = "shapes of the parameters", "shape of the output", "unused parameters"
TRAIN, EVAL, OUTPUT = "output in train mode", "output in eval mode", "output"
NORMS_OFF, WEIGHTS_OFF = "output with gamma = beta = 0", "output with all parameters 0"
ROLES = ("weight", "bias", "gamma", "beta", "mean", "variance")
Shapes = Sequence[tuple[int, ...]]


@dataclass(frozen=True)
class Computed:
    """A block computed in numpy: ``shapes`` of its parameters, ``forward`` of a case's numbers.

    ``shapes`` takes the numbers that the block is built of, ``forward`` those, x, and the word that
    says which output is asked for; ``unused`` is the number of parameters that it never reads.
    """

    shapes: Callable[..., Shapes]
    forward: Callable[..., np.ndarray]
    unused: int = 0

    def answer(self, numbers: Sequence[int], asked: str, x: np.ndarray | None) -> Any:
        """Return what ``asked`` names."""
        if asked == PARAMETERS:
            return sorted(self.shapes(*numbers))
        output = self.forward(*numbers, x, asked)
        if asked == UNUSED:
            return self.unused
        return output.shape if asked == SHAPE else output


def numbers_for(role: str, shape: tuple[int, ...], asked: str = "") -> np.ndarray:
    """Return the numbers of a parameter: they depend on its role and its shape, on nothing else.

    Axes of length one at the end do not count, so that a 1x1 convolution equals a dense layer. In
    front of a normalisation a bias is 0: it should not be there, which its shape tells.
    """
    norms_off = asked == NORMS_OFF and role in ("gamma", "beta")
    if asked == WEIGHTS_OFF or norms_off or (role == "bias" and asked in (TRAIN, EVAL, NORMS_OFF)):
        return np.zeros(shape)
    kept = trimmed(shape)
    rng = np.random.default_rng([ROLES.index(role), *kept])
    if role in ("gamma", "variance"):
        return rng.uniform(0.5, 1.5, kept).reshape(shape)
    scale = 1 / math.sqrt(math.prod(kept[1:])) if role == "weight" else 0.5
    return rng.normal(scale=scale, size=kept).reshape(shape)


def trimmed(shape: Sequence[int]) -> tuple[int, ...]:
    """Return a shape without the axes of length one at its end; the first axis stays."""
    kept = list(shape)
    while len(kept) > 1 and kept[-1] == 1:
        kept.pop()
    return tuple(kept)


def facts_of(record: Any, asked: str, x: np.ndarray | None) -> Any:
    """Return what ``asked`` names about a recorded block, as numbers and numpy arrays.

    Raises ValueError where there is no network in the record.
    """
    import torch

    if record is None:
        return None
    block = Replayed(record)
    if asked == PARAMETERS:
        return sorted(tuple(p.shape) for p in block.parameters())
    fill(block, asked)
    output = block.run(torch.from_numpy(x)).output
    if asked == UNUSED:
        output.square().sum().backward()
        return sum(p.grad is None for p in block.parameters())
    return tuple(output.shape) if asked == SHAPE else output.detach().numpy()


def fill(block: Replayed, asked: str = "") -> None:
    """Set every parameter and every running average of ``block`` to the numbers of its role."""
    import torch

    for slot in block.slots:
        shape = tuple(slot.tensor.shape)
        if not slot.tensor.is_floating_point() or not slot.known:
            continue  # the count of batches, and what torch does not know of
        roles = {"weight": "gamma", "bias": "beta", "running_mean": "mean"}
        role = "variance" if slot.name == "running_var" else "bias" if len(shape) == 1 else "weight"
        role = roles.get(slot.name, role) if slot.kind == BATCH_NORM else role
        with torch.no_grad():
            slot.tensor.copy_(torch.from_numpy(numbers_for(role, shape, asked)))


def run_block(student: Any, numbers: Sequence[int], asked: str, x: np.ndarray | None = None) -> Any:
    """Return the record of ``student(*numbers)``, a torch module, at work on ``x``."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        block = student(*numbers)
        if isinstance(block, torch.nn.Module):
            block.double().train(asked in (TRAIN, UNUSED))
        return record_of(block, None if x is None else torch.from_numpy(x))


def judge_block(record: Any, asked: str, x: np.ndarray | None = None) -> Any:
    """Return what ``asked`` names about a recorded block."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        return facts_of(record, asked, x)


def call_block(block: Any, numbers: Sequence[int], asked: str, x: np.ndarray | None = None) -> Any:
    """Return what ``asked`` names about a ``Computed`` block, or about ``block(*numbers)``."""
    if isinstance(block, Computed):
        return block.answer(numbers, asked, x)
    return judge_block(run_block(block, numbers, asked, x), asked, x)


def convolve(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> np.ndarray:
    """Return the cross-correlation of x (B, C, H, W) with w, tap by tap."""
    edges = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded, (k_h, k_w) = np.pad(x, edges), w.shape[2:]
    rows = (padded.shape[2] - k_h) // stride + 1
    columns = (padded.shape[3] - k_w) // stride + 1
    if min(rows, columns) < 1:
        raise RuntimeError(f"a kernel of {w.shape[2:]} does not fit into {padded.shape[2:]}")
    out = np.zeros((len(x), len(w), rows, columns))
    for i in range(k_h):
        for j in range(k_w):
            taps = padded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            out += np.einsum("oc,bchw->bohw", w[:, :, i, j], taps[:, :, :rows, :columns])
    return out


def normalise(x: np.ndarray, asked: str) -> np.ndarray:
    """Return the batch norm of x: by its own numbers in train mode, else by the running ones."""
    shape = (x.shape[1],)
    gamma, beta, mean, variance = (numbers_for(role, shape, asked) for role in ROLES[2:])
    if asked in (TRAIN, UNUSED):
        mean, variance = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    scale = gamma / np.sqrt(variance + 1e-5)
    return (x - _maps(mean)) * _maps(scale) + _maps(beta)


def _maps(values: np.ndarray) -> np.ndarray:
    return values[:, None, None]
