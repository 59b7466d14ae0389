"""What the next step computes, and what its results mean. Imports no torch; its caller holds the lock.

Every running answer gets its next token in every step; prompts share what the pace allows beside them. A sequence gets
blocks for its whole prompt with its place, so only answers that grow can run out of blocks: then the sequence of the
user who was served most gives up its place and is computed again later (preemption by recompute).
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from autoglm_serving.engine.base import FinishReason
from autoglm_serving.engine.block_manager import BlockManager
from autoglm_serving.engine.fairness import ANSWER_TOKEN, PROMPT_TOKEN, Fairness
from autoglm_serving.engine.model_runner import Sampled
from autoglm_serving.engine.pace import SHORT
from autoglm_serving.engine.sequence import Sequence, Slice
from autoglm_serving.engine.waiting import WaitingQueue

Budget = Callable[[int, int], int]
"""From the number of answers in a step, and of short prompts that wait, to the tokens of prompts beside the answers."""


@dataclass(eq=False)
class Step:
    slices: list[Slice] = field(default_factory=list)
    displaced: list[Sequence] = field(default_factory=list)
    """Lost their place before this step."""

    @property
    def answers(self) -> int:
        return sum(piece.samples and piece.count == 1 for piece in self.slices)

    @property
    def prompt_tokens(self) -> int:
        return sum(piece.count for piece in self.slices) - self.answers


class Scheduler:
    def __init__(
        self, blocks: BlockManager, *, max_running: int, user_quantum: float, eos_token_ids: frozenset[int]
    ) -> None:
        self.waiting = WaitingQueue()
        self.running: dict[Sequence, None] = {}
        self.preemptions = 0
        self._blocks = blocks
        self.max_running = max_running
        self._user_quantum = user_quantum
        self._eos_token_ids = eos_token_ids
        self._fairness = Fairness()
        self._deadlines: list[tuple[float, int, Sequence]] = []
        self._numbers = itertools.count()

    def add(self, sequence: Sequence) -> None:
        self._fairness.enter(sequence.request.user)
        self.waiting.push(sequence)
        if sequence.request.deadline < float("inf"):
            heapq.heappush(self._deadlines, (sequence.request.deadline, next(self._numbers), sequence))

    def holds(self, sequence: Sequence) -> bool:
        return sequence in self.waiting or sequence in self.running

    def remove(self, sequence: Sequence) -> None:
        """It has ended, in whatever way: its place and its blocks are free."""
        if sequence in self.waiting:
            self.waiting.remove(sequence)
        else:
            del self.running[sequence]
            self._blocks.release(sequence)
        self._fairness.leave(sequence.request.user)

    def overdue(self, now: float) -> list[Sequence]:
        """Those whose deadline has passed; the caller removes them."""
        late = []
        while self._deadlines and self._deadlines[0][0] <= now:
            sequence = heapq.heappop(self._deadlines)[2]
            if self.holds(sequence):
                late.append(sequence)
        return late

    def plan(self, budget: Budget) -> Step:
        step = Step()
        self._admit(step)
        order = sorted(self.running, key=self._turn)
        while len(order) > self.max_running:
            self._displace(order.pop(), step)
        for sequence in filter(_generates, list(order)):
            if sequence in self.running and self._make_room(sequence, order, step):
                step.slices.append(Slice(sequence, sequence.computed, 1))
        self._add_prompts(step, budget)
        return step

    def take(self, piece: Slice, result: Sampled | None) -> FinishReason | None:
        """A slice was computed. The reason is given when the sequence's answer is complete; it is still held then."""
        sequence = piece.sequence
        before = sequence.computed
        sequence.computed = piece.start + piece.count
        self._blocks.publish(sequence, before)
        if result is None:
            return None
        sequence.token_ids.append(result.token_id)
        self._fairness.charge(sequence.request.user, ANSWER_TOKEN)
        return self._finish_reason(sequence, result)

    def preempt(self, sequence: Sequence) -> None:
        """Take place and blocks away; the sequence waits again, in its old turn."""
        del self.running[sequence]
        self._blocks.release(sequence)
        sequence.blocks, sequence.computed = [], 0
        self.waiting.push(sequence)
        self.preemptions += 1

    def _finish_reason(self, sequence: Sequence, result: Sampled) -> FinishReason | None:
        sampling = sequence.request.sampling
        if result.complete or (result.token_id in self._eos_token_ids and not sampling.ignore_eos):
            return FinishReason.STOP
        full = len(sequence.token_ids) > self._blocks.capacity_tokens
        return FinishReason.LENGTH if full or sequence.generated >= sampling.max_tokens else None

    def _turn(self, sequence: Sequence) -> tuple[float, int, float]:
        request = sequence.request
        return self._fairness.served(request.user), request.priority, sequence.arrival

    def _make_room(self, sequence: Sequence, order: list[Sequence], step: Step) -> bool:
        """A block for the sequence's latest token, if need be of those last in order. False: it was itself the last.

        Who is last in order has no slice in the step yet, as slices are made in order.
        """
        while not self._blocks.grow(sequence):
            victim = order.pop()
            self._displace(victim, step)
            if victim is sequence:
                return False
        return True

    def _admit(self, step: Step) -> None:
        while (sequence := self.waiting.head(self._fairness.served)) is not None:
            # Every running answer may want a block soon: who is let in must not be put out at once.
            room = len(self.running) < self.max_running
            if not (room and self._blocks.admit(sequence, spare=len(self.running))):
                victim = max(self.running, key=self._turn, default=None)
                if step.displaced or victim is None or not self._owes(victim, sequence):
                    return
                self._displace(victim, step)
                continue
            self.waiting.remove(sequence)
            self.running[sequence] = None
            if not sequence.admitted:
                sequence.admitted, sequence.cached = True, sequence.computed
                cost = PROMPT_TOKEN * (sequence.prompt_length - sequence.computed)
                self._fairness.charge(sequence.request.user, cost)

    def _owes(self, victim: Sequence, waiting: Sequence) -> bool:
        """Whether the victim's user is so far ahead that its place goes to another's request amid the answer."""
        ahead = self._fairness.served(victim.request.user) - self._fairness.served(waiting.request.user)
        return ahead > self._user_quantum

    def _displace(self, sequence: Sequence, step: Step) -> None:
        self.preempt(sequence)
        step.displaced.append(sequence)

    def _add_prompts(self, step: Step, allowed: Budget) -> None:
        prompts = sorted((one for one in self.running if not _generates(one)), key=self._turn)
        budget = allowed(len(step.slices), sum(len(one.token_ids) - one.cached <= SHORT for one in prompts))
        under_way: set[bytes] = set()
        for place, sequence in enumerate(prompts):
            if budget <= 0:
                return
            self._blocks.skip(sequence)
            if self._blocks.next_name(sequence) in under_way:
                continue  # another computes this very block now; it will be there in the next step
            left = len(sequence.token_ids) - sequence.computed
            # A prompt too long for one step leaves half to those behind it, so that it holds up none of them.
            long = left > budget and place < len(prompts) - 1
            count = min(left, max(1, budget // 2) if long else budget)
            under_way.update(self._blocks.names(sequence, count))
            step.slices.append(Slice(sequence, sequence.computed, count))
            budget -= count


def _generates(sequence: Sequence) -> bool:
    """Only its latest token is not computed yet."""
    return sequence.generated > 0 and sequence.computed == len(sequence.token_ids) - 1
