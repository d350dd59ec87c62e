"""Exercises of chapter 3: steps, schedules, initialisation, normalisation, dropout."""

from course_utils.feedback.exercises.sgd_adam import ADAM_STEP
from course_utils.feedback.exercises.sgd_batch_norm import BATCH_NORM_FORWARD
from course_utils.feedback.exercises.sgd_batch_norm_backward import BATCH_NORM_BACKWARD
from course_utils.feedback.exercises.sgd_clipping import CLIP_BY_NORM
from course_utils.feedback.exercises.sgd_dropout import DROPOUT
from course_utils.feedback.exercises.sgd_initialisation import HE_NORMAL
from course_utils.feedback.exercises.sgd_layer_norm import LAYER_NORM
from course_utils.feedback.exercises.sgd_schedule import WARMUP_COSINE
from course_utils.feedback.exercises.sgd_steps import MOMENTUM_STEP, SGD_STEP

EXERCISES = [
    SGD_STEP,
    WARMUP_COSINE,
    MOMENTUM_STEP,
    ADAM_STEP,
    HE_NORMAL,
    BATCH_NORM_FORWARD,
    BATCH_NORM_BACKWARD,
    LAYER_NORM,
    CLIP_BY_NORM,
    DROPOUT,
]
