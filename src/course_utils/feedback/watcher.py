"""Interrupt code that works too long: one thread watches for all calls."""

import _thread
import signal
import threading
import time

PATIENCE = 3  # seconds that may pass for each second of work
_TICK = 0.05  # seconds between two looks at what is watched
_AGAIN = 0.5  # seconds from one interrupt to the next, for code that swallowed the first


class Stopwatch:
    """Seconds of work since it was made: those of the processor, or a share of those that passed.

    On a busy machine a program gets little of the processor, which must not cost points; code that
    sleeps or waits uses none, so that it is counted by the clock, at a third.
    """

    def __init__(self) -> None:
        self._start = time.monotonic(), time.process_time()

    def passed(self) -> float:
        """Return the seconds of the clock: never less than those of work."""
        return time.monotonic() - self._start[0]

    def seconds(self) -> float:
        """Return the seconds counted so far."""
        passed = self.passed()
        worked = time.process_time() - self._start[1]  # of all threads, hence the minimum
        return max(min(worked, passed), passed / PATIENCE)


class Watched:
    """One block of code with the seconds that it may work."""

    def __init__(self, seconds: float) -> None:
        self.limit, self.watch = seconds, Stopwatch()
        self.done, self.fired = False, False
        self.left_alone = threading.Event()  # the watcher has seen that it is done
        self._next = 0.0

    def finish(self) -> None:
        """End the watch; return when no interrupt can come any more.

        The clock only moves on, so that before the limit there was none. After it, one may be on
        its way, and more than one.
        """
        self.done = True
        if self.watch.passed() < self.limit:
            return
        while not self.left_alone.is_set():
            try:
                self.left_alone.wait()
            except KeyboardInterrupt:
                if not self.fired:
                    raise

    def look(self) -> float:
        """Interrupt the block if it is over its time; return the seconds to the next look."""
        left = self.limit - self.watch.seconds()
        if left > 0:
            return left
        if self.watch.passed() >= self._next:
            self._next = self.watch.passed() + _AGAIN
            self.fired = True
            _interrupt()
        return _TICK


class Watcher:
    """A thread that looks at the watched blocks; a call of a microsecond costs no thread."""

    def __init__(self) -> None:
        self._blocks: list[Watched] = []
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, block: Watched) -> None:
        """Watch a block until it says that it is done."""
        if self._thread is None or not self._thread.is_alive():  # none yet, or lost in a fork
            self._blocks = []
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        self._blocks.append(block)
        if not self._some.is_set():
            self._some.set()

    def _run(self) -> None:
        while True:
            if not self._blocks:
                self._some.clear()
                if not self._blocks:  # one may have come since
                    self._some.wait()
            time.sleep(max(0.001, min([_TICK, *map(self._look, tuple(self._blocks))])))

    def _look(self, block: Watched) -> float:
        if not block.done:
            return block.look()
        self._blocks.remove(block)
        block.left_alone.set()
        return _TICK


def _interrupt() -> None:
    """Interrupt the main thread, where the system can also in the middle of a sleep or a wait."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
