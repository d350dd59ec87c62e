"""Looking something up among many: a task that separates kinds of attention, and three of them."""

from itertools import repeat

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, elu

NAMES, MARKS = 64, 8
KINDS = ("softmax", "linear", "window")
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def recall_batch(n: int, pairs: int, generator: torch.Generator) -> Batch:
    """Return names (n, pairs) and their marks, an asked name (n,), and its mark (n,).

    The names of a row are all different and at most 64; the asked one stands anywhere among them.
    Chance is one in eight. Raises ValueError for more pairs than names.
    """
    if not 1 <= pairs <= NAMES:
        raise ValueError(f"pairs must be 1 to {NAMES}, got {pairs}")
    names = torch.rand(n, NAMES, generator=generator).argsort(1)[:, :pairs]
    marks = torch.randint(MARKS, (n, pairs), generator=generator)
    place = torch.randint(pairs, (n, 1), generator=generator)
    return names, marks, names.gather(1, place)[:, 0], marks.gather(1, place)[:, 0]


class Recall(nn.Module):
    """One head that reads the mark of an asked name: names, marks, asked -> logits (n, 8).

    ``kind`` is "softmax"; "window", a softmax over the last ``window`` tokens; or "linear", with
    weights ``f(q) f(k)``, ``f = elu + 1``, over their sum. Raises ValueError for another kind.
    Source: {ref}`attention-cost`.
    """

    def __init__(self, kind: str, d: int = 32, window: int = 8) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
        super().__init__()
        self.kind, self.window = kind, window
        self.names, self.marks = nn.Embedding(NAMES, d), nn.Embedding(MARKS, d)
        self.q, self.k, self.v = (nn.Linear(d, d) for _ in range(3))
        self.out = nn.Linear(d, MARKS)

    def forward(self, names: Tensor, marks: Tensor, asked: Tensor) -> Tensor:
        """Let the asked name look at all pairs of name and mark."""
        tokens = self.names(names) + self.marks(marks)
        if self.kind == "window":
            tokens = tokens[:, -self.window :]
        q, k, v = self.q(self.names(asked))[:, None], self.k(tokens), self.v(tokens)
        if self.kind == "linear":
            products = (elu(q) + 1) @ (elu(k) + 1).mT
            weights = products / products.sum(-1, keepdim=True)
        else:
            weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.out((weights @ v)[:, 0])


def fit_recall(kind: str, seed: int, steps: int, lr: float = 0.03, d: int = 32) -> Recall:
    """Train on batches of 32 with 2 to 64 pairs each, Adam, a one-cycle step size."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Recall(kind, d)
    optimiser = torch.optim.Adam(model.parameters(), lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)
    for _ in repeat(None, steps):
        pairs = int(torch.randint(2, NAMES + 1, (1,), generator=generator))
        *given, answer = recall_batch(32, pairs, generator)
        loss = cross_entropy(model(*given), answer)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model


@torch.no_grad()
def recall_accuracy(model: nn.Module, pairs: int, n: int = 1000) -> float:
    """Return the share of right answers on ``n`` new rows of ``pairs`` pairs."""
    *given, answer = recall_batch(n, pairs, torch.Generator().manual_seed(1_000_000 + pairs))
    return float((model(*given).argmax(1) == answer).float().mean())
