"""What every way to ask has in common: who asks, which model, the prompt's making, the engine's taking."""

import asyncio
from contextlib import ExitStack

from starlette.requests import Request

from autoglm_serving import logs, tracing
from autoglm_serving.api import errors
from autoglm_serving.api.answer import Answer, finish_reasons
from autoglm_serving.api.caller import Caller, caller
from autoglm_serving.api.mailbox import Mailbox
from autoglm_serving.api.models import ModelNotReady, ServedModel, UnknownModel
from autoglm_serving.api.order import Order
from autoglm_serving.api.preparation import Preparation
from autoglm_serving.api.responses.records import Records
from autoglm_serving.api.service import Service

TRACK, CANDIDATE = "x-autoglm-track", "candidate"
"""The gateway's header, and what it says of a canary's share of the requests: for the version on trial, if one is."""


class Desk:
    def __init__(self, service: Service) -> None:
        self._service = service
        self.limits = service.limits
        self._mailbox: Mailbox | None = None
        self.preparation = Preparation(service.limits)

    def caller(self, request: Request) -> Caller:
        """Raises ApiError."""
        return caller(request.headers, self._service.identity_header)

    def lease(self, held: ExitStack, request: Request, name: str | None) -> ServedModel:
        """The model is `held`'s until it is closed. Raises ApiError."""
        models = self._service.models
        try:
            return held.enter_context(models.lease(name, trial=request.headers.get(TRACK) == CANDIDATE))
        except UnknownModel:
            raise errors.model_not_found(str(name), sorted({info.name for info in models.list()})) from None
        except ModelNotReady as error:
            raise errors.model_not_ready(error) from None

    def records(self, by: Caller) -> Records:
        return Records(self._service.store, by.owner, max_bytes=self.limits.max_conversation_bytes)

    def submit(self, held: ExitStack, request: Request, order: Order, answer_id: str) -> Answer:
        """The answer is closed with `held`, and its counts are in the access log. Raises EngineError."""
        loop = asyncio.get_running_loop()
        if self._mailbox is None or self._mailbox.loop is not loop:
            self._mailbox = Mailbox(loop)
        answer = Answer(order, self._service.metrics, answer_id, self._mailbox)
        held.callback(_close, request, answer)
        return answer


def _close(request: Request, answer: Answer) -> None:
    answer.close()
    first = answer.choices[0].timeline.first_token_seconds
    logs.add(
        request.scope,
        answer_id=answer.id,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        finish_reason=finish_reasons(answer.choices),
        first_token_seconds=first,
    )
    trace = tracing.of(request.scope)
    for choice in answer.choices:
        trace.work(
            "chat",
            choice.timeline,
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": answer.model.name,
                "gen_ai.response.id": answer.id,
                "gen_ai.response.finish_reasons": str(choice.finish_reason or "unfinished"),
                "gen_ai.usage.input_tokens": answer.prompt_tokens,
                "gen_ai.usage.output_tokens": choice.completion_tokens,
            },
        )
