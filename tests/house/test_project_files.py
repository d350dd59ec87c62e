"""What a project says of itself: how to cite it, how to contribute, how to report."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from course_utils import __version__

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
PACKAGE = ROOT / "src" / "course_utils"
# What a name in the map of CONTRIBUTING.md may be relative to.
BASES = (ROOT, ROOT / "src", PACKAGE, PACKAGE / "grading", ROOT / "tests", ROOT / "site_assets")


def test_the_citation_is_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)
    assert cited["version"] == __version__
    assert cited["repository-code"] == project["urls"]["Repository"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {__version__} - {cited['date-released']}\n" in changes


def test_the_map_of_the_code_is_true() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w./]+/[\w./]*|[\w]+\.(?:py|txt|md))`", text)
    assert len(named) > 15
    assert [name for name in named if not any((base / name).exists() for base in BASES)] == []
    for folder in PACKAGE.glob("*/__init__.py"):
        assert f"`{folder.parent.name}`" in text, folder.parent.name


def test_links_of_the_project_files_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "AGENTS.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_has_what_the_form_needs(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} == set(form)
    for field in form["body"]:
        assert field["type"] in {"input", "textarea"}
        assert field["attributes"]["label"]


def test_there_are_templates() -> None:
    assert len(TEMPLATES) == 3
