"""A torch network rebuilt from its record, where facts about it are found.

A record comes from a process that runs a student's program, and may hold anything. Only
operations on tensors are run again, all of them known and none that reaches memory by numbers of
the record; before that, they are counted on tensors without data.
"""

# ruff: noqa: PLC0415 - torch is imported only where a torch exercise is checked

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.feedback.exercises.network_record import STEPS

# What torch takes for its basic operations may be run again, and these; but not what stands below.
FURTHER = """
    _prelu_kernel _unsafe_view _upsample_nearest_exact2d adaptive_max_pool2d addmv baddbmm bernoulli
    bernoulli_ copy_ cumprod detach dot empty_like eye fill_ glu im2col index_add
    linalg_vector_norm linear log_sigmoid_forward logsumexp masked_fill_ max min mv
    native_batch_norm new_empty new_full new_ones new_zeros normal_ ones ones_like pixel_shuffle
    pixel_unshuffle rand_like randn_like roll split squeeze stack std sum t transpose tril triu
    unbind unfold uniform_ unsqueeze_ upsample_bicubic2d upsample_bilinear2d upsample_nearest2d var
    var_mean zero_ zeros zeros_like
"""
FORBIDDEN = """
    _embedding_bag _local_scalar_dense as_strided empty_strided nonzero sym_numel sym_size
    sym_storage_offset sym_stride
"""
OPERATION = re.compile(r"aten\.([A-Za-z0-9_]+)\.([A-Za-z0-9_]+)")
NUMBERS = 4_000_000  # of one tensor, and of all parameters together
ALL_NUMBERS = 400_000_000  # of all tensors of a pass
MOST_PARTS = 4096  # that one map may be split into
PRODUCTS = 20_000_000_000  # floating-point operations of a pass, those of convolutions and matrices
REMEMBERED = 1024  # passes found small enough: most networks of a class do the same


@dataclass
class Slot:
    """A parameter or a buffer: its place in the record, its own name, what its module is."""

    place: int
    name: str
    kind: str
    buffer: bool
    known: bool
    tensor: Any


@dataclass
class Run:
    """One pass: the output, what the steps returned, in order, and how many products they took.

    The products are those of convolutions and of matrices, counted where they are asked for.
    """

    output: Any = None
    results: list[Any] = field(default_factory=list)
    products: int | None = None


class Replayed:
    """A network that does what was recorded. Raises ValueError where the record is none."""

    def __init__(self, record: Any) -> None:
        import torch

        try:
            self.text = bytes(record["text"])
            told = json.loads(self.text)
            places, arrays = record["places"], record["arrays"]
            self.constants = {
                int(p): torch.from_numpy(a) for p, a in zip(places, arrays, strict=True)
            }
            self.slots = self._read(told["slots"])
            self.steps = [_Step(*step) for step in told["steps"][:STEPS]]
            self.output = int(told["output"])
        except Exception:
            raise ValueError("what came is not the record of a network") from None

    def _read(self, described: list[dict[str, Any]]) -> list[Slot]:
        import torch

        shapes = [each["shape"] for each in described if not each["buffer"]]
        if any(n < 0 for shape in shapes for n in shape):
            raise ValueError("a shape with a negative number")
        if sum(np.prod(shape, dtype=float) for shape in shapes) > NUMBERS:
            raise ValueError("more parameters than any of the exercises needs")
        made: dict[int, Any] = {}
        slots = []
        for each in described:
            place, buffer = int(each["at"]), bool(each["buffer"])
            if buffer:
                made[place] = self.constants[place]
            elif place not in made:
                made[place] = torch.zeros(each["shape"], dtype=torch.float64, requires_grad=True)
            name, kind = str(each["name"]), str(each["kind"])
            slots.append(Slot(place, name, kind, buffer, bool(each["known"]), made[place]))
        return slots

    def parameters(self) -> list[Any]:
        """Return the parameters that torch knows of, each once."""
        return list({s.place: s.tensor for s in self.slots if not s.buffer and s.known}.values())

    def hidden(self) -> list[Any]:
        """Return the parameters that are used and that torch does not know of."""
        return [s.tensor for s in self.slots if not s.known]

    def run(self, x: Any) -> Run:
        """Return what the network does with ``x``. Raises ValueError where it does too much."""
        forms = {place: (tuple(t.shape), t.dtype) for place, t in self.constants.items()}
        _measure(_Sizes(self.text, tuple(forms.items()), tuple(x.shape), x.dtype, self))
        return self.pass_of(x, Run(), {}, lambda tensor: tensor.clone())

    def pass_of(self, x: Any, run: Run, factory: dict[str, Any], made: Any) -> Run:
        """Return ``run`` with all steps in it; ``made`` gives the constants it works on."""
        import torch

        values: dict[int, Any] = {0: x}
        values |= {place: made(tensor) for place, tensor in self.constants.items()}
        for slot in self.slots:
            if not slot.buffer:
                values[slot.place] = slot.tensor.to(x.device)
        for step in self.steps:
            with torch.set_grad_enabled(step.gradient and torch.is_grad_enabled()):
                step.call(values, factory, run)
        run.output = values[self.output]
        return run


