"""Wrong labels of connected pixels."""

import numpy as np
from scipy import ndimage

from tests.bank import mutant

FOUR = ((0, 1), (1, 0), (0, -1), (-1, 0))


def checked(mask):
    if mask.ndim != 2 or mask.size == 0 or not np.isin(mask, (0, 1)).all():
        raise ValueError(f"a mask (H, W) of 0 and 1 expected, got {mask.shape}")
    return mask.astype(bool)


def flood(mask, steps=FOUR, starts=None, wrapped=False):
    height, width = mask.shape
    labels, count = np.zeros(mask.shape, int), 0
    for i, j in starts if starts is not None else np.argwhere(mask):
        if not mask[i, j] or labels[i, j]:
            continue
        count += 1
        labels[i, j], queue = count, [(int(i), int(j))]
        while queue:
            r, c = queue.pop(0)
            for dr, dc in steps:
                a, b = r + dr, c + dc
                if wrapped:
                    a, b = a % height, b % width
                if 0 <= a < height and 0 <= b < width and mask[a, b] and not labels[a, b]:
                    labels[a, b] = count
                    queue.append((a, b))
    return labels


@mutant("eight-neighbours")
def corners_connect(mask):
    return ndimage.label(checked(mask), np.ones((3, 3)))[0].astype(int)


@mutant("labels-not-joined")
def one_pass(mask):
    mask, count = checked(mask), 0
    labels = np.zeros(mask.shape, int)
    for i, j in np.argwhere(mask):
        near = [labels[i - 1, j] if i else 0, labels[i, j - 1] if j else 0]
        if not any(near):
            count += 1
        labels[i, j] = near[0] or near[1] or count
    return labels


@mutant("labels-not-joined")
def looks_right_and_down(mask):
    return flood(checked(mask), ((0, 1), (1, 0)))


@mutant("labels-not-joined")
def never_climbs(mask):
    return flood(checked(mask), ((0, 1), (1, 0), (0, -1)))


@mutant("gaps-in-the-numbers")
def not_renumbered(mask):
    mask, count = checked(mask), 0
    labels = np.zeros(mask.shape, int)
    for i, j in np.argwhere(mask):
        up, left = labels[i - 1, j] if i else 0, labels[i, j - 1] if j else 0
        if up and left and up != left:
            labels[labels == max(up, left)] = min(up, left)
            up = left = min(up, left)
        if not up and not left:
            count += 1
        labels[i, j] = up or left or count
    return labels


@mutant("rows-apart")
def runs(mask):
    mask = checked(mask)
    starts = mask & ~np.pad(mask, ((0, 0), (1, 0)))[:, :-1]
    return np.cumsum(starts).reshape(mask.shape) * mask


@mutant("columns-apart")
def runs_down(mask):
    return flood(checked(mask), ((1, 0), (-1, 0)))


@mutant("numbered-by-columns")
def column_by_column(mask):
    return ndimage.label(checked(mask).T)[0].T.astype(int)


@mutant("numbered-by-size")
def largest_first(mask):
    labels = flood(checked(mask))
    sizes = np.bincount(labels.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")
    names = np.zeros(len(sizes) + 1, int)
    names[order + 1] = np.arange(len(sizes)) + 1
    return names[labels]


@mutant("numbered-backwards")
def last_first(mask):
    mask = checked(mask)
    return flood(mask, starts=np.argwhere(mask)[::-1])


@mutant("numbered-by-position")
def smallest_index(mask):
    mask = checked(mask)
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        before = labels.copy()
        for axis in (0, 1):
            for step in (1, -1):
                padded = np.pad(labels, 1)
                near = np.roll(padded, step, axis=axis)[1:-1, 1:-1]
                closer = mask & (near > 0) & (near < labels)
                labels = np.where(closer, near, labels)
        if (labels == before).all():
            return labels


@mutant("counted-from-0")
def first_is_0(mask):
    labels = flood(checked(mask))
    return np.where(labels > 0, labels - 1, 0)


@mutant("counted-from-0")
def background_is_minus_1(mask):
    return flood(checked(mask)) - 1


@mutant("counted-from-2")
def first_is_2(mask):
    labels = flood(checked(mask))
    labels[labels > 0] += 1
    return labels


@mutant("wrapped-around")
def torus(mask):
    return flood(checked(mask), wrapped=True)


@mutant("wrapped-around")
def negative_indices(mask):
    mask = checked(mask)
    height, width = mask.shape
    labels, count = np.zeros(mask.shape, int), 0
    for start in np.argwhere(mask):
        if labels[tuple(start)]:
            continue
        count += 1
        stack = [tuple(start)]
        while stack:
            i, j = stack.pop()
            if i < height and j < width and mask[i, j] and not labels[i, j]:
                labels[i, j] = count
                stack += [(i + 1, j), (i, j + 1)]
                stack += [((i - 1) % height if i < 1 else i - 1, j), (i, j - 1 if j else width - 1)]
    return labels


@mutant("background-numbered")
def upside_down(mask):
    return flood(~checked(mask))


@mutant("one-number-for-all")
def the_mask(mask):
    return checked(mask).astype(int)


@mutant("recursion-too-deep")
def calls_itself(mask):
    mask = checked(mask)
    labels = np.zeros(mask.shape, int)

    def spread(i, j, number):
        if not (0 <= i < len(mask) and 0 <= j < mask.shape[1]):
            return
        if not mask[i, j] or labels[i, j]:
            return
        labels[i, j] = number
        for di, dj in FOUR:
            spread(i + di, j + dj, number)

    count = 0
    for i, j in np.argwhere(mask):
        if labels[i, j] == 0:
            count += 1
            spread(i, j, count)
    return labels


@mutant("mutates")
def eats_the_mask(mask):
    labels = flood(checked(mask))
    mask[labels > 0] = 0
    return labels


@mutant("dtype")
def floats(mask):
    return flood(checked(mask)).astype(float)


@mutant("validation")
def threshold_inside(mask):
    if mask.ndim != 2 or mask.size == 0:
        raise ValueError("a mask (H, W) expected")
    return flood(mask > 0.5)
