"""`POST /v1/responses`."""

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from autoglm_serving.api import errors
from autoglm_serving.api.answer import Answer, Delta, Reported
from autoglm_serving.api.connection import while_connected
from autoglm_serving.api.desk import Desk
from autoglm_serving.api.order import Order
from autoglm_serving.api.responses.envelope import ResponseEnvelope, echo
from autoglm_serving.api.responses.items import new_id
from autoglm_serving.api.responses.records import Records, StoredResponse
from autoglm_serving.api.responses.schema import ResponsesRequest
from autoglm_serving.api.responses.turn import begin, make_turn_order
from autoglm_serving.api.streams import EventStream
from autoglm_serving.engine.base import EngineError


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What is to be done with a response when it is whole; its input is in the store already."""

    records: Records
    history: tuple[str, ...]
    input_ids: tuple[str, ...]
    conversation_id: str | None
    store: bool

    async def keep(self, body: dict[str, Any]) -> None:
        """Raises ApiError."""
        (output,) = body["output"]
        if self.store:
            history = (*self.history, *self.input_ids, output["id"])
            stored = StoredResponse(body=body, input_ids=self.input_ids, history=history)
            await self.records.add_response(stored, [output])
        if self.conversation_id is not None:
            await self.records.append(self.conversation_id, self.input_ids, [output])


class CreateResponse:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, request: Request) -> Response:
        with ExitStack() as held:
            try:
                order, keeping, echoed = await self._order(held, request)
                answer = self._desk.submit(held, request, order, new_id("resp"))
                envelope = ResponseEnvelope(answer, int(time.time()), echoed)
                first = await while_connected(request, answer.next())
                if order.stream:
                    return EventStream(held.pop_all(), _events(envelope, answer, first, keeping))
                (whole,) = await while_connected(request, answer.rest(first))
            except EngineError as error:
                raise errors.from_engine(error) from error
            body = envelope.finished(whole)
            await keeping.keep(body)
            return JSONResponse(body)

    async def _order(self, held: ExitStack, request: Request) -> tuple[Order, Keeping, dict[str, Any]]:
        """The input is stored before the answer is begun: without the store there is none."""
        async with self._desk.preparation.place() as place:
            body = await place.read(request)
            caller = self._desk.caller(request)
            asked = errors.parsed(ResponsesRequest, body)
            del body
            model = self._desk.lease(held, request, asked.model)
            records = self._desk.records(caller)
            turn = await begin(asked, records)
            make = partial(make_turn_order, model, asked, turn, caller, self._desk.limits)
            order = await while_connected(request, self._desk.preparation.run(make))
            kept = asked.store is not False
            if kept or asked.conversation_id is not None:
                await records.add_items(turn.new)
        keeping = Keeping(
            records=records,
            history=turn.history,
            input_ids=turn.input_ids,
            conversation_id=asked.conversation_id,
            store=kept,
        )
        return order, keeping, echo(asked)


async def _events(envelope: ResponseEnvelope, answer: Answer, delta: Delta, keeping: Keeping) -> AsyncIterator[bytes]:
    for event in envelope.opening():
        yield event
    text: list[str] = []
    reported: list[Reported] = []
    try:
        while True:
            text.append(delta.text)
            reported += delta.reported
            if delta.text or delta.reported:
                yield envelope.delta(delta)
            if answer.done:
                break
            delta = await answer.next()
        whole = Delta(index=0, text="".join(text), finish_reason=delta.finish_reason, reported=tuple(reported))
        for event in envelope.closing(whole):
            yield event
        body = envelope.finished(whole)
        # A client that has seen the last event may continue from this response at once.
        await keeping.keep(body)
        yield envelope.last(body)
    except EngineError as error:
        yield envelope.failed(errors.from_engine(error))
    except errors.ApiError as error:
        yield envelope.failed(error)
