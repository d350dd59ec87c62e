"""Exercises of chapter 6: the focal loss, its gradient, and its sum over an image."""

from course_utils.feedback.exercises.focal_loss_elements import FOCAL_LOSS
from course_utils.feedback.exercises.focal_loss_gradient import FOCAL_LOSS_GRAD
from course_utils.feedback.exercises.focal_loss_normalised import NORMALISED_FOCAL_LOSS

EXERCISES = [FOCAL_LOSS, FOCAL_LOSS_GRAD, NORMALISED_FOCAL_LOSS]
