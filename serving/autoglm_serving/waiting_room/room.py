"""A bounded number of requests that wait, each for a bounded time."""

import asyncio
from enum import StrEnum


class Outcome(StrEnum):
    READY = "ready"
    LATE = "late"
    FULL = "full"


class Room:
    """Of one event loop. `patience`: seconds that a request waits at most. `settle`: seconds from a server's being
    ready until the gateway knows, which finds out by itself."""

    def __init__(self, *, places: int, patience: float, settle: float) -> None:
        self._places, self._patience, self._settle = places, patience, settle
        self._door = asyncio.Event()
        self.waiting = 0
        self.left: dict[Outcome, int] = dict.fromkeys(Outcome, 0)

    def tell(self, *, ready: bool) -> None:
        """Whether a server would answer now."""
        if ready:
            self._door.set()
        else:
            self._door.clear()

    async def wait(self) -> Outcome:
        """A wait that is cancelled counts as none."""
        outcome = Outcome.FULL
        if self.waiting < self._places:
            self.waiting += 1
            try:
                outcome = await self._wait()
            finally:
                self.waiting -= 1
        self.left[outcome] += 1
        return outcome

    async def _wait(self) -> Outcome:
        try:
            async with asyncio.timeout(self._patience):
                await self._door.wait()
        except TimeoutError:
            return Outcome.LATE
        # Also where a server is ready already: the gateway would not have asked here if it knew.
        await asyncio.sleep(self._settle)
        return Outcome.READY
