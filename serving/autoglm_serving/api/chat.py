"""`POST /v1/chat/completions`."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from autoglm_serving.api import errors
from autoglm_serving.api.answer import Answer, Delta
from autoglm_serving.api.chunks import DONE, Envelope, event
from autoglm_serving.api.connection import while_connected
from autoglm_serving.api.desk import Desk
from autoglm_serving.api.order import Order, make_order
from autoglm_serving.api.schema import ChatCompletionRequest
from autoglm_serving.api.streams import EventStream
from autoglm_serving.engine.base import EngineError


class ChatCompletions:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, request: Request) -> Response:
        with ExitStack() as held:
            try:
                order = await self._order(held, request)
                answer = self._desk.submit(held, request, order, f"chatcmpl-{uuid.uuid4().hex}")
                envelope = Envelope(answer, int(time.time()))
                # Until the first token is there, a failure can still be a status code.
                first = await while_connected(request, answer.next())
                if order.stream:
                    return EventStream(held.pop_all(), _events(envelope, answer, first, order.include_usage))
                answers = await while_connected(request, answer.rest(first))
            except EngineError as error:
                raise errors.from_engine(error) from error
            return JSONResponse(envelope.completion(answers))

    async def _order(self, held: ExitStack, request: Request) -> Order:
        """The body and all that was made of it but the prompt are free when this returns."""
        async with self._desk.preparation.place() as place:
            body = await place.read(request)
            caller = self._desk.caller(request)
            asked = errors.parsed(ChatCompletionRequest, body)
            del body
            model = self._desk.lease(held, request, asked.model)
            make = partial(make_order, model, asked, caller, self._desk.limits)
            return await while_connected(request, self._desk.preparation.run(make))


async def _events(envelope: Envelope, answer: Answer, delta: Delta, include_usage: bool) -> AsyncIterator[bytes]:
    for index in range(len(answer.choices)):
        yield envelope.role(index)
    try:
        while True:
            if delta.text or delta.reported or delta.finish_reason is not None:
                yield envelope.delta(delta)
            if answer.done:
                break
            delta = await answer.next()
        if include_usage:
            yield envelope.usage()
    except EngineError as error:
        # The status code is gone; clients know an error inside the stream by its "error" key.
        yield event(errors.from_engine(error).body())
    yield DONE
