"""Links of the built site: to pages, to anchors, to the notebooks in the repository."""

import os
import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from site_pages import ROOT, pages, source

pytestmark = pytest.mark.web


class Links(HTMLParser):
    """Collects addresses (href and src) and anchors (id) of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and value:
                self.targets.append(value)
            elif name in {"id", "name"} and value:
                self.anchors.add(value)


@cache
def links(path: Path) -> Links:
    assert path.is_file(), f"the site has no {path.name}: build it again"
    return Links(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", pages())
def test_internal_links_resolve(name: str, site: Path) -> None:
    page = site / f"{name}.html"
    broken = []
    for target in links(page).targets:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        path = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
        page_of_site = path.suffix == ".html" and path.exists()
        anchors = links(path).anchors if page_of_site else {parts.fragment}
        if not path.exists() or (parts.fragment and parts.fragment not in anchors):
            broken.append(target)
    assert broken == []


def test_the_page_for_a_wrong_address_works_in_any_folder(site: Path) -> None:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    home = urlsplit(settings["html"]["baseurl"]).path
    targets = [target for target in links(site / "404.html").targets if "://" not in target]
    assert f"{home}book/index.html" in targets
    for target in targets:
        if not target.startswith("#"):
            assert target.startswith(home)
            assert (site / urlsplit(target).path.removeprefix(home)).is_file(), target


@pytest.mark.parametrize("name", [name for name in pages() if source(name).suffix == ".ipynb"])
def test_launch_links_lead_to_the_notebook(name: str, site: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = urlsplit(project["urls"]["Repository"]).path
    # Exercises have links to notebooks of their own: test_site_check_pages.py.
    targets = [t for t in links(site / f"{name}.html").targets if "/exercises/" not in t]
    colab = [t for t in targets if t.startswith("https://colab.research.google.com/")]
    binder = [t for t in targets if t.startswith("https://mybinder.org/")]
    assert len(colab) == len(binder) == 1
    path = re.fullmatch(rf".*/github{re.escape(repository)}/blob/main/(.+)", colab[0])
    assert path, colab[0]
    assert (ROOT / path[1]).is_file()
    assert binder[0].endswith(f"{repository}/main?urlpath=lab/tree/{path[1]}")
