"""The edition that is read without a network, and the feed that says what has changed."""

import re
import tomllib
import zipfile
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
import yaml
from offline import ARCHIVE, pack
from playwright.sync_api import Page, expect
from site_pages import ROOT, goto

pytestmark = pytest.mark.web

CHAPTER = "book/04_cnn/02_convolution"
EQUATION = 'article a.internal[href="#equation-eq-convolution-layer"]'
ATOM = "{http://www.w3.org/2005/Atom}"


def html_of(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def unpacked(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline edition, packed from the site and unpacked in a folder of its own."""
    offered = ARCHIVE in html_of(site, "book/index")
    archive = site / ARCHIVE if offered else pack(site)
    assert archive.stat().st_size < 15_000_000
    folder = tmp_path_factory.mktemp("offline")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / "learning-to-see"


@pytest.mark.usefixtures("unpacked")
def test_the_start_page_offers_the_offline_edition(page: Page) -> None:
    goto(page, "book/index.html")
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download the offline edition").click()
    assert waited.value.suggested_filename == ARCHIVE


def test_pages_open_from_a_disk(unpacked: Path, page: Page) -> None:
    page.goto((unpacked / "index.html").as_uri())
    page.wait_for_url("**/book/index.html")
    assert page.locator(".course-download").count() == 0
    expect(page.locator(".course-sum")).to_contain_text("0 of")
    page.goto((unpacked / f"{CHAPTER}.html").as_uri())
    expect(page.locator(".katex-html").first).to_be_visible()
    expect(page.locator(".course-end button")).to_have_text("Mark as read")
    page.locator(EQUATION).first.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.goto((unpacked / "search.html").as_uri() + "?q=receptive+field")
    expect(page.locator("#search-results a[href*='receptive']").first).to_be_visible()


def test_the_feed_is_found_and_leads_to_the_changes(site: Path) -> None:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    base = settings["html"]["baseurl"]
    root = Xml.parse(site / "changes.xml").getroot()
    assert root.tag == f"{ATOM}feed"
    for entry in root.findall(f"{ATOM}entry"):
        link = entry.find(f"{ATOM}link")
        assert link is not None
        page, anchor = link.attrib["href"].removeprefix(base).split("#")
        assert f'id="{anchor}"' in (site / page).read_text(encoding="utf-8")
    for name in ("book/index", CHAPTER):
        up = "../" * name.count("/")
        link = re.findall(
            r'<link rel="alternate" type="application/atom\+xml"[^>]*>', html_of(site, name)
        )
        assert [re.findall('href="(.*?)"', one) for one in link] == [[f"{up}changes.xml"]]


def test_the_address_of_the_site_is_that_of_the_repository() -> None:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    owner, name = project["urls"]["Repository"].split("/")[-2:]
    assert settings["html"]["baseurl"] == f"https://{owner}.github.io/{name}/"
