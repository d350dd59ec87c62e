"""Exercises of chapter 2: backpropagation in matrices, and the check of a gradient."""

from course_utils.feedback.exercises.backprop_check import GRADIENT_CHECK
from course_utils.feedback.exercises.backprop_losses import SOFTMAX_CROSS_ENTROPY_BACKWARD
from course_utils.feedback.exercises.backprop_networks import MLP_BACKWARD, MLP_FORWARD_CACHED

EXERCISES = [
    MLP_FORWARD_CACHED,
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
    MLP_BACKWARD,
    GRADIENT_CHECK,
]
