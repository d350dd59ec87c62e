"""The shipped text of the language model, and its tokens: characters or merged pairs."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor

from course_utils.data.shipped import shipped

NAME = "booktext/booktext.txt"


def load_text() -> str:
    """Return the prose of this book's chapters 1 to 5, one paragraph a line, ASCII only.

    Source and licence: ``data/booktext/DATASHEET.md``. Raises DamagedFileError where the file is
    not what was shipped.
    """
    return shipped(NAME).read_text(encoding="ascii")


def split_text(text: str, every: int = 10) -> tuple[str, str]:
    """Return the training text and the held-out text: every ``every``-th paragraph of a text."""
    lines = text.splitlines(keepends=True)
    held_out = "".join(lines[every - 1 :: every])
    return "".join(line for i, line in enumerate(lines, 1) if i % every), held_out


class Characters:
    """The characters of a text as tokens, numbered in alphabetical order from 0."""

    def __init__(self, text: str) -> None:
        self.symbols = sorted(set(text))
        self.index = {symbol: i for i, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, text: str) -> Tensor:
        """Return the tokens of a text, ``(T,)``. Raises ValueError for an unknown character."""
        unknown = sorted(set(text) - self.index.keys())
        if unknown:
            raise ValueError(f"characters without a token: {unknown}")
        return torch.tensor([self.index[symbol] for symbol in text], dtype=torch.long)

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens."""
        return "".join(self.symbols[int(token)] for token in tokens)


Pair = tuple[str, str]


def merge_pair(symbols: list[str], pair: Pair) -> list[str]:
    """Return the symbols with each occurrence of ``pair``, from the left, glued into one."""
    glued, i = [], 0
    while i < len(symbols):
        match = tuple(symbols[i : i + 2]) == pair
        glued.append("".join(pair) if match else symbols[i])
        i += 2 if match else 1
    return glued


def learn_merges(text: str, count: int) -> list[Pair]:
    """Return the ``count`` merges of byte-pair encoding, in the order in which they were found.

    Words begin with their space and are merged inside only; each merge glues the most frequent
    pair of neighbouring symbols (ties: the first in the alphabet). Fewer where no pair is left.
    Source: Sennrich et al. (2016), Neural machine translation of rare words with subword units.
    """
    words = Counter(_words(text))
    spelled = {word: list(word) for word in words}
    pairs: Counter[Pair] = Counter()
    for word, symbols in spelled.items():
        _add(pairs, symbols, words[word])
    merges: list[Pair] = []
    while len(merges) < count and pairs:
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        joined = "".join(merges[-1])
        for word in [word for word in words if joined in word]:
            _add(pairs, spelled[word], -words[word])
            spelled[word] = merge_pair(spelled[word], merges[-1])
            _add(pairs, spelled[word], words[word])
        pairs = +pairs  # forget what occurs no longer
    return merges


def apply_merges(text: str, merges: list[Pair]) -> list[str]:
    """Return the symbols of a text after all merges; joined, they are the text again."""
    rank = {pair: i for i, pair in enumerate(merges)}
    spelled = {}
    for word in set(_words(text)):
        symbols = list(word)
        while found := [pair for pair in pairwise(symbols) if pair in rank]:
            symbols = merge_pair(symbols, min(found, key=rank.__getitem__))
        spelled[word] = symbols
    return [symbol for word in _words(text) for symbol in spelled[word]]


def _add(pairs: Counter[Pair], symbols: list[str], times: int) -> None:
    for pair in pairwise(symbols):
        pairs[pair] += times


def _words(text: str) -> list[str]:
    """Cut before every space and around every line break; joined, the words are the text."""
    return text.replace("\n", "\0\n\0").replace(" ", "\0 ").strip("\0").split("\0")
