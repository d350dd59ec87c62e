"""The cache of keys and values, and the task of looking something up."""

import pytest
import torch

from course_utils.attention.cache import KeyValueCache
from course_utils.attention.core import MultiHeadAttention
from course_utils.attention.gpt import GPT
from course_utils.attention.recall import (
    NAMES,
    Recall,
    fit_recall,
    recall_accuracy,
    recall_batch,
)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (5, 1, 1), (2, 7, 3), (4,)])
def test_a_cache_holds_what_it_was_given(sizes):
    torch.manual_seed(0)
    parts = [(torch.randn(2, 3, n, 4), torch.randn(2, 3, n, 5)) for n in sizes]
    cache = KeyValueCache()
    assert (len(cache), cache.numbers()) == (0, 0)
    for keys, values in parts:
        held = cache.extend(keys, values)
    for got, each in zip(held, zip(*parts, strict=True), strict=True):
        assert torch.equal(got, torch.cat(each, dim=-2))
    assert len(cache) == sum(sizes)
    assert cache.numbers() == held[0].numel() + held[1].numel()


def test_later_tokens_do_not_change_what_was_returned():
    cache = KeyValueCache()
    first = torch.ones(1, 1, 3, 2)
    held, _ = cache.extend(first, first)
    for _ in range(5):
        cache.extend(torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1, 2))
    assert torch.equal(held, first)


def test_what_does_not_fit_is_refused():
    cache, x = KeyValueCache(), torch.ones(1, 2, 3, 4)
    with pytest.raises(ValueError, match="do not go with"):
        cache.extend(x, x[:, :, :2])
    cache.extend(x, x)
    with pytest.raises(ValueError, match="does not fit what is held"):
        cache.extend(x[:, :1], x[:, :1])


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_a_layer_answers_the_same_token_by_token(kv_heads):
    torch.manual_seed(1)
    layer = MultiHeadAttention(8, 4, causal=True, kv_heads=kv_heads).double()
    x, cache = torch.randn(2, 6, 8, dtype=torch.float64), KeyValueCache()
    with torch.no_grad():
        whole = layer(x)
        parts = [layer(x[:, :3], past=cache)]
        parts += [layer(x[:, t : t + 1], past=cache) for t in range(3, 6)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=1e-12, atol=1e-12)
    assert cache.numbers() == 2 * 2 * kv_heads * 6 * 2  # K and V, batch, heads, tokens, width


def test_a_model_answers_the_same_token_by_token():
    torch.manual_seed(2)
    model = GPT(11, d=16, heads=2, layers=2, context=12).double().eval()
    tokens, past = torch.randint(11, (1, 12)), [KeyValueCache() for _ in range(2)]
    with torch.no_grad():
        whole = model(tokens)
        parts = [model(tokens[:, t : t + 1], past=past) for t in range(12)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=1e-11, atol=1e-11)


def test_every_asked_name_is_there_with_its_mark():
    names, marks, asked, answer = recall_batch(200, 9, torch.Generator().manual_seed(0))
    found = names == asked[:, None]
    assert (found.sum(1) == 1).all()
    assert torch.equal(marks[found], answer)
    assert all(len(set(row.tolist())) == 9 for row in names)
    with pytest.raises(ValueError, match="pairs must be 1 to 64"):
        recall_batch(1, NAMES + 1, torch.Generator())


def test_the_window_sees_nothing_before_it():
    model = Recall("window", window=3)
    names, marks, asked, _ = recall_batch(4, 8, torch.Generator().manual_seed(0))
    moved = marks.clone()
    moved[:, :5] = (moved[:, :5] + 1) % 8
    assert torch.equal(model(names, marks, asked), model(names, moved, asked))
    model = Recall("linear")
    assert not torch.equal(model(names, marks, asked), model(names, moved, asked))
    with pytest.raises(ValueError, match="kind must be one of"):
        Recall("square")


def test_linear_attention_is_a_recurrence():
    """One matrix and one vector, added to token by token, give the same answer."""
    torch.manual_seed(3)
    model = Recall("linear").double()
    names, marks, asked, _ = recall_batch(1, 10, torch.Generator().manual_seed(1))
    tokens = (model.names(names) + model.marks(marks))[0]
    state, total = torch.zeros(32, 32, dtype=torch.float64), torch.zeros(32, dtype=torch.float64)
    for token in tokens:
        key = torch.nn.functional.elu(model.k(token)) + 1
        state, total = state + torch.outer(key, model.v(token)), total + key
    query = torch.nn.functional.elu(model.q(model.names(asked)[0])) + 1
    expected = model.out(query @ state / (query @ total))
    torch.testing.assert_close(model(names, marks, asked)[0], expected)


def test_a_softmax_learns_to_look_up():
    model = fit_recall("softmax", seed=0, steps=150)
    assert recall_accuracy(model, 8) > 0.8
