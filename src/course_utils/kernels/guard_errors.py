"""What the guard objects to: one error a way of not letting one's own kernel do the work.

``kind`` is the short name of the failure, ``str(error)`` a hint that holds no value of the inputs,
and ``details`` what was seen (operations, programs, lanes), empty where there is no more to say.
"""


class GuardError(Exception):
    """A guarded function did not leave its work to its own kernels."""

    kind = "guard"
    hint = "The kernels did not do the work."

    def __init__(self, details: str = ""):
        super().__init__(self.hint)
        self.details = details
        if details:
            self.add_note(details)


class NoKernelError(GuardError):
    """Nothing was launched."""

    kind = "no-kernel"
    hint = (
        "No kernel was launched: the result came from somewhere else. Launch a @triton.jit "
        "function as kernel[grid](...)."
    )


class TorchWorkError(GuardError):
    """Torch computed outside a launch."""

    kind = "torch-did-the-work"
    hint = (
        "torch computed something outside a kernel. Around a launch only allocation (empty, "
        "zeros), views (reshape, permute, slices) and copies (contiguous, to another type) are "
        "allowed; arithmetic belongs into the kernel."
    )


class TorchInKernelError(GuardError):
    """Torch computed inside a launch."""

    kind = "torch-in-a-kernel"
    hint = (
        "torch computed something inside a kernel. The interpreter lets this pass, a GPU has no "
        "torch: use tl.load, tl.store and the operations of triton.language."
    )


class ValuesTakenOutError(GuardError):
    """Values of a tensor were read by Python or numpy."""

    kind = "values-taken-out"
    hint = (
        "Values of a tensor were taken out of torch (numpy(), tolist(), item(), float(...)). A "
        "kernel reads them from memory; outside it only shapes and strides are needed."
    )


class MemoryChangedError(GuardError):
    """Memory was written by something that is neither a kernel nor a permitted operation."""

    kind = "overwritten"
    hint = (
        "Memory was changed by something else than a kernel: what a kernel stored, or what it "
        "reads, was overwritten behind its back."
    )


class ForeignMemoryError(GuardError):
    """A kernel read, or the function returned, memory whose values have an unknown origin."""

    kind = "foreign-memory"
    hint = (
        "A kernel used, or the function returned, memory that is neither an argument nor was "
        "allocated by torch in this call (from_numpy, torch.tensor, a global): its values came "
        "from outside. Allocate with torch.empty and let a kernel fill it."
    )


class EarlierMemoryError(GuardError):
    """The function used or returned memory that an earlier call had allocated."""

    kind = "earlier-memory"
    hint = (
        "Memory of an earlier call was used again, so a result was remembered instead of "
        "computed. Allocate the output anew in each call."
    )


class NotStoredError(GuardError):
    """Elements of a returned tensor were never stored."""

    kind = "not-stored"
    hint = (
        "Elements of the result were never stored by a kernel; fresh memory holds nan here. Does "
        "the grid have enough programs, does the mask of tl.store leave something out, or do all "
        "programs store the same block (tl.program_id)?"
    )


class ReadBeforeStoredError(GuardError):
    """A kernel loaded elements of fresh memory that nothing had stored."""

    kind = "read-before-stored"
    hint = (
        "A kernel read elements of fresh memory that nothing had stored before. torch.empty holds "
        "whatever lay there; use torch.zeros where a kernel adds to its output."
    )


class OutOfBoundsError(GuardError):
    """A kernel touched addresses outside the elements of its argument."""

    kind = "out-of-bounds"
    hint = (
        "A kernel touched addresses outside its tensor. On a GPU that reads or destroys other "
        "data. Give tl.load and tl.store a mask that holds for every axis, or mind the strides."
    )


class InputChangedError(GuardError):
    """An argument of the function was written to."""

    kind = "input-changed"
    hint = "The function changed one of its arguments. Store into fresh memory instead."
