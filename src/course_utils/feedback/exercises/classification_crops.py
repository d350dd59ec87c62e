"""Chapter 5: random crops and flips, checked by what is true of every draw."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.classification_generators import (
    GENERATOR,
    GENERATOR_FACTS,
    RESULT,
    blank,
    fair,
    fits,
    generator_facts,
    generator_misconceptions,
    generator_results,
    numbered,
    of_batches,
    same,
)
from course_utils.feedback.exercises.classification_labels import RECIPES, RECIPES_TITLE

CROPS, OFFSETS, FLIPS = "crops", "offsets", "flips"
FACTS = {
    CROPS: (
        "every image is cut from its own padded image",
        "pixels from outside are zero",
        "no image stands on its head",
        "the channels of an image stay together",
        "some images change",
    ),
    OFFSETS: (
        "rows begin at 0 to 2 padding, equally often",
        "columns begin at 0 to 2 padding, equally often",
        "rows and columns are drawn apart",
        "each image has offsets of its own",
    ),
    FLIPS: (
        "some images are flipped",
        "some images are not flipped",
        "half of the images are flipped",
        "each image has a flip of its own",
    ),
    GENERATOR: GENERATOR_FACTS,
}
CALLS = 80
MODES = ("constant", "reflect", "edge", "wrap", "symmetric")


def draw_crops(student: Callable[..., Any], x: Any, padding: int, seed: int, asked: str) -> Any:
    """Return the student's crops of ``x``: those of one call, or of as many as ``asked`` needs."""
    if asked == GENERATOR:
        return generator_results(lambda rng: student(x, padding, rng))
    rng = np.random.default_rng(seed)
    if asked == RESULT:
        return student(x, padding, rng)
    return [student(x, padding, rng) for _ in range(CALLS)]


def crops_facts(results: Any, x: Any, padding: int, seed: int, asked: str) -> Any:
    """Return the facts that ``asked`` names about crops of ``x``."""
    if asked == GENERATOR:
        return generator_facts(results, x)
    if asked == RESULT:
        return blank(results)
    if len(results) != CALLS or not all(fits(result, x) for result in results):
        return (False,) * len(FACTS[asked])
    images = np.concatenate([np.asarray(result) for result in results])
    if asked == CROPS:
        return _crops(x, images, padding)
    once = all(same(results[0], result) for result in results)
    return _draws(_places(x, images, padding).reshape(3, CALLS, len(x)), padding, once, asked)


def _matches(x: np.ndarray, images: np.ndarray, padding: int, mode: str = MODES[0]) -> np.ndarray:
    """Return which crops each image equals: (images, C, rows, columns, flipped or not)."""
    edges = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x, edges, mode=mode)  # type: ignore[call-overload]
    windows = np.lib.stride_tricks.sliding_window_view(padded, x.shape[2:], axis=(2, 3))
    both = np.stack([windows, windows[..., ::-1]], axis=4)  # (B, C, rows, columns, 2, H, W)
    y = images.reshape(-1, *x.shape)[:, :, :, None, None, None]
    equal: Any = (both == y).all(axis=(-1, -2))
    return equal.reshape(-1, *both.shape[1:5])


def _places(x: np.ndarray, images: np.ndarray, padding: int) -> np.ndarray:
    """Return (3, images): row, column and flip of each, -1 where it is no crop of its image."""
    found = np.full((3, len(images)), -1)
    for turned in (images, images[:, :, ::-1]):
        for mode in MODES:
            if (found >= 0).all():
                return found
            together: Any = _matches(x, turned, padding, mode).all(axis=1)
            flat = together.reshape(len(images), -1)
            new = flat.any(axis=1) & (found[0] < 0)
            where = np.unravel_index(flat.argmax(axis=1), together.shape[1:])
            found[:, new] = np.array(where)[:, new]
    return found


