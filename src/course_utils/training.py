"""The one training loop of the book: seeds, minibatches, history, early stopping."""

import copy
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from tqdm.auto import tqdm

Loss = Callable[[Tensor, Tensor], Tensor]
Data = tuple[Tensor, Tensor]
Schedule = Callable[[int, int], float]
Mix = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass
class History:
    """What ``fit`` measured: one entry an epoch, epochs counted from 1."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0


def seed_everything(seed: int) -> None:
    """Seed Python's, numpy's and torch's global generators."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def one_cycle(t: int, total: int, warmup: float = 0.3) -> float:
    """Return the share of the largest learning rate at step t of ``total``, counted from 0.

    A line from near 0 to 1 over the first ``warmup`` of the steps, then half a cosine down to
    near 0. Source: Smith and Topin (2019), Super-convergence; the cosine is that of Loshchilov and
    Hutter (2017), SGDR. Raises ValueError where t or ``warmup`` are out of range.
    """
    if not 0 <= t <= total or not 0 < warmup < 1:
        raise ValueError(f"expected 0 <= t <= total, 0 < warmup < 1, got {t}, {total}, {warmup}")
    x = (t + 0.5) / (total + 1)  # the middle of the step: neither end is exactly 0
    return x / warmup if x < warmup else 0.5 + 0.5 * math.cos(math.pi * (x - warmup) / (1 - warmup))


@torch.no_grad()
def logits_of(model: nn.Module, x: Tensor, batch_size: int = 512) -> Tensor:
    """Return ``model(x)`` in evaluation mode, computed in batches and without a graph."""
    model.eval()
    return torch.cat([model(part) for part in x.split(batch_size)])


def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the share of samples whose largest logit is the label: x ``(N, ...)``, y ``(N,)``."""
    return (logits_of(model, x).argmax(1) == y).double().mean().item()


def fit(
    model: nn.Module,
    train: Data,
    val: Data,
    *,
    epochs: int,
    batch_size: int = 64,
    lr: float = 0.1,
    optimizer: torch.optim.Optimizer | None = None,
    loss: Loss = nn.functional.cross_entropy,
    patience: int | None = None,
    seed: int = 0,
    augment: Callable[[Tensor], Tensor] | None = None,
    mix: Mix | None = None,
    schedule: Schedule | None = None,
    progress: bool = False,
) -> History:
    """Train ``model`` by minibatch descent and return the measured ``History``.

    The default optimizer is SGD with learning rate ``lr`` and momentum 0.9; pass your own to
    override it. With ``patience`` the loop stops after that many epochs without a lower validation
    loss, and the weights of the best epoch are put back. ``seed`` orders the minibatches.
    ``augment`` changes the inputs of a training batch, then ``mix`` its inputs and targets. With
    ``schedule`` step t of T, counted from 0, runs at ``schedule(t, T)`` times the learning rate.
    Raises ValueError for sizes below 1, an empty set, or a loss that is no longer finite.
    """
    _check_sizes(train, val, epochs=epochs, batch_size=batch_size, patience=patience)
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    rates = _rates(optimizer, schedule, epochs * math.ceil(len(train[0]) / batch_size))
    generator = torch.Generator().manual_seed(seed)
    history, best = History(), (float("inf"), copy.deepcopy(model.state_dict()))
    for epoch in tqdm(range(1, epochs + 1), disable=not progress, desc="epochs"):
        history.train_loss.append(
            _run_epoch(model, train, batch_size, optimizer, loss, generator, augment, mix, rates)
        )
        logits = logits_of(model, val[0])
        history.val_loss.append(loss(logits, val[1]).item())
        history.val_accuracy.append(_share_correct(logits, val[1]))
        if history.val_loss[-1] < best[0]:
            best = (history.val_loss[-1], copy.deepcopy(model.state_dict()))
            history.best_epoch = epoch
        if patience is not None and epoch - history.best_epoch >= patience:
            break
    if patience is not None:
        model.load_state_dict(best[1])
    return history


def descend(
    model: nn.Module,
    draw_loss: Callable[[], Tensor],
    steps: int,
    *,
    lr: float,
    clip: float | None = None,
    progress: bool = False,
) -> list[float]:
    """Train ``model`` for ``steps`` steps on batches that ``draw_loss`` draws; return each loss.

    AdamW with weight decay 0.001 and a rate that follows `one_cycle` up to ``lr``. ``draw_loss``
    makes a batch and returns its loss, a scalar with a graph. ``clip`` bounds the norm of the
    gradient. The model lies channels last in memory and ends in evaluation mode. Raises ValueError
    for ``steps`` below 1 or a loss that is no longer finite.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    model.to(memory_format=torch.channels_last)  # pyrefly: ignore[no-matching-overload]
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
    rates = LambdaLR(optimizer, lambda t: one_cycle(t, steps))
    losses = []
    model.train()
    for _ in tqdm(range(steps), disable=not progress, desc="steps"):
        value = _finite(draw_loss())
        optimizer.zero_grad()
        value.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        rates.step()
        losses.append(value.item())
    model.eval()
    return losses


def _finite(loss: Tensor) -> Tensor:
    if not torch.isfinite(loss):
        raise ValueError(f"the loss became {loss.item()}: is the learning rate too large?")
    return loss


def _run_epoch(
    model: nn.Module,
    train: Data,
    batch_size: int,
    optimizer: torch.optim.Optimizer,
    loss: Loss,
    generator: torch.Generator,
    augment: Callable[[Tensor], Tensor] | None,
    mix: Mix | None,
    rates: LRScheduler | None,
) -> float:
    """Run one pass over ``train`` and return the mean loss over its samples."""
    model.train()
    x, y = train
    total = 0.0
    for batch in torch.randperm(len(x), generator=generator).split(batch_size):
        inputs = x[batch] if augment is None else augment(x[batch])
        inputs, targets = (inputs, y[batch]) if mix is None else mix(inputs, y[batch])
        value = _finite(loss(model(inputs), targets))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if rates is not None:
            rates.step()
        total += value.item() * len(batch)
    return total / len(x)


def _rates(
    optimizer: torch.optim.Optimizer, schedule: Schedule | None, total: int
) -> LRScheduler | None:
    """Return what moves the learning rate after each step, or None where it is constant."""
    if schedule is None:
        return None
    return LambdaLR(optimizer, lambda t: schedule(t, total))


def _share_correct(outputs: Tensor, y: Tensor) -> float:
    """Return the accuracy for class labels, nan for a regression target."""
    if y.is_floating_point():
        return float("nan")
    return (outputs.argmax(1) == y).double().mean().item()


def _check_sizes(train: Data, val: Data, **sizes: int | None) -> None:
    for name, (x, y) in {"train": train, "val": val}.items():
        if len(x) == 0 or len(x) != len(y):
            raise ValueError(
                f"{name} must be equally many inputs and targets, got {len(x)}, {len(y)}"
            )
    for name, size in sizes.items():
        if size is not None and size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")
