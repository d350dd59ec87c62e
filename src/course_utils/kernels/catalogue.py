"""Every configuration of every reference kernel, as a launch that can be compiled for a GPU.

Each is run once by the interpreter on a few numbers, in float16 and with sizes that are multiples
of 16, so that what is compiled is what a launch on real sizes would compile.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from course_utils.kernels import (
    attention,
    attention_backward,
    convolution,
    descriptors,
    elementwise,
    layer_norm,
    matmul,
    online,
    weight_gradient,
)
from course_utils.kernels.compiler import Compiled, compile_launch
from course_utils.kernels.device import triton
from course_utils.kernels.launches import Launch, record_launches

SIDE = 16
Call = Callable[..., Any]


@dataclass(frozen=True)
class Entry:
    """One configuration: ``call()`` runs the function ``name`` with it; ``kernel`` is compiled.

    ``targets`` are those for which it is meant; ``instead`` holds tile sizes for the GPU where the
    function takes none.
    """

    name: str
    kernel: str
    config: str
    dtype: str
    call: Callable[[], Any]
    targets: tuple[int, ...] = (80, 90)
    instead: Mapping[str, int] = field(default_factory=dict)

    def compiled(self, sm: int, disassemble: bool = True) -> Compiled:
        """Run it once by the interpreter and compile what it launched for ``sm``."""
        with record_launches() as launches:
            self.call()
        launch = next(launch for launch in launches if launch.name == self.kernel)
        constants = launch.constexprs | dict(self.instead)
        launch = replace(launch, constexprs=constants)
        return compile_launch(launch, sm, disassemble=disassemble)


def described(config: Any) -> str:
    """Return a configuration in words: its tile, warps, stages."""
    tile = [
        f"{name} {value}" if len(config.kwargs) == 1 else f"{value}"
        for name, value in config.kwargs.items()
        if not isinstance(value, bool) and name != "GROUP"
    ]
    special = ", specialised" if config.kwargs.get("SPECIALISE") else ""
    return f"{' x '.join(tile)}, {config.num_warps} warps, {config.num_stages} stages{special}"


def described_launch(launch: Launch) -> dict[str, Any]:
    """Return the kernel, the compiled-in numbers and the options of a launch, as JSON can hold."""
    numbers = {k: v for k, v in launch.constexprs.items() if isinstance(v, int | None)}
    options = {k: launch.options[k] for k in ("num_warps", "num_stages") if k in launch.options}
    return {"kernel": launch.name, "grid": list(launch.grid)} | numbers | options


def random(*shape: int, dtype: torch.dtype = torch.float16) -> torch.Tensor:
    """Return numbers whose values do not matter."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(dtype)


def entries() -> Iterator[Entry]:
    """Yield every configuration, in the order of the chapter."""
    yield from elementwise_entries()
    for dtype, configs in (
        (torch.float16, matmul.GPU_CONFIGS),
        (torch.float32, matmul.FLOAT32_CONFIGS),
    ):
        x = random(SIDE, SIDE, dtype=dtype)
        for config in configs:
            yield entry("matmul", "matmul_kernel", config, dtype, matmul.matmul, x, x)
    yield from convolution_entries()
    yield from attention_entries()
    x = random(SIDE, SIDE)
    for config in descriptors.GPU_CONFIGS:
        call, kernel = descriptors.matmul_descriptors, "matmul_descriptors_kernel"
        found = entry(call.__name__, kernel, config, torch.float16, call, x, x)
        yield replace(found, targets=(90,)) if config.kwargs["SPECIALISE"] else found


def entry(
    name: str, kernel: str, config: Any, dtype: torch.dtype, call: Call, *args: Any, **options: Any
) -> Entry:
    """Make an entry whose call is ``call(*args, config=config, **options)``."""
    options = {"config": config} | options
    kind = str(dtype).removeprefix("torch.")
    return Entry(name, kernel, described(config), kind, lambda: call(*args, **options))


