"""Checks that say which mistake was made: ``check("mlp/softmax", softmax)``."""

from course_utils.feedback.checking import check, examine
from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception
from course_utils.feedback.registry import ASSIGNMENTS, exercise_for, exercises_of
from course_utils.feedback.report import Report

__all__ = [
    "ASSIGNMENTS",
    "BadInput",
    "Case",
    "Exercise",
    "Misconception",
    "Report",
    "check",
    "examine",
    "exercise_for",
    "exercises_of",
]
