"""Transformer blocks against torch's own, and what may influence what."""

import pytest
import torch
from torch import nn

from course_utils.attention.blocks import Block, Decoder, Encoder, FeedForward
from course_utils.attention.core import MultiHeadAttention
from course_utils.attention.mirror import mirror_accuracy
from course_utils.attention.reversing import (
    END,
    START,
    Translator,
    answer,
    scores,
    shifted,
    teach,
    words_by_length,
    write,
)


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    rows = [ours.q.weight, ours.k.weight, ours.v.weight]
    theirs.in_proj_weight.data = torch.cat([row.data for row in rows])
    theirs.in_proj_bias.data.zero_()
    theirs.out_proj.weight.data = ours.out.weight.data
    theirs.out_proj.bias.data.zero_()


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_a_block_equals_torchs(norm_first, causal):
    torch.manual_seed(0)
    ours = Block(12, 3, causal, norm_first)
    theirs = nn.TransformerEncoderLayer(
        12, 3, 48, dropout=0.0, activation="gelu", batch_first=True, norm_first=norm_first
    )
    copy_attention(ours.attend, theirs.self_attn)
    for a, b in zip((ours.think[0], ours.think[2]), (theirs.linear1, theirs.linear2), strict=True):
        b.load_state_dict(a.state_dict())
    x = torch.randn(2, 5, 12)
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    assert torch.allclose(ours(x), theirs(x, src_mask=mask), atol=1e-5)


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_decoding_block_equals_torchs(norm_first):
    torch.manual_seed(0)
    ours = Block(12, 2, causal=True, norm_first=norm_first, cross=True)
    theirs = nn.TransformerDecoderLayer(
        12, 2, 48, dropout=0.0, activation="gelu", batch_first=True, norm_first=norm_first
    )
    copy_attention(ours.attend, theirs.self_attn)
    copy_attention(ours.read, theirs.multihead_attn)
    for a, b in zip((ours.think[0], ours.think[2]), (theirs.linear1, theirs.linear2), strict=True):
        b.load_state_dict(a.state_dict())
    x, memory = torch.randn(2, 4, 12), torch.randn(2, 7, 12)
    mask = torch.ones(4, 4, dtype=torch.bool).triu(1)
    assert torch.allclose(ours(x, memory), theirs(x, memory, tgt_mask=mask), atol=1e-5)


def changed(f, x, place):
    """Return at which places the output moves when the input moves at one."""
    other = x.clone()
    other[:, place, 0] += 1  # one coordinate: a norm does not see a shift of all
    return (f(x) - f(other)).abs().amax((0, 2)) > 1e-6


def test_who_hears_of_a_token():
    torch.manual_seed(0)
    x, memory = torch.randn(1, 6, 8), torch.randn(1, 3, 8)
    assert changed(FeedForward(8), x, 2).tolist() == [False, False, True, False, False, False]
    assert changed(Encoder(8, 2, 2), x, 2).all()
    causal = changed(Encoder(8, 2, 2, causal=True), x, 2)
    assert causal.tolist() == [False, False, True, True, True, True]
    decoder = Decoder(8, 2, 2)
    assert changed(lambda a: decoder(a, memory), x, 2).tolist() == causal.tolist()
    assert changed(lambda m: decoder(x, m), memory, 1).all()


def test_parameters_of_a_block():
    d = 32
    block = Block(d, 4)
    assert sum(p.numel() for p in block.parameters()) == 12 * d**2 + 5 * d + 4 * d


def test_a_memory_must_fit():
    x = torch.randn(1, 3, 8)
    with pytest.raises(ValueError, match="memory"):
        Block(8, 2)(x, x)
    with pytest.raises(ValueError, match="memory"):
        Block(8, 2, cross=True)(x)


def test_the_translator_is_given_what_it_has_written():
    source = torch.tensor([[2, 0, 19], [3, 4, 5]])
    target = answer(source)
    assert target.tolist() == [[19, 0, 2, END], [5, 4, 3, END]]
    assert shifted(target).tolist() == [[START, 19, 0, 2], [START, 5, 4, 3]]
    torch.manual_seed(0)
    model = Translator(8, 2).eval()
    written = write(model, source, torch.full((2, 1), START))
    assert torch.equal(model(source, shifted(written)).argmax(-1), written)
    words = words_by_length()
    assert sorted(words) == [3, 4, 5, 6, 7, 8]
    assert all(rows.shape[1] == n and rows.max() < 26 for n, rows in words.items())


@pytest.mark.slow
def test_a_translator_and_a_mirror_learn():
    torch.manual_seed(0)
    model = teach(Translator(32, 2), seed=0, steps=120, lr=0.01)
    found = scores(model, {n: rows[:20] for n, rows in words_by_length().items() if n < 5})
    assert found["letters, right past given"] > 0.5
    assert mirror_accuracy(1, True, 0.01, 1, seed=0, steps=60) > 0.5
