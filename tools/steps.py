"""Steps with needs, run side by side as far as memory and cores allow; a line when one goes on and when it ends."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from tools.process import ToolError, end_children

HEARTBEAT = 15.0  # seconds between two signs of life of a long step

Show = Callable[[str], None]
Run = Callable[[Path], str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """`run` gets the step's log and returns what it did in a word or two, such as `built` or `official`."""

    name: str
    run: Run
    needs: Sequence[str] = ()
    memory: float = 0.2
    """GiB at its peak; steps run side by side while the sum fits."""
    heavy: bool = False
    """It keeps every core busy, as a compiler does: one heavy step at a time, in the order of the list."""


class Clock:
    """Lines that begin with the seconds since the start of the run."""

    def __init__(self, show: Show, began: float | None = None) -> None:
        self._show, self._began = show, time.monotonic() if began is None else began

    def line(self, text: str) -> None:
        self._show(f"[{time.monotonic() - self._began:7.1f} s] {text}")


def run_steps(steps: Sequence[Step], *, memory: float, logs: Path, clock: Clock) -> None:
    """Runs every step once after what it needs; `memory` is in GiB.

    A step that needs more than there is runs alone. Raises the first failure, after the programs of the steps under way
    were ended; KeyboardInterrupt likewise.
    """
    known = {step.name for step in steps}
    if missing := {need for step in steps for need in step.needs} - known:
        raise ValueError(f"steps need {sorted(missing)}, which no step is")
    runner = _Runner(logs, clock)
    waiting, done, running = list(steps), set[str](), dict[Future[None], Step]()
    pool = ThreadPoolExecutor(max(1, len(steps)))
    try:
        while waiting or running:
            while step := _next(waiting, done, running.values(), memory):
                waiting.remove(step)
                running[pool.submit(runner.run, step)] = step
            if not running:
                raise ValueError(f"steps need each other: {[step.name for step in waiting]}")
            ended, _ = wait(running, timeout=HEARTBEAT, return_when=FIRST_COMPLETED)
            for future in ended:
                done.add(running.pop(future).name)
                future.result()
            if not ended:
                runner.heartbeat()
    finally:
        end_children()
        pool.shutdown(wait=False, cancel_futures=True)


def _next(waiting: Sequence[Step], done: Collection[str], running: Collection[Step], memory: float) -> Step | None:
    """The first step that may begin now."""
    used = sum(step.memory for step in running)
    compiling = any(step.heavy for step in running)
    for step in waiting:
        fits = not running or used + step.memory <= memory
        if fits and set(step.needs) <= set(done) and not (step.heavy and compiling):
            return step
    return None


class _Runner:
    """Times the steps and writes their lines."""

    def __init__(self, logs: Path, clock: Clock) -> None:
        self._logs, self._clock = logs, clock
        self._since: dict[str, float] = {}
        self._guard = threading.Lock()

    def run(self, step: Step) -> None:
        log = self._logs / f"{step.name.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        with self._guard:
            self._since[step.name] = time.monotonic()
        try:
            note = step.run(log)
        except ToolError as error:
            raise ToolError(f"{step.name}: {error}") from error
        with self._guard:
            seconds = time.monotonic() - self._since.pop(step.name)
        self._clock.line(f"{step.name}: {note} ({seconds:.1f} s)")

    def heartbeat(self) -> None:
        now = time.monotonic()
        with self._guard:
            busy = [f"{name} {now - since:.0f} s" for name, since in self._since.items()]
        self._clock.line(f"… {', '.join(busy)}")
