"""Calls under observation: copies of the arguments, output kept apart, a time limit."""

import signal
import threading
import time

import numpy as np
import pytest

from course_utils.feedback.limits import TimeLimitError, observe, time_limit


def test_arguments_are_copied_with_their_layout():
    base = np.arange(24.0).reshape(4, 6)
    views = (base[::-2, ::3], base.T, base[1:, 2], np.asfortranarray(base))
    outcome = observe(lambda *a: [(x.strides, x.tolist()) for x in a], views, {}, 5)
    assert outcome.value == [(x.strides, x.tolist()) for x in views]
    observe(lambda *a: [x.fill(0) for x in a], views, {}, 5)
    assert base[3, 5] == 23


@pytest.mark.parametrize(
    ("arguments", "change"),
    [
        ([np.zeros(2)], lambda a: a.fill(1)),
        ([[np.zeros(2), 1]], lambda a: a.pop()),
        ([[3, 1, 2]], lambda a: a.sort()),
        ([[(np.zeros(2), np.ones(2))]], lambda a: a[0][1].fill(0)),
        ([[np.zeros(2)]], lambda a: a.__setitem__(0, None)),
        ([[[1]]], lambda a: a.__setitem__(0, 2)),
        ([[{"k": 3}]], lambda a: a[0].setdefault("s", 1)),
        ([[{"k": 3}]], lambda a: a[0].update(k=5)),
        ([[{"k": 3}]], lambda a: a[0].update(s=a[0].pop("k"))),
    ],
)
def test_changes_are_noticed(arguments, change):
    assert observe(change, tuple(arguments), {}, 5).changed == (0,)


def test_nothing_is_noticed_where_nothing_changed():
    arguments = (np.array([np.nan, 1]), [float("nan"), (1, "a", None)], np.array(["a"]))
    assert observe(lambda *a: a, arguments, {}, 5).changed == ()


def test_what_is_printed_is_kept():
    assert observe(lambda: print("seen"), (), {}, 5).printed == "seen\n"


def loop():
    with time_limit(0.2):
        while True:
            pass


def interrupted():
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    with time_limit(30):
        timer.start()
        for _ in range(500):
            time.sleep(0.01)


def test_the_time_limit_names_itself():
    with pytest.raises(TimeLimitError, match=r"0\.2 s"):
        loop()


def test_a_persons_interrupt_stays_an_interrupt():
    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_quick_calls_are_never_interrupted():
    for _ in range(300):
        assert observe(lambda: 1, (), {}, 5).value == 1
    time.sleep(0.05)


def test_another_thread_runs_without_a_limit():
    results = []
    worker = threading.Thread(target=lambda: results.append(observe(lambda: 7, (), {}, 0.1).value))
    worker.start()
    worker.join()
    assert results == [7]


@pytest.mark.timeout(30)
def test_the_limit_holds_where_interrupts_are_ignored():
    """A shell starts what it puts in the background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(TimeLimitError):
            loop()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
