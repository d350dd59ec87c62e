"""Every interactive figure of the site answers to the keyboard; every quiz names the mistake."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page
from site_pages import goto, pages

pytestmark = pytest.mark.web

STATE = re.compile(r'<script type="[^"]+widget-state\+json">(.*?)</script>', re.DOTALL)
# What a figure shows, without its controls: a slider that moves alone changes nothing.
DRAWN = """host => {
  const copy = host.cloneNode(true);
  copy.querySelectorAll(".ifig-controls").forEach(node => node.remove());
  return copy.innerHTML.replaceAll(' data-lm-suppress-shortcuts=""', "");
}"""
CONTROLS = "input, select, button, [role=slider], [role=button]"
KEYS = {"range": ["ArrowRight", "ArrowLeft"], "number": ["ArrowUp", "ArrowDown"]}


def states(site: Path, name: str) -> dict[str, dict[str, Any]]:
    """The state of each figure on a page, by its id, in the order of the page."""
    path = site / f"{name}.html"
    if not path.is_file():
        return {}
    html = path.read_text(encoding="utf-8")
    found = STATE.search(html)
    models = json.loads(found[1])["state"] if found else {}
    shown = re.findall(r'data-model-id="(\w+)"', html)
    return {key: models[key]["state"] for key in shown}


def plain(text: str) -> str:
    """A text of a quiz as the page shows it."""
    return " ".join(re.sub(r"[`*]", "", text).split())


def press(page: Page, control: Locator) -> None:
    """Operate one control by its keys."""
    control.focus()
    kind = control.evaluate("n => n.type === undefined ? n.getAttribute('role') : n.type")
    keys = KEYS.get(kind, [])
    if kind == "slider":
        keys = ["ArrowRight", "ArrowUp"]
    elif kind == "select-one":
        keys = ["ArrowDown", "ArrowUp"]
    elif kind in {"radio", "checkbox", "button", "submit"}:
        keys = ["Space"]
    before = control.evaluate("n => n.closest('.figure-host').innerHTML + n.value")
    for key in keys:  # the second one where the first meets the end of the range
        page.keyboard.press(key)
        if control.evaluate("n => n.closest('.figure-host').innerHTML + n.value") != before:
            return


@pytest.mark.parametrize("name", pages())
def test_every_figure_answers_to_the_keyboard(
    name: str, site: Path, address: str, tab: Page
) -> None:
    figures = states(site, name)
    if not figures:
        return
    goto(tab, f"{address}{name}.html")
    for key in figures:
        host = tab.locator(f'[data-model-id="{key}"]')
        before = host.evaluate(DRAWN)
        controls = host.locator(CONTROLS)
        assert controls.count() > 0, f"figure {key} has nothing to operate"
        for place in range(controls.count()):
            press(tab, controls.nth(place))
            if host.evaluate(DRAWN) != before:
                break
        else:
            pytest.fail(f"no key changes the figure: {host.inner_text()[:200]}")


@pytest.mark.parametrize("name", pages())
def test_every_quiz_tells_the_reason_of_a_wrong_answer(
    name: str, site: Path, address: str, tab: Page
) -> None:
    quizzes = {k: s["questions"] for k, s in states(site, name).items() if "questions" in s}
    if not quizzes:
        return
    goto(tab, f"{address}{name}.html")
    for key, questions in quizzes.items():
        boxes = tab.locator(f'[data-model-id="{key}"] fieldset')
        assert boxes.count() == len(questions)
        for place, question in enumerate(questions):
            reason = answer_wrongly(boxes.nth(place), question)
            said = boxes.nth(place).locator("[role=status]").inner_text()
            assert plain(reason) in plain(said)


def answer_wrongly(box: Locator, question: dict[str, Any]) -> str:
    """Give a wrong answer and return the reason that must be told."""
    if question["kind"] == "match":
        item = question["items"][0]
        wrong = next(name for name in question["categories"] if name != item["category"])
        box.locator("select").first.select_option(wrong)
        reason = item["why"]
    else:
        place, option = next((i, o) for i, o in enumerate(question["options"]) if not o["correct"])
        box.locator("input").nth(place).check()
        reason = option["why"]
    box.get_by_role("button", name="Check").press("Enter")
    return reason