def _crops(x: np.ndarray, images: np.ndarray, padding: int) -> tuple[bool, ...]:
    def explained(matches: Any) -> Any:
        return matches.all(axis=1).reshape(len(images), -1).any(axis=1)

    matches: Any = _matches(x, images, padding)
    right = explained(matches)
    moved = not same(images.reshape(-1, *x.shape), np.broadcast_to(x, (CALLS, *x.shape)))
    if right.all():
        return True, True, True, True, moved
    others = [explained(_matches(x, images, padding, mode)) for mode in MODES[1:]]
    head = explained(_matches(x, images[:, :, ::-1], padding))
    apart = matches.reshape(*matches.shape[:2], -1).any(axis=2).all(axis=1)
    return (
        False,
        not (~right & np.any(others, axis=0)).any(),
        not (~right & head).any(),
        not (~right & apart).any(),
        moved,
    )


def _draws(places: np.ndarray, padding: int, once: bool, asked: str) -> tuple[bool, ...]:
    """Return the facts of offsets or flips; ``once`` says that all calls gave the same images."""
    rows, columns, flips = places
    if (places < 0).any() or (once and padding > 0):
        return (False,) * len(FACTS[asked])
    if asked == FLIPS:
        some = bool(flips.any()), bool((1 - flips).any())
        return *some, fair(flips, 2), of_batches(flips)[1]
    count = 2 * padding + 1
    pairs = len(np.unique(rows * count + columns))
    own = of_batches(rows)[1] or of_batches(columns)[1]
    return fair(rows, count), fair(columns, count), pairs > 2 * count, own


def _crop_flip(
    starts: Callable[..., Any] = lambda rng, batch, p: rng.integers(0, 2 * p + 1, (2, batch)),
    flips: Callable[..., Any] = lambda rng, batch: rng.random(batch) < 0.5,
    mode: str = "constant",
    axis: int = 1,
    source: Callable[[Any], Any] = lambda rng: rng,
    channels: bool = False,
) -> Callable[..., np.ndarray]:
    """Return the augmentation, with one of its steps changed; images are cut one by one."""

    def random_crop_flip(x: np.ndarray, padding: int, rng: Any) -> np.ndarray:
        rng = source(rng)
        planes = x.reshape(-1, 1, *x.shape[2:]) if channels else x
        rows, columns = starts(rng, len(planes), padding)
        flipped = flips(rng, len(planes))
        height, width = x.shape[2:]
        out = np.empty_like(planes)
        for i, image in enumerate(planes):
            edges = ((0, 0), (padding, padding), (padding, padding))
            padded = np.pad(image, edges, mode=mode)  # type: ignore[call-overload]
            crop = padded[:, rows[i] : rows[i] + height, columns[i] : columns[i] + width]
            out[i] = np.flip(crop, axis=1 + axis) if flipped[i] else crop
        return out.reshape(x.shape)

    return random_crop_flip


def _from(source: Callable[[Any], Any]) -> Callable[..., np.ndarray]:
    def starts(rng: Any, batch: int, p: int) -> Any:
        draw = rng.integers if hasattr(rng, "integers") else rng.randint
        return draw(0, 2 * p + 1, (2, batch))

    def flips(rng: Any, batch: int) -> Any:
        return rng.uniform(size=batch) < 0.5

    return _crop_flip(starts, flips, source=source)


def _same_for_all(draw: Callable[[Any, int], Any]) -> Callable[[Any, int, int], Any]:
    return lambda rng, batch, p: np.repeat(draw(rng, p)[:, None], batch, axis=1)


def _cases(x: np.ndarray, padding: int, seed: int, *asked: str, part: str = "") -> list[Case]:
    """Return a case for each word of ``asked``, with the answer that every right one gives."""
    cases = []
    for a in asked:
        expected = blank(x) if a == RESULT else (True,) * len(FACTS[a])
        note = numbered(FACTS.get(a, ()))
        own = part or (CROPS if a == RESULT else a)
        cases.append(Case((x, padding, seed, a), note=note, expected=expected, part=own))
    return cases


def _draw(rng: np.random.Generator) -> list[Case]:
    seed = int(rng.integers(1000))
    small, large = rng.normal(size=(8, 2, 4, 5)), rng.normal(size=(6, 1, 5, 5))
    return [
        *_cases(small.astype(np.float32), 1, seed, RESULT, CROPS),
        *_cases(rng.normal(size=(3, 5, 4, 3)).transpose(3, 0, 1, 2), 2, seed, CROPS),
        *_cases(small, 1, seed, OFFSETS, FLIPS),
        *_cases(large, 2, seed, CROPS, OFFSETS, FLIPS, GENERATOR),
        *_cases(small, 0, seed, CROPS, part=OFFSETS),
    ]


