"""Exercises of chapter 5: counting hits, augmentation, and the blocks of modern networks."""

from course_utils.feedback.exercises.classification_crops import RANDOM_CROP_FLIP
from course_utils.feedback.exercises.classification_depthwise import DEPTHWISE_SEPARABLE_PARAMS
from course_utils.feedback.exercises.classification_labels import LABEL_SMOOTHING, TOP_K_ACCURACY
from course_utils.feedback.exercises.classification_mixup import MIXUP
from course_utils.feedback.exercises.classification_residual import RESIDUAL_BLOCK
from course_utils.feedback.exercises.classification_squeeze import SQUEEZE_EXCITE

EXERCISES = [
    TOP_K_ACCURACY,
    RANDOM_CROP_FLIP,
    MIXUP,
    LABEL_SMOOTHING,
    RESIDUAL_BLOCK,
    SQUEEZE_EXCITE,
    DEPTHWISE_SEPARABLE_PARAMS,
]
