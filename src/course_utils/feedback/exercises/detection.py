"""Exercises of chapter 6: boxes, their overlap and encoding, matching, and average precision."""

from course_utils.feedback.exercises.detection_anchors import MATCH_ANCHORS
from course_utils.feedback.exercises.detection_encoding import DECODE_BOXES, ENCODE_BOXES
from course_utils.feedback.exercises.detection_mean import MEAN_AVERAGE_PRECISION
from course_utils.feedback.exercises.detection_overlap import BOX_IOU, GIOU
from course_utils.feedback.exercises.detection_precision import AVERAGE_PRECISION
from course_utils.feedback.exercises.detection_suppression import NMS

EXERCISES = [
    BOX_IOU,
    GIOU,
    NMS,
    ENCODE_BOXES,
    DECODE_BOXES,
    MATCH_ANCHORS,
    AVERAGE_PRECISION,
    MEAN_AVERAGE_PRECISION,
]
