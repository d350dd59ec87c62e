"""Exercises of chapter 9: attention, its heads, its cost and its gradients, positions, patches."""

from course_utils.feedback.exercises.attention_backward import ATTENTION_BACKWARD
from course_utils.feedback.exercises.attention_heads import MULTI_HEAD_ATTENTION
from course_utils.feedback.exercises.attention_online import ONLINE_SOFTMAX
from course_utils.feedback.exercises.attention_operator import ATTENTION
from course_utils.feedback.exercises.attention_patches import PATCHIFY
from course_utils.feedback.exercises.attention_positions import POSITIONAL_ENCODING
from course_utils.feedback.exercises.attention_unpatchify import UNPATCHIFY

EXERCISES = [
    ATTENTION,
    MULTI_HEAD_ATTENTION,
    ATTENTION_BACKWARD,
    POSITIONAL_ENCODING,
    ONLINE_SOFTMAX,
    PATCHIFY,
    UNPATCHIFY,
]
