"""A student's hour in JupyterLab: a wrong answer, its reason, a right one, and a live figure."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from site_pages import ROOT

pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(os.name == "nt", reason="Windows is set up without make"),
]

FIGURE = """\
from course_utils.figures import Explorer, Frame, Line, Panel

figure = Explorer(
    knobs={"slope": [1, 2, 3]},
    frame=lambda slope: Frame([[Line([0, 1], [0, slope])]], {"end": slope}),
    panels=[Panel("Line", "x", "y")],
    alt="A line through the origin whose slope is set by the one slider above it.",
)
figure"""
CHECKS = 7  # functions of exercises/mlp
WRONG = """\
def softmax(z):
    if z.ndim < 1 or z.shape[-1] < 1:
        raise ValueError("no classes")
    raised = np.exp(z - z.max(axis=0, keepdims=True))
    return raised / raised.sum(axis=0, keepdims=True)"""
RIGHT = WRONG.replace("axis=0", "axis=-1")
# The texts of a panel that stand out too little from what lies behind them (WCAG 1.4.3, 1.4.11).
FAINT = r"""panel => {
  const read = colour => {
    const all = colour.match(/[\d.]+/g).map(Number);
    return [all.slice(0, 3), all[3] ?? 1];
  };
  const over = ([top, a], below) => top.map((v, i) => a * v + (1 - a) * below[i]);
  const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = rgb => rgb.map(v => linear(v / 255))
    .reduce((sum, v, i) => sum + [0.2126, 0.7152, 0.0722][i] * v, 0);
  const chain = node => node ? [...chain(node.parentElement), node] : [];
  const ground = node => chain(node).map(n => read(getComputedStyle(n).backgroundColor))
    .reduce((rgb, layer) => over(layer, rgb), [255, 255, 255]);
  return [...panel.querySelectorAll("span, code")].filter(node => {
    const behind = ground(node), style = getComputedStyle(node), [rgb, a] = read(style.color);
    const pair = [over([rgb, a * Number(style.opacity)], behind), behind].map(light);
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    return contrast < (node.ariaHidden ? 3 : 4.5);
  }).map(node => node.textContent);
}"""
SETTINGS = """async () => {
  const name = "@jupyterlab/apputils-extension:notification";
  return (await (await fetch(`/lab/api/settings/${name}`)).json()).schema.properties;
}"""

# What a new terminal answers to a command.
TERMINAL = """async command => {
  const [, token] = document.cookie.match(/_xsrf=([^;]+)/);
  const made = await fetch("/api/terminals", { method: "POST", headers: { "X-XSRFToken": token } });
  const { name } = await made.json();
  const socket = new WebSocket(`ws://${location.host}/terminals/websocket/${name}`);
  let said = "";
  return new Promise(done => {
    socket.onmessage = ({ data }) => {
      const [kind, text] = JSON.parse(data);
      if (kind === "setup") socket.send(JSON.stringify(["stdin", `${command}; echo e''nd\\r`]));
      if (kind === "stdout") said += text;
      if (said.includes("end")) done(said);
    };
  });
}"""


def notebook(*cells: str) -> str:
    """The text of a notebook with these code cells."""
    made = [{"cell_type": "code", "id": f"c{i}", "source": text} for i, text in enumerate(cells)]
    made = [cell | {"metadata": {}, "outputs": [], "execution_count": None} for cell in made]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that `make lab` has started on a folder of its own."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "exercises" / "mlp" / "mlp.ipynb", folder)
    (folder / "figure.ipynb").write_text(notebook(FIGURE, "figure.value"), encoding="utf-8")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    surroundings |= {name: str(home / name) for name in names}
    with subprocess.Popen(
        ["make", "lab", f"FOLDER={folder}", "LAB=--no-browser --port=0"],
        cwd=ROOT,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            address = address_of(process)
            assert process.stdout
            threading.Thread(target=process.stdout.read, daemon=True).start()  # or it would fill up
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # JupyterLab ends its kernels
            process.wait(timeout=30)


def address_of(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or []:
        said.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", line):
            return found[0]
    pytest.fail("no address:\n" + "".join(said), pytrace=False)


@pytest.fixture
def open_notebook(lab: str, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens a notebook of the folder; fails on a request to another host."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    expect.set_options(timeout=20_000)
    root = lab.partition("lab?")[0]
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url))

    def opened(name: str) -> Page:
        page.goto(lab.replace("/lab?", f"/lab/tree/{name}?reset&"))
        idle(page)
        return page

    yield opened
    page.close()
    assert [url for url in foreign if not url.startswith((root, "data:", "blob:"))] == []


def idle(page: Page) -> None:
    """Wait until the kernel has nothing to do."""
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Python 3 (ipykernel) | Idle")


def cell(page: Page, text: str) -> Locator:
    """The code cell whose source holds this text."""
    return page.locator(".jp-CodeCell").filter(
        has=page.locator(".jp-InputArea-editor", has_text=text)
    )


def run(box: Locator) -> Locator:
    """Run a cell by its keys, wait for its number, return its output."""
    box.locator(".cm-content").press("Control+Enter")
    idle(box.page)
    expect(box.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"))
    return box.locator(".jp-OutputArea-output")


def write(box: Locator, text: str) -> None:
    """Replace the source of a cell."""
    box.locator(".cm-content").click()
    box.page.keyboard.press("Control+A")
    box.page.keyboard.insert_text(text)


def test_a_student_is_told_the_mistake_and_then_passes(
    open_notebook: Callable[[str], Page],
) -> None:
    page = open_notebook("mlp.ipynb")
    run(cell(page, "importlib"))
    run(cell(page, "from course_utils.feedback import check"))
    answer, verdict = cell(page, "def softmax"), cell(page, "mlp/softmax")
    run(answer)
    expect(run(verdict)).to_contain_text("softmax is not written yet")
    write(answer, WRONG)
    run(answer)
    expect(run(verdict)).to_contain_text("columns sum to one: the first axis is the batch")
    write(answer, RIGHT)
    run(answer)
    expect(run(verdict)).to_contain_text("softmax passed: 2 of 2 points")
    restart_and_run_all(page)
    expect(verdict.locator(".jp-OutputArea-output")).to_contain_text("softmax passed")
    expect(cell(page, "mlp/dense").locator(".course-check")).to_contain_text("0 of 2")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        choose_theme(page, theme)
        panels = page.locator(".course-check")
        assert panels.count() == CHECKS
        assert [text for panel in panels.all() for text in panel.evaluate(FAINT)] == [], theme


def restart_and_run_all(page: Page) -> None:
    """By the menu, as a student does before handing in; wait for the last cell's output."""
    last = page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="Restart Kernel and Run All Cells").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    expect(last).to_be_attached()
    idle(page)


