"""What the benchmark asks: sizes, candidates, a reference, the work counted, and the bars.

Candidates of torch are pinned and named: cuBLAS in the format of the inputs, cuDNN with channels
last, and each backend of attention by itself. A bar is the least ratio of a rival's median time to
ours that a readable kernel should reach on an H200 in bfloat16.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch.nn.attention import SDPBackend, sdpa_kernel

from course_utils.kernels.attention import flash_attention
from course_utils.kernels.attention_backward import flash_attention_backward
from course_utils.kernels.benchmark import (
    Prepare,
    Tensors,
    attention_flop,
    convolution_flop,
    matmul_flop,
    plain,
)
from course_utils.kernels.convolution import conv2d_implicit_gemm, conv2d_input_grad
from course_utils.kernels.descriptors import matmul_descriptors
from course_utils.kernels.elementwise import row_softmax, vector_add
from course_utils.kernels.layer_norm import layer_norm
from course_utils.kernels.matmul import matmul
from course_utils.kernels.online import online_row_softmax
from course_utils.kernels.weight_gradient import conv2d_weight_grad

OURS = "triton"
BACKENDS = {"SDPA flash": SDPBackend.FLASH_ATTENTION, "SDPA cuDNN": SDPBackend.CUDNN_ATTENTION}
Maker = Callable[..., torch.Tensor]
Kernels = Mapping[str, Callable[..., Any]]
KERNELS: Kernels = {
    call.__name__: call
    for call in (
        *(vector_add, row_softmax, online_row_softmax, layer_norm, matmul, conv2d_implicit_gemm),
        *(conv2d_input_grad, conv2d_weight_grad, flash_attention, flash_attention_backward),
    )
}
"""The reference kernels by the names of their functions; a learner's may stand in for one."""


@dataclass(frozen=True)
class Problem:
    """One line of the benchmark; ``moved`` counts bytes read and written if each is touched once.

    ``make(draw)`` gives the inputs, where ``draw(*shape)`` gives a tensor of fresh numbers.
    """

    name: str
    size: Mapping[str, int]
    make: Callable[[Maker], tuple[torch.Tensor, ...]]
    candidates: Mapping[str, Prepare]
    reference: Callable[..., Tensors]
    flop: int
    moved: int
    bars: Mapping[str, float] = field(default_factory=dict)


def problems(itemsize: int, tiny: bool = False, kernels: Kernels = KERNELS) -> Iterator[Problem]:
    """Yield the problems for numbers of ``itemsize`` bytes; ``tiny`` ones can be interpreted."""
    yield from row_problems(itemsize, tiny, kernels)
    for side in (40,) if tiny else (1024, 4096, 8192):
        yield matmul_problem(side, itemsize, kernels)
    shapes = ((32, 64, 56), (32, 128, 56), (32, 256, 28), (64, 256, 56), (32, 512, 14))
    for B, C, side in ((2, 5, 7),) if tiny else shapes:
        yield from convolution_problems(B, C, side, itemsize, kernels)
    for d, H in ((32, 2),) if tiny else ((64, 32), (128, 16)):
        for T in (40,) if tiny else (1024, 4096, 16384):
            for causal in (False, True):
                B = 1 if tiny else 16384 // T
                yield attention_problem(B, H, T, d, causal, itemsize, kernels)
                if T <= 4096:
                    yield backward_problem(B, H, T, d, causal, itemsize, kernels)


