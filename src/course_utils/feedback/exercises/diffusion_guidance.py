"""Chapter 8: guidance without a classifier."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import BadInput, Case, Exercise
from course_utils.feedback.exercises.convolution_geometry import named
from course_utils.feedback.exercises.diffusion_parts import (
    GUIDANCE,
    GUIDANCE_TITLE,
    Array,
    arrays,
    entrywise,
)

Guided = Callable[[Array, Array, float], Any]


def guided_eps(eps_cond: Array, eps_uncond: Array, scale: float) -> Array:
    """Go from one to the other and on along the line, entry by entry."""
    return entrywise(lambda c, u: (1 - scale) * u + scale * c, eps_cond, eps_uncond)


def _line(cond: Callable[[float], float], uncond: Callable[[float], float]) -> Guided:
    """Return a sum of both, weighted by functions of the scale."""
    return lambda c, u, scale: cond(scale) * c + uncond(scale) * u


def _rescaled(eps_cond: Array, eps_uncond: Array, scale: float) -> Array:
    moved = guided_eps(eps_cond, eps_uncond, scale)
    return moved * np.linalg.norm(eps_cond) / np.linalg.norm(moved)


def _draw(rng: np.random.Generator) -> list[Case]:
    scales = rng.permutation([1.5, 2.0, 3.0, 4.5, 7.5, 0.3]).tolist()
    cases = [
        Case((*pair, scale), note=note)
        for (note, pair), scale in zip(arrays(rng, 2), scales, strict=True)
    ]
    pair = tuple(rng.normal(size=(2, 3, 2)))
    return [
        *cases,
        Case((*pair, 0.0), note="scale 0: no condition"),
        Case((*pair, 1.0), note="scale 1: the condition, unguided"),
        Case((*pair, 3), note="a scale that is an int"),
    ]


_C, _U = np.array([3.0, -1.0]), np.array([1.0, 1.0])

GUIDED_EPS = Exercise(
    key="diffusion/guided_eps",
    points=1,
    concept="Guidance",
    section=GUIDANCE,
    section_title=GUIDANCE_TITLE,
    reference=guided_eps,
    worked=[
        Case(
            (_C, _U, 2.0),
            note="twice the way from (1, 1) to (3, -1)",
            expected=np.array([5.0, -3.0]),
        ),
        Case((_C, _U, 0.5), note="half of the way", expected=np.array([2.0, 0.0])),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_C, _U[:1], 2.0), "an eps_uncond that only broadcasts to eps_cond"),
        BadInput((_C[:1], _U, 2.0), "an eps_cond that only broadcasts to eps_uncond"),
        BadInput((_C, np.ones(3), 2.0), "different lengths"),
        BadInput((_C, _U[:, None], 2.0), "as many entries in another shape"),
    ],
    misconceptions=[
        *named(
            "roles-exchanged",
            "the two are exchanged: start at eps_uncond and go towards eps_cond. Scale 1 must give "
            "eps_cond.",
            _line(lambda s: 1 - s, lambda s: s),
        ),
        *named(
            "counted-from-the-condition",
            "that is eps_cond + scale (eps_cond - eps_uncond), where scale 0 is unguided. Start at "
            "eps_uncond, so that 1 is.",
            _line(lambda s: 1 + s, lambda s: -s),
        ),
        *named(
            "difference-only",
            "only the difference came back. Add it to eps_uncond.",
            _line(lambda s: s, lambda s: -s),
        ),
        *named(
            "sum-for-difference",
            "eps_cond was added with its scale. Add the difference eps_cond - eps_uncond.",
            _line(lambda s: s, lambda s: 1.0),
        ),
        *named(
            "difference-turned-round",
            "the difference has the wrong sign: this leads away from the condition.",
            _line(lambda s: -s, lambda s: 1 + s),
        ),
        *named(
            "condition-scaled",
            "eps_cond was scaled and eps_uncond subtracted once, or not at all. The weights scale "
            "and 1 - scale add to 1.",
            _line(lambda s: s, lambda s: -1.0),
            _line(lambda s: s, lambda s: 0.0),
        ),
        *named(
            "scale-ignored",
            "the scale is not in it: that is eps_cond, or eps_uncond, or their mean.",
            _line(lambda s: 1.0, lambda s: 0.0),
            _line(lambda s: 0.0, lambda s: 1.0),
            _line(lambda s: 0.5, lambda s: 0.5),
        ),
        *named(
            "scale-clipped",
            "a scale above 1 was cut to 1. Beyond 1 is where guidance begins.",
            _line(lambda s: min(s, 1), lambda s: 1 - min(s, 1)),
        ),
        *named(
            "averaged",
            "the sum was divided, as in a weighted mean. The weights scale and 1 - scale add to 1.",
            _line(lambda s: s / (1 + s), lambda s: 1 / (1 + s)),
            _line(lambda s: s / 2, lambda s: (1 - s) / 2),
        ),
        *named(
            "norm-restored",
            "the result was scaled back to the length of eps_cond. Some samplers do so; here it "
            "keeps its own.",
            _rescaled,
        ),
    ],
    inputs=("eps_cond", "eps_uncond", "scale"),
)
