"""The feed of what has changed, made from CHANGELOG.md, and the links to it in every page's head.

The format is Atom (RFC 4287): an entry for each released version, with its address on the page of
changes. The address of the site is `html: baseurl` in _config.yml, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from docutils import nodes
from markdown_it import MarkdownIt
from sphinx.application import Sphinx
from sphinx.errors import ConfigError

from course_utils.grading import files

CHANGELOG = "CHANGELOG.md"
FEED, PAGE = "changes.xml", "book/changelog"
ATOM = "http://www.w3.org/2005/Atom"
# Keep a Changelog: "## [0.1.0] - 2026-11-28"; what is not released has no date and no entry.
TITLE = r"\[?(?P<version>\d[\w.]*)\]? - (?P<date>\d{4}-\d\d-\d\d)"
RELEASE = re.compile(f"^## {TITLE}$", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """A version, the day of its release (ISO 8601) and what it changed (Markdown)."""

    version: str
    date: str
    text: str

    @property
    def anchor(self) -> str:
        """The name of its section on the page of changes."""
        return f"v{self.version}"


def releases(changelog: str) -> list[Release]:
    """The released versions of a changelog, in its order (the newest first)."""
    found = list(RELEASE.finditer(changelog))
    ends = [*(match.start() for match in found[1:]), len(changelog)]
    return [
        Release(match["version"], match["date"], _section(changelog[match.end() : end]))
        for match, end in zip(found, ends, strict=True)
    ]


def _section(text: str) -> str:
    return re.split(r"^## |^\[[^\]]+\]: ", text, maxsplit=1, flags=re.MULTILINE)[0].strip()


def feed(changes: list[Release], base: str, title: str, author: str) -> bytes:
    """The Atom document of `changes` for the site at `base`, an address that ends with a slash."""
    if not re.fullmatch(r"https?://\S+/", base):
        raise ValueError(f"base: got {base!r}, expected an address that ends with a slash")
    if not changes:
        raise ValueError(f"changes: got none, expected a version with a date in {CHANGELOG}")
    root = Xml.Element("feed", xmlns=ATOM)
    _texts(root, id=base + FEED, title=f"{title}: changes", updated=_moment(changes[0].date))
    Xml.SubElement(root, "link", rel="self", href=base + FEED)
    Xml.SubElement(root, "link", rel="alternate", href=f"{base}{PAGE}.html")
    _texts(Xml.SubElement(root, "author"), name=author)
    for change in changes:
        entry = Xml.SubElement(root, "entry")
        address = f"{base}{PAGE}.html#{change.anchor}"
        _texts(entry, id=address, title=f"{title} {change.version}", updated=_moment(change.date))
        Xml.SubElement(entry, "link", rel="alternate", href=address)
        content = Xml.SubElement(entry, "content", type="html")
        content.text = MarkdownIt().render(change.text)
    Xml.indent(root)
    return Xml.tostring(root, encoding="utf-8", xml_declaration=True)


def _texts(parent: Xml.Element, **texts: str) -> None:
    for name, text in texts.items():
        Xml.SubElement(parent, name).text = text


def _moment(date: str) -> str:
    return f"{date}T00:00:00Z"


def name_releases(app: Sphinx, doctree: nodes.document) -> None:
    """Give the section of each version an address that the next version does not change."""
    if app.env.docname != PAGE:
        return
    for section in doctree.findall(nodes.section):
        found = re.fullmatch(TITLE, section[0].astext())
        if found:
            section["ids"].insert(0, Release(found["version"], found["date"], "").anchor)


def write_feed(app: Sphinx, error: Exception | None) -> None:
    """Put the feed at the root of the site; a book without a changelog has none."""
    source = Path(app.srcdir) / CHANGELOG
    if error or app.builder.format != "html" or not source.is_file():
        return
    try:
        made = feed(
            releases(source.read_text(encoding="utf-8")),
            app.config.html_baseurl,
            app.config.html_title,
            app.config.author,
        )
    except ValueError as wrong:
        raise ConfigError(f"{FEED}: {wrong}") from wrong
    files.write(Path(app.outdir) / FEED, made)


def link_feed(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Name the feed in the head of a page, so that a reader of feeds finds it."""
    if (Path(app.srcdir) / CHANGELOG).is_file():
        address = context["pathto"](FEED, resource=True)
        context["metatags"] = context.get("metatags", "") + (
            f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{address}" />'
        )


def setup(app: Sphinx) -> None:
    """Connect this part; `course_site` calls it."""
    app.connect("doctree-read", name_releases)
    app.connect("html-page-context", link_feed)
    app.connect("build-finished", write_feed)
