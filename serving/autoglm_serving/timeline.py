"""When an answer was where: the one source of the metrics' and the traces' times."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Phase(NamedTuple):
    """`start` and `end` are on the monotonic clock, in seconds."""

    name: str
    start: float
    end: float


class Arrival(NamedTuple):
    """Of a token: seconds since the request's arrival for an answer's first one, since the one before for others."""

    first: bool
    seconds: float


Mark = tuple[str, float | None, float | None]
"""A phase's name, start and end; None is what has not happened."""


def ended(marks: Iterable[Mark]) -> Iterator[Phase]:
    """The phases that are over."""
    for name, start, end in marks:
        if start is not None and end is not None:
            yield Phase(name, start, end)


@dataclass
class Timeline:
    """Times on the monotonic clock; None is what has not happened.

    `arrived`: the request's last byte. `submitted`: its prompt is ready, the engine has it. `scheduled`: the engine
    first computed something of it. Then its first and its latest token.
    """

    arrived: float
    submitted: float | None = None
    scheduled: float | None = None
    first_token: float | None = None
    latest_token: float | None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    def token(self, scheduled: float | None) -> "Arrival":
        """A token has come; `scheduled` is the engine's word on when the first one's request left the queue."""
        now = self.clock()
        if self.latest_token is None:
            self.scheduled, self.first_token, self.latest_token = scheduled, now, now
            return Arrival(first=True, seconds=now - self.arrived)
        since, self.latest_token = now - self.latest_token, now
        return Arrival(first=False, seconds=since)

    @property
    def first_token_seconds(self) -> float | None:
        """From the arrival to the first token."""
        return None if self.first_token is None else self.first_token - self.arrived

    @property
    def seconds(self) -> float:
        """From the arrival to now."""
        return self.clock() - self.arrived

    def phases(self) -> Iterator[Phase]:
        """Those that are over: prepare, queue, prefill, decode. Without `scheduled`, prefill holds the queue."""
        return ended(self._marks())

    def _marks(self) -> Iterable[Mark]:
        return (
            ("prepare", self.arrived, self.submitted),
            ("queue", self.submitted, self.scheduled),
            ("prefill", self.scheduled or self.submitted, self.first_token),
            ("decode", self.first_token, self.latest_token),
        )
