"""Write the prose of the book's chapters 1 to 5 as plain text, for chapter 9's language model.

`python tools/book_text.py` reads the text cells of the pages, in the order of the book, and writes
`src/course_utils/data/booktext/booktext.txt` with its checksum. The same pages give the same bytes.
The shipped file is a snapshot: weights were trained on it, so after making it again run
`benchmarks/gpt_weights.py` as well.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "course_utils" / "data"
NAME = "booktext/booktext.txt"
CHAPTERS = re.compile(r"book/0[1-5]_\w+/\d\d_\w+")
# Signs that a keyboard lacks; what is neither here nor ASCII is dropped with its sentence.
PLAIN = str.maketrans({"–": "-", "—": "-", "’": "'", "“": '"', "”": '"', "×": "x", "\xa0": " "})
ACCENTS = str.maketrans("áàâäãåéèêëíìîïóòôöõøúùûüçñ", "aaaaaaeeeeiiiiooooooouuuucn"[:26])
SIMPLE = re.compile(r"[A-Za-z0-9 ,.()=<>+*/-]{1,24}")


def pages() -> list[Path]:
    """Return the pages of chapters 1 to 5 in the order of the book."""
    names = [name for name in parse_toc_yaml(ROOT / "_toc.yml") if CHAPTERS.fullmatch(name)]
    return [ROOT / f"{name}.ipynb" for name in names]


def text_cells(page: Path) -> list[str]:
    """Return the sources of a page's text cells."""
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def titles() -> dict[str, str]:
    """Return the titles that labels stand above, over the whole book."""
    found = {}
    for page in sorted((ROOT / "book").rglob("*.ipynb")):
        for cell in text_cells(page):
            found |= dict(re.findall(r"^\(([\w-]+)\)=\n#+ (.+)", cell, re.M))
    return found


def names_cited() -> dict[str, str]:
    """Return "Family and Family (year)" for each key of the bibliography."""
    found = {}
    entries = (ROOT / "book" / "references.bib").read_text(encoding="utf-8").split("\n@")
    for entry in entries:
        key = re.search(r"\{([^,\s]+),", entry)
        author = re.search(r"^\s*author\s*=\s*[{\"](.*?)[}\"],?$", entry, re.M)
        year = re.search(r"^\s*year\s*=\s*\W*(\d{4})", entry, re.M)
        if not (key and author and year):
            continue
        families = [re.sub(r"[{}\\'\"^`~]", "", a.split(",")[0]) for a in author[1].split(" and ")]
        who = " and ".join(families) if len(families) < 3 else f"{families[0]} and others"
        found[key[1]] = f"{who} ({year[1]})"
    return found


def without_blocks(cell: str) -> str:
    """Drop displays, tables, labels, fences and the line of budgets; keep the prose."""
    display = r"^(`{3,})\{math\}.*?^\1\s*$|\$\$.*?\$\$"
    cell = re.sub(display, "", cell, flags=re.S | re.M)
    cell = re.sub(r"^```(?!\{)\w*\n.*?^```\s*$", "", cell, flags=re.S | re.M)
    drop = r"^(?:`{3,}.*|:\w+:.*|\([\w-]+\)=|\|.*|\*Budget:.*|!\[.*)$"
    return re.sub(drop, "", cell, flags=re.M)


def without_markup(text: str, title: dict[str, str], cited: dict[str, str]) -> str:
    """Turn roles, emphasis, code and simple formulas into plain words."""
    text = re.sub(r"\s*\{cite:p\}`[^`]*`", "", text)
    text = re.sub(r"\{cite:t\}`([^`]*)`", lambda m: cited.get(m[1].split(",")[0], "$\\$"), text)
    text = re.sub(r"\{ref\}`([^`<]*)`", lambda m: f'"{title.get(m[1], m[1])}"', text)
    text = re.sub(r"\{eq\}`[^`]*`", "the equation", text)
    text = re.sub(r"\{\w+\}`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", text)
    text = re.sub(r"\$([^$]+)\$", lambda m: m[1] if SIMPLE.fullmatch(m[1]) else "$\\$", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`([^`]*)`", r"\1", text)
    return re.sub(r"(\*{1,2})(?=\S)(.+?)(?<=\S)\1", r"\2", text, flags=re.S)


def sentences(paragraph: str) -> str:
    """Join the lines of a paragraph and leave out each sentence that is not plain text."""
    joined = " ".join(paragraph.split()).translate(PLAIN).translate(ACCENTS)
    parts = re.split(r"(?<=[.?!])\s+", joined)
    return " ".join(p for p in parts if p.isascii() and not re.search(r"[$\\{}^|]", p))


def book_text() -> str:
    """Return the prose: one paragraph a line, an empty line and a title before each page."""
    title, cited, lines = titles(), names_cited(), []
    for page in pages():
        for cell in text_cells(page):
            plain = without_markup(without_blocks(cell), title, cited)
            for paragraph in re.split(r"\n\s*\n|\n(?=#|\s*(?:[-*]|\d+\.) )", plain):
                line = sentences(re.sub(r"^\s*(?:#{2,}|[-*]) ", "", paragraph))
                new_page = line.startswith("# ")
                lines += ["", line] if new_page and lines else [line] if len(line) > 1 else []
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the text and its checksum."""
    content = book_text().encode("ascii")
    (DATA / NAME).parent.mkdir(exist_ok=True)
    (DATA / NAME).write_bytes(content)
    sums = DATA / "SHA256SUMS"
    kept = [line for line in sums.read_text(encoding="ascii").splitlines() if NAME not in line]
    digest = hashlib.sha256(content).hexdigest()
    sums.write_text("\n".join(sorted([*kept, f"{digest}  {NAME}"], key=lambda x: x[66:])) + "\n")
    print(f"{len(content):,} bytes, {len(set(content))} characters, sha256 {digest}")


if __name__ == "__main__":
    main()
