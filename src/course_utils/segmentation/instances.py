"""From a mask to numbered objects: components, distances, borders, watershed, votes for centres."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


def connected_instances(mask: ArrayLike) -> Labels:
    """Number the components of a mask ``(H, W)``: 4-neighbours, background 0.

    Components count from 1 in the reading order of their first pixel. Row by row: each run of
    foreground takes the name of the runs above that it touches, and joins their names where there
    are several. Raises ValueError for another number of axes.
    """
    mask = np.asarray(mask).astype(bool)
    if mask.ndim != 2:
        raise ValueError(f"mask must be (H, W), got shape {mask.shape}")
    runs = _runs(mask)  # (n, 3): row, first column, column after the last
    parent = list(range(len(runs)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    above = 0
    for i, (row, first, end) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] <= first):
            above += 1
        touching = above
        while runs[touching][0] == row - 1 and runs[touching][1] < end:
            a, b = sorted((root(i), root(touching)))
            parent[b] = a  # the earlier run gives the name
            touching += 1
    labels = np.zeros(mask.shape, np.int64)
    numbers: dict[int, int] = {}
    for i, (row, first, end) in enumerate(runs):
        labels[row, first:end] = numbers.setdefault(root(i), len(numbers) + 1)
    return labels


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return the runs of foreground in reading order: (row, first column, column after)."""
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    rows, first = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return list(zip(rows.tolist(), first.tolist(), end.tolist(), strict=True))


def edge_distance(instances: NDArray[np.integer]) -> Floats:
    """Return for each pixel of an instance the distance to the nearest pixel that is not its own.

    ``(H, W) -> (H, W)`` in pixels, 0 on the background. Where two instances touch, the edge runs
    between them. What lies outside the picture is no edge; without any edge the distance is 1.
    """
    distance = np.zeros(instances.shape)
    for number, place in enumerate(ndimage.find_objects(instances), 1):
        if place is None:
            continue
        window = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in place)
        inside = instances[window] == number
        own = np.ones(inside.shape) if inside.all() else _euclidean(inside)
        distance[window][inside] = own[inside]
    return distance


def _euclidean(mask: NDArray[np.bool_]) -> Floats:
    """Return for each pixel of ``mask`` the distance to the nearest pixel outside it."""
    return np.asarray(ndimage.distance_transform_edt(mask))


def distance_map(instances: NDArray[np.integer]) -> Floats:
    """Return `edge_distance` as a share of its largest value in the same instance.

    ``(H, W) -> (H, W)`` in [0, 1]: 0 on the background, 1 at the deepest pixel of every instance.
    """
    distance = edge_distance(instances)
    deepest = np.ones(int(instances.max(initial=0)) + 1)
    np.maximum.at(deepest, instances, distance)
    return distance / deepest[instances]


def border_weights(
    instances: NDArray[np.integer], w0: float = 10.0, sigma: float = 5.0, balance: bool = False
) -> Floats:
    """Return the weight of each pixel: ``1 + w0 exp(-(d1 + d2)^2 / (2 sigma^2))`` off the objects.

    ``d1`` and ``d2`` are the distances in pixels to the nearest and the second nearest instance, so
    only a narrow gap between two of them weighs much. On the objects the weight is 1; with
    ``balance`` the 1 becomes the inverse frequency of the class, mean 1 over the picture. ``(H, W)
    -> (H, W)``. Source: Ronneberger, Fischer and Brox (2015), U-Net, equation 2. Raises ValueError
    unless ``sigma > 0``.
    """
    if sigma <= 0:
        raise ValueError(f"sigma must be positive, got {sigma}")
    mask = instances > 0
    weights = np.ones(instances.shape)
    if balance and 0 < mask.sum() < mask.size:
        weights = np.where(mask, mask.size / (2 * mask.sum()), mask.size / (2 * (~mask).sum()))
    numbers = np.unique(instances[mask])
    if len(numbers) < 2:
        return weights
    nearest = np.full((2, *instances.shape), np.inf)
    for number in numbers:
        d = _euclidean(instances != number)
        nearest = np.sort(np.concatenate([nearest, d[None]]), axis=0)[:2]
    return weights + ~mask * w0 * np.exp(-(nearest.sum(0) ** 2) / (2 * sigma**2))


def border_classes(instances: NDArray[np.integer], width: float = 2.0) -> Labels:
    """Return 0 for the background, 2 for pixels of an instance near its edge, 1 for its inside.

    Near: at most ``width`` pixels from the closest pixel that is not the instance's. ``(H, W)``.
    """
    near = edge_distance(instances) <= width
    return np.where(instances > 0, np.where(near, 2, 1), 0)


def grow_instances(seeds: NDArray[np.integer], mask: NDArray[np.bool_]) -> Labels:
    """Give each pixel of ``mask`` the number of its nearest seed within its own component.

    Components of the mask without a seed stay one instance each. ``(H, W)``.
    """
    return _flood(np.zeros(np.shape(mask)), np.asarray(seeds), np.asarray(mask))