@dataclass(frozen=True)
class _Sizes:
    """All that the sizes of a pass depend on; the network with them is only for a first look."""

    text: bytes
    constants: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: Any
    network: Replayed = field(compare=False, repr=False)


@lru_cache(REMEMBERED)
def _measure(sizes: _Sizes) -> None:
    """Run the steps on tensors without data, and count. Raises ValueError where it is too much."""
    import torch

    x = torch.empty(sizes.shape, dtype=sizes.dtype, device="meta")
    try:
        with torch.no_grad():
            run = sizes.network.pass_of(
                x, Run(products=0), {"device": "meta"}, lambda tensor: tensor.to("meta")
            )
        counts = [result.numel() for result in run.results]
        if max(counts, default=0) > NUMBERS or sum(counts) > ALL_NUMBERS:
            raise _TooMuchError("far larger maps than the exercise calls for")
        if (run.products or 0) > PRODUCTS:
            raise _TooMuchError("far more multiplications than the exercise calls for")
    except _TooMuchError as error:
        raise ValueError(str(error)) from None
    except Exception:  # a step that fails on tensors without data fails with data, too
        raise ValueError("the recorded steps do not fit together") from None


class _TooMuchError(Exception):
    """The record asks for more work than any answer needs."""


@dataclass
class _Step:
    """One operation: its name, its arguments, the places of its results."""

    name: str
    args: list[Any]
    kwargs: dict[str, Any]
    results: list[int | None]
    gradient: bool

    def __post_init__(self) -> None:
        self.operation = operation_named(self.name)

    def call(self, values: dict[int, Any], factory: dict[str, Any], run: Run) -> None:
        """Run it on ``values``, to which its results are added, as they are to ``run``."""
        import torch
        from torch.utils.flop_counter import flop_registry

        kwargs = {name: _value(each, values) for name, each in self.kwargs.items()}
        schema = self.operation._schema
        if "device" in {argument.name for argument in schema.arguments}:
            kwargs |= {"device": None, **factory}
        given = [_value(each, values) for each in self.args]
        if isinstance(schema.returns[0].type, torch.ListType) and max(given[0].shape) > MOST_PARTS:
            raise _TooMuchError("a map in far more parts than the exercise calls for")
        outcome = self.operation(*given, **kwargs)
        outcomes = outcome if isinstance(outcome, tuple | list) else (outcome,)
        pairs = [(p, t) for p, t in zip(self.results, outcomes, strict=True) if p is not None]
        values.update(pairs)
        run.results += [tensor for _, tensor in pairs]
        count = flop_registry.get(self.operation.overloadpacket)
        if count and run.products is not None:
            run.products += count(*given, **kwargs, out_val=outcome)


def operation_named(name: str) -> Any:
    """Return an operation of torch. Raises ValueError where it is none that may be run again."""
    import torch

    parts = OPERATION.fullmatch(name)
    if parts is None:
        raise ValueError(f"no operation of torch: {name[:60]}")
    operation = getattr(getattr(torch.ops.aten, parts[1]), parts[2])
    if not _may_run(operation, parts[1]):
        raise ValueError(f"{name[:60]} cannot be run again here")
    return operation


def _may_run(operation: Any, name: str) -> bool:
    import torch

    if name in FORBIDDEN.split() or name.endswith("_backward"):
        return False
    returned = [str(each.type) for each in operation._schema.returns]
    basic = {torch.Tag.core, torch.Tag.pointwise} & set(operation.tags)
    return bool(returned and "Tensor" in returned[0] and (basic or name in FURTHER.split()))


def _value(form: Any, values: dict[int, Any]) -> Any:
    import torch

    if isinstance(form, dict):
        ((kind, content),) = form.items()
        if kind == "tensor":
            return values[content]
        dtype = getattr(torch, content)
        if not isinstance(dtype, torch.dtype):
            raise ValueError(f"no type of numbers: {content}")
        return dtype
    return [_value(each, values) for each in form] if isinstance(form, list) else form
