"""Run a student's Triton function on numpy arrays, under the guard, and look at what it did.

A case holds arrays. They become tensors, the function runs under ``guarded``, and its result
becomes arrays again. References and emulated mistakes are numpy functions, which run as they are.
"""

# ruff: noqa: PLC0415 - torch and triton are imported only where a kernel is checked

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np

from course_utils.feedback import Exercise, Misconception
from course_utils.feedback.exercise import RefusalError
from course_utils.kernels.exercises.hints import HINTS, refusal

# A keyword of a case: the function is called three times, with the numbers of the case, with
# others in the same tensors, and with those of the case again.
AGAIN = "called again"
# The relative error of a result in the Frobenius norm, interpreted and on a GPU, where the dot of
# float32 blocks rounds its factors to TF32 unless told otherwise.
ERRORS = {"float32": 1e-5, "float16": 2e-3}
GPU_ERRORS = {"float32": 2e-3, "float16": 2e-3}
NO_TRITON = (
    "this exercise needs Triton, which exists for Linux only, and it is not installed here. Open "
    "the notebook in Colab, or on Linux run `pip install triton` and start Python anew."
)
# What a cell may import where the guard must not be reached.
ALLOWED = ("torch", "triton", "triton.language", "math")

Look = Callable[[Any, dict[str, Any]], None]


def allowed_error(dtype: str) -> float:
    """Return the relative error that a result of this dtype may have as a whole."""
    return (ERRORS if on_cpu() else GPU_ERRORS).get(dtype, ERRORS["float32"])


def on_cpu() -> bool:
    """Return whether kernels are interpreted here, or could not run at all."""
    if find_spec("triton") is None:
        return True
    from course_utils.kernels.device import INTERPRETED

    return INTERPRETED


def triton_exercise(
    reference: Callable[..., Any],
    misconceptions: Sequence[Misconception],
    look: Look | None = None,
    seconds: float = 30.0,
    **settings: Any,
) -> Exercise:
    """Return an exercise whose function launches kernels.

    ``reference`` and the misconceptions are numpy functions of the arrays of a case. ``look`` is
    called with the ``Guarded`` of every run, with its tensors by the names of ``inputs`` and with
    its keywords, and may raise RefusalError.
    """
    plain = [reference, *(mistake.wrong for mistake in misconceptions if mistake.wrong)]
    program = guarded_program(look, settings.get("inputs", ()))

    def call(student: Any, *args: Any, **kwargs: Any) -> Any:
        if any(student is function for function in plain):
            kwargs.pop(AGAIN, None)
            return student(*args, **kwargs)
        return program(student, *args, **kwargs)

    return Exercise(
        reference=reference,
        misconceptions=misconceptions,
        call=call,
        program=program,
        norm=allowed_error,
        refusals=HINTS,
        allowed=ALLOWED,
        seconds=seconds,
        **settings,
    )


def guarded_program(look: Look | None, inputs: Sequence[str]) -> Callable[..., Any]:
    """Return what runs a student's function on arrays and looks at what its kernels did."""

    def program(student: Any, *args: Any, **kwargs: Any) -> Any:
        again = kwargs.pop(AGAIN, False)
        with refusals():
            tensors = tuple(map(tensor_of, args))
            named = dict(zip(inputs, tensors, strict=False)) | kwargs

            def once() -> Any:
                done = launched(student, tensors, kwargs)
                if look is not None:
                    look(done, named)
                return arrays_of(done.value)

            return _thrice(once, tensors) if again else once()

    return program


def launched(student: Any, tensors: tuple, kwargs: dict[str, Any]) -> Any:
    """Return the ``Guarded`` of one call. Raises what a kernel raised, not the interpreter's."""
    from triton.runtime.errors import InterpreterError

    from course_utils.kernels.guard import guarded

    try:
        done = guarded(student, *tensors, **kwargs)
        refuse_others_work(done.launches)
        return done
    except InterpreterError as error:
        cause: BaseException = error
        while isinstance(cause, InterpreterError) and cause.__cause__ is not None:
            cause = cause.__cause__
        raise cause from None


def refuse_others_work(launches: Sequence[Any]) -> None:
    """Raise RefusalError where a kernel uses numpy, torch, or functions that are no kernels.

    The interpreter lets them do the work, and the guard sees operations of torch only. Refused are
    the package's own kernels, too.
    """
    from course_utils.kernels.sources import UnusableNameError, functions_of, of_the_package

    for kernel in {id(launch.kernel): launch.kernel for launch in launches}.values():
        try:
            functions = functions_of(kernel)
        except UnusableNameError as error:
            raise refusal("python-in-a-kernel", str(error)) from None
        if borrowed := [each.__name__ for each in functions if of_the_package(each)]:
            raise refusal("borrowed-kernel", ", ".join(borrowed))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the guard finds, and a missing triton, into refusals with a name."""
    if find_spec("triton") is None:
        raise RefusalError("no-triton", NO_TRITON)
    try:
        from course_utils.kernels.guard_errors import GuardError
    except ImportError as error:
        raise RefusalError("no-triton", str(error)) from None
    try:
        yield
    except GuardError as error:
        raise refusal(error.kind, error.details) from None


def _thrice(once: Callable[[], Any], tensors: tuple) -> Any:
    """Call with tensors that hold a case, then other numbers, then those of the case again."""
    changing = [value for value in tensors if hasattr(value, "copy_")]
    numbers = [tensor.clone() for tensor in changing]
    kept = once()
    for tensor in changing:
        tensor.copy_(tensor.flip(tuple(range(tensor.ndim))) + 0.5)
    other = once()
    for tensor, before in zip(changing, numbers, strict=True):
        tensor.copy_(before)
    if _alike(kept, other):
        raise refusal("cached", value=kept)
    return once()


def _alike(first: Any, second: Any) -> bool:
    if isinstance(first, tuple | list):
        return all(map(_alike, first, second))
    return isinstance(first, np.ndarray) and np.array_equal(first, second, equal_nan=True)


def tensor_of(value: Any) -> Any:
    """Return a tensor for an array, sharing its memory and its strides on the CPU."""
    if not isinstance(value, np.ndarray):
        return value
    import torch

    from course_utils.kernels.device import DEVICE

    return torch.from_numpy(value).to(DEVICE)


def arrays_of(value: Any) -> Any:
    """Return arrays for tensors, also inside a tuple or list. Raises TypeError for anything else.

    Only torch's own class: an object that behaves like a tensor could compute after the call.
    """
    import torch

    if type(value) in (tuple, list):
        return type(value)(map(arrays_of, value))
    if value is None:
        return None
    if type(value) is not torch.Tensor:
        raise TypeError(f"return a torch.Tensor, not a {type(value).__name__}")
    value = value.detach().cpu()
    # A copy: the student may write into this memory in the next call. numpy has no bfloat16.
    return (value.float() if value.dtype == torch.bfloat16 else value).numpy().copy()
