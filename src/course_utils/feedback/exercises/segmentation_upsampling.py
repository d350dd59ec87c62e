"""Chapter 7: bilinear upsampling."""

from collections.abc import Callable

import numpy as np

from course_utils.feedback.exercise import VALIDATION, BadInput, Case, Exercise, Misconception
from course_utils.feedback.exercises.convolution_geometry import narrow, view

SECTION, TITLE = "07_segmentation/02_fully_convolutional", "Fully convolutional networks"
INSIDE, EDGES = "between pixels", "values and edges"
Array = np.ndarray
# The place of each of the n * factor outputs among the n inputs.
Places = Callable[[int, int], Array]


def half_pixels(n: int, factor: int) -> Array:
    """Return where the centres of the fine pixels lie on the coarse grid."""
    return (np.arange(n * factor) + 0.5) / factor - 0.5


def bilinear_upsample2d(x: Array, factor: int) -> Array:
    """Weigh the inputs with a hat around each place; the places are held inside the image."""
    return _hats()(x, factor)


def _hat_matrix(n: int, places: Array) -> Array:
    """Return (outputs, n): 1 at an input's own place, falling to 0 one pixel away."""
    return np.maximum(0.0, 1 - np.abs(places[:, None] - np.arange(n)))


def _inside(n: int, places: Array) -> Array:
    return _hat_matrix(n, np.clip(places, 0, n - 1))


def _circular(n: int, places: Array) -> Array:
    below = np.floor(places).astype(int)
    share = places - below
    return (1 - share)[:, None] * np.eye(n)[below % n] + share[:, None] * np.eye(n)[(below + 1) % n]


def _extrapolated(n: int, places: Array) -> Array:
    below = np.clip(np.floor(places).astype(int), 0, max(n - 2, 0))
    share = (places - below) if n > 1 else np.zeros(len(places))
    return (1 - share)[:, None] * np.eye(n)[below] + share[:, None] * np.eye(n)[
        np.minimum(below + 1, n - 1)
    ]


def _exchanged(n: int, places: Array) -> Array:
    kept = np.clip(places, 0, n - 1)
    below = np.floor(kept).astype(int)
    share = kept - below
    above = np.minimum(below + 1, n - 1)
    return share[:, None] * np.eye(n)[below] + (1 - share)[:, None] * np.eye(n)[above]


def _nearest(n: int, places: Array) -> Array:
    return np.eye(n)[np.clip(np.floor(places + 0.5).astype(int), 0, n - 1)]


def _smooth(n: int, places: Array) -> Array:
    kept = np.clip(places, 0, n - 1)
    below = np.floor(kept).astype(int)
    share = kept - below
    share = 3 * share**2 - 2 * share**3
    above = np.minimum(below + 1, n - 1)
    return (1 - share)[:, None] * np.eye(n)[below] + share[:, None] * np.eye(n)[above]


def _hats(
    places: Places = half_pixels,
    rows: Callable[[int, Array], Array] = _inside,
    columns: Callable[[int, Array], Array] | None = None,
    scale: Callable[[int], float] = lambda factor: 1.0,
    axes: tuple[int, int] = (2, 3),
) -> Callable[[Array, int], Array]:
    """Return the upsampling with other places or another interpolation along an axis."""

    def upsample(x: Array, factor: int) -> Array:
        first, second = (
            way(x.shape[axis], places(x.shape[axis], factor))
            for way, axis in zip((rows, columns or rows), axes, strict=True)
        )
        letters = "bchw"
        a, b = (letters[axis] for axis in axes)
        inside = letters.replace(a, "i").replace(b, "j")
        y = np.einsum(f"{letters},i{a},j{b}->{inside}", x.astype(np.float64), first, second)
        return (y * scale(factor)).astype(x.dtype)

    return upsample


def _corners(n: int, factor: int) -> Array:
    return np.linspace(0, n - 1, n * factor)


def _stuffed(x: Array, factor: int) -> Array:
    y = np.zeros((*x.shape[:2], x.shape[2] * factor, x.shape[3] * factor), x.dtype)
    y[:, :, ::factor, ::factor] = x
    return y


def _same_size(n: int, places: Array) -> Array:
    return np.eye(n)


def _draw(rng: np.random.Generator) -> list[Case]:
    factor = int(rng.integers(3, 6))

    def case(shape: tuple[int, ...], factor: int, note: str, part: str = INSIDE) -> Case:
        return Case((rng.normal(size=shape), factor), note=note, part=part)

    return [
        case((1, 1, 3, 4), 2, "factor 2"),
        case((2, 3, 4, 3), 2, "channels and a batch"),
        case((1, 2, 4, 5), 3, "an odd factor"),
        case((2, 2, 5, 3), factor, "a larger factor"),
        Case((view(rng, 2, 2, 3, 4), 2), note="a view", part=INSIDE),
        case((2, 3, 3, 4), 1, "factor 1: nothing changes", EDGES),
        case((2, 1, 1, 4), 2, "one row", EDGES),
        case((1, 2, 4, 1), 3, "one column", EDGES),
        case((1, 3, 1, 1), 2, "one pixel", EDGES),
        Case((narrow(rng, 1, 2, 3, 4), 2), note="float32", part=EDGES),
        Case((np.full((1, 1, 3, 2), 7.0), 4), note="a constant image", part=EDGES),
    ]


