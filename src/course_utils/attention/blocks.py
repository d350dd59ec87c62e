"""Transformer blocks: attention moves information between tokens, the rest works on each alone."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from course_utils.attention.core import MultiHeadAttention, Past


class FeedForward(nn.Sequential):
    """Two dense layers with a GELU between them, on each token alone: ``(..., d) -> (..., d)``.

    The middle is ``factor`` times as wide. Source: {ref}`attention-blocks`.
    """

    def __init__(self, d: int, factor: int = 4) -> None:
        super().__init__(nn.Linear(d, factor * d), nn.GELU(), nn.Linear(factor * d, d))


class Block(nn.Module):
    """One Transformer block, ``(B, T, d) -> (B, T, d)``: attention, then the feed-forward part.

    Each part f is a branch beside the residual stream h: with ``norm_first`` h + f(norm(h)),
    otherwise norm(h + f(h)), as published first. With ``cross`` a third branch stands between the
    two: it asks the stream and reads keys and values from ``memory`` ``(B, T', d)``. ``dropout`` is
    the chance to drop an entry of a branch in training.
    Source: {ref}`attention-blocks`. Raises ValueError where ``memory`` and ``cross`` do not fit.
    """

    def __init__(
        self,
        d: int,
        heads: int,
        causal: bool = False,
        norm_first: bool = True,
        cross: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.drop = nn.Dropout(dropout)
        self.attend = MultiHeadAttention(d, heads, causal)
        self.read = MultiHeadAttention(d, heads) if cross else None
        self.think = FeedForward(d)
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(3 if cross else 2))

    def forward(self, x: Tensor, memory: Tensor | None = None, past: Past | None = None) -> Tensor:
        """Return the stream after the block; ``past`` holds keys and values of earlier tokens."""
        if (memory is None) != (self.read is None):
            raise ValueError("a block with cross=True needs a memory, another takes none")
        parts: list[Callable[[Tensor], Tensor]] = [self.attend, self.think]
        if past is not None:
            parts[0] = partial(self.attend, past=past)
        if self.read is not None:
            parts.insert(1, partial(self.read, memory=memory))
        for part, norm in zip(parts, self.norms, strict=True):
            x = x + self.drop(part(norm(x))) if self.norm_first else norm(x + self.drop(part(x)))
        return x


class Encoder(nn.Module):
    """A stack of blocks in which every token may look at every other: ``(B, T, d) -> (B, T, d)``.

    With ``norm_first`` a last norm follows, as no block ends in one. ``causal`` hides the future.
    """

    def __init__(
        self, d: int, heads: int, layers: int, norm_first: bool = True, causal: bool = False
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(d, heads, causal, norm_first) for _ in range(layers))
        self.norm = nn.LayerNorm(d) if norm_first else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return the stream after all blocks."""
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Decoder(nn.Module):
    """A stack of causal blocks that also read ``memory``: ``(B, T, d), (B, T', d) -> (B, T, d)``.

    Output t depends on tokens 0..t of ``x`` and on all of ``memory``.
    """

    def __init__(self, d: int, heads: int, layers: int, norm_first: bool = True) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(d, heads, causal=True, norm_first=norm_first, cross=True) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(d) if norm_first else nn.Identity()

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """Return the stream after all blocks."""
        for block in self.blocks:
            x = block(x, memory)
        return self.norm(x)
