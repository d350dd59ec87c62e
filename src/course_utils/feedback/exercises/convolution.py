"""Exercises of chapter 4: convolution, its gradients, pooling, its adjoint, separable kernels."""

from course_utils.feedback.exercises.convolution_backward import CONV2D_BACKWARD
from course_utils.feedback.exercises.convolution_filters import LOW_RANK_FILTERS
from course_utils.feedback.exercises.convolution_layer import CONV2D
from course_utils.feedback.exercises.convolution_pooling import MAX_POOL2D
from course_utils.feedback.exercises.convolution_pooling_backward import MAX_POOL2D_BACKWARD
from course_utils.feedback.exercises.convolution_separable import SEPARABLE_RANK
from course_utils.feedback.exercises.convolution_transposed import CONV_TRANSPOSE2D

# In the order of the notebook.
EXERCISES = [
    CONV2D,
    CONV2D_BACKWARD,
    MAX_POOL2D,
    MAX_POOL2D_BACKWARD,
    CONV_TRANSPOSE2D,
    SEPARABLE_RANK,
    LOW_RANK_FILTERS,
]
