"""One notation: what a page writes is on the notation page, or introduced where it is first used.

A symbol here is a letter with its mark or alphabet (`\\hat x`, `\\mathcal L`), without indices.
Greek, capital and marked letters must be known; small Latin letters are counters and names of the
moment, and only the list of variants looks at them. Whether a page gives a letter the meaning that
the notation page gives it, no program can see.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.book_prose import cells, prose

ROOT = Path(__file__).resolve().parents[2]
BOOK, NOTATION = ROOT / "book", ROOT / "book/notation.md"
PAGES = [
    path
    for suffix in ("md", "ipynb")
    for path in sorted(BOOK.rglob(f"*.{suffix}"))
    if path != NOTATION and ".ipynb_checkpoints" not in path.parts and "_build" not in path.parts
]
# Symbol -> the words with which a page introduces it, for letters that the notation page lacks.
LOCAL = tomllib.loads(Path(__file__).with_name("notation_local.toml").read_text(encoding="utf-8"))

# The chapters in which the tables of the notation page hold; the tables not named hold everywhere.
CHAPTERS = {
    "Images and convolutions": {4, 5, 6, 7, 10},
    "Detection and segmentation": {6, 7},
    "Sequences and diffusion": {8, 9, 10},
}
WHATEVER_IS_UNDER_IT = ("\\bar ", "\\dot ")  # the rows of \bar v and \dot v speak of every letter

GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi"
    "|pi|rho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|ell"
    "|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
MARKS = "hat|tilde|bar|dot|vec|mathcal|mathbb|mathbf|boldsymbol|mathfrak|mathsf|bm"
WORD = re.compile(r"\\(?:text|operatorname\*?|mathrm|begin|end|tag|label)\s*\{[^{}]*\}")
SYMBOL = re.compile(
    rf"(?:\\(?P<mark>{MARKS})(?![A-Za-z])\s*\{{?\s*)?"
    rf"(?P<letter>\\(?:{GREEK})(?![A-Za-z])|(?<!\\)[A-Za-z])|\\[A-Za-z]+"
)
CODE_BLOCK = re.compile(
    r"^(`{3,})(?:\{(?:code-block|mermaid|raw)\}.*|[a-z]+)\n(?:.*\n)*?\1\s*$", re.M
)
FORMULA = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{math\}.*\n(?P<block>(?:.*\n)*?)(?P=fence)\s*$"
    r"|\$\$(?P<display>(?:[^$]|\\\$)+)\$\$"
    r"|(?<![\\$])\$(?P<inline>(?:[^$\n]|\n(?!\s*\n))+?)(?<!\\)\$",
    re.M,
)

# What the notation page writes in one way, in the ways that are not it.
VARIANTS = {
    r"\\epsilon(?![A-Za-z])": r"\varepsilon",
    r"\\(?:Theta|vartheta)(?![A-Za-z])": r"\theta",
    r"\\(?:ln|lg)(?![A-Za-z])": r"\log, or \log_2 for bits",
    r"[A-Za-z)\]]\s*\^(?:T|\{T\})(?![A-Za-z])": r"^\top",
    r"\\(?:mathbf|boldsymbol|bm|vec)\s*\{?\s*[a-z](?![a-z])": "a plain letter, not a bold one",
    r"(?<!\\mathbb )(?<![A-Za-z{])E(?:\\bigl)?\[(?!\\text)|\{E\}(?=\\bigl|\[)": r"\mathbb E",
    r"(?<!\\mathcal )(?<![A-Za-z{])[LJ]\(\\theta": r"\mathcal L(\theta)",
    r"(?:\\nabla|\\partial)(?:_\\theta)?\s*[LJ](?![A-Za-z_])": r"\nabla\mathcal L",
    r"-\s*\\(?:alpha|gamma|lambda|epsilon|varepsilon)\s*(?:\\,)?\s*\\nabla": r"\eta, the rate",
    r"\\(?:mathrm|text)\{(?:relu|ReLU|softmax|KL|sigmoid)\}": r"\operatorname{relu}, …",
    r"\\operatorname\{(?:ReLU|Softmax|Var|Cov)\}": r"\operatorname{relu}, {var}, …",
    r"(?<!mathrm\{)(?<!frac )(?<![A-Za-z])(?:TP|FP|FN|TN)(?![A-Za-z])": r"\mathrm{TP}",
}
NAMES = {"learning_rate": "lr", "step_size": "lr", "yhat": "y_hat", "y_pred": "y_hat"}


def name_of(path: Path) -> str:
    return path.relative_to(BOOK).with_suffix("").as_posix()


def formulas(text: str) -> Iterator[tuple[int, str]]:
    """Yield (place, formula) of all mathematics outside code."""
    text = CODE_BLOCK.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    text = re.sub(r"(?<!`)`(?!`)[^`]*`(?!`)", lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    for m in FORMULA.finditer(text):
        body = m["block"] or m["display"] or m["inline"] or ""
        yield m.start(), re.sub(r"^:label:.*$", "", body, flags=re.M)


def symbols(formula: str) -> set[str]:
    found = [m for m in SYMBOL.finditer(WORD.sub(" ", formula)) if m["letter"]]
    return {f"\\{m['mark']} {m['letter']}" if m["mark"] else m["letter"] for m in found}


@cache
def tables() -> dict[str, set[str]]:
    """Return the symbols of every table of the notation page, by its heading."""
    parts = re.split(r"^## ", NOTATION.read_text(encoding="utf-8"), flags=re.M)[1:]
    rows = {part.partition("\n")[0]: re.findall(r"^\|.*$", part, re.M) for part in parts}
    return {
        title: {symbol for row in lines for _, f in formulas(row) for symbol in symbols(f)}
        for title, lines in rows.items()
        if lines
    }


def known(page: str) -> set[str]:
    chapter = int(page[:2]) if page[:2].isdigit() else None
    holds = [
        found
        for title, found in tables().items()
        if chapter is None or chapter in CHAPTERS.get(title, {chapter})
    ]
    return set().union(*holds)


def first_uses(path: Path) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, formula in formulas(prose(path)):
        for symbol in symbols(formula):
            places.setdefault(symbol, place)
    return places


def identifiers(code: str) -> set[str]:
    plain = re.sub(r"^(\s*)[%!].*", r"\1pass", code, flags=re.M)
    fields = ("id", "attr", "arg", "name")
    nodes = list(ast.walk(ast.parse(plain)))
    return {name for n in nodes for f in fields if isinstance(name := getattr(n, f, None), str)}


def test_the_tables_are_read():
    assert set(CHAPTERS) <= set(tables())
    assert {"\\eta", "\\mathcal L", "\\hat y", "\\bar v"} <= known("01_mlp/01_learning")
    assert "\\tau" not in known("03_sgd/index")
    assert set(LOCAL) <= {name_of(path) for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_symbol_is_on_the_notation_page_or_introduced(path: Path):
    text, local, of_the_book = prose(path), LOCAL.get(name_of(path), {}), known(name_of(path))
    uses = {s: p for s, p in first_uses(path).items() if not re.fullmatch("[a-z]", s)}
    new = {s for s in uses if s not in of_the_book and not s.startswith(WHATEVER_IS_UNDER_IT)}
    assert new == set(local), "neither known nor in notation_local.toml, or there for nothing"
    for symbol, words in local.items():
        said = [f for _, f in formulas(words)] or [words.replace("$", "")]
        assert symbol in set().union(*map(symbols, said)), f"{words!r} does not speak of {symbol}"
        found = re.search(r"\s+".join(map(re.escape, words.split())), text)
        assert found, f"{symbol}: the page no longer says {words!r}"
        ends = [m.start() for m in re.finditer("\n\n", text) if m.start() > uses[symbol]]
        end = [*ends, len(text), len(text)][1]
        assert found.start() <= end, f"{symbol} is used before the page says {words!r}"


def test_a_variant_is_recognised():
    wrong = r"\epsilon,\Theta,\ln x,x^T,\mathbf{x},E[x],L(\theta),\nabla L,-\alpha\nabla,\frac{TP}2"
    wrong = [*wrong.split(","), r"\mathrm{relu}", r"\operatorname{Var}"]
    right = r"\varepsilon x^\top \mathbb E[x] \mathcal L(\theta) \sum_1^{T} \frac FP"
    assert all(any(re.search(v, w) for w in wrong) for v in VARIANTS)
    assert not [v for v in VARIANTS if re.search(v, right)]


@pytest.mark.parametrize("path", [*PAGES, NOTATION], ids=name_of)
def test_no_other_way_to_write_it(path: Path):
    found = [
        f"{m[0]} in {formula.strip()[:80]!r}: write {right}"
        for _, formula in formulas(prose(path))
        for wrong, right in VARIANTS.items()
        for m in re.finditer(wrong, formula)
    ]
    code = cells(path, "code") if path.suffix == ".ipynb" else []
    names = set().union(*map(identifiers, code))
    found += [f"`{name}`: write `{NAMES[name]}`" for name in sorted(names & set(NAMES))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", [*PAGES, NOTATION], ids=name_of)
def test_sizes_are_written_with_a_multiplication_sign(path: Path):
    text = re.sub(r"^`{3,}.*$", "", CODE_BLOCK.sub("", prose(path)), flags=re.M)
    text = re.sub(r"`[^`]*`", "", text)
    assert not re.findall(r"\b\d+x\d+\b", text), "write 3×3"


def test_every_name_of_the_code_column_is_alive():
    codes = [p.read_text(encoding="utf-8") for p in (ROOT / "src/course_utils").rglob("*.py")]
    codes += [c for path in PAGES if path.suffix == ".ipynb" for c in cells(path, "code")]
    alive = set().union(*map(identifiers, codes))
    rows = re.findall(r"^\|.*?\| (.*?) \|.*\|$", NOTATION.read_text(encoding="utf-8"), re.M)
    named = set(re.findall(r"[^\W\d]\w*", " ".join(re.findall("`(.+?)`", " ".join(rows)))))
    assert named
    assert not named - alive, "on the notation page, in no code"