def row_problems(itemsize: int, tiny: bool, kernels: Kernels) -> Iterator[Problem]:
    """Yield what moves memory and computes little: a sum, softmax and normalisation of rows."""
    n = 1000 if tiny else 1 << 27
    yield Problem(
        "vector_add", {"n": n}, lambda draw: (draw(n), draw(n)),
        {OURS: plain(kernels["vector_add"]), "torch": plain(torch.add)},
        lambda x, y: x.float() + y.float(), n, 3 * n * itemsize,
    )  # fmt: skip
    for name, rows, columns, bars in (
        ("row_softmax", 16384, 4096, {"copy": 0.85}),
        ("online_row_softmax", 2048, 32768, {}),
    ):
        size = (5, 70) if tiny else (rows, columns)
        cells = math.prod(size)
        yield Problem(
            name, {"rows": size[0], "columns": size[1]},
            lambda draw, size=size: (draw(*size),),
            {OURS: plain(kernels[name]), "torch": plain(lambda x: x.softmax(1)), "copy": copy_of},
            lambda x: x.float().softmax(1), 5 * cells, 2 * cells * itemsize, bars,
        )  # fmt: skip
    rows, columns = (5, 70) if tiny else (16384, 4096)
    cells = rows * columns
    yield Problem(
        "layer_norm", {"rows": rows, "columns": columns},
        lambda draw: (draw(rows, columns), draw(columns), draw(columns)),
        {OURS: plain(kernels["layer_norm"]), "torch": plain(normalised)},
        lambda *inputs: normalised(*(x.float() for x in inputs)),
        8 * cells, 2 * (cells + columns) * itemsize,
    )  # fmt: skip


