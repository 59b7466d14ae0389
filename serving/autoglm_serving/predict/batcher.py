"""Which waiting requests go into the next batch. No threads, no clock of its own, no tensors."""

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from autoglm_serving.engine.base import QueueFull

LOAD_THRESHOLD = 0.8
"""Share of its time that a model works, above which its batches grow by the scale factor."""

LOAD_SECONDS = 1.0
"""How far the load looks back: after this time, what was before counts for a third."""

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class BatchPolicy:
    max_batch_size: int = 1
    """Rows of a batch; 1 runs each request alone, whatever its rows."""
    max_latency: float = 0.0
    """Seconds that the oldest request waits for others to fill its batch."""
    scale_factor: float = 1.0
    """What a batch may grow by above LOAD_THRESHOLD."""
    max_waiting: int = 256
    """Requests that wait; one more is refused."""
    max_waiting_bytes: int = 256 * 2**20
    """Memory of the tensors that wait."""

    def limit(self, load: float) -> int:
        """Rows of a batch at this load."""
        grows = load > LOAD_THRESHOLD and self.max_batch_size > 1
        return math.floor(self.max_batch_size * self.scale_factor) if grows else self.max_batch_size


@dataclass(frozen=True)
class _Waiting(Generic[Item]):
    item: Item
    rows: int
    size: int
    arrived: float


class _Group(Generic[Item]):
    """Requests that may share a batch, in the order they came."""

    def __init__(self) -> None:
        self.rows = 0
        self._queue: deque[_Waiting[Item]] = deque()

    def __bool__(self) -> bool:
        return bool(self._queue)

    @property
    def first(self) -> _Waiting[Item]:
        return self._queue[0]

    def push(self, waiting: _Waiting[Item]) -> None:
        self.rows += waiting.rows
        self._queue.append(waiting)

    def pop(self) -> _Waiting[Item]:
        waiting = self._queue.popleft()
        self.rows -= waiting.rows
        return waiting

    def remove(self, item: Item) -> _Waiting[Item] | None:
        for waiting in self._queue:
            if waiting.item == item:
                self._queue.remove(waiting)
                self.rows -= waiting.rows
                return waiting
        return None


class Batcher(Generic[Item]):
    """Requests of one model by `key`: only tensors of the same type and row shape can be laid together.

    A batch is due when it is full or its oldest request has waited `max_latency`; of several, the one whose oldest
    request came first. Requests of a batch leave in the order they came. Times are seconds on any one clock.
    """

    def __init__(self, policy: BatchPolicy) -> None:
        self._policy = policy
        self._groups: dict[Hashable, _Group[Item]] = {}
        self.waiting = 0
        self.waiting_bytes = 0

    def add(self, item: Item, key: Hashable, *, rows: int, size: int, now: float) -> None:
        """Raises QueueFull."""
        policy = self._policy
        if self.waiting >= policy.max_waiting:
            raise QueueFull(f"{self.waiting} requests wait already")
        # A request larger than the bound is let in alone: the body's own limit has passed it.
        if self.waiting and self.waiting_bytes + size > policy.max_waiting_bytes:
            raise QueueFull(f"{self.waiting_bytes} bytes of tensors wait already")
        self._groups.setdefault(key, _Group()).push(_Waiting(item, rows, size, now))
        self._count(1, size)

    def remove(self, item: Item) -> bool:
        """Whether it was still waiting."""
        for key, group in self._groups.items():
            if waiting := group.remove(item):
                self._count(-1, -waiting.size)
                if not group:
                    del self._groups[key]
                return True
        return False

    def seconds_until_due(self, now: float) -> float | None:
        """0 when a batch is due now, None when nothing waits."""
        return min((self._wait(group, now) for group in self._groups.values()), default=None)

    def take(self, now: float, load: float) -> list[Item]:
        """The next batch, or nothing when none is due."""
        due = [(group.first.arrived, key) for key, group in self._groups.items() if self._wait(group, now) == 0]
        if not due:
            return []
        key = min(due, key=lambda entry: entry[0])[1]
        group = self._groups[key]
        limit = self._policy.limit(load)
        batch = [group.pop()]
        rows = batch[0].rows
        while group and rows + group.first.rows <= limit:
            batch.append(group.pop())
            rows += batch[-1].rows
        if not group:
            del self._groups[key]
        self._count(-len(batch), -sum(waiting.size for waiting in batch))
        return [waiting.item for waiting in batch]

    def _wait(self, group: _Group[Item], now: float) -> float:
        # The unscaled size is what a batch waits for: under load, the work itself gives others the time to come.
        if group.rows >= self._policy.max_batch_size:
            return 0.0
        return max(0.0, group.first.arrived + self._policy.max_latency - now)

    def _count(self, requests: int, size: int) -> None:
        self.waiting += requests
        self.waiting_bytes += size


class LoadMeter:
    """The share of the last time that was spent working, older time counting less and less."""

    def __init__(self, now: float) -> None:
        self._load = 0.0
        self._working = 0.0
        self._since = now

    def set(self, working: float, now: float) -> None:
        """From `now` on, this share of the model's instances works."""
        self._load = self.value(now)
        self._working, self._since = working, now

    def value(self, now: float) -> float:
        fading = math.exp((self._since - now) / LOAD_SECONDS)
        return self._working + (self._load - self._working) * fading
