"""Exercises of chapter 7: a class for every pixel, and objects out of them."""

from course_utils.feedback.exercises.segmentation_dice import DICE_LOSS
from course_utils.feedback.exercises.segmentation_dice_grad import DICE_LOSS_GRAD
from course_utils.feedback.exercises.segmentation_instances import CONNECTED_INSTANCES
from course_utils.feedback.exercises.segmentation_iou import MEAN_IOU
from course_utils.feedback.exercises.segmentation_pixels import PIXEL_CONFUSION
from course_utils.feedback.exercises.segmentation_unet import U_NET
from course_utils.feedback.exercises.segmentation_upsampling import BILINEAR_UPSAMPLE2D

EXERCISES = [
    PIXEL_CONFUSION,
    MEAN_IOU,
    BILINEAR_UPSAMPLE2D,
    U_NET,
    DICE_LOSS,
    DICE_LOSS_GRAD,
    CONNECTED_INSTANCES,
]