def normalised(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
    """Layer normalisation by torch."""
    return F.layer_norm(x, (x.shape[1],), gamma, beta)


def copy_of(x: torch.Tensor) -> Callable[[], torch.Tensor]:
    """Time a copy of as many bytes; its result stands for that of the softmax, made before."""
    right, room = x.float().softmax(1).to(x.dtype), torch.empty_like(x)
    return lambda: room.copy_(right)


def matmul_problem(side: int, itemsize: int, kernels: Kernels) -> Problem:
    """Return the product of two square matrices."""
    ours = kernels["matmul"]
    candidates = {OURS: ours, "triton descriptors": matmul_descriptors, "cuBLAS": torch.mm}
    bars = {"cuBLAS": 0.75} if side == 8192 else {}
    return Problem(
        "matmul", {"M": side, "N": side, "K": side},
        lambda draw: (draw(side, side), draw(side, side)),
        {name: plain(call) for name, call in candidates.items()},
        lambda a, b: a.float() @ b.float(),
        matmul_flop(side, side, side), 3 * side * side * itemsize, bars,
    )  # fmt: skip


def convolution_back(
    part: int, x: torch.Tensor, w: torch.Tensor, grad: torch.Tensor, _: torch.Tensor
) -> torch.Tensor:
    """Return torch's gradient of a padded 3 x 3 convolution in x (part 0) or in w (part 1)."""
    mask, ones = [part == 0, part == 1, False], [1, 1]
    return torch.ops.aten.convolution_backward(
        grad, x, w, None, ones, ones, ones, False, [0, 0], 1, mask
    )[part]


def exact(call: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Return ``call`` in single precision."""
    return lambda *inputs: call(*(x.float() for x in inputs))


def convolution_problems(
    B: int, C: int, side: int, itemsize: int, kernels: Kernels
) -> Iterator[Problem]:
    """Yield a 3 x 3 convolution of C to C channels: bare, fused, and its two gradients."""

    def make(draw: Maker) -> tuple[torch.Tensor, ...]:
        x, grad, w = draw(B, C, side, side), draw(B, C, side, side), draw(C, C, 3, 3)
        last = (t.to(memory_format=torch.channels_last) for t in (x, w / math.sqrt(9 * C), grad))
        return (*last, draw(C))

    forward = kernels["conv2d_implicit_gemm"]
    parts: dict[str, tuple[Callable[..., Any], str, Callable[..., Any], float | None]] = {
        "conv2d_implicit_gemm": (
            lambda x, w, g, b: forward(x, w, None, padding=1),
            "cuDNN channels-last", lambda x, w, g, b: F.conv2d(x, w, padding=1), 0.6,
        ),
        "conv2d_implicit_gemm, bias and relu": (
            lambda x, w, g, b: forward(x, w, b, padding=1, relu=True),
            "eager channels-last", lambda x, w, g, b: F.relu(F.conv2d(x, w, b, padding=1)), 1.0,
        ),
        "conv2d_input_grad": (
            lambda x, w, g, b: kernels["conv2d_input_grad"](g, w, (B, C, side, side), padding=1),
            "cuDNN channels-last", lambda *inputs: convolution_back(0, *inputs), None,
        ),
        "conv2d_weight_grad": (
            lambda x, w, g, b: kernels["conv2d_weight_grad"](g, x, w, padding=1),
            "cuDNN channels-last", lambda *inputs: convolution_back(1, *inputs), None,
        ),
    }  # fmt: skip
    size = {"B": B, "C": C, "F": C, "H": side, "W": side, "R": 3, "S": 3}
    flop = convolution_flop(B, C, C, side, side, 3, 3)
    moved = (2 * B * C * side * side + 9 * C * C) * itemsize
    for name, (ours, opponent, rival, bar) in parts.items():
        candidates = {OURS: plain(ours), opponent: plain(rival)}
        bars = {opponent: bar} if bar and C >= 128 else {}
        yield Problem(name, size, make, candidates, exact(rival), flop, moved, bars)


def sdpa(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool) -> torch.Tensor:
    """Attention by torch."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


def exact_sdpa(causal: bool, *inputs: torch.Tensor) -> torch.Tensor:
    """Attention by torch in single precision, by the backends that never store the matrix."""
    q, k, v = (x.float() for x in inputs[:3])
    with sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
        return sdpa(q, k, v, causal)


def attention_problem(
    B: int, H: int, T: int, d: int, causal: bool, itemsize: int, kernels: Kernels
) -> Problem:
    """Return attention forward."""

    def pinned(backend: SDPBackend) -> Prepare:
        def prepare(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> Callable[[], Tensors]:
            def call() -> torch.Tensor:
                with sdpa_kernel(backend):
                    return sdpa(q, k, v, causal)

            return call

        return prepare

    bars = {(64, False): (1.15, 0.9), (128, False): (1.05, 0.75), (128, True): (1.0,)}
    wanted = bars.get((d, causal), ()) if T >= 4096 else ()
    return Problem(
        "flash_attention" + ", causal" * causal, {"B": B, "H": H, "T": T, "d": d},
        lambda draw: (draw(B, H, T, d), draw(B, H, T, d), draw(B, H, T, d)),
        {OURS: plain(lambda q, k, v: kernels["flash_attention"](q, k, v, causal)[0])}
        | {name: pinned(backend) for name, backend in BACKENDS.items()},
        lambda *inputs: exact_sdpa(causal, *inputs),
        attention_flop(B, H, T, d, causal), 4 * B * H * T * d * itemsize,
        dict(zip(BACKENDS, wanted, strict=False)),
    )  # fmt: skip


def backward_problem(
    B: int, H: int, T: int, d: int, causal: bool, itemsize: int, kernels: Kernels
) -> Problem:
    """Return the way back through attention; the way forward is made before the clock starts."""

    def ours(*inputs: torch.Tensor) -> Callable[[], Tensors]:
        q, k, v, grad = inputs
        out, lse = flash_attention(q, k, v, causal)
        return lambda: kernels["flash_attention_backward"](grad, q, k, v, out, lse, causal)

    def pinned(backend: SDPBackend) -> Prepare:
        def prepare(*inputs: torch.Tensor) -> Callable[[], Tensors]:
            *qkv, grad = inputs
            leaves = [x.requires_grad_() for x in qkv]
            with sdpa_kernel(backend):
                out = sdpa(*leaves, causal=causal)
            return lambda: torch.autograd.grad(out, leaves, grad)

        return prepare

    def reference(*inputs: torch.Tensor) -> Tensors:
        leaves = [x.float().requires_grad_() for x in inputs[:3]]
        return torch.autograd.grad(exact_sdpa(causal, *leaves), leaves, inputs[3].float())

    return Problem(
        "flash_attention_backward" + ", causal" * causal, {"B": B, "H": H, "T": T, "d": d},
        lambda draw: tuple(draw(B, H, T, d) for _ in range(4)),
        {OURS: ours} | {name: pinned(backend) for name, backend in BACKENDS.items()},
        reference,
        attention_flop(B, H, T, d, causal, backward=True), 8 * B * H * T * d * itemsize,
        {"SDPA flash": 0.8} if d == 64 else {},
    )  # fmt: skip
