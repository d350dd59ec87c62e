"""What the attention exercises see in the accesses of a run, beyond its results."""

from typing import Any

import numpy as np

from course_utils.kernels.exercises.hints import refusal
from course_utils.kernels.exercises.races import refuse_races

COLUMNS = 1024  # of a row, that a program of the online softmax may hold at once
LONG = 2 * COLUMNS  # columns from which on a row shows whether it was read in blocks
TILE = 128  # rows of the largest tile with which a causal pass must skip some in our cases
READS = 2.2  # of each number: two passes, and a little for what is kept for each row


def look_at_rows(done: Any, tensors: dict[str, Any]) -> None:
    """Raise RefusalError where a row is held as a whole, or read more than twice."""
    refuse_races(done, tensors)
    x = tensors["x"]
    if x.shape[1] < LONG or not x.is_contiguous():
        return
    loads = [access for access in done.log.select("load") if access.argument is not None]
    if any(_columns(access, x.shape[1]) > COLUMNS for access in loads if _like(access, x)):
        raise refusal("row-in-one-block")
    if sum(int(access.mask.sum()) for access in loads) > READS * x.numel():
        raise refusal("row-read-three-times")


def _like(access: Any, x: Any) -> bool:
    return access.argument.tensor.numel() == x.numel()


def _columns(access: Any, columns: int) -> int:
    """Return the most columns of one row among the lanes of a load."""
    lanes = access.addresses[access.mask & access.inside].astype(np.int64)
    places = (lanes - access.argument.address) // access.itemsize
    return int(np.bincount(places // columns).max(initial=0)) if places.size else 0


def look_at_matrix(done: Any, tensors: dict[str, Any]) -> None:
    """Raise RefusalError where a matrix of a number for each query and key is written."""
    refuse_races(done, tensors)
    batch, heads, tokens, d = tensors["q"].shape
    if tokens <= 2 * batch * heads * d:
        return
    for access in done.log.accesses:
        if access.kind != "load" and access.argument and _for_pairs(access.argument.tensor, tokens):
            raise refusal("matrix-written")


def _for_pairs(tensor: Any, tokens: int) -> bool:
    """Return whether a tensor has an axis for queries and one for keys, or both in one."""
    return sum(n >= tokens for n in tensor.shape) > 1 or any(n >= tokens**2 for n in tensor.shape)


def look_at_tiles(done: Any, tensors: dict[str, Any]) -> None:
    """Raise RefusalError where a matrix is written, or a causal pass reads hidden tiles."""
    look_at_matrix(done, tensors)
    k = tensors["k"]
    if not tensors.get("causal") or k.shape[:2] != (1, 1) or k.shape[2] <= TILE:
        return
    for number in range(len(done.log.launches)):
        read: dict[Any, int] = {}
        for access in done.log.select("load"):
            if access.launch == number and _begins_at(access, k):
                size = int((access.mask & access.inside).sum())
                read[access.program] = read.get(access.program, 0) + size
        if len(read) > 1 and min(read.values()) >= k.numel():
            raise refusal("hidden-tiles-read")


def _begins_at(access: Any, tensor: Any) -> bool:
    return access.argument is not None and access.argument.address == tensor.data_ptr()
