"""The engine without its thread: requests come and go, a step is planned, computed and settled. Imports no torch."""

import threading
from collections.abc import Callable

from autoglm_serving import logs
from autoglm_serving.engine.base import (
    DeadlineExceeded,
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
from autoglm_serving.engine.departures import Departures
from autoglm_serving.engine.execution import Outcome, Result, run_step
from autoglm_serving.engine.model_runner import ModelRunner, Pending
from autoglm_serving.engine.out_of_memory import is_out_of_memory
from autoglm_serving.engine.pace import FEWEST, Pace
from autoglm_serving.engine.scheduler import Scheduler, Step
from autoglm_serving.engine.sequence import Sequence, Slice

TRIES = 2
"""Smallest steps of a sequence that may find no memory; the last one ends its request."""

Said = tuple[Sequence, Output]


class Core:
    """`step` is for one thread alone; the rest is for any. Listeners are called by `step` and `end_all`, unlocked."""

    def __init__(self, runner: ModelRunner, config: EngineConfig, clock: Callable[[], float]) -> None:
        self.lock = threading.RLock()
        self._runner = runner
        self._config = config
        self._clock = clock
        self._blocks = BlockManager(runner.num_blocks, runner.block_size, prefix_caching=config.prefix_caching)
        self._scheduler = Scheduler(
            self._blocks,
            max_running=config.max_num_seqs,
            user_quantum=config.user_quantum,
            eos_token_ids=runner.eos_token_ids,
        )
        self._pace = Pace(most=config.max_num_batched_tokens, stall_factor=config.stall_factor)
        self._departures = Departures(clock)
        self._left: list[Sequence] = []
        """No longer scheduled; the runner may still have their state."""
        self._unsaid: list[Said] = []

    def add(self, request: Request) -> Sequence:
        """Raises QueueFull or RequestFailed."""
        sequence = Sequence(request, self._clock())
        with self.lock:
            if sequence.prompt_length > self._blocks.capacity_tokens:
                raise RequestFailed(
                    f"the prompt has {sequence.prompt_length} tokens,"
                    f" and the cache holds {self._blocks.capacity_tokens}; send a shorter prompt"
                )
            if not self.busy:
                self._departures.busy()
            self._find_room(request.user)
            self._scheduler.add(sequence)
        return sequence

    def cancel(self, sequence: Sequence) -> None:
        with self.lock:
            sequence.cancelled = True
            if self._scheduler.holds(sequence):
                # Also amid a step that computes it: a block goes to someone else only between two steps.
                self._remove(sequence)

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do. Under the lock."""
        return bool(self._scheduler.running or self._scheduler.waiting or self._left or self._unsaid)

    def stats(self) -> EngineStats:
        with self.lock:
            return EngineStats(
                running=len(self._scheduler.running),
                waiting=len(self._scheduler.waiting),
                cached_tokens=self._blocks.held * self._blocks.block_size,
                capacity_tokens=self._blocks.capacity_tokens,
                prefix_queries=self._blocks.prefix_queries,
                prefix_hits=self._blocks.prefix_hits,
                preemptions=self._scheduler.preemptions,
            )

    def step(self, beat: Callable[[], None]) -> None:
        """Plan, compute, settle and hand out. `beat` is called before each thing that takes time.

        Raises what a broken device raises.
        """
        with self.lock:
            for sequence in self._scheduler.overdue(self._clock()):
                self._end(sequence, DeadlineExceeded("its time was up before the answer was complete"))
            step = self._scheduler.plan(self._pace.budget)
            left, self._left = self._left + step.displaced, []
        self._hand_out()
        for sequence in left:
            self._runner.release(sequence)
        if not step.slices:
            return
        began = self._clock()
        outcome = run_step(self._runner, step.slices, beat)
        with self.lock:
            self._learn(step, outcome, began)
            for piece, result in zip(step.slices, outcome.results, strict=True):
                if self._scheduler.holds(piece.sequence):
                    piece.sequence.scheduled = piece.sequence.scheduled or began
                    self._settle(piece, result)
        # The place is free before anyone hears of the end, so that a client's next request finds it.
        self._hand_out()
        if outcome.broken is not None:
            raise outcome.broken

    def end_all(self, error: EngineError) -> None:
        with self.lock:
            for sequence in [*self._scheduler.running, *self._scheduler.waiting]:
                self._end(sequence, error)
        self._hand_out()

    def _find_room(self, user: str) -> None:
        """A place to run or to wait. Who has the most requests waiting gives one up to who has fewer."""
        scheduler, config = self._scheduler, self._config
        running, waiting = len(scheduler.running), len(scheduler.waiting)
        if running + waiting < config.max_num_seqs + config.max_num_waiting:
            return
        reason = f"{running} requests are running and {waiting} are waiting"
        last = scheduler.waiting.greediest()
        if last is None or scheduler.waiting.count(last.request.user) <= scheduler.waiting.count(user) + 1:
            raise QueueFull(reason, retry_after=self._departures.refuse())
        self._end(last, QueueFull(f"{reason}, most of them yours", retry_after=self._departures.refuse()))

    def _settle(self, piece: Slice, result: Result) -> None:
        sequence = piece.sequence
        if isinstance(result, Pending):
            return
        if isinstance(result, Exception):
            if not (is_out_of_memory(result) and self._spared(piece)):
                logs.error("request failed in the engine", exc_info=result, request=sequence.request.request_id)
                self._end(sequence, RequestFailed(f"{type(result).__name__} in the engine"))
            return
        finish_reason = self._scheduler.take(piece, result)
        if result is None:
            return
        token = Token(
            token_id=result.token_id,
            finish_reason=finish_reason,
            logprob=result.logprob,
            scheduled=sequence.scheduled,
            cached_tokens=sequence.cached,
        )
        self._unsaid.append((sequence, token))
        if finish_reason is not None:
            self._remove(sequence)

    def _learn(self, step: Step, outcome: Outcome, began: float) -> None:
        if outcome.out_of_memory and len(step.slices) > 1:
            if step.prompt_tokens > FEWEST:
                self._pace.shrink(step.prompt_tokens)
            else:
                self._scheduler.max_running = max(1, len(step.slices) - 1)
            logs.warning("a step found no memory", tokens=step.prompt_tokens, answers=step.answers)
        elif outcome.whole and not any(isinstance(result, Pending) for result in outcome.results):
            self._pace.observe(step.answers, step.prompt_tokens, self._clock() - began)

    def _spared(self, piece: Slice) -> bool:
        """Found no memory alone: a smaller piece may find it, or another try when others have left."""
        sequence = piece.sequence
        if piece.count > FEWEST:
            self._pace.shrink(piece.count)
            return True
        sequence.strikes += 1
        if sequence.strikes >= TRIES:
            return False
        self._scheduler.preempt(sequence)
        self._left.append(sequence)
        return True

    def _end(self, sequence: Sequence, error: EngineError) -> None:
        self._remove(sequence)
        self._unsaid.append((sequence, Failure(error=error)))

    def _remove(self, sequence: Sequence) -> None:
        self._scheduler.remove(sequence)
        self._departures.one()
        self._left.append(sequence)

    def _hand_out(self) -> None:
        with self.lock:
            said, self._unsaid = self._unsaid, []
        for sequence, output in said:
            if sequence.cancelled:
                continue
            try:
                sequence.request.listener(output)
            except Exception as error:
                # Its client is lost; the engine must not die of it.
                logs.error("a listener failed", exc_info=error)
                self.cancel(sequence)
