"""The engine's thread: plan a step, run it, hand out its tokens, again and again. Imports no torch."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from autoglm_serving import logs
from autoglm_serving.engine.base import (
    Aborted,
    DeadlineExceeded,
    EngineDead,
    EngineError,
    EngineStats,
    Failure,
    Output,
    QueueFull,
    Request,
    RequestFailed,
    Token,
)
from autoglm_serving.engine.block_manager import BlockManager
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.execution import Result, run_step
from autoglm_serving.engine.heartbeat import Heartbeat
from autoglm_serving.engine.model_runner import ModelRunner, Pending
from autoglm_serving.engine.pace import Pace
from autoglm_serving.engine.scheduler import Scheduler, Step
from autoglm_serving.engine.sequence import Sequence

STOP_SECONDS = 5.0
"""What a step under way gets to end when the engine is stopped."""

CrashHook = Callable[[Request, Exception], None]


@dataclass(frozen=True)
class EngineTicket:
    sequence: Sequence
    _cancel: Callable[[Sequence], None]

    def cancel(self) -> None:
        self._cancel(self.sequence)


class Engine:
    """base.Engine over a ModelRunner. `on_crash` is told, on the engine's thread, which request broke a step."""

    def __init__(
        self,
        runner: ModelRunner,
        config: EngineConfig,
        *,
        on_crash: CrashHook = lambda request, error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._config = config
        self._on_crash = on_crash
        self._clock = clock
        self._blocks = BlockManager(runner.num_blocks, runner.block_size, prefix_caching=config.prefix_caching)
        self._scheduler = Scheduler(self._blocks, max_running=config.max_num_seqs, eos_token_ids=runner.eos_token_ids)
        self._pace = Pace(most=config.max_num_batched_tokens, stall_factor=config.stall_factor)
        self._heartbeat = Heartbeat(config.step_timeout, clock)
        self._changed = threading.Condition()
        self._left: list[Sequence] = []
        """Cancelled; the runner still has their state."""
        self._stopping = False
        self._dead: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, request: Request) -> EngineTicket:
        sequence = Sequence(request, self._clock())
        with self._changed:
            if not self.alive():
                raise EngineDead("the engine has stopped")
            if self._stopping:
                raise Aborted("the engine is stopping")
            self._check_room(sequence)
            self._scheduler.add(sequence)
            self._changed.notify()
        return EngineTicket(sequence, self._cancel)

    def alive(self) -> bool:
        return self._dead is None and not self._heartbeat.late()

    def stats(self) -> EngineStats:
        with self._changed:
            return EngineStats(
                running=len(self._scheduler.running),
                waiting=len(self._scheduler.waiting),
                cached_tokens=self._blocks.held * self._blocks.block_size,
                capacity_tokens=self._blocks.capacity_tokens,
                prefix_queries=self._blocks.prefix_queries,
                prefix_hits=self._blocks.prefix_hits,
                preemptions=self._scheduler.preemptions,
            )

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=STOP_SECONDS)
        # A step that hangs would keep its clients waiting for ever.
        self._end_all(Aborted("the server is stopping"))

    def _check_room(self, sequence: Sequence) -> None:
        running, waiting = len(self._scheduler.running), len(self._scheduler.waiting)
        if running + waiting >= self._config.max_num_seqs + self._config.max_num_waiting:
            raise QueueFull(f"{running} requests are running and {waiting} are waiting")
        if sequence.prompt_length > self._blocks.capacity_tokens:
            raise RequestFailed(
                f"the prompt has {sequence.prompt_length} tokens, and the cache holds {self._blocks.capacity_tokens}"
            )

    def _cancel(self, sequence: Sequence) -> None:
        with self._changed:
            sequence.cancelled = True
            if self._scheduler.holds(sequence):
                # Also amid a step that computes it: a block goes to someone else only between two steps.
                self._scheduler.remove(sequence)
                self._left.append(sequence)
                self._changed.notify()

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self._step()
            self._end_all(Aborted("the server is stopping"))
        except BaseException as error:
            self._dead = error
            logs.error("engine died", exc_info=error)
            self._end_all(EngineDead("the engine has stopped"))

    def _wait_for_work(self) -> bool:
        """False: stop."""
        with self._changed:
            self._heartbeat.rest()
            scheduler = self._scheduler
            while not (self._stopping or self._left or scheduler.running or scheduler.waiting):
                self._changed.wait()
            self._heartbeat.beat()
            return not self._stopping

    def _step(self) -> None:
        with self._changed:
            overdue = self._scheduler.overdue(self._clock())
            for sequence in overdue:
                self._scheduler.remove(sequence)
            step = self._scheduler.plan(self._pace.budget)
            left, self._left = self._left, []
        for sequence in overdue:
            self._emit(sequence, Failure(error=DeadlineExceeded("its time was up before the answer was complete")))
        for sequence in (*left, *overdue, *step.displaced):
            self._runner.release(sequence)
        if step.slices:
            self._compute(step)

    def _compute(self, step: Step) -> None:
        began = self._clock()
        for piece in step.slices:
            piece.sequence.scheduled = piece.sequence.scheduled or began
        outcome = run_step(self._runner, step.slices, self._heartbeat.beat)
        if outcome.whole and not any(isinstance(result, Pending) for result in outcome.results):
            self._pace.observe(step.answers, step.prompt_tokens, self._clock() - began)
        ended: list[Sequence] = []
        outputs: list[tuple[Sequence, Output]] = []
        with self._changed:
            for piece, result in zip(step.slices, outcome.results, strict=True):
                sequence = piece.sequence
                if not self._scheduler.holds(sequence) or isinstance(result, Pending):
                    continue
                if isinstance(result, Exception):
                    reason = RequestFailed(f"{type(result).__name__} in the engine")
                    outputs.append((sequence, Failure(error=reason)))
                    ended.append(sequence)
                    continue
                finish_reason = self._scheduler.take(piece, result)
                if result is not None:
                    token = Token(
                        token_id=result.token_id,
                        finish_reason=finish_reason,
                        logprob=result.logprob,
                        scheduled=sequence.scheduled,
                    )
                    outputs.append((sequence, token))
                if finish_reason is not None:
                    ended.append(sequence)
            # The place is free before anyone hears of the end, so that a client's next request finds it.
            for sequence in ended:
                self._scheduler.remove(sequence)
        for sequence in ended:
            self._runner.release(sequence)
        for sequence, output in outputs:
            self._emit(sequence, output)
        self._report(step, outcome.results)
        if outcome.broken is not None:
            raise outcome.broken

    def _report(self, step: Step, results: list[Result]) -> None:
        for piece, result in zip(step.slices, results, strict=True):
            if isinstance(result, Exception):
                logs.error("request failed in the engine", exc_info=result, request=piece.sequence.request.request_id)
                self._on_crash(piece.sequence.request, result)

    def _emit(self, sequence: Sequence, output: Output) -> None:
        """A listener that raises has lost its client; the engine must not die of it."""
        if sequence.cancelled:
            return
        try:
            sequence.request.listener(output)
        except Exception as error:
            logs.error("a listener failed", exc_info=error)
            self._cancel(sequence)

    def _end_all(self, error: EngineError) -> None:
        with self._changed:
            sequences = [*self._scheduler.running, *self._scheduler.waiting]
            for sequence in sequences:
                self._scheduler.remove(sequence)
        for sequence in sequences:
            self._emit(sequence, Failure(error=error))
