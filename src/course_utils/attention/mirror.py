"""A task for stacks of blocks: write a sequence backwards, every place at once."""

import torch
from torch import Tensor, nn

from course_utils.attention.blocks import Encoder

SYMBOLS, PLACES = 8, 8


class Mirror(nn.Module):
    """Embedding, learned positions, an `Encoder`, and logits: ``(B, T) -> (B, T, 8)``, T <= 8."""

    def __init__(self, depth: int, norm_first: bool = True, d: int = 24, heads: int = 2) -> None:
        super().__init__()
        self.symbols, self.places = nn.Embedding(SYMBOLS, d), nn.Embedding(PLACES, d)
        self.encoder = Encoder(d, heads, depth, norm_first)
        self.head = nn.Linear(d, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits at every place."""
        return self.head(self.encoder(self.symbols(x) + self.places.weight[: x.shape[1]]))


def mirror_loss(model: nn.Module, x: Tensor) -> Tensor:
    """Return the cross-entropy of the reversed sequence, mean over all places."""
    return nn.functional.cross_entropy(model(x).flatten(0, 1), x.flip(1).flatten())


def mirror_accuracy(
    depth: int, norm_first: bool, lr: float, warmup: int, seed: int, steps: int = 100
) -> float:
    """Train a `Mirror` by Adam on fresh random sequences; return the share of right symbols.

    The rate rises in a line to ``lr`` over ``warmup`` steps and stays there; guessing is 1/8.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Mirror(depth, norm_first)
    optimizer = torch.optim.Adam(model.parameters(), lr)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: min(1.0, (t + 1) / warmup))
    for _ in range(steps):
        loss = mirror_loss(model, torch.randint(SYMBOLS, (32, PLACES), generator=generator))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()
    x = torch.randint(SYMBOLS, (500, PLACES), generator=generator)
    with torch.no_grad():
        return (model(x).argmax(-1) == x.flip(1)).double().mean().item()
