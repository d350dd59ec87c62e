"""The operator, its heads and the codes of positions, against torch and against their laws."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from course_utils.attention.core import (
    MultiHeadAttention,
    attention,
    future,
    positional_encoding,
)
from course_utils.attention.positions import distance_bias, rotate


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lead", [(), (3,), (2, 4)])
def test_the_operator_is_torchs(lead: tuple[int, ...], causal: bool) -> None:
    q, k, v = (normal(*lead, 7, d, seed=seed) for seed, d in enumerate((8, 8, 5)))
    out, weights = attention(q, k, v, causal)
    expected = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    torch.testing.assert_close(out, expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(weights.sum(-1), torch.ones(*lead, 7, dtype=torch.float64))
    torch.testing.assert_close(weights @ v, out)


def test_there_may_be_more_keys_than_queries_and_a_bias() -> None:
    q, k, v, bias = normal(2, 3, 4), normal(2, 6, 4, seed=1), normal(2, 6, 5, seed=2), normal(3, 6)
    expected = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    torch.testing.assert_close(attention(q, k, v, bias=bias)[0], expected, atol=1e-12, rtol=0)


def test_huge_scores_are_no_trouble() -> None:
    q = normal(3, 4) * 1e4
    out, weights = attention(q, q, q, causal=True)
    assert torch.isfinite(out).all()
    assert torch.isfinite(weights).all()


@pytest.mark.parametrize(
    ("shapes", "causal", "said"),
    [
        (((3, 4), (5, 6), (5, 2)), False, "queries of width 4 cannot meet keys of width 6"),
        (((3, 4), (5, 4), (6, 2)), False, "5 keys need as many values, got 6"),
        (((3, 4), (5, 4), (5, 2)), True, "as many queries as keys, got 3 and 5"),
    ],
)
def test_what_does_not_fit_is_refused(shapes, causal, said) -> None:
    with pytest.raises(ValueError, match=said):
        attention(*(normal(*shape) for shape in shapes), causal=causal)


def twin(layer: MultiHeadAttention) -> nn.MultiheadAttention:
    """Torch's own layer with the weights of ours."""
    d = layer.q.in_features
    theirs = nn.MultiheadAttention(d, layer.heads, bias=False, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([layer.q.weight, layer.k.weight, layer.v.weight]))
        theirs.out_proj.weight.copy_(layer.out.weight)
    return theirs


@pytest.mark.parametrize("causal", [False, True])
def test_heads_are_torchs(causal: bool) -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(12, 3, causal=causal)
    x = normal(2, 5, 12, dtype=torch.float32)
    mask = future(5, 5) if causal else None
    expected, maps = twin(layer)(x, x, x, attn_mask=mask, average_attn_weights=False)
    out, weights = layer.look(x)
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(weights, maps, atol=1e-6, rtol=0)


