"""Two encoders that meet in one space: contrastive training on pictures and captions."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils.attention.blocks import Encoder
from course_utils.attention.shapes import LENGTH, SIDE, WORDS, Drawings, captions, tokens
from course_utils.training import descend, seed_everything


def clip_loss(pictures: Tensor, texts: Tensor, scale: Tensor | float) -> Tensor:
    """Return the mean cross-entropy of finding the text of each picture and the other way round.

    pictures, texts: ``(N, d)``, row i of one belongs to row i of the other; the logits are
    ``scale * pictures @ texts.T``. Rows of length 1 make that a cosine. Raises ValueError for
    other shapes. Source: Radford et al. (2021), Learning transferable visual models, figure 3.
    """
    if pictures.ndim != 2 or pictures.shape != texts.shape:
        raise ValueError(f"expected two (N, d), got {pictures.shape} and {texts.shape}")
    logits = scale * pictures @ texts.T  # (N, N)
    pair = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, pair) + functional.cross_entropy(logits.T, pair)) / 2


class TwoTowers(nn.Module):
    """A convolutional encoder of 16x16 pictures, a transformer of captions, and a temperature.

    Both end in ``d`` numbers, of length 1 where ``normalise``; ``log_scale`` is the logarithm of
    what multiplies their products, learned where ``learn_scale``.
    """

    def __init__(
        self, d: int = 32, scale: float = 1 / 0.07, normalise: bool = True, learn_scale: bool = True
    ) -> None:
        super().__init__()
        self.normalise = normalise
        self.picture_tower = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (SIDE // 4) ** 2, d),
        )
        self.words = nn.Embedding(len(WORDS), d)
        self.places = nn.Parameter(0.02 * torch.randn(LENGTH, d))
        self.text_tower = Encoder(d, heads=4, layers=1)
        self.out = nn.Linear(d, d)
        self.log_scale = nn.Parameter(torch.tensor(scale).log(), requires_grad=learn_scale)

    def pictures(self, images: Tensor) -> Tensor:
        """Return a vector for each picture: ``(N, 3, 16, 16) -> (N, d)``."""
        return self._finished(self.picture_tower(images))

    def texts(self, numbers: Tensor) -> Tensor:
        """Return a vector for each caption: ``(N, 4) -> (N, d)``."""
        stream = self.text_tower(self.words(numbers) + self.places)
        return self._finished(self.out(stream.mean(dim=1)))

    def _finished(self, vectors: Tensor) -> Tensor:
        return functional.normalize(vectors, dim=-1) if self.normalise else vectors

    def loss(self, images: Tensor, numbers: Tensor) -> Tensor:
        """Return `clip_loss` of a batch of pairs."""
        return clip_loss(self.pictures(images), self.texts(numbers), self.log_scale.exp())


def fit_towers(
    model: TwoTowers, data: Drawings, steps: int, *, batch: int = 64, seed: int = 0
) -> list[float]:
    """Train on ``steps`` batches of pictures with captions drawn afresh; return each loss."""
    rng = np.random.default_rng(seed)
    seed_everything(seed)

    def draw_loss() -> Tensor:
        chosen = rng.integers(0, len(data.images), batch)
        return model.loss(data.images[chosen], tokens(captions(data.traits[chosen], rng)))

    return descend(model, draw_loss, steps, lr=0.01)


@torch.no_grad()
def zero_shot(model: TwoTowers, images: Tensor, phrases: list[str]) -> Tensor:
    """Return the probability of each phrase for each picture, ``(N, phrases)``.

    ``softmax(scale * pictures @ texts.T)``: the phrases need not have been classes in training.
    """
    products = model.pictures(images) @ model.texts(tokens(phrases)).T
    return (model.log_scale.exp() * products).softmax(dim=1)
