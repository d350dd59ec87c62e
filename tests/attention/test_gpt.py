"""The GPT predicts the next token unseen, with or without memory; drawing is as asked."""

import pytest
import torch

from course_utils.attention.cache import KeyValueCache
from course_utils.attention.gpt import GPT, generate, keep_likely


@pytest.fixture
def model():
    torch.manual_seed(0)
    return GPT(11, 12, 3, 2, 8).eval()


def test_no_logit_sees_a_later_token(model):
    tokens = torch.randint(11, (1, 8), generator=torch.Generator().manual_seed(0))
    logits = model(tokens)
    for t in range(8):
        other = tokens.clone()
        other[0, t] = (tokens[0, t] + 1) % 11
        moved = (model(other) - logits).abs().amax(-1)[0] > 1e-6
        assert moved.tolist() == [place >= t for place in range(8)]


def test_a_memory_gives_the_same_logits(model):
    tokens = torch.randint(11, (3, 8), generator=torch.Generator().manual_seed(1))
    past = [KeyValueCache() for _ in model.blocks]
    parts = [model(tokens[:, :5], past)] + [model(tokens[:, t : t + 1], past) for t in (5, 6, 7)]
    assert torch.allclose(torch.cat(parts, 1), model(tokens), atol=1e-5)


def test_too_many_tokens(model):
    with pytest.raises(ValueError, match="1 to 8"):
        model(torch.zeros(1, 9, dtype=torch.long))
    past = [KeyValueCache() for _ in model.blocks]
    model(torch.zeros(1, 8, dtype=torch.long), past)
    with pytest.raises(ValueError, match="1 to 8"):
        model(torch.zeros(1, 1, dtype=torch.long), past)


def kept(probabilities, **rules):
    return (keep_likely(torch.tensor(probabilities).log(), **rules) > -torch.inf).tolist()


def test_all_tokens_stay_though_rounded_sums_reach_one_early():
    rare = [1.0] + [1e-12] * 6
    assert kept(rare) == [True] * 7
    assert kept(rare, top_k=5) == [True] * 5 + [False] * 2


def test_keep_likely_by_hand():
    chances = [0.1, 0.5, 0.15, 0.25]
    assert kept(chances) == [True] * 4
    assert kept(chances, top_k=2) == [False, True, False, True]
    assert kept(chances, top_k=9) == [True] * 4
    assert kept(chances, top_p=0.5) == [False, True, False, False]
    assert kept(chances, top_p=0.6) == [False, True, False, True]
    assert kept(chances, top_p=0.8) == [False, True, True, True]
    assert kept(chances, top_p=1e-9) == [False, True, False, False]
    assert kept([0.25] * 4, top_k=1) == [True, False, False, False]
    assert kept([chances, chances[::-1]], top_k=1) == [
        [False, True, False, False],
        [False, False, True, False],
    ]
    for rules in ({"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}):
        with pytest.raises(ValueError, match="top_k"):
            kept(chances, **rules)


def test_generate(model):
    start = torch.tensor([[1, 2], [3, 4]])
    drawn = generate(model, start, 12, seed=3)
    assert drawn.shape == (2, 14)
    assert torch.equal(drawn[:, :2], start)
    assert torch.equal(drawn, generate(model, start, 12, seed=3))
    assert not torch.equal(drawn, generate(model, start, 12, seed=4))
    greedy = generate(model, start, 12, temperature=0)
    assert torch.equal(greedy, generate(model, start, 12, top_k=1, seed=9))
    assert torch.equal(greedy[:, 13], model(greedy[:, 5:13])[:, -1].argmax(-1))
    with pytest.raises(ValueError, match="temperature"):
        generate(model, start, 1, temperature=-1.0)


def test_drawn_tokens_follow_the_probabilities(model):
    start = torch.full((20_000, 1), 5)
    counts = torch.bincount(generate(model, start, 1, temperature=0.5)[:, 1], minlength=11)
    expected = (model(start[:1])[0, -1] / 0.5).softmax(-1)
    assert torch.allclose(counts / 20_000, expected, atol=0.02)
