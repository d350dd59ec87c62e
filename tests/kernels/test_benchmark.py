"""The benchmark's rules hold, with a clock passed in, and the whole of it runs at tiny sizes."""

import importlib.util
import json
import math
from pathlib import Path

import pytest
import torch

from course_utils.kernels.benchmark import (
    attention_flop,
    compare,
    convolution_flop,
    difference,
    matmul_flop,
    plain,
    stored_results,
    wall_clock,
)
from course_utils.kernels.problems import OURS, problems

ROOT = Path(__file__).resolve().parents[2]


class Clock:
    """Says 1, 2, 3 .. seconds, whatever it times."""

    def __init__(self):
        self.now = 0

    def __call__(self, call):
        self.now += 1
        return float(self.now), call()


def make(seed):
    return (torch.randn(6, 5, generator=torch.Generator().manual_seed(seed)),)


def times(candidates, **options):
    rules = {"tolerance": 1e-6, "clock": Clock(), "repeats": 4, "warmup": 1} | options
    return compare(candidates, make, torch.relu, **rules)


def test_candidates_take_turns_and_warmup_does_not_count():
    found = times({"a": plain(torch.relu), "b": plain(lambda x: x.clamp(min=0))})
    assert found["a"].seconds == (3.0, 5.0, 7.0, 9.0)
    assert found["b"].seconds == (4.0, 6.0, 8.0, 10.0)
    assert found["a"].median == 6.0
    assert found["a"].spread[0] < 6.0 < found["a"].spread[1]
    assert found["a"].error == 0


def test_inputs_are_fresh_for_every_call_and_candidate():
    seen = []

    def spoils(x):
        seen.append(x.clone())
        result = torch.relu(x)
        x.zero_()
        return result

    found = times({"spoils": plain(spoils), "after": plain(torch.relu)})
    assert found["after"].refused is None
    assert all(not torch.equal(a, b) for i, a in enumerate(seen) for b in seen[:i])


def test_one_that_answers_from_memory_is_refused():
    kept = []

    def remembers(x):
        kept.append(torch.relu(x))
        return kept[0]

    found = times({"remembers": plain(remembers)})["remembers"]
    assert found.refused is not None
    assert found.refused.endswith("in call 2")
    assert found.seconds == ()
    assert math.isnan(found.median)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda x: x, "wrong by"),
        (lambda x: torch.relu(x) * float("nan"), "wrong by nan"),
        (lambda x: torch.relu(x)[:2], "ValueError: a result of shapes"),
        (lambda x: x @ x, "RuntimeError: mat1 and mat2"),
    ],
)
def test_a_wrong_candidate_is_refused_with_its_reason(wrong, reason):
    found = times({"wrong": plain(wrong), "right": plain(torch.relu)})
    assert found["wrong"].refused is not None
    assert found["wrong"].refused.startswith(reason)
    assert len(found["right"].seconds) == 4


def test_what_is_prepared_is_not_timed():
    timed = []

    def prepare(x):
        result = torch.relu(x)
        return lambda: result

    def clock(call):
        timed.append(call)
        return wall_clock(call)

    found = times({"prepared": prepare}, clock=clock)["prepared"]
    assert len(timed) == 5
    assert all(seconds >= 0 for seconds in found.seconds)


def test_differences_are_relative_and_the_largest_counts():
    x = torch.tensor([3.0, 4.0])
    assert difference(x * 1.1, x) == pytest.approx(0.1)
    assert difference((x, x * 1.5), (x, x)) == pytest.approx(0.5)
    assert difference(x, torch.zeros(2)) == pytest.approx(5.0)


def test_work_is_counted_as_the_papers_do():
    assert matmul_flop(2, 3, 4) == 48
    assert convolution_flop(1, 2, 3, 4, 5, 3, 3) == 2 * 60 * 18
    assert attention_flop(2, 16, 8192, 128) == 4 * 2 * 16 * 8192**2 * 128
    assert attention_flop(1, 1, 4, 32, causal=True) == 2 * 16 * 32
    assert attention_flop(1, 1, 4, 32, backward=True) == 10 * 16 * 32


def test_the_problems_count_as_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    counted = {}
    for problem in problems(4, tiny=True):
        if problem.name in {"matmul", "flash_attention", "flash_attention_backward"}:
            inputs = problem.make(torch.randn)
            with FlopCounterMode(display=False) as counter:
                problem.reference(*inputs)
            counted[problem.name] = counter.get_total_flops() / problem.flop
    # Torch keeps the weights: (1 + 2) / 2.5. Fused kernels compute them again, 1 + 2.5.
    assert counted == {"matmul": 1, "flash_attention": 1, "flash_attention_backward": 1.2}


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("gpu", ROOT / "benchmarks" / "gpu.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_whole_benchmark_at_tiny_sizes(script, tmp_path, capsys):
    place = script.run(
        "Tiny GPU H200", "cpu", torch.float32, Clock(), folder=tmp_path, tiny=True, repeats=2
    )
    assert place == tmp_path / "tiny-gpu-h200"
    assert (place / "roofline.png").stat().st_size > 10_000
    (record,) = stored_results(tmp_path)
    assert record == json.loads((place / "results.json").read_text(encoding="utf-8"))
    assert record["gpu"] == "Tiny GPU H200"
    for row in record["results"]:
        ours = row["candidates"][OURS]
        assert ours["error"] <= 2e-5
        assert ours["FLOP/s"] == pytest.approx(row["flop"] / ours["seconds"])
        assert row["launches"]
        assert set(row["bars"]) <= set(row["candidates"])
    names = {row["name"].partition(",")[0] for row in record["results"]}
    assert len(names) == 10
    assert capsys.readouterr().out.count("\n") == len(record["results"])
    script.run(
        "Tiny GPU H200", "cpu", torch.float32, Clock(), folder=tmp_path, tiny=True, repeats=2,
        names=("matmul",),
    )  # fmt: skip
    assert capsys.readouterr().out.count("\n") == 1
    (again,) = stored_results(tmp_path)
    assert {row["name"] for row in again["results"]} == {row["name"] for row in record["results"]}


def test_without_a_gpu_it_says_so(script, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert script.main() == 2
    assert "nothing was measured" in capsys.readouterr().out


def test_bars_stand_on_the_large_problems_only():
    small = {p.name: p for p in problems(2, tiny=True)}
    large = [p for p in problems(2) if p.bars]
    assert all(not p.bars for name, p in small.items() if "softmax" not in name)
    assert {p.name for p in large} == {
        "row_softmax",
        "matmul",
        "conv2d_implicit_gemm",
        "conv2d_implicit_gemm, bias and relu",
        "flash_attention",
        "flash_attention, causal",
        "flash_attention_backward",
        "flash_attention_backward, causal",
    }
