"""Exercises of chapter 4: sizes of layers, and what one unit of a network sees."""

from course_utils.feedback.exercises.receptive_field_gradient import RECEPTIVE_FIELD_BY_GRADIENT
from course_utils.feedback.exercises.receptive_field_layers import RECEPTIVE_FIELD
from course_utils.feedback.exercises.receptive_field_sizes import OUTPUT_SIZE, SMALLEST_DEPTH

EXERCISES = [
    OUTPUT_SIZE,
    RECEPTIVE_FIELD,
    RECEPTIVE_FIELD_BY_GRADIENT,
    SMALLEST_DEPTH,
]
