"""The speed report of the assignments, at tiny sizes by the interpreter with a given clock."""

import pytest
import torch
from matplotlib.figure import Figure

from course_utils.kernels.benchmark import cpu_clock
from course_utils.kernels.matmul import matmul as reference
from course_utils.kernels.speed import speed

TINY = {"device": "cpu", "clock": cpu_clock, "tiny": True, "repeats": 2}


def test_a_right_kernel_is_timed_beside_torch_and_drawn(capsys):
    def matmul(a, b):
        return reference(a, b)

    def row_softmax(x):
        return x.clone()

    figure = speed(matmul, row_softmax, **TINY)
    lines = capsys.readouterr().out.splitlines()
    assert isinstance(figure, Figure)
    assert [line.split()[0] for line in lines] == ["row_softmax", "matmul"]
    assert "triton refused (wrong by" in lines[0]
    assert "GB/s, cuBLAS" in lines[1]
    drawn = figure.axes[0].get_legend_handles_labels()[1]
    assert drawn == ["matmul"], "what is wrong has no speed"


def test_a_function_without_a_benchmark_is_named():
    def conv2d_direct(x, w, b):
        return x

    with pytest.raises(ValueError, match="no benchmark for \\['conv2d_direct'\\]"):
        speed(conv2d_direct, **TINY)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what to do without a GPU")
def test_without_a_gpu_it_says_so(capsys):
    assert speed(reference) is None
    assert "nothing was timed" in capsys.readouterr().out