_TINY = np.arange(1.0, 13.0).reshape(2, 1, 2, 3)

RANDOM_CROP_FLIP = Exercise(
    key="classification/random_crop_flip",
    points=3,
    concept="Random crop and flip",
    section=RECIPES,
    section_title=RECIPES_TITLE,
    reference=_crop_flip(),
    worked=[
        *_cases(_TINY, 1, 0, RESULT, CROPS, FLIPS),
        *_cases(np.arange(1.0, 25.0).reshape(2, 1, 3, 4), 1, 0, OFFSETS),
        *_cases(np.arange(1.0, 97.0).reshape(8, 1, 3, 4), 1, 0, GENERATOR),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((_TINY[0], 1, 0, RESULT), "an x without a batch axis"),
        BadInput((_TINY[:0], 1, 0, RESULT), "an empty batch"),
        BadInput((_TINY, -1, 0, RESULT), "a negative padding"),
    ],
    misconceptions=[
        Misconception(
            "one-crop-for-the-batch",
            "one offset moved the whole batch. Each image has its own.",
            _crop_flip(_same_for_all(lambda rng, p: rng.integers(0, 2 * p + 1, 2))),
        ),
        Misconception(
            "one-flip-for-the-batch",
            "one coin flipped the whole batch. Each image has its own.",
            _crop_flip(flips=lambda rng, batch: np.repeat(rng.random() < 0.5, batch)),
        ),
        Misconception(
            "one-draw-for-the-batch",
            "one offset and one coin served the whole batch. Each image has its own.",
            _crop_flip(
                _same_for_all(lambda rng, p: rng.integers(0, 2 * p + 1, 2)),
                lambda rng, batch: np.repeat(rng.random() < 0.5, batch),
            ),
        ),
        Misconception(
            "last-offset-never-drawn",
            "the largest offset never occurs: rng.integers(a, b) stops before b. There are "
            "2 padding + 1 places.",
            _crop_flip(lambda rng, batch, p: rng.integers(0, 2 * p, (2, batch))),
        ),
        Misconception(
            "half-of-the-offsets",
            "offsets stop at padding. The padded image is 2 padding larger: go on to 2 padding.",
            _crop_flip(lambda rng, batch, p: rng.integers(0, p + 1, (2, batch))),
        ),
        Misconception(
            "rows-tied-to-columns",
            "one number served for rows and columns, so that images move along a diagonal only.",
            _crop_flip(lambda rng, batch, p: np.tile(rng.integers(0, 2 * p + 1, batch), (2, 1))),
        ),
        Misconception(
            "never-cropped",
            "images are flipped but not moved. Cut at a random offset of the padded image.",
            _crop_flip(lambda rng, batch, p: np.full((2, batch), p)),
        ),
        Misconception(
            "never-flipped",
            "no image is flipped. Flip each with the chance 1/2.",
            _crop_flip(flips=lambda rng, batch: np.zeros(batch, dtype=bool)),
        ),
        Misconception(
            "always-flipped",
            "every image is flipped. Toss a coin for each.",
            _crop_flip(flips=lambda rng, batch: np.ones(batch, dtype=bool)),
        ),
        Misconception(
            "upside-down",
            "images were turned upside down. A horizontal flip reverses the columns, "
            "the last axis.",
            _crop_flip(axis=0),
        ),
        *[
            Misconception(
                "pixels-invented",
                "the border was filled with pixels of the image. The exercise pads with zeros.",
                _crop_flip(mode=mode),
            )
            for mode in MODES[1:]
        ],
        Misconception(
            "channels-apart",
            "each channel was cut at its own place: colours no longer lie on each other. Draw "
            "once for an image.",
            _crop_flip(channels=True),
        ),
        *generator_misconceptions(_from),
    ],
    program=draw_crops,
    judge=crops_facts,
    weights={CROPS: 0.3, OFFSETS: 0.25, FLIPS: 0.15, GENERATOR: 0.1, VALIDATION: 0.2},
    inputs=("x", "padding", "seed", "asked for"),
)