def watershed_instances(
    probability: NDArray[np.floating],
    distance: NDArray[np.floating],
    threshold: float = 0.5,
    separation: int = 6,
    sigma: float = 1.0,
    min_size: int = 0,
) -> Labels:
    """Cut the mask ``probability > threshold`` into instances by flooding ``-distance``.

    The map of distances, smoothed by ``sigma``, is flooded from its maxima within ``separation``
    pixels; a component of the mask without a maximum stays one instance. Instances of fewer than
    ``min_size`` pixels are dropped. All maps are ``(H, W)``. Source: Beucher and Lantuejoul (1979);
    the flooding is scikit-image's. Raises ValueError where the shapes differ.
    """
    if np.shape(probability) != np.shape(distance):
        raise ValueError(f"shapes differ: {np.shape(probability)} and {np.shape(distance)}")
    mask = np.asarray(probability) > threshold
    height = ndimage.gaussian_filter(np.asarray(distance, dtype=np.float64), sigma)
    seeds = peaks(np.where(mask, height, 0), separation, floor=1e-9)
    return drop_small(_flood(-height, seeds, mask), min_size)


def _flood(height: Floats, seeds: NDArray[np.integer], mask: NDArray[np.bool_]) -> Labels:
    """Flood ``mask`` from the seeds; a component without one becomes one instance."""
    from skimage.segmentation import watershed  # noqa: PLC0415 - heavy

    whole = connected_instances(mask)
    alone = mask & ~np.isin(whole, np.unique(whole[(seeds > 0) & mask]))
    markers = np.where(alone, whole + seeds.max(initial=0), seeds)
    return watershed(height, markers, mask=mask).astype(np.int64)


def peaks(values: NDArray[np.floating], radius: int, floor: float) -> Labels:
    """Number the maxima within ``radius`` (a square) that reach ``floor``.

    Neighbours that share the maximum count as one. ``(H, W) -> (H, W)``, 0 elsewhere.
    """
    top = (values == ndimage.maximum_filter(values, 2 * radius + 1)) & (values >= floor)
    labels = np.zeros(top.shape, np.int64)
    ndimage.label(top, np.ones((3, 3)), output=labels)
    return labels


def centre_offsets(instances: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return for each pixel the way to its instance's centre of mass, in pixels: ``(2, H, W)``.

    Rows first, then columns; 0 on the background.
    """
    mask = instances > 0
    numbers = np.unique(instances[mask])
    offsets = np.zeros((2, *instances.shape), np.float32)
    if len(numbers) == 0:
        return offsets
    centres = np.zeros((int(numbers.max()) + 1, 2))
    centres[numbers] = ndimage.center_of_mass(mask, instances, numbers)
    for axis, place in enumerate(np.indices(instances.shape)):
        offsets[axis][mask] = (centres[instances, axis] - place)[mask]
    return offsets


def group_by_centres(
    mask: NDArray[np.bool_],
    offsets: NDArray[np.floating],
    radius: int = 5,
    sigma: float = 2.0,
    min_votes: float = 1.0,
    min_size: int = 0,
) -> Labels:
    """Let each pixel of ``mask (H, W)`` vote for its centre and join the centre nearest its vote.

    ``offsets (2, H, W)`` in pixels, as `centre_offsets`. The votes, smoothed by ``sigma``, make a
    map; its maxima within ``radius`` pixels with ``min_votes`` or more are the centres. Source:
    Cheng et al. (2020), Panoptic-DeepLab, with votes in place of its map of centres.
    """
    rows, columns = np.nonzero(mask)
    labels = np.zeros(np.shape(mask), np.int64)
    votes = np.stack([rows, columns], 1) + offsets[:, rows, columns].T  # (n, 2)
    cast = np.clip(np.round(votes), 0, np.array(labels.shape) - 1).astype(int)
    count = np.zeros(labels.shape)
    np.add.at(count, (cast[:, 0], cast[:, 1]), 1.0)
    found = peaks(ndimage.gaussian_filter(count, sigma), radius, min_votes)
    if found.max(initial=0) == 0:
        return labels
    centres = np.array(ndimage.center_of_mass(found > 0, found, range(1, found.max() + 1)))
    square = ((votes[:, None] - centres[None]) ** 2).sum(2)  # (n, centres)
    labels[rows, columns] = 1 + square.argmin(1)
    return drop_small(labels, min_size)


def drop_small(instances: NDArray[np.integer], min_size: int) -> Labels:
    """Remove instances of fewer than ``min_size`` pixels and number the others from 1."""
    sizes = np.bincount(instances.ravel())
    keep = sizes >= min_size
    keep[0] = False
    keep &= sizes > 0
    numbers = np.where(keep, np.cumsum(keep), 0)
    return numbers[instances].astype(np.int64)
