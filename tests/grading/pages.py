"""What every page of the grader must be: inert, and well formed for whoever cannot see it."""

import re
from itertools import pairwise

from bs4 import BeautifulSoup

TAGS = """
html head meta title style body header main nav footer section article div p span strong bdi
h1 h2 h3 a code br wbr ul ol li table caption thead tbody tr th td svg rect line text desc
figure figcaption details summary abbr
"""


def text_of(html: str) -> str:
    """Return what a reader sees, on one line."""
    soup = BeautifulSoup(html, "html.parser")
    for each in soup.find_all(["style", "head"]):
        each.decompose()
    for each in soup.find_all("wbr"):
        each.unwrap()
    for each in soup.find_all("code"):
        each.string = each.get_text()
    blocks = soup.find_all(["p", "li", "td", "th", "h1", "h2", "h3", "br"])
    for each in blocks:
        each.insert_before(" ")
        each.insert_after(" ")
    return " ".join(soup.get_text().split())


def assert_inert(html: str) -> None:
    """Fail where a page holds anything that runs, loads, or hides what it says."""
    soup = BeautifulSoup(html, "html.parser")
    assert {each.name for each in soup.find_all()} <= set(TAGS.split())
    for each in soup.find_all():
        assert not [name for name in each.attrs if name.startswith("on") or name == "style"]
        assert not {"src", "srcset", "data", "action", "xlink:href"} & each.attrs.keys()
        assert re.match(r"#\w+$|https://example\.org/", each.get("href", "#a"))
    odd = {c for c in html if not c.isprintable() and c != "\n"}
    assert not odd, f"characters that cannot be seen: {odd}"


def assert_well_formed(html: str) -> None:
    """Fail where a reader that speaks the page would be lost."""
    soup = BeautifulSoup(html, "html.parser")
    assert soup.html["lang"] == "en"
    assert len(soup.find_all("main")) == len(soup.find_all("h1")) == 1
    levels = [int(each.name[1]) for each in soup.find_all(["h1", "h2", "h3"])]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [each["id"] for each in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    named = [each["aria-labelledby"] for each in soup.find_all(attrs={"aria-labelledby": True})]
    assert set(" ".join(named).split()) <= set(ids)
    assert {a["href"][1:] for a in soup.find_all("a") if a["href"].startswith("#")} <= set(ids)
    assert all(th.get("scope") in ("row", "col") for th in soup.find_all("th"))
    assert all(table.find("thead") for table in soup.find_all("table"))
    for picture in soup.find_all("svg"):
        described = picture.find("title") and picture.find("desc")
        assert picture.get("aria-hidden") == "true" or (picture["role"] == "img" and described)
