"""The shipped text, its tokens, and the tool that made it."""

import importlib.util
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from course_utils.attention.text import (
    Characters,
    apply_merges,
    learn_merges,
    load_text,
    merge_pair,
    split_text,
)

ROOT = Path(__file__).resolve().parents[2]


def test_the_text_is_plain_prose():
    text = load_text()
    assert 100_000 < len(text) < 400_000
    assert text.isascii()
    assert text.startswith("# Learning as fitting\n")
    assert text.count("\n# ") == 34
    assert not set(text) & set("$\\{}^|`\t")


def test_the_split_shares_no_paragraph():
    train, held_out = split_text("".join(f"{i}\n" for i in range(1, 24)))
    assert held_out == "10\n20\n"
    assert train.split() == [str(i) for i in range(1, 24) if i not in (10, 20)]
    train, held_out = split_text(load_text())
    assert 0.08 < len(held_out) / (len(train) + len(held_out)) < 0.12


def test_characters():
    tokens = Characters("hello\n")
    assert len(tokens) == 5
    assert tokens.decode(tokens.encode("hole\n")) == "hole\n"
    assert tokens.encode("\neh").tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="x"):
        tokens.encode("hex")


def test_merges_by_hand():
    assert merge_pair(list("aaab"), ("a", "a")) == ["aa", "a", "b"]
    # Pairs of "low low lower": lo and ow three times each, the rest less often; ties by alphabet.
    assert learn_merges("low low lower", 3) == [("l", "o"), ("lo", "w"), (" ", "low")]
    assert learn_merges("ab ab", 9) == [("a", "b"), (" ", "ab")]
    assert apply_merges("low slow\nlow", [("l", "o"), ("lo", "w"), (" ", "low")]) == [
        *("low", " ", "s", "low", "\n", "low")
    ]


def naive_merges(words, count):
    """Count all pairs anew before each merge."""
    spelled, merges = {word: list(word) for word in words}, []
    for _ in range(count):
        pairs = Counter()
        for word, symbols in spelled.items():
            for pair in pairwise(symbols):
                pairs[pair] += words[word]
        merges.append(min(pairs, key=lambda pair: (-pairs[pair], pair)))
        spelled = {word: merge_pair(symbols, merges[-1]) for word, symbols in spelled.items()}
    return merges


def test_merges_equal_the_naive_count():
    text = " ".join(load_text()[:6000].split())
    words = Counter([text.split(" ")[0]] + [f" {word}" for word in text.split(" ")[1:]])
    assert learn_merges(text, 40) == naive_merges(words, 40)


def test_merged_symbols_are_the_text():
    text = load_text()[:20_000]
    symbols = apply_merges(text, learn_merges(text, 60))
    assert "".join(symbols) == text
    assert len(symbols) < 0.7 * len(text)


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("book_text", ROOT / "tools" / "book_text.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_tool_reads_prose(tool):
    cell = (
        "(a-label)=\n# A *title*\n\n*Budget: 9 s.*\n\nSee {ref}`sgd-descent` and "
        "{term}`heads <head>`, for $k = 3$. Not $\\alpha$. "
        "{cite:t}`he2016deep` wrote `f(x)` {cite:p}`x`.\n\n"
        "```{math}\n:label: eq-x\nx = 1\n```\n\n$$y = 2$$\n\n| a | b |\n\n"
        "```{margin}\nA — note.\n```"
    )
    plain = tool.without_markup(
        tool.without_blocks(cell), {"sgd-descent": "Down"}, {"he2016deep": "He and others (2016)"}
    )
    lines = [tool.sentences(part) for part in plain.split("\n\n") if part.strip()]
    assert lines == [
        "# A title",
        'See "Down" and heads, for k = 3. He and others (2016) wrote f(x).',
        "A - note.",
    ]


def test_the_tool_makes_the_same_text_twice(tool):
    text = tool.book_text()
    assert text == tool.book_text()
    assert text.isascii()
    assert len(text) < 400_000
