"""Chapter 7: the U-Net."""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise
from course_utils.feedback.exercises.network_record import double_precision, images, record_of
from course_utils.feedback.exercises.segmentation_unet_facts import (
    JOINS,
    LOGITS,
    PARAMETERS,
    SHAPE,
    SKIPS,
    WIDTHS,
    Size,
    facts_of,
)
from course_utils.feedback.exercises.segmentation_unet_mistakes import MISTAKES, Told

SECTION, TITLE = "07_segmentation/03_unet", "The U-Net"
OUTPUT, LEVELS, WAYS = "output", "levels", "skips"


def run_unet(
    student: Any, c_in: int, num_classes: int, width: int, depth: int, asked: str, size: Size
) -> Any:
    """Return the record of ``student(c_in, num_classes, width, depth)`` at work on two images."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.enable_grad(), double_precision():
        torch.manual_seed(0)  # the verdict must not hang on what was drawn before
        network = student(c_in, num_classes, width, depth)
        if isinstance(network, torch.nn.Module):
            network.double().eval()
        return record_of(network, images(c_in, size))


def judge_unet(
    record: Any, c_in: int, num_classes: int, width: int, depth: int, asked: str, size: Size
) -> Any:
    """Return what ``asked`` names about a recorded network."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.enable_grad(), double_precision():
        return facts_of(record, c_in, asked, size)


def _call(network: Any, *case: Any) -> Any:
    """Return what is asked of a student's network, or of one that is given by its facts."""
    if isinstance(network, Told):
        _, num_classes, width, depth, asked, size = case
        return network.answer(num_classes, width, depth, asked, size)
    return judge_unet(run_unet(network, *case), *case)


def _draw(rng: np.random.Generator) -> list[Case]:
    c_in, classes, width = int(rng.integers(1, 3)), int(rng.integers(2, 5)), int(rng.integers(3, 6))
    large, cases = (16, 40), []
    for numbers in ((c_in, classes, width, 2), (7, 2, 4, 1), (1, classes, 3, 3)):
        size = large if numbers[3] < 3 else (16, 80)
        cases += [
            Case((*numbers, asked, size), note=asked, part=part)
            for asked, part in (
                (WIDTHS, LEVELS),
                (PARAMETERS, LEVELS),
                (SKIPS, WAYS),
                (JOINS, WAYS),
            )
        ]
    return [
        *cases,
        Case((c_in, classes, width, 1, SHAPE, (6, 10)), note="multiples of 2", part=OUTPUT),
        Case((c_in, classes, width, 2, SHAPE, (12, 4)), note="multiples of 4", part=OUTPUT),
        Case((c_in, 1, width, 3, SHAPE, (8, 24)), note="one class", part=OUTPUT),
        Case((4, 6, 3, 1, SHAPE, (32, 24)), note="six classes", part=OUTPUT),
        Case((c_in, 5, width, 2, LOGITS, (8, 20)), note=LOGITS, part=OUTPUT),
    ]


U_NET = Exercise(
    key="segmentation/UNet",
    points=5,
    concept="U-Net",
    section=SECTION,
    section_title=TITLE,
    reference=Told(),
    worked=[
        Case((3, 2, 4, 1, SHAPE, (6, 8)), note="depth 1", expected=(2, 2, 6, 8), part=OUTPUT),
        Case((1, 2, 4, 2, WIDTHS, (16, 40)), note=WIDTHS, expected=[4, 8, 16], part=LEVELS),
        Case((1, 2, 3, 1, SKIPS, (8, 20)), note=SKIPS, expected=(True,), part=WAYS),
        Case((1, 2, 3, 1, JOINS, (8, 20)), note=JOINS, expected=(True, True), part=WAYS),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((0, 2, 4, 2, SHAPE, (8, 12)), "no input channels"),
        BadInput((1, 0, 4, 2, SHAPE, (8, 12)), "no classes"),
        BadInput((1, 2, 0, 2, SHAPE, (8, 12)), "a width below 1"),
        BadInput((1, 2, 4, -1, SHAPE, (8, 12)), "a negative depth"),
        BadInput((1, 2, 4, 2, SHAPE, (9, 12)), "an odd number of rows"),
        BadInput((1, 2, 4, 2, SHAPE, (10, 12)), "rows that are even and no multiple of 4"),
        BadInput((1, 2, 4, 2, SHAPE, (12, 10)), "columns that are even and no multiple of 4"),
        BadInput((1, 2, 4, 3, SHAPE, (16, 12)), "columns that are a multiple of 4 and not of 8"),
    ],
    misconceptions=MISTAKES,
    call=_call,
    program=run_unet,
    judge=judge_unet,
    weights={OUTPUT: 0.3, LEVELS: 0.2, WAYS: 0.3, VALIDATION: 0.2},
    seconds=40.0,  # 2 on a free machine; torch is slow where other programs want its cores
    outputs=("batch", "channels", "rows", "columns"),
    inputs=("c_in", "num_classes", "width", "depth", "asked for", "(H, W)"),
)
