"""When a place will be free, from how fast places became free until now. Imports no torch."""

from collections import deque
from collections.abc import Callable

REMEMBERED = 32
"""Departures that the rate is measured over."""

SHORTEST = 1.0
LONGEST = 3600.0
"""Seconds; nobody is told to come back sooner or later than these."""


class Departures:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=REMEMBERED)
        self._refused = 0

    def busy(self) -> None:
        """Work begins after a rest, whose length says nothing about the rate."""
        self._times.clear()
        self._times.append(self._clock())
        self._refused = 0

    def one(self) -> None:
        """A request has ended; whoever was refused first will find its place."""
        self._times.append(self._clock())
        self._refused = max(0, self._refused - 1)

    def refuse(self) -> float:
        """Seconds after which one more refused client should find a place: the third waits for three departures."""
        self._refused += 1
        # The time since the last departure counts too: requests that take long have not ended yet.
        elapsed = self._clock() - self._times[0] if self._times else 0.0
        gap = elapsed / max(1, len(self._times) - 1)
        return min(max(self._refused * gap, SHORTEST), LONGEST)
