"""A GPT: causal blocks over tokens, and how to draw text from one."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from course_utils.attention.blocks import Block
from course_utils.attention.core import Past
from course_utils.training import one_cycle


class GPT(nn.Module):
    """A stack of causal blocks that predicts, at every place, the next token.

    ``vocabulary`` tokens, width ``d``, ``context`` learned positions. Source:
    {ref}`attention-language`.
    """

    def __init__(
        self,
        vocabulary: int,
        d: int,
        heads: int,
        layers: int,
        context: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.context = context
        self.tokens = nn.Embedding(vocabulary, d)
        self.positions = nn.Embedding(context, d)
        self.blocks = nn.ModuleList(
            Block(d, heads, causal=True, dropout=dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, vocabulary, bias=False)
        for table in (self.tokens, self.positions):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, tokens: Tensor, past: Sequence[Past] | None = None) -> Tensor:
        """Return logits ``(B, T, vocabulary)`` for tokens ``(B, T)``; logits t see tokens 0..t.

        With ``past``, one memory a block, the tokens continue what the memories hold: give all
        tokens once, then each new one alone. Raises ValueError for more tokens than ``context``.
        """
        start, length = (len(past[0]) if past else 0), tokens.shape[1]
        if not 0 < start + length <= self.context:
            raise ValueError(f"expected 1 to {self.context} tokens, got {start + length}")
        x = self.tokens(tokens) + self.positions.weight[start : start + length]
        for index, block in enumerate(self.blocks):
            x = block(x, past=past[index] if past else None)
        return self.head(self.norm(x))


def next_token_loss(model: nn.Module, tokens: Tensor) -> Tensor:
    """Return the mean of -log p(token t+1 | tokens 0..t) over ``(B, T + 1)`` tokens, in nats."""
    logits = model(tokens[:, :-1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())


@torch.no_grad()
def held_out_loss(model: GPT, tokens: Tensor) -> float:
    """Return `next_token_loss` over a text ``(N,)``, cut into pieces of the model's context."""
    model.eval()
    size = model.context + 1
    pieces = tokens[: len(tokens) // size * size].view(-1, size)
    total = sum(len(part) * next_token_loss(model, part).item() for part in pieces.split(64))
    return total / len(pieces)


def fit_gpt(
    model: GPT,
    tokens: Tensor,
    steps: int,
    *,
    batch: int = 32,
    lr: float = 4e-3,
    seed: int = 0,
    watch: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Train ``model`` on pieces of a text ``(N,)`` drawn at random; return the loss of each step.

    AdamW with weight decay 0.1 and a gradient of norm at most 1; the rate rises for a tenth of the
    steps and falls as half a cosine. ``watch`` is told each step, from 1, and its loss. The model
    ends in evaluation mode. Raises ValueError for a text shorter than the context.
    """
    if len(tokens) <= model.context:
        raise ValueError(f"{len(tokens)} tokens do not fill a context of {model.context}")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.99), weight_decay=0.1)
    rates = LambdaLR(optimizer, lambda t: one_cycle(t, steps, warmup=0.1))
    losses, offsets = [], torch.arange(model.context + 1)
    for step in range(1, steps + 1):
        model.train()
        first = torch.randint(len(tokens) - model.context, (batch, 1), generator=generator)
        loss = next_token_loss(model, tokens[first + offsets])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rates.step()
        losses.append(loss.item())
        if watch is not None:
            watch(step, losses[-1])
    model.eval()
    return losses


def keep_likely(logits: Tensor, top_k: int | None = None, top_p: float = 1.0) -> Tensor:
    """Set the logits of unlikely tokens to -inf: ``(..., V) -> (..., V)``.

    ``top_k`` keeps the k largest; ``top_p`` the fewest tokens, by falling probability, whose
    probabilities reach it (1 keeps all). The largest always stays. Sources: Fan et al. (2018) for
    top-k, Holtzman et al. (2020) for top-p. Raises ValueError where they are out of range.
    """
    if (top_k is not None and top_k < 1) or not 0 < top_p <= 1:
        raise ValueError(f"expected top_k >= 1 and 0 < top_p <= 1, got {top_k}, {top_p}")
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    chance = ordered.softmax(-1)
    # What stands before it is enough; rounded sums reach 1 before the last token does.
    drop = (chance.cumsum(-1) - chance >= top_p) & (top_p < 1)
    if top_k is not None:
        drop[..., top_k:] = True
    drop[..., 0] = False
    return logits.masked_fill(torch.zeros_like(drop).scatter(-1, order, drop), -torch.inf)


@torch.no_grad()
def generate(
    model: GPT,
    start: Tensor,
    steps: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
) -> Tensor:
    """Draw ``steps`` tokens after ``start`` ``(B, T)``, one by one; return ``(B, T + steps)``.

    Logits are divided by ``temperature`` (0 takes the largest), then go through `keep_likely`.
    Each token is drawn from the last ``context`` tokens. Raises ValueError for a negative
    temperature.
    """
    if temperature < 0:
        raise ValueError(f"temperature must be at least 0, got {temperature}")
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        logits = model(start[:, -model.context :])[:, -1]
        if temperature == 0:
            token = logits.argmax(-1, keepdim=True)
        else:
            likely = keep_likely(logits / temperature, top_k, top_p)
            token = torch.multinomial(likely.softmax(-1), 1, generator=generator)
        start = torch.cat([start, token], 1)
    return start
