"""Whether new requests are welcome, and how many are open. Both engines' processes use it."""

import asyncio


class Lifecycle:
    """Counts the requests in progress and refuses new ones once draining. For the event loop's thread only."""

    def __init__(self) -> None:
        self.draining = False
        self.active = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def enter(self) -> None:
        self.active += 1
        self._idle.clear()

    def leave(self) -> None:
        self.active -= 1
        if self.active == 0:
            self._idle.set()

    async def idle(self) -> None:
        await self._idle.wait()
