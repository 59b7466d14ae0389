"""Whether the engine's loop still moves. Imports no torch."""

from collections.abc import Callable


class Heartbeat:
    """Beats come from the loop's thread; anyone may ask. `timeout` is in seconds."""

    def __init__(self, timeout: float, clock: Callable[[], float]) -> None:
        self._timeout = timeout
        self._clock = clock
        self._latest: float | None = None

    def beat(self) -> None:
        """Something has come to its end, and the next thing begins."""
        self._latest = self._clock()

    def rest(self) -> None:
        """There is nothing to do: silence is no bad sign until the next beat."""
        self._latest = None

    def late(self) -> bool:
        latest = self._latest
        return latest is not None and self._clock() - latest > self._timeout
