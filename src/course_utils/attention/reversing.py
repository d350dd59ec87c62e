"""A tiny language pair, words and their mirror images, for an encoder and a decoder."""

import re

import torch
from torch import Tensor, nn

from course_utils.attention.blocks import Decoder, Encoder
from course_utils.attention.text import load_text

LETTERS, LONGEST = "abcdefghijklmnopqrstuvwxyz", 8
START, END = 26, 27


class Translator(nn.Module):
    """Source ``(B, T)`` and the letters so far ``(B, S)`` -> logits of the next, ``(B, S, 28)``."""

    def __init__(self, d: int = 48, heads: int = 4, layers: int = 1) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(28, d), nn.Embedding(LONGEST + 1, d)
        self.encoder, self.decoder = Encoder(d, heads, layers), Decoder(d, heads, layers)
        self.head = nn.Linear(d, 28)

    def embed(self, tokens: Tensor) -> Tensor:
        """Return what enters a stack: letter plus place."""
        return self.letters(tokens) + self.places.weight[: tokens.shape[1]]

    def forward(self, source: Tensor, written: Tensor) -> Tensor:
        """Return logits: those at place t name the letter after ``written[:, : t + 1]``."""
        return self.head(self.decoder(self.embed(written), self.encoder(self.embed(source))))


def answer(source: Tensor) -> Tensor:
    """Return the target: the letters backwards, then END."""
    return torch.cat([source.flip(1), torch.full_like(source[:, :1], END)], 1)


def shifted(target: Tensor) -> Tensor:
    """Return what the decoder is given: the target one place later, behind START."""
    return torch.cat([torch.full_like(target[:, :1], START), target[:, :-1]], 1)


def teach(model: Translator, seed: int, steps: int = 300, lr: float = 6e-3) -> Translator:
    """Train by teacher forcing on random strings of 3 to 8 letters, one length a batch."""
    generator = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam(model.parameters(), lr)
    rate = torch.optim.lr_scheduler.LambdaLR(adam, lambda t: min(1, t / 50, (steps - t) / 100))
    for _ in range(steps):
        length = int(torch.randint(3, LONGEST + 1, (), generator=generator))
        source = torch.randint(26, (64, length), generator=generator)
        target = answer(source)
        logits = model(source, shifted(target))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
        rate.step()
    return model.eval()


@torch.no_grad()
def write(model: Translator, source: Tensor, written: Tensor) -> Tensor:
    """Let the model go on from what is written, its own letters fed back, to full length."""
    while written.shape[1] <= source.shape[1] + 1:
        written = torch.cat([written, model(source, written)[:, -1:].argmax(-1)], 1)
    return written[:, 1:]


def words_by_length() -> dict[int, Tensor]:
    """Return the words of the shipped text of 3 to 8 small letters, as tokens ``(N, T)``."""
    words = sorted(set(re.findall(r"\b[a-z]{3,8}\b", load_text())))
    tokens = {n: [[LETTERS.index(c) for c in w] for w in words if len(w) == n] for n in range(3, 9)}
    return {n: torch.tensor(rows) for n, rows in tokens.items()}


@torch.no_grad()
def scores(model: Translator, words: dict[int, Tensor]) -> dict[str, float]:
    """Return shares: letters with the right past, words alone, letters after a planted mistake."""
    found: dict[str, list[Tensor]] = {"letters, right past given": []}
    found |= {"words, written alone": [], "letters after a planted mistake": []}
    forced, alone, after = found.values()
    generator = torch.Generator().manual_seed(0)
    for source in words.values():
        target, start = answer(source), torch.full((len(source), 1), START)
        forced.append((model(source, shifted(target)).argmax(-1) == target).flatten())
        alone.append((write(model, source, start) == target).all(1))
        wrong = (target[:, 1] + torch.randint(1, 26, (len(source),), generator=generator)) % 26
        planted = torch.stack([start[:, 0], target[:, 0], wrong], 1)
        after.append((write(model, source, planted) == target)[:, 2:].flatten())
    return {name: torch.cat(parts).double().mean().item() for name, parts in found.items()}
