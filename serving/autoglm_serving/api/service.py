"""What the routes work with: one engine, one model, and whether new requests are welcome."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from autoglm_serving.engine.base import Engine, Prompt
from autoglm_serving.metrics import Metrics
from autoglm_serving.model.messages import Message


class Prompts(Protocol):
    def build(self, messages: list[Message]) -> Prompt:
        """Raises PromptError."""

    def decode(self, token_ids: list[int]) -> str: ...


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


@dataclass(frozen=True, kw_only=True)
class Limits:
    max_model_len: int
    max_images: int
    max_image_pixels: int
    max_body_bytes: int


@dataclass(frozen=True, kw_only=True)
class Service:
    model_name: str
    created: int
    """Unix time of the start, which is what `/v1/models` and OpenAI's clients call it."""
    engine: Engine
    prompts: Prompts
    limits: Limits
    metrics: Metrics
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