def elementwise_entries() -> Iterator[Entry]:
    """Yield the kernels that have one row or one number a program."""
    x = random(SIDE, 4096)
    half = torch.float16
    for config in elementwise.ADD_CONFIGS:
        yield entry("vector_add", "add_kernel", config, half, elementwise.vector_add, x[0], x[1])
    for config in elementwise.SOFTMAX_CONFIGS:
        yield entry("row_softmax", "softmax_kernel", config, half, elementwise.row_softmax, x)
    for config in layer_norm.GPU_CONFIGS:
        call = layer_norm.layer_norm
        yield entry(call.__name__, "layer_norm_kernel", config, half, call, x, x[0], x[1])
    for config in online.GPU_CONFIGS:
        call = online.online_row_softmax
        yield entry(call.__name__, "online_softmax_kernel", config, half, call, x)


def convolution_entries() -> Iterator[Entry]:
    """Yield the convolution, with bias and max(., 0), and its two gradients; windows of 3 x 3."""
    half, single = torch.float16, torch.float32
    yield direct_entry()
    for dtype, configs, targets in (
        (half, convolution.GPU_CONFIGS, (80, 90)),
        (half, convolution.HOPPER_CONFIGS, (90,)),
        (single, convolution.FLOAT32_CONFIGS, (80, 90)),
    ):
        x, w = random(1, SIDE, 4, 4, dtype=dtype), random(SIDE, SIDE, 3, 3, dtype=dtype)
        kernel, bias, shape = "implicit_gemm_kernel", random(SIDE, dtype=dtype), tuple(x.shape)
        for config in configs:
            call, options = convolution.conv2d_implicit_gemm, {"padding": 1, "relu": True}
            found = entry(call.__name__, kernel, config, dtype, call, x, w, bias, **options)
            yield replace(found, targets=targets)
        for config in configs:
            call = convolution.conv2d_input_grad
            found = entry(call.__name__, kernel, config, dtype, call, x, w, shape, padding=1)
            yield replace(found, targets=targets)
    for dtype, configs in (
        (half, weight_gradient.GPU_CONFIGS),
        (single, weight_gradient.FLOAT32_CONFIGS),
    ):
        x, w = random(1, SIDE, 4, 4, dtype=dtype), random(SIDE, SIDE, 3, 3, dtype=dtype)
        for config in configs:
            call, kernel = weight_gradient.conv2d_weight_grad, "weight_gradient_kernel"
            yield entry(call.__name__, kernel, config, dtype, call, x, x, w, padding=1)


def direct_entry() -> Entry:
    """Return the direct convolution, which has one tile for the GPU."""
    x, w = random(1, SIDE, 4, 4), random(SIDE, SIDE, 3, 3)
    tile = convolution.DIRECT_GPU
    config = described(triton.Config(tile))
    call = convolution.conv2d_direct
    return Entry(
        call.__name__, "direct_kernel", config, "float16",
        lambda: call(x, w, x[0, :, 0, 0]), instead=tile,
    )  # fmt: skip


def attention_entries() -> Iterator[Entry]:
    """Yield attention forward and backward for each width of a head, plain and causal."""
    for targets, forward, backward in (
        ((80, 90), attention.GPU_CONFIGS, attention_backward.GPU_CONFIGS),
        ((90,), attention.HOPPER_CONFIGS, attention_backward.HOPPER_CONFIGS),
    ):
        for d, config, causal in cases(forward):
            q, name = random(1, 1, SIDE, d), f"flash_attention, d {d}{', causal' * causal}"
            call, kind = attention.flash_attention, torch.float16
            found = entry(name, "attention_kernel", config, kind, call, q, q, q, causal=causal)
            yield replace(found, targets=targets)
        for kind, configs in backward.items():
            for d, config, causal in cases(configs):
                yield replace(backward_entry(kind, d, config, causal), targets=targets)


def cases(configs: dict[int, list[Any]]) -> list[tuple[int, Any, bool]]:
    """Return every (width of a head, configuration, causal)."""
    return [
        (d, c, causal) for d, found in configs.items() for c in found for causal in (False, True)
    ]


def backward_entry(kind: str, d: int, config: Any, causal: bool) -> Entry:
    """Return one of the two kernels of the way back, ``kind`` dq or dkdv."""
    q = random(1, 1, SIDE, d)
    sums = torch.zeros(1, 1, SIDE)

    def call() -> None:
        chosen = {f"{kind}_config": config}
        attention_backward.flash_attention_backward(q, q, q, q, q, sums, causal=causal, **chosen)

    name = f"flash_attention_backward, d {d}{', causal' * causal}"
    return Entry(name, f"attention_{kind}_kernel", described(config), "float16", call)