def choose_theme(page: Page, theme: str) -> None:
    """By the menu."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item[data-type=submenu]", has_text="Theme").first.click()
    page.locator(".lm-Menu-item", has_text=theme).first.click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)


def test_a_figure_is_alive_and_nothing_asks_for_news(
    open_notebook: Callable[[str], Page],
) -> None:
    page = open_notebook("figure.ipynb")
    assert page.evaluate(SETTINGS)["fetchNews"]["default"] == "false"
    run(cell(page, "Explorer"))
    page.get_by_role("slider", name="slope").press("ArrowRight")
    expect(page.get_by_role("status").filter(has_text="end")).to_have_text("end: 2")
    assert "'slope': 2" in run(cell(page, "figure.value")).inner_text()
    expect(page.get_by_text("official Jupyter news")).to_have_count(0)


def test_the_terminal_knows_course_and_no_button_of_nbgrader_misleads(
    open_notebook: Callable[[str], Page],
) -> None:
    """`Validate` calls an exercise that nobody has written yet partly right."""
    page = open_notebook("mlp.ipynb")
    assert ".venv/bin/course" in page.evaluate(TERMINAL, "command -v course")
    expect(page.get_by_role("button", name="Restart the kernel").first).to_be_visible()
    expect(page.get_by_role("button", name="Validate")).to_have_count(0)