def _image(rows: list[list[float]]) -> Array:
    return np.array(rows)[None, None]


BILINEAR_UPSAMPLE2D = Exercise(
    key="segmentation/bilinear_upsample2d",
    points=3,
    concept="Bilinear upsampling",
    section=SECTION,
    section_title=TITLE,
    reference=bilinear_upsample2d,
    worked=[
        # Fine centres at -1/4, 1/4, 3/4, 5/4 on the coarse grid; the ends are held.
        Case(
            (_image([[0.0, 4.0]]), 2),
            note="places -1/4, 1/4, 3/4, 5/4",
            expected=_image([[0.0, 1.0, 3.0, 4.0]] * 2),
            part=INSIDE,
        ),
        Case(
            (_image([[0.0, 6.0]]), 3),
            note="places -1/3, 0, 1/3, 2/3, 1, 4/3",
            expected=_image([[0.0, 0.0, 2.0, 4.0, 6.0, 6.0]] * 3),
            part=INSIDE,
        ),
        Case(
            (_image([[0.0], [4.0]]), 2),
            note="one column",
            expected=_image([[0.0] * 2, [1.0] * 2, [3.0] * 2, [4.0] * 2]),
            part=EDGES,
        ),
    ],
    draw=_draw,
    bad_inputs=[
        BadInput((np.ones((1, 1, 2, 2)), 0), "a factor below 1"),
        BadInput((np.ones((1, 1, 2, 2)), -2), "a negative factor"),
        BadInput((np.ones((1, 2, 2)), 2), "an image with three axes"),
        BadInput((np.ones((2, 2)), 2), "an image with two axes"),
        BadInput((np.ones((0, 1, 2, 2)), 2), "an empty batch"),
        BadInput((np.ones((1, 1, 0, 2)), 2), "an image without rows"),
    ],
    misconceptions=[
        Misconception(
            "corners-aligned",
            "the first and last pixels were put on each other (align_corners=True). Here pixels "
            "are squares: their outer edges meet.",
            _hats(_corners),
        ),
        Misconception(
            "half-pixel-forgotten",
            "output i was looked for at i / factor, which shifts the image. Centres of pixels lie "
            "half a pixel inside: (i + 1/2) / factor - 1/2.",
            _hats(lambda n, f: np.arange(n * f) / f),
        ),
        Misconception(
            "half-pixel-not-taken-back",
            "(i + 1/2) / factor measures from the edge of the image. Subtract 1/2 to count from "
            "the centre of the first pixel.",
            _hats(lambda n, f: (np.arange(n * f) + 0.5) / f),
        ),
        Misconception(
            "half-pixel-in-fine-pixels-only",
            "half a pixel was taken off on the fine grid and none added: (i + 1/2) / factor - 1/2.",
            _hats(lambda n, f: (np.arange(n * f) - 0.5) / f),
        ),
        Misconception(
            "nearest-neighbour",
            "pixels were repeated. Between two of them the value goes over linearly.",
            _hats(rows=_nearest),
        ),
        Misconception(
            "zeros-outside",
            "the image fades at its border: outside there is the border pixel again, not 0.",
            _hats(rows=_hat_matrix),
        ),
        Misconception(
            "wrapped-around",
            "the border was mixed with the opposite side: index -1 is the last pixel. Hold the "
            "indices inside.",
            _hats(rows=_circular),
        ),
        Misconception(
            "extrapolated",
            "the line was drawn on beyond the first and last pixel. Hold the place inside the "
            "image: values stay between those of the input.",
            _hats(rows=_extrapolated),
        ),
        Misconception(
            "weights-exchanged",
            "the two weights are exchanged: the nearer pixel has the larger one.",
            _hats(rows=_exchanged),
        ),
        Misconception(
            "rows-only",
            "only rows were interpolated, columns repeated. Do both.",
            _hats(columns=_nearest),
        ),
        Misconception(
            "columns-only",
            "only columns were interpolated, rows repeated. Do both.",
            _hats(rows=_nearest, columns=_inside),
        ),
        Misconception(
            "one-axis-enlarged",
            "only one axis grew.",
            _hats(columns=_same_size),
        ),
        Misconception(
            "one-axis-enlarged",
            "only one axis grew.",
            _hats(rows=_same_size, columns=_inside),
        ),
        Misconception(
            "zeros-between",
            "the pixels were spread and zeros left between them. Fill them by interpolation.",
            _stuffed,
        ),
        Misconception(
            "channels-last",
            "the axes of batch and channels were enlarged, or channels taken for columns. Images "
            "are (B, C, H, W): the last two.",
            _hats(axes=(1, 2)),
        ),
        Misconception(
            "brightness-shared-out",
            "values were divided by factor squared. Upsampling keeps them: a constant image stays "
            "as it is.",
            _hats(scale=lambda factor: factor**-2),
        ),
        Misconception(
            "smoothstep",
            "the weights are a smooth curve. Bilinear weights are straight lines.",
            _hats(rows=_smooth),
        ),
    ],
    weights={INSIDE: 0.5, EDGES: 0.3, VALIDATION: 0.2},
    inputs=("x", "factor"),
)
