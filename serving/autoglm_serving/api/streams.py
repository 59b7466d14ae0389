"""Answers in pieces to clients that may leave, or stop reading, at any time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

UNREAD_SECONDS = 120.0
"""A client that takes nothing for so long, while something is there for it, has left without saying so."""


class EventStream(StreamingResponse):
    """Server-sent events that free the engine however they end: complete, disconnected, cancelled, unread."""

    def __init__(self, held: ExitStack, events: AsyncIterator[bytes]) -> None:
        """`held` is closed at the end: the answer, then the lease of its model."""
        # Proxies that buffer would turn the stream into one late answer.
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(UNREAD_SECONDS):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        with self._held:
            await super().__call__(scope, receive, send_in_time)
