"""Exercises of chapter 10: softmax and attention in Triton, forward and backward."""

from course_utils.kernels.exercises.attention_backward import FLASH_ATTENTION_BACKWARD
from course_utils.kernels.exercises.attention_forward import FLASH_ATTENTION
from course_utils.kernels.exercises.attention_online import ONLINE_ROW_SOFTMAX

EXERCISES = [ONLINE_ROW_SOFTMAX, FLASH_ATTENTION, FLASH_ATTENTION_BACKWARD]
