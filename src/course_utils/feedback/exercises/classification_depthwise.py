"""Chapter 5: the size of a depthwise separable layer."""

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.classification_squeeze import SECTION, TITLE


def _draw_numbers(rng: np.random.Generator) -> list[Case]:
    c_in, c_out, k = (int(n) for n in (rng.integers(5, 40), rng.integers(41, 80), 5))
    return [
        Case((c_in, c_out, 3), note="more channels behind"),
        Case((c_out, c_in, k), note="fewer channels behind"),
        Case((c_in, c_in, 2), note="as many channels"),
        Case((512, 512, 3), note="a wide layer"),
    ]


DEPTHWISE_SEPARABLE_PARAMS = Exercise(
    key="classification/depthwise_separable_params",
    points=1,
    concept="Depthwise separable convolution",
    section=SECTION,
    section_title=TITLE,
    reference=lambda c_in, c_out, k: np.ones((c_in, k, k)).size + np.ones((c_out, c_in)).size,
    worked=[
        Case((2, 3, 3), note="2 kernels of 9, then 2 x 3", expected=24),
        Case((32, 64, 3), note="288 and 2,048", expected=2336),
        Case((4, 4, 1), note="kernels of 1", expected=20),
    ],
    draw=_draw_numbers,
    bad_inputs=[
        BadInput((0, 4, 3), "no input channels"),
        BadInput((4, 0, 3), "no output channels"),
        BadInput((4, 4, 0), "a kernel below 1"),
    ],
    misconceptions=[
        Misconception(
            "ordinary-convolution",
            "that is an ordinary convolution. Here each input channel has one k x k kernel, and a "
            "1x1 convolution mixes the channels.",
            lambda c_in, c_out, k: c_in * c_out * k * k,
        ),
        Misconception(
            "kernel-not-squared",
            "a kernel has k x k weights, not k.",
            lambda c_in, c_out, k: c_in * k + c_in * c_out,
        ),
        Misconception(
            "depthwise-on-the-outputs",
            "the depthwise step comes first: it has a kernel for each input channel.",
            lambda c_in, c_out, k: c_out * k * k + c_in * c_out,
        ),
        Misconception(
            "depthwise-only",
            "the 1x1 convolution is missing: c_in times c_out weights that mix the channels.",
            lambda c_in, c_out, k: c_in * k * k,
        ),
        Misconception(
            "pointwise-only",
            "the depthwise kernels are missing: k x k weights for each input channel.",
            lambda c_in, c_out, k: c_in * c_out,
        ),
        Misconception(
            "biases-counted",
            "biases were counted. Batch norm follows both steps, so that they have none.",
            lambda c_in, c_out, k: c_in * k * k + c_in * c_out + c_in + c_out,
        ),
        Misconception(
            "one-kernel-for-all",
            "one kernel was counted for all channels. Each input channel has its own.",
            lambda c_in, c_out, k: k * k + c_in * c_out,
        ),
    ],
    inputs=("c_in", "c_out", "k"),
)
