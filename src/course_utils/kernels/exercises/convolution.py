"""Exercises of chapter 10: first kernels, the matrix product, and convolution."""

from course_utils.kernels.exercises.direct import CONV2D_DIRECT
from course_utils.kernels.exercises.implicit_gemm import CONV2D_IMPLICIT_GEMM
from course_utils.kernels.exercises.matmul import MATMUL
from course_utils.kernels.exercises.softmax import ROW_SOFTMAX
from course_utils.kernels.exercises.vector_add import VECTOR_ADD
from course_utils.kernels.exercises.weight_grad import CONV2D_WEIGHT_GRAD

EXERCISES = [
    VECTOR_ADD,
    ROW_SOFTMAX,
    MATMUL,
    CONV2D_DIRECT,
    CONV2D_IMPLICIT_GEMM,
    CONV2D_WEIGHT_GRAD,
]
