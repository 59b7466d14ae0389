"""From a body on its way to a prompt: how many at once, how many may wait, how much memory they may take."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio.to_thread
from starlette.requests import Request

from autoglm_serving.api import errors
from autoglm_serving.api.service import Limits

T = TypeVar("T")

PREPARING = 2
"""Prompts that are prepared at the same time: each may hold a decoded image, and the engine needs the CPUs too."""

BODY_SECONDS = 120.0
"""What a body gets to arrive whole; a screenshot over a phone's slow link takes seconds."""

SMOOTHING = 0.2
LONGEST_WAIT = 60


class Preparation:
    """For the event loop's thread; the work itself runs on others."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._limiter = anyio.CapacityLimiter(PREPARING)
        self._bodies = 0
        self._bytes = 0
        self._seconds = 0.05
        """Of one preparation, on average."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator["Place"]:
        """Held while a body is read and prepared. Raises ApiError, 429, when too many are."""
        if self._bodies >= self._limits.max_bodies:
            raise self._busy(f"{self._bodies} requests are being prepared")
        place = Place(self)
        self._bodies += 1
        try:
            yield place
        finally:
            self._bodies -= 1
            self._bytes -= place.bytes

    async def run(self, work: Callable[[], T]) -> T:
        """The work's result, from a thread."""

        def measured() -> T:
            began = time.monotonic()
            try:
                return work()
            finally:
                self._seconds += SMOOTHING * (time.monotonic() - began - self._seconds)

        return await anyio.to_thread.run_sync(measured, limiter=self._limiter)

    def take(self, count: int) -> None:
        """Count bytes of a body. Raises ApiError, 429, when all bodies together take too many."""
        if self._bytes + count > self._limits.max_bodies_bytes:
            raise self._busy(f"the requests being prepared take {self._bytes} bytes")
        self._bytes += count

    def _busy(self, reason: str) -> errors.ApiError:
        wait = math.ceil(self._bodies * self._seconds / PREPARING)
        return errors.busy(reason, min(max(wait, 1), LONGEST_WAIT))


class Place:
    """One body's part of the memory that all may take."""

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation
        self.bytes = 0

    async def read(self, request: Request) -> bytes:
        """The body. Starlette's own reader would keep it until the answer has ended. Raises ApiError."""
        chunks = []
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    self._preparation.take(len(chunk))
                    self.bytes += len(chunk)
                    chunks.append(chunk)
        except TimeoutError:
            raise errors.body_too_slow(BODY_SECONDS) from None
        return b"".join(chunks)
