"""`Quiz`: questions in the page, where every wrong answer names the mistake behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import traitlets

from course_utils.figures.base import InteractiveFigure


@dataclass(frozen=True)
class Option:
    """One answer. `why` says which mistake leads to it, or why it is right."""

    text: str
    correct: bool
    why: str


@dataclass(frozen=True)
class Question:
    """A question with its options; `several` when more than one may be chosen.

    Raises:
        ValueError: fewer than two options, no correct one, more than one correct where only one
            may be chosen, or a wrong option without a reason.
    """

    prompt: str
    options: Sequence[Option]
    several: bool = False

    def __post_init__(self) -> None:
        right = sum(option.correct for option in self.options)
        if len(self.options) < 2:
            raise ValueError(f"options: got {len(self.options)}, expected at least two")
        if right == 0 or (right > 1 and not self.several):
            expected = "at least one" if self.several else "exactly one"
            raise ValueError(f"options: got {right} correct ones, expected {expected}")
        _check_reasons({option.text: option.why for option in self.options if not option.correct})

    def to_json(self) -> dict[str, Any]:
        """The form that ``quiz.js`` reads."""
        options = [{"text": o.text, "correct": o.correct, "why": o.why} for o in self.options]
        return {
            "kind": "many" if self.several else "one",
            "prompt": self.prompt,
            "options": options,
        }


@dataclass(frozen=True)
class Matching:
    """Items to put into categories: text -> (category, why it belongs there).

    `why` is told when the reader has put the item elsewhere. `categories` fixes the order of the
    menu and may hold categories that fit no item.

    Raises:
        ValueError: fewer than two items or categories, an item in an unknown category, or an item
            without a reason.
    """

    prompt: str
    items: Mapping[str, tuple[str, str]]
    categories: Sequence[str] | None = None

    def __post_init__(self) -> None:
        names = self.names
        if len(self.items) < 2 or len(names) < 2:
            raise ValueError(
                f"items: got {len(self.items)} in {len(names)} categories, expected at least two"
            )
        for text, (category, _) in self.items.items():
            if category not in names:
                raise ValueError(f"items: {text!r} is in {category!r}, expected one of {names}")
        _check_reasons({text: why for text, (_, why) in self.items.items()})

    @property
    def names(self) -> list[str]:
        """The categories in the order of the menu."""
        found = [category for category, _ in self.items.values()]
        return list(dict.fromkeys(self.categories or found))

    def to_json(self) -> dict[str, Any]:
        """The form that ``quiz.js`` reads."""
        items = [{"text": t, "category": c, "why": w} for t, (c, w) in self.items.items()]
        return {"kind": "match", "prompt": self.prompt, "items": items, "categories": self.names}


class Quiz(InteractiveFigure):
    """One or more questions with a "Check" button each.

    Texts are plain, with `code` in backticks and *emphasis* in asterisks.

    Args:
        question: the text of a single question, or a sequence of `Question` and `Matching`.
        options: the options of a single question.
        several: whether more than one option of the single question may be chosen.
        alt: by default the questions' own words.
        caption: an optional line under the quiz.

    Raises:
        ValueError: a question that cannot be answered, or a wrong option without a reason.
    """

    module = "quiz.js"
    questions = traitlets.List().tag(sync=True)

    def __init__(
        self,
        question: str | Sequence[Question | Matching],
        options: Sequence[Option] | None = None,
        *,
        several: bool = False,
        alt: str | None = None,
        caption: str = "",
    ) -> None:
        if isinstance(question, str):
            asked: list[Question | Matching] = [Question(question, options or [], several)]
        else:
            asked = list(question)
        if not asked:
            raise ValueError("question: got an empty list, expected at least one question")
        described = alt or "A question to check yourself, answered in the page: " + " ".join(
            item.prompt for item in asked
        )
        super().__init__(alt=described, caption=caption, questions=[q.to_json() for q in asked])

    @classmethod
    def matching(
        cls,
        prompt: str,
        items: Mapping[str, tuple[str, str]],
        categories: Sequence[str] | None = None,
        *,
        alt: str | None = None,
        caption: str = "",
    ) -> Quiz:
        """A quiz of one `Matching` question: ``{"text": ("category", "why it belongs there")}``."""
        return cls([Matching(prompt, items, categories)], alt=alt, caption=caption)


def _check_reasons(reasons: Mapping[str, str]) -> None:
    for text, why in reasons.items():
        if not why.strip():
            raise ValueError(f"why: got nothing for {text!r}, expected the mistake behind it")
