"""`POST /v1/chat/completions`."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import anyio.to_thread
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from autoglm_serving import logs
from autoglm_serving.api import errors
from autoglm_serving.api.answer import Answer, Delta
from autoglm_serving.api.chunks import DONE, Envelope, event
from autoglm_serving.api.connection import while_connected
from autoglm_serving.api.models import ModelNotReady, ServedModel, UnknownModel
from autoglm_serving.api.schema import ChatCompletionRequest, ImagePart
from autoglm_serving.api.service import Limits, Service
from autoglm_serving.engine.base import EngineError, Prompt
from autoglm_serving.images import ImageError, decode
from autoglm_serving.model.messages import Message, PromptError, PromptTooLong

PREPARING = 2
"""Prompts that are prepared at the same time: each may hold a decoded image, and the engine needs the CPUs too."""


class ChatCompletions:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._preparing = anyio.CapacityLimiter(PREPARING)

    async def __call__(self, request: Request) -> Response:
        arrived = time.monotonic()
        asked = _parse(await request.body())
        with ExitStack() as held:
            model = self._lease(held, asked.model)
            prompt = await anyio.to_thread.run_sync(self._prompt, model, asked, limiter=self._preparing)
            sampling = asked.sampling(_max_tokens(asked, len(prompt.token_ids), model.max_model_len))
            envelope = Envelope(f"chatcmpl-{uuid.uuid4().hex}", int(time.time()), model.name)
            try:
                answer = Answer(model, self._service.metrics, prompt, sampling, asked.stops, arrived=arrived)
                held.callback(_close, request, answer)
                # Until the first token is there, a failure can still be a status code.
                first = await while_connected(request, answer.next())
                if asked.stream:
                    return EventStream(held.pop_all(), _events(envelope, answer, first, asked.include_usage))
                text = await while_connected(request, _collect(answer, first))
            except EngineError as error:
                raise errors.from_engine(error) from error
            return JSONResponse(envelope.completion(answer, text))

    def _lease(self, held: ExitStack, name: str | None) -> ServedModel:
        models = self._service.models
        try:
            return held.enter_context(models.lease(name))
        except UnknownModel:
            raise errors.model_not_found(str(name), sorted({info.name for info in models.list()})) from None
        except ModelNotReady as error:
            raise errors.model_not_ready(error) from None

    def _prompt(self, model: ServedModel, asked: ChatCompletionRequest) -> Prompt:
        """Decodes images and tokenizes: on a thread, for the event loop has other requests."""
        limits = self._service.limits
        images = sum(1 for _ in asked.image_urls())
        if images > limits.max_images:
            raise errors.invalid(
                f"{images} images are more than the {limits.max_images} allowed in a request.", "messages"
            )
        messages = _messages(asked, limits)
        try:
            return model.prompts.build(messages)
        except PromptTooLong as error:
            raise errors.invalid(str(error), "messages", "context_length_exceeded") from None
        except PromptError as error:
            raise errors.invalid(f"messages: {error}", "messages") from None


class EventStream(StreamingResponse):
    """Server-sent events that free the engine however they end: complete, disconnected, cancelled."""

    def __init__(self, held: ExitStack, events: AsyncIterator[bytes]) -> None:
        """`held` is closed at the end: the answer, then the lease of its model."""
        # Proxies that buffer would turn the stream into one late answer.
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)


def _parse(body: bytes) -> ChatCompletionRequest:
    try:
        return ChatCompletionRequest.model_validate_json(body)
    except ValidationError as error:
        raise errors.from_validation(error) from None


def _messages(asked: ChatCompletionRequest, limits: Limits) -> list[Message]:
    messages = []
    for number, message in enumerate(asked.messages):
        parts: list[Any] = []
        for place, part in enumerate(message.parts()):
            if not isinstance(part, ImagePart):
                parts.append(part.text)
                continue
            try:
                parts.append(decode(part.image_url.url, max_pixels=limits.max_image_pixels))
            except ImageError as error:
                param = f"messages.{number}.content.{place}.image_url.url"
                raise errors.invalid(f"{param}: {error}.", param, "invalid_image") from None
        # "developer" is OpenAI's newer name for "system", which chat templates know.
        messages.append(Message(role="system" if message.role == "developer" else message.role, parts=tuple(parts)))
    return messages


def _max_tokens(asked: ChatCompletionRequest, prompt_tokens: int, max_model_len: int) -> int:
    room = max_model_len - prompt_tokens
    limit = asked.answer_limit
    if limit is None:
        return room
    if limit > room:
        raise errors.invalid(
            f"max_tokens is too large: {limit}. This model's maximum context length is {max_model_len} tokens,"
            f" and the prompt has {prompt_tokens} tokens, so at most {room} are left.",
            "max_tokens",
            "context_length_exceeded",
        )
    return limit


async def _collect(answer: Answer, delta: Delta) -> str:
    texts = [delta.text]
    while answer.finish_reason is None:
        texts.append((await answer.next()).text)
    return "".join(texts)


async def _events(envelope: Envelope, answer: Answer, delta: Delta, include_usage: bool) -> AsyncIterator[bytes]:
    yield envelope.role()
    try:
        while True:
            if delta.text or delta.finish_reason is not None:
                yield envelope.delta(delta)
            if delta.finish_reason is not None:
                break
            delta = await answer.next()
        if include_usage:
            yield envelope.usage(answer)
    except EngineError as error:
        # The status code is gone; clients know an error inside the stream by its "error" key.
        yield event(errors.from_engine(error).body())
    yield DONE


def _close(request: Request, answer: Answer) -> None:
    """The engine is freed and the access log gets the counts."""
    answer.close()
    logs.add(
        request.scope,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        finish_reason=answer.finish_reason,
        first_token_seconds=answer.timeline.first_token_seconds,
    )
