"""Choose the fastest configuration of a kernel; without a GPU, try each and keep the first.

``@triton.autotune`` times every configuration, for which it needs a GPU: with more than one, the
interpreter fails. Here the same line works on both. Interpreted times say nothing about a GPU, so
there the first configuration is kept; but each is run once, so that a wrong one is found.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from course_utils.kernels.device import INTERPRETED, triton


class InterpretedAutotuner:
    """A kernel with its configurations, for the interpreter: ``kernel[grid](...)`` launches it."""

    def __init__(
        self, kernel: Any, configs: Sequence[Any], key: Sequence[str], reset_to_zero: Sequence[str]
    ) -> None:
        self.fn, self.configs = kernel, list(configs)
        self.key, self.reset_to_zero = list(key), list(reset_to_zero)
        self.arg_names = list(inspect.signature(kernel.fn).parameters)
        self.best_config: Any = None
        self.tried: set[tuple[Any, ...]] = set()

    def __getitem__(self, grid: Any) -> Callable[..., None]:
        return lambda *args, **kwargs: self._launch(grid, args, kwargs)

    def _launch(self, grid: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Launch with the first configuration, after all others if the key is new.

        Every configuration writes the whole result, so the first, launched last, decides it.
        """
        named = dict(zip(self.arg_names, args, strict=False)) | kwargs
        kinds = (str(value.dtype) for value in named.values() if hasattr(value, "data_ptr"))
        key = (*(named.get(name) for name in self.key), *kinds)
        others = [] if key in self.tried else self.configs[1:]
        for config in (*others, self.configs[0]):
            for name in self.reset_to_zero:
                named[name].zero_()
            self.fn[grid](*args, **kwargs, **config.all_kwargs())
        self.tried.add(key)
        self.best_config = self.configs[0]


def autotune(
    configs: Sequence[Any], key: Sequence[str], reset_to_zero: Sequence[str] = ()
) -> Callable[[Any], Any]:
    """Return a decorator that chooses among ``configs`` (of triton.Config) for each new ``key``.

    ``key`` names arguments: for each new set of their values, and of the tensors' types, the
    choice is made again. On a GPU this is ``triton.autotune``: each configuration is timed and the
    fastest kept. Under the interpreter each runs once and the first is kept. A kernel that adds to
    its result (``tl.atomic_add``) would add once for each trial: name that argument in
    ``reset_to_zero``. Raises ValueError without configurations.
    """
    if not configs:
        raise ValueError("autotune needs at least one triton.Config")

    def add(kernel: Any) -> Any:
        if INTERPRETED:
            return InterpretedAutotuner(kernel, configs, key, reset_to_zero)
        return triton.autotune(
            configs=list(configs), key=list(key), reset_to_zero=list(reset_to_zero) or None
        )(kernel)

    return add
