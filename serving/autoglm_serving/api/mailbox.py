"""From the engines' threads to the event loop: what a step says to all its listeners takes one wake-up."""

import asyncio
from collections import deque
from collections.abc import Callable


class Mailbox:
    """Waking the loop for each of a step's tokens would have it fight the engine for the interpreter all along."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: deque[Callable[[], None]] = deque()
        self._woken = False

    def post(self, call: Callable[[], None]) -> None:
        """Have the loop make the call, in order. Any thread; nothing happens once the loop is closed."""
        self._calls.append(call)
        # The loop takes `_woken` back before it looks for calls, so one that comes too late for it wakes it again.
        if not self._woken and not self.loop.is_closed():
            self._woken = True
            self.loop.call_soon_threadsafe(self._empty)

    def _empty(self) -> None:
        self._woken = False
        while self._calls:
            self._calls.popleft()()