def test_a_memory_is_read_whole_even_by_a_causal_layer() -> None:
    torch.manual_seed(0)
    layer = MultiHeadAttention(12, 3, causal=True)
    x, memory = normal(2, 4, 12, dtype=torch.float32), normal(2, 9, 12, dtype=torch.float32)
    expected, _ = twin(layer)(x, memory, memory)
    torch.testing.assert_close(layer(x, memory), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("shared", [1, 2])
def test_shared_keys_are_repeated_keys(shared: int) -> None:
    torch.manual_seed(0)
    layer, full = MultiHeadAttention(16, 4, kv_heads=shared), MultiHeadAttention(16, 4)
    with torch.no_grad():
        for name in ("k", "v"):
            narrow = getattr(layer, name).weight.view(shared, 4, 16)
            wide = narrow.repeat_interleave(4 // shared, 0).reshape(16, 16)
            getattr(full, name).weight.copy_(wide)
        full.q.weight.copy_(layer.q.weight)
        full.out.weight.copy_(layer.out.weight)
    x = normal(2, 5, 16, dtype=torch.float32)
    torch.testing.assert_close(layer(x), full(x), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("d", "heads", "count"), [(512, 8, 1_048_576), (768, 12, 2_359_296)])
def test_the_number_of_weights(d: int, heads: int, count: int) -> None:
    with torch.device("meta"):
        layer = MultiHeadAttention(d, heads)
    assert sum(p.numel() for p in layer.parameters()) == count


class Held:
    """The keys and values so far, joined along the tokens."""

    def __init__(self) -> None:
        self.parts: tuple[Tensor, Tensor] | None = None

    def __len__(self) -> int:
        return self.parts[0].shape[-2] if self.parts else 0

    def extend(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        old = self.parts or (k[..., :0, :], v[..., :0, :])
        self.parts = torch.cat([old[0], k], -2), torch.cat([old[1], v], -2)
        return self.parts


@pytest.mark.parametrize("cuts", [(7,), (1,) * 7, (3, 1, 3)])
def test_tokens_in_pieces_with_a_past_are_tokens_at_once(cuts: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    layer, held = MultiHeadAttention(12, 3, causal=True), Held()
    x = normal(2, 7, 12, dtype=torch.float32)
    pieces = [layer(piece, past=held) for piece in x.split(cuts, dim=1)]
    torch.testing.assert_close(torch.cat(pieces, 1), layer(x), atol=1e-6, rtol=0)
    assert len(held) == 7


@pytest.mark.parametrize(("d", "heads", "shared"), [(10, 3, None), (12, 4, 3)])
def test_heads_that_do_not_divide_are_refused(d: int, heads: int, shared: int | None) -> None:
    with pytest.raises(ValueError, match="no fit"):
        MultiHeadAttention(d, heads, kv_heads=shared)


def test_the_code_of_a_position() -> None:
    code = positional_encoding(50, 16).double().numpy()
    for t, i in ((0, 0), (1, 0), (7, 3), (49, 7)):
        angle = t / 10000 ** (2 * i / 16)
        np.testing.assert_allclose(
            code[t, 2 * i : 2 * i + 2], [math.sin(angle), math.cos(angle)], atol=1e-6
        )
    products = code @ code.T
    np.testing.assert_allclose(products[3, 10], products[30, 37], atol=1e-5)
    np.testing.assert_allclose(np.diag(products), 8, atol=1e-5)
    with pytest.raises(ValueError, match="must be even, got 5"):
        positional_encoding(4, 5)


def test_rotated_scores_know_the_distance_only() -> None:
    q, k = normal(1, 8).expand(20, 8), normal(1, 8, seed=1).expand(20, 8)
    scores = rotate(q) @ rotate(k).T
    for lag in (-5, 0, 9):
        diagonal = scores.diagonal(lag)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), atol=1e-12, rtol=0)
    torch.testing.assert_close(rotate(q).norm(dim=1), q.norm(dim=1))


def test_rotation_is_multiplication_by_a_complex_number() -> None:
    x, t = normal(3, 6, 8), torch.tensor([0, 4, 5, 9, 100, 2])
    pairs = torch.view_as_complex(x.unflatten(-1, (4, 2)).contiguous())
    rates = 100.0 ** (-torch.arange(4, dtype=torch.float64) / 4)
    turned = torch.view_as_real(pairs * torch.exp(1j * t.double()[:, None] * rates)).flatten(-2)
    torch.testing.assert_close(rotate(x, t, base=100.0), turned, atol=1e-12, rtol=0)
    with pytest.raises(ValueError, match="must be even, got 7"):
        rotate(normal(3, 7))


def test_distance_costs_by_head() -> None:
    bias = distance_bias(8, 3, 5)
    assert bias.shape == (8, 3, 5)
    torch.testing.assert_close(bias[:, 2, 1], -3 * 0.5 ** torch.arange(1.0, 9.0))
    assert bias[0, 0].tolist() == [-1.0, -0.5, 0.0, -0.5, -1.0]
