"""The settings of the site agree with the rest of the repository. Needs no site and no browser."""

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "site_assets" / "vendor" / "katex"


@pytest.fixture
def config() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def test_repository_is_the_one_setting(config: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert config["repository"]["url"] == project["urls"]["Repository"]


def test_a_failing_cell_fails_the_build(config: dict[str, Any]) -> None:
    assert config["execute"]["raise_on_error"] is True
    assert config["execute"]["allow_errors"] is False
    assert config["only_build_toc_files"] is True


def test_theme_options_are_not_replaced(config: dict[str, Any]) -> None:
    # Setting them here would silently remove the launch and repository buttons.
    assert "html_theme_options" not in config["sphinx"]["config"]


def test_static_folder_of_jupyter_book_is_not_used() -> None:
    # Jupyter Book loads every script under `_static` on every page.
    assert not (ROOT / "_static").exists()
    assert not (ROOT / "book" / "_static").exists()


def test_assets_named_in_the_configuration_exist(config: dict[str, Any]) -> None:
    sphinx = config["sphinx"]["config"]
    names = [sphinx["mathjax_path"], *sphinx["html_css_files"], *sphinx["nb_ipywidgets_js"]]
    assert [name for name in names if not (ROOT / "site_assets" / name).is_file()] == []
    assert (ROOT / config["html"]["favicon"]).is_file()
    assert (ROOT / config["logo"]).is_file()


def test_katex_is_made_of_the_published_files() -> None:
    # The README beside it says of which; its licence travels with it.
    read_me = (VENDOR / "README.md").read_text(encoding="utf-8")
    for name in ("katex.min.js", "katex.min.css"):
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() in read_me, name
    assert "MIT License" in (VENDOR / "LICENSE").read_text(encoding="utf-8")


def test_every_font_of_the_formulas_is_there_and_named() -> None:
    sheet = (VENDOR / "katex.min.css").read_text(encoding="utf-8")
    fonts = {str(path.relative_to(VENDOR)) for path in VENDOR.glob("fonts/*")}
    assert set(re.findall(r"url\(([^)]+)\)", sheet)) == fonts
