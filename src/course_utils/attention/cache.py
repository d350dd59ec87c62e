"""What a causal model keeps while it writes: the keys and values of all tokens so far."""

import torch
from torch import Tensor


class KeyValueCache:
    """Keys and values (B, H, t, d_k) of the t tokens seen so far, for one attention layer.

    A causal model never changes what it computed for an earlier token, so that a new token needs
    its own query, key and value only. ``len(cache)`` is t. Grows by ``extend``; the room is
    doubled when it is full, so that each token is copied twice at most on average.
    """

    def __init__(self) -> None:
        """Make an empty cache; batch, heads and width are those of the first ``extend``."""
        self._keys: Tensor | None = None
        self._values: Tensor | None = None
        self._length = 0

    def __len__(self) -> int:
        """Return how many tokens are held."""
        return self._length

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append keys and values (B, H, n, d) and return all of them, (B, H, t + n, d).

        Raises ValueError where both differ in batch, heads or length, or do not fit what is held.
        """
        if keys.shape[:-1] != values.shape[:-1]:
            raise ValueError(f"keys {tuple(keys.shape)} do not go with {tuple(values.shape)}")
        end = self._length + keys.shape[-2]
        self._keys = _with_room(self._keys, keys, end)
        self._values = _with_room(self._values, values, end)
        self._keys[..., self._length : end, :] = keys
        self._values[..., self._length : end, :] = values
        self._length = end
        return self._keys[..., :end, :], self._values[..., :end, :]

    def numbers(self) -> int:
        """Return how many numbers the tokens held take, 2 B H t d_k where both widths are d_k."""
        if self._keys is None or self._values is None:
            return 0
        return self._length * sum(x[..., :1, :].numel() for x in (self._keys, self._values))


def _with_room(held: Tensor | None, new: Tensor, needed: int) -> Tensor:
    """Return a buffer for ``needed`` tokens that begins with what is held."""
    shape = (*new.shape[:-2], needed, new.shape[-1])
    if held is None:
        return new.new_empty(shape)
    if (*held.shape[:-2], held.shape[-1]) != (*new.shape[:-2], new.shape[-1]):
        raise ValueError(f"{tuple(new.shape)} does not fit what is held, {tuple(held.shape)}")
    if needed <= held.shape[-2]:
        return held
    room = new.new_empty((*new.shape[:-2], max(needed, 2 * held.shape[-2]), new.shape[-1]))
    return torch.cat([held, room[..., held.shape[-2] :, :]], dim=-2)
