"""The engine's thread: admits requests in order and gives each running one a token in turn. Imports no torch."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from autoglm_serving import logs
from autoglm_serving.engine.base import (
    Aborted,
    EngineDead,
    EngineError,
    EngineStats,
    Failure,
    FinishReason,
    Output,
    QueueFull,
    Request,
    RequestFailed,
    Token,
)


class Runner(Protocol):
    """The model as the worker sees it: a step makes one token of one request."""

    eos_token_ids: frozenset[int]

    def start(self, request: Request) -> Any:
        """Make the request's state (cache, sampler). Cheap; no forward pass."""

    def step(self, state: Any) -> int:
        """Run the model on what the state has not seen yet and return the next token."""

    def probe(self) -> None:
        """A smallest forward pass. Raises when the device no longer computes."""


@dataclass(eq=False)
class _Sequence:
    request: Request
    cancel_hook: Callable[["_Sequence"], None]
    state: Any = None
    generated: int = 0
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancel_hook(self)

    @property
    def cached_tokens(self) -> int:
        return len(self.request.prompt.token_ids) + self.generated

    def emit(self, output: Output) -> None:
        """A listener that raises has lost its client; the engine must not die of it."""
        if self.cancelled:
            return
        try:
            self.request.listener(output)
        except Exception as error:
            logs.error("a listener failed", exc_info=error)
            self.cancelled = True


class Worker:
    """An Engine over a Runner. `step_timeout` is in seconds; `capacity_tokens` is only reported."""

    def __init__(
        self,
        runner: Runner,
        *,
        max_running: int,
        max_waiting: int,
        capacity_tokens: int,
        step_timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._capacity_tokens = capacity_tokens
        self._step_timeout = step_timeout
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[_Sequence] = deque()
        self._running: list[_Sequence] = []
        self._stopping = False
        self._dead: BaseException | None = None
        self._step_began: float | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, request: Request) -> _Sequence:
        sequence = _Sequence(request, self._cancel)
        with self._changed:
            if not self.alive():
                raise EngineDead("the engine has stopped")
            if self._stopping:
                raise Aborted("the engine is stopping")
            if len(self._running) + len(self._waiting) >= self._max_running + self._max_waiting:
                raise QueueFull(f"{len(self._running)} requests are running and {len(self._waiting)} are waiting")
            self._waiting.append(sequence)
            self._changed.notify()
        return sequence

    def alive(self) -> bool:
        began = self._step_began
        hung = began is not None and self._clock() - began > self._step_timeout
        return self._dead is None and not hung

    def stats(self) -> EngineStats:
        with self._changed:
            return EngineStats(
                running=len(self._running),
                waiting=len(self._waiting),
                cached_tokens=sum(sequence.cached_tokens for sequence in self._running),
                capacity_tokens=self._capacity_tokens,
            )

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _cancel(self, sequence: _Sequence) -> None:
        with self._changed:
            sequence.cancelled = True
            if sequence in self._waiting:
                self._waiting.remove(sequence)
            self._changed.notify()

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                for sequence in list(self._running):
                    self._step_began = self._clock()
                    self._advance(sequence)
                    self._step_began = None
            self._end_all(Aborted("the server is stopping"))
        except BaseException as error:
            self._dead = error
            logs.error("engine died", exc_info=error)
            self._end_all(EngineDead("the engine has stopped"))

    def _wait_for_work(self) -> bool:
        """Admit one waiting request, so that running ones wait for no more than one prompt. False: stop."""
        with self._changed:
            self._running = [sequence for sequence in self._running if not sequence.cancelled]
            while not (self._stopping or self._running or self._waiting):
                self._changed.wait()
            if self._waiting and len(self._running) < self._max_running:
                self._running.append(self._waiting.popleft())
            return not self._stopping

    def _advance(self, sequence: _Sequence) -> None:
        if sequence.cancelled:
            self._retire(sequence)
            return
        try:
            if sequence.state is None:
                sequence.state = self._runner.start(sequence.request)
            token = self._runner.step(sequence.state)
        except Exception as error:
            self._fail(sequence, error)
            return
        sequence.generated += 1
        reason = self._finish_reason(sequence, token)
        if reason is not None:
            self._retire(sequence)
        sequence.emit(Token(token_id=token, finish_reason=reason))

    def _finish_reason(self, sequence: _Sequence, token: int) -> FinishReason | None:
        sampling = sequence.request.sampling
        if token in self._runner.eos_token_ids and not sampling.ignore_eos:
            return FinishReason.STOP
        return FinishReason.LENGTH if sequence.generated >= sampling.max_tokens else None

    def _fail(self, sequence: _Sequence, error: Exception) -> None:
        """The request broke its own step, or the device is gone: a step that can't fail by itself tells which."""
        logs.error("request failed in the engine", exc_info=error)
        self._retire(sequence)
        sequence.emit(Failure(error=RequestFailed(f"{type(error).__name__} in the engine")))
        self._runner.probe()

    def _retire(self, sequence: _Sequence) -> None:
        """Free the cache before anyone hears of the end, so that a client's next request finds the place free."""
        sequence.state = None
        with self._changed:
            if sequence in self._running:
                self._running.remove(sequence)

    def _end_all(self, error: EngineError) -> None:
        with self._changed:
            sequences = [*self._running, *self._waiting]
            self._running.clear()
            self._waiting.clear()
        for sequence in sequences:
            sequence.state = None
            sequence.emit(Failure(error=error))
