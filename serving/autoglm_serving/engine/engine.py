"""The engine's thread: a step, and the next, as long as there is something to compute. Imports no torch."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from autoglm_serving import logs
from autoglm_serving.engine.base import Aborted, EngineDead, EngineStats, Request
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.core import Core
from autoglm_serving.engine.heartbeat import Heartbeat
from autoglm_serving.engine.model_runner import ModelRunner
from autoglm_serving.engine.sequence import Sequence

STOP_SECONDS = 5.0
"""What a step under way gets to end when the engine is stopped."""


@dataclass(frozen=True)
class EngineTicket:
    sequence: Sequence
    _cancel: Callable[[Sequence], None]

    def cancel(self) -> None:
        self._cancel(self.sequence)


class Engine:
    """base.Engine over a ModelRunner."""

    def __init__(
        self, runner: ModelRunner, config: EngineConfig, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` is what deadlines are measured on."""
        self._core = Core(runner, config, clock)
        self._heartbeat = Heartbeat(config.step_timeout, clock)
        self._changed = threading.Condition(self._core.lock)
        self._stopping = False
        self._dead: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, request: Request) -> EngineTicket:
        with self._changed:
            if not self.alive():
                raise EngineDead("the engine has stopped")
            if self._stopping:
                raise Aborted("the engine is stopping")
            sequence = self._core.add(request)
            self._changed.notify()
        return EngineTicket(sequence, self._cancel)

    def alive(self) -> bool:
        return self._dead is None and not self._heartbeat.late()

    def stats(self) -> EngineStats:
        return self._core.stats()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        # A step that hangs ends neither now nor later, and would keep its clients waiting for ever.
        if self._thread.is_alive() and threading.current_thread() is not self._thread and not self._heartbeat.late():
            self._thread.join(timeout=STOP_SECONDS)
        self._core.end_all(Aborted("the server is stopping"))

    def _cancel(self, sequence: Sequence) -> None:
        with self._changed:
            self._core.cancel(sequence)
            self._changed.notify()

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self._core.step(self._heartbeat.beat)
            self._core.end_all(Aborted("the server is stopping"))
        except BaseException as error:
            self._dead = error
            logs.error("engine died", exc_info=error)
            self._core.end_all(EngineDead("the engine has stopped"))

    def _wait_for_work(self) -> bool:
        """False: stop."""
        with self._changed:
            self._heartbeat.rest()
            while not (self._stopping or self._core.busy):
                self._changed.wait()
            self._heartbeat.beat()
            return not self._stopping
