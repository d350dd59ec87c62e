"""A plausible class of forty, made of the mistakes that the checks of an assignment can name."""

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from course_utils.feedback import Exercise, exercises_of
from course_utils.grading.results import GRADED, MISSING, REFUSED, Message, Result, Verdict

ADDRESS = "https://example.org/someone/course"
PRESENT = ("Ada", "Bela", "Chidi", "Dana", "Emre", "Fatou", "Gita", "Hugo")
FAMILY = ("Okafor", "Novák", "Silva", "Yıldız", "Nguyen")

UTF16 = Message("encoding", "Your file was saved as UTF-16.", repaired=True)
COPIED = Message("duplicate-cell", "The cell of softmax is there twice; the first one was graded.")
UNREADABLE = Message("not-json", "The file ends in the middle of line 812: it was cut off.")


def course(folder: Path) -> Any:
    """Return what the pages need of a course, in a folder of its own."""
    return SimpleNamespace(
        root=folder,
        feedback=folder / "feedback",
        db_url=f"sqlite:///{folder}/gradebook.db",
        course_id="",
        address=ADDRESS,
        source=lambda name: folder / "solutions" / name / f"{name}.ipynb",
    )


def verdict(exercise: Exercise, kind: str = "", hint: str = "", earned: float = 0.0) -> Verdict:
    """Return a verdict as the grader makes it; without a kind all points are earned."""
    weights = exercise.parts()
    parts = dict.fromkeys(weights, not kind) | {"main": earned > 0 or not kind}
    return Verdict(
        grade_id=f"test_{exercise.function}",
        key=exercise.key,
        points=exercise.points,
        earned=earned if kind else exercise.points,
        kind=kind,
        hint=f"{exercise.concept}: {hint}" if hint else "",
        section=f"{exercise.section_title} (book/{exercise.section})",
        parts=parts,
    )


def named(exercise: Exercise, number: int = 0) -> Verdict:
    """Return the verdict on an exercise's misconception ``number``."""
    found = exercise.misconceptions[number]
    return verdict(exercise, found.name, found.hint)


def drawn(rng: random.Random, exercise: Exercise, skill: float) -> Verdict:
    """Return a verdict on an answer of somebody who is right with probability ``skill``."""
    luck = rng.random()
    if luck < skill:
        return verdict(exercise)
    if luck < skill + 0.05:
        hint = "some bad input is not refused with a ValueError."
        return verdict(exercise, "validation", hint, round(0.8 * exercise.points, 2))
    if luck > 0.97:
        return verdict(exercise, "time", "stopped, no answer within 10 seconds.")
    if luck > 0.92:
        return replace(verdict(exercise, "stub"), hint=f"{exercise.function} is not written yet.")
    if luck > 0.88:
        return verdict(exercise, "value", "the result is wrong for some input.")
    many = len(exercise.misconceptions)
    return named(exercise, min(int(rng.expovariate(1.3)), many - 1))


def class_of(size: int = 40, assignment: str = "mlp", seed: int = 0) -> list[Result]:
    """Return the results of a class: most are graded, some are refused, missing or repaired."""
    rng = random.Random(seed)
    exercises = list(exercises_of(assignment).values())
    results = []
    for number in range(size):
        student = f"{PRESENT[number % 8]} {FAMILY[number // 8 % 5]}"
        student += f" {number // 40 + 1}" if number >= 40 else ""
        skill = rng.betavariate(3, 1.4)
        verdicts = tuple(drawn(rng, exercise, skill) for exercise in exercises)
        status, messages = GRADED, ()
        if number % 13 == 5:
            status, verdicts = MISSING, ()
        elif number % 17 == 9:
            status, verdicts, messages = REFUSED, (), (UNREADABLE,)
        elif number % 11 == 3:
            messages = (UTF16, COPIED) if number % 2 else (UTF16,)
        seconds = round(0.2 + rng.random(), 2)
        results.append(
            Result(student, assignment, status, f"{number:x}", verdicts, messages, seconds)
        )
    return results
