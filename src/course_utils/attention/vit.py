"""A vision transformer: an image as a sequence of patches."""

import torch
from torch import Tensor, nn

from course_utils.attention.blocks import Block, Encoder

POOLS = ("cls", "mean")


def patchify(images: Tensor, patch: int) -> Tensor:
    """Cut images into square patches, each a row: ``(B, C, H, W) -> (B, H/p W/p, C p p)``.

    Patches come in reading order, each flattened as ``(C, p, p)``. Raises ValueError where the
    sides are no multiples of ``patch``. Source: Dosovitskiy et al. (2021), An image is worth
    16x16 words, section 3.1.
    """
    if images.ndim != 4 or patch < 1:
        raise ValueError(f"expected (B, C, H, W) and patch >= 1, got {images.shape}, {patch}")
    B, C, H, W = images.shape
    if H % patch or W % patch:
        raise ValueError(f"patches of {patch} pixels do not tile {H} x {W}")
    grid = images.reshape(B, C, H // patch, patch, W // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(B, -1, C * patch**2)


def unpatchify(patches: Tensor, patch: int, height: int, width: int) -> Tensor:
    """Put patches back in place: ``(B, H/p W/p, C p p) -> (B, C, H, W)``, undoing `patchify`.

    Raises ValueError where number and size of the patches do not fit ``height`` x ``width``.
    """
    if patches.ndim != 3 or patch < 1 or height % patch or width % patch:
        raise ValueError(f"{patches.shape}: no patches of {patch} pixels for {height} x {width}")
    B, count, size = patches.shape
    rows, columns = height // patch, width // patch
    if count != rows * columns or size % patch**2:
        raise ValueError(f"{rows} x {columns} patches of {patch**2} C numbers, got {patches.shape}")
    grid = patches.reshape(B, rows, columns, -1, patch, patch)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(B, -1, height, width)


class ViT(nn.Module):
    """Vision transformer, ``(B, c_in, side, side) -> (B, num_classes)``.

    Each patch becomes a token by one matrix, a learned vector says where it stands, ``layers``
    pre-norm blocks let the tokens look at each other, and one linear layer reads the result: with
    ``pool="cls"`` from a learned token that comes first, with "mean" from the mean of the patches.
    ``positions=False`` leaves the learned vectors at zero. Raises ValueError for another ``pool``
    or a ``side`` that patches do not tile. Source: Dosovitskiy et al. (2021), fine-tuning head.
    """

    def __init__(
        self,
        side: int = 28,
        patch: int = 4,
        c_in: int = 3,
        num_classes: int = 8,
        *,
        d: int = 52,
        heads: int = 4,
        layers: int = 2,
        pool: str = "cls",
        positions: bool = True,
    ) -> None:
        super().__init__()
        if pool not in POOLS or side % patch:
            raise ValueError(
                f"expected pool in {POOLS}, side % patch == 0, got {pool, side, patch}"
            )
        self.patch, self.grid = patch, side // patch
        self.embed = nn.Linear(c_in * patch**2, d)
        self.cls = nn.Parameter(0.02 * torch.randn(d)) if pool == "cls" else None
        count = self.grid**2 + (self.cls is not None)
        start = 0.02 * torch.randn(count, d) if positions else torch.zeros(count, d)
        self.positions = nn.Parameter(start, requires_grad=positions)
        self.encoder = Encoder(d, heads, layers)
        self.head = nn.Linear(d, num_classes)

    def tokens(self, images: Tensor) -> Tensor:
        """Return what enters the blocks: ``(B, T, d)``, a class token first where there is one."""
        x = self.embed(patchify(images, self.patch))
        if self.cls is not None:
            x = torch.cat([self.cls.expand(len(x), 1, -1), x], dim=1)
        return x + self.positions

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits."""
        x = self.encoder(self.tokens(images))
        return self.head(x.mean(1) if self.cls is None else x[:, 0])

    @torch.no_grad()
    def attention_maps(self, images: Tensor) -> Tensor:
        """Return the weights of all blocks and heads: ``(B, layers, heads, T, T)``."""
        x, maps = self.tokens(images), []
        for block in self.encoder.blocks:
            assert isinstance(block, Block)
            maps.append(block.attend.look(block.norms[0](x))[1])
            x = block(x)
        return torch.stack(maps, dim=1)
