"""What the web tests know of a page: its place, its source, and what a browser saw on it."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Page, Response

ROOT = Path(__file__).resolve().parents[2]
NARROW, WIDE = 390, 1280
# A window of 1280 px at 200 %, a telephone, and the narrowest window of WCAG 1.4.10.
WIDTHS = (WIDE, 640, NARROW, 320)

# Facts of a loaded page, read in one call.
FACTS = """() => ({
  math: document.querySelectorAll(".katex").length,
  badMath: [...document.querySelectorAll(".math, .katex-error")]
    .filter(n => !n.querySelector(".katex math")).map(n => n.textContent),
  cut: [...document.querySelectorAll("div.math, .katex-display")]
    .filter(n => n.scrollWidth > n.clientWidth + 1).map(n => n.textContent),
  twice: [...document.querySelectorAll("article [id]")].map(n => n.id)
    .filter((id, i, all) => all.indexOf(id) !== i),
  bare: [...document.querySelectorAll(".cell_output img[src*=_images]")]
    .filter(n => n.nextElementSibling?.textContent !== n.alt).map(n => n.alt),
  images: [...document.querySelectorAll("article img")].map(n => [n.getAttribute("src"), n.alt]),
  unloaded: [...document.images].filter(n => n.complete && !n.naturalWidth).map(n => n.src),
  figures: [...document.querySelectorAll(".figure-host")].map(n => [n.dataset.ready, n.innerText]),
})"""
# A figure is drawn when the reader comes near it, so this goes past all of them and back.
SETTLED = """() => {
  const hosts = [...document.querySelectorAll(".figure-host")];
  const next = hosts.find(host => !host.dataset.ready);
  if (next) { next.scrollIntoView({ behavior: "instant" }); window.scrolled = true; }
  else if (window.scrolled) { scrollTo({ top: 0, behavior: "instant" }); window.scrolled = false; }
  return !next;
}"""
# How far the page is wider than the window, and which elements stick out.
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const extra = document.documentElement.scrollWidth - width;
  const guilty = extra <= 0 ? [] : [...document.querySelectorAll("article *")]
    .filter(n => n.getBoundingClientRect().right > width + 1)
    .map(n => `${n.tagName}.${n.className}`).slice(0, 5);
  return [extra, guilty];
}"""

# Boxes that scroll sideways and that a keyboard cannot reach, or a screen reader not name.
UNNAMED = """() => [...document.querySelectorAll("[data-wide=true]:not(table)")]
  .filter(n => n.tabIndex !== 0 || !(n.ariaLabel || n.getAttribute("aria-labelledby")))
  .map(n => n.outerHTML.slice(0, 200))"""
LEVELS = """() => [...document.querySelectorAll(":is(article, .bd-search-container) *")]
  .filter(n => /^H[1-6]$/.test(n.tagName)).map(n => Number(n.tagName[1]))"""
# Tables that lay something out say so by their role.
HEADLESS = """() => [...document.querySelectorAll("article table:not([role=presentation])")]
  .filter(n => !n.querySelector("th") && !n.closest(".highlight")).map(n => n.innerText)"""


@dataclass
class Record:
    """What a browser saw on one page."""

    name: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    weights: dict[str, int] = field(default_factory=dict)
    overflow: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    unnamed: list[str] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)  # of the headings, in order
    headless: list[str] = field(default_factory=list)  # tables without a header cell
    facts: dict[str, Any] = field(default_factory=dict)


def pages() -> list[str]:
    """Every page of `_toc.yml`, in its order, without a suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *_files(toc)]


def _files(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _files(item)]
    if not isinstance(node, dict):
        return []
    own = [node["file"]] if "file" in node else []
    return own + [name for value in node.values() for name in _files(value)]


def source(name: str) -> Path:
    """The file that page `name` is made of."""
    found = [ROOT / f"{name}{suffix}" for suffix in (".ipynb", ".md")]
    return next((path for path in found if path.is_file()), found[0])


def prose(name: str) -> str:
    """The Markdown of page `name`, without code."""
    text = source(name).read_text(encoding="utf-8")
    if source(name).suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    text = re.sub(r"^(```+)(?!\{).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]+`", "", text)


def has_math(name: str) -> bool:
    """Whether the page's source holds a formula."""
    return bool(re.search(r"\$[^$]+\$|\{math\}|\\begin\{(align|equation)", prose(name)))


def goto(page: Page, url: str) -> None:
    """Load `url` and wait until figures are drawn."""
    page.goto(url, wait_until="load")
    page.wait_for_function(SETTLED, timeout=20_000)


def observe(tab: Page, address: str, name: str) -> Record:
    """Load a page at both widths and write down what happened."""
    record = Record(name)

    def on_response(response: Response) -> None:
        if response.status >= 400:
            record.missing.append(f"{response.status} {response.url}")
        elif response.url.startswith(address) and response.status == 200:
            record.weights[response.url.removeprefix(address)] = len(response.body())

    def on_request(route: Any) -> None:
        if route.request.url.startswith((address, "blob:", "data:")):
            route.continue_()
        else:
            record.foreign.append(route.request.url)
            route.abort()

    listeners = {
        "response": on_response,
        "pageerror": lambda error: record.errors.append(str(error)),
        "console": lambda m: record.errors.append(m.text) if m.type == "error" else None,
    }
    tab.route("**/*", on_request)
    for event, listener in listeners.items():
        tab.on(event, listener)
    try:
        goto(tab, f"{address}{name}.html")
        record.facts = tab.evaluate(FACTS)
        record.levels, record.headless = tab.evaluate(LEVELS), tab.evaluate(HEADLESS)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            tab.wait_for_timeout(120)
            record.overflow[width] = tuple(tab.evaluate(OVERFLOW))
            record.unnamed += tab.evaluate(UNNAMED)
    finally:
        tab.set_viewport_size({"width": WIDE, "height": 900})
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        tab.unroute("**/*")
    return record


def readout(page: Page) -> dict[str, float]:
    """The named numbers under an interactive figure; what is no number is left out."""
    parts = [part.inner_text() for part in page.locator(".ifig-readout > span").all()]
    pairs = [re.fullmatch(r"(.*): (−?[\d.e+-]+)", part) for part in parts]
    return {m[1]: float(m[2].replace("−", "-")) for m in pairs if m}
