"""A small exercise for the tests of the mechanism: the mean of the rows, in two parts."""

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise, Misconception

TABLE = np.array([[1.0, 2.0, 6.0], [4.0, 0.0, 2.0]])


def row_means(x):
    if x.ndim != 2:
        raise ValueError(f"x must have two axes, got {x.ndim}")
    return x.mean(axis=1)


def draw(rng):
    return [
        Case((rng.normal(size=(3, 4)),), note="three rows"),
        Case((rng.normal(size=(2, 5)).astype(np.float32),), note="float32"),
        Case((rng.normal(size=(6, 8))[::-2, ::2],), note="a view"),
    ]


ROW_MEANS = Exercise(
    key="sample/row_means",
    points=5,
    concept="Row means",
    section="01_mlp/07_measuring",
    section_title="Measuring a model",
    reference=row_means,
    worked=[Case((TABLE,), note="by hand", expected=np.array([3.0, 2.0]))],
    draw=draw,
    bad_inputs=[BadInput((np.ones(3),), "one axis"), BadInput((np.ones((2, 2, 2)),), "three axes")],
    misconceptions=[
        Misconception("columns", "the columns were averaged.", lambda x: x.mean(axis=0)),
        Misconception("sums", "the sums were not divided.", lambda x: x.sum(axis=1)),
        Misconception("crash", "an unknown axis was used.", lambda x: x.mean(axis=7)),
    ],
    inputs=("x",),
    seconds=1.0,
)

# Answers to mlp/softmax, as a student writes them.
RIGHT = """\
def softmax(z):
    if np.ndim(z) == 0 or z.shape[-1] == 0:
        raise ValueError("no classes")
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""
WRONG = "def softmax(z):\n    return np.exp(z) / np.exp(z).sum()\n"
