"""The laws of the code: small, one way of imports, light to import, one address, clean text."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tools", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
DATA_MEGABYTES = 25

# Who may import whom inside the course; a part may always import itself.
MAY_IMPORT = {
    "data": set(),
    "plotting": set(),
    "feedback": set(),
    "notebooks": set(),
    "training": set(),
    "measured": set(),
    "source": set(),
    "architectures": set(),
    "attention": {"data", "training", "weights"},
    "augmentation": set(),
    "backbone": set(),
    "calibration": set(),
    "detection": {"data", "architectures", "training", "weights"},
    "diffusion": {"data", "training", "weights"},
    "digits": {"data", "training"},
    "exploring": {"plotting"},
    "figures": {"plotting"},
    "kernels": {"feedback"},
    "segmentation": {"data", "architectures", "training", "weights"},
    "weights": {"data"},
    "grading": {"feedback", "kernels", "notebooks"},
    "cli": {"grading", "feedback", "notebooks", "data"},
}
GENERATED = re.compile(
    r"_build|vendor|__pycache__|.*\.egg-info|\.(venv|git|\w+_cache|hypothesis|ipynb_checkpoints)"
)
TEXT = {".py", ".md", ".ipynb", ".toml", ".yml", ".yaml", ".txt", ".js", ".css", ".bib", ".svg", ""}
# Written in two pieces, so that this file does not match itself.
FORBIDDEN = {
    "an unfinished note": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b"),
    "a path of one machine": re.compile(r"(?<![\w./:-])/(?:work|home|Users|root)/\w"),
    "the host of a package index": re.compile(
        r"(?:pypi" r"\.org|pythonhosted" r"\.org|npmjs" r"\.org)"
    ),
}


@cache
def texts() -> dict[Path, str]:
    """Return every text file of the repository that people write, with its text."""
    found = {}
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if not GENERATED.fullmatch(name)]
        paths = [Path(folder, name) for name in files]
        found |= {p: p.read_text(encoding="utf-8") for p in paths if p.suffix in TEXT}
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[tuple[str, int]]:
    """Return (name, lines) of every function, without its decorators and docstring."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
            signature = node.body[0].lineno - node.lineno
            found.append((node.name, signature + (node.end_lineno or 0) - first.lineno + 1))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_and_functions_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    long = [(name, lines) for name, lines in functions(path) if lines > LONGEST_FUNCTION]
    assert not long, f"longer than {LONGEST_FUNCTION} lines: {long}"


def imported_parts(path: Path) -> set[str]:
    """Return the parts of course_utils that a file imports, also inside functions."""
    package = path.relative_to(ROOT / "src").parent.parts  # ("course_utils", "data")
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            names += [f"{base}{node.module or ''}.{a.name}".replace("..", ".") for a in node.names]
    parts = {name.split(".")[1] for name in names if name.startswith("course_utils.")}
    return {part for part in parts if not part.startswith("__")}


@pytest.mark.parametrize("path", sorted((ROOT / "src/course_utils").rglob("*.py")), ids=name_of)
def test_imports_run_one_way(path):
    part = path.relative_to(ROOT / "src/course_utils").with_suffix("").parts[0]
    if part == "__init__":
        assert not imported_parts(path)
        return
    assert part in MAY_IMPORT, f"say in MAY_IMPORT what {part} may import"
    wrong = imported_parts(path) - MAY_IMPORT[part] - {part}
    assert not wrong, f"{part} must not import {sorted(wrong)}"


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("course_utils", {"torch", "triton", "matplotlib", "numpy"}),
        ("course_utils.data", {"torch", "triton", "matplotlib"}),
        ("course_utils.detection", {"torch", "triton", "matplotlib"}),
        ("course_utils.segmentation", {"torch", "triton", "matplotlib"}),
        ("course_utils.diffusion", {"torch", "triton", "matplotlib"}),
        ("course_utils.attention", {"torch", "triton", "matplotlib"}),
        ("course_utils.feedback", {"torch", "triton", "matplotlib"}),
        ("course_utils.figures", {"torch", "triton", "matplotlib"}),
        ("course_utils.plotting", {"torch", "triton"}),
    ],
)
def test_each_module_pulls_its_own_heavy_library(module, absent):
    code = f"import {module}, sys; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not absent & set(result.stdout.split())


def test_the_address_is_the_one_setting_everywhere(repository):
    owner, course = repository.split("/")[-2:]
    pattern = re.compile(
        rf"(?:github\.com|mybinder\.org/v2/gh|colab\.research\.google\.com/github)/([\w.-]+)/{course}\b"
        rf"|github\.com/({owner})/(?!{course}\b)"
    )
    for path, text in texts().items():
        for match in pattern.finditer(text):
            assert match[1] == owner, f"{name_of(path)}: {match[0]} is not of {repository}"


def test_the_site_and_the_readme_use_the_address(repository):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == repository
    assert f"git clone {repository}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_text_is_finished_and_of_no_machine(what):
    found = [
        f"{name_of(path)}:{number}: {line.strip()[:120]}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_the_forbidden_is_recognised():
    examples = ["# TO" + "DO: more", "open('/ho" + "me/me/x')", "https://pypi" + ".org/simple"]
    for example, pattern in zip(examples, FORBIDDEN.values(), strict=True):
        assert pattern.search(example)
        assert not pattern.search("see https://example.com/home/page and book/root/x")


def test_no_test_is_skipped_for_what_is_missing():
    """A test may be skipped on another system (skipif), not because something is not there."""
    pattern = re.compile(r"pytest\." r"skip\(|importor" r"skip|mark\." r"xfail")
    found = [path for path in ROOT.glob("tests/**/*.py") if pattern.search(path.read_text())]
    assert not found


def test_the_data_is_small_enough_to_clone():
    files = [path for path in (ROOT / "src/course_utils/data").rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    assert 1 < megabytes < DATA_MEGABYTES


def test_licences_are_there():
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert "Attribution 4.0 International" in (ROOT / "LICENSE-text.txt").read_text()
