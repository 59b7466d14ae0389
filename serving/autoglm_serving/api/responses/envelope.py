"""The objects and events that a response is sent as."""

import json
from typing import Any

from autoglm_serving.api import errors
from autoglm_serving.api.answer import Answer, Delta
from autoglm_serving.api.logprobs import entries
from autoglm_serving.api.responses.items import message, new_id, text_part
from autoglm_serving.api.responses.schema import ResponsesRequest
from autoglm_serving.engine.base import FinishReason

STATUS = {FinishReason.STOP: "completed", FinishReason.LENGTH: "incomplete"}


def echo(asked: ResponsesRequest) -> dict[str, Any]:
    """What a response repeats of its request."""
    options = asked.text.format if asked.text else None
    given = {} if options is None else options.model_dump(by_alias=True, exclude_none=True)
    return {
        "instructions": asked.instructions,
        "max_output_tokens": asked.max_output_tokens,
        "metadata": asked.metadata or {},
        "previous_response_id": asked.previous_response_id,
        "conversation": {"id": asked.conversation_id} if asked.conversation_id else None,
        "store": asked.store is not False,
        "temperature": 1.0 if asked.temperature is None else asked.temperature,
        "top_p": 1.0 if asked.top_p is None else asked.top_p,
        "top_logprobs": asked.top_logprobs or 0,
        "text": {"format": given or {"type": "text"}},
        "truncation": asked.truncation or "disabled",
        "user": asked.user,
        "background": False,
        "parallel_tool_calls": False,
        "reasoning": {"effort": None, "summary": None},
        "tool_choice": "auto",
        "tools": [],
    }


class ResponseEnvelope:
    """One response: its object at each state, its events in order."""

    def __init__(self, answer: Answer, created: int, echoed: dict[str, Any]) -> None:
        self.item_id = new_id("msg")
        self._answer = answer
        self._created = created
        self._echoed = echoed
        self._sequence = 0

    def finished(self, whole: Delta) -> dict[str, Any]:
        """The object of a response whose answer is whole."""
        status = STATUS[whole.finish_reason] if whole.finish_reason else "incomplete"
        body = self._object(status, [self.item(whole)])
        if status == "incomplete":
            body["incomplete_details"] = {"reason": "max_output_tokens"}
        return body | {"usage": self._usage()}

    def item(self, whole: Delta) -> dict[str, Any]:
        status = STATUS[whole.finish_reason] if whole.finish_reason else "in_progress"
        return message(self.item_id, "assistant", [self._part(whole)], status)

    def opening(self) -> list[bytes]:
        """The events before the first text."""
        begun = self._object("in_progress", [])
        empty = message(self.item_id, "assistant", [], "in_progress")
        return [
            self._event("response.created", response=begun),
            self._event("response.in_progress", response=begun),
            self._event("response.output_item.added", output_index=0, item=empty),
            self._part_event("response.content_part.added", part=text_part("output_text", "")),
        ]

    def delta(self, delta: Delta) -> bytes:
        logprobs = entries(self._answer.model, delta.reported)
        return self._part_event("response.output_text.delta", delta=delta.text, logprobs=logprobs)

    def closing(self, whole: Delta) -> list[bytes]:
        """The events after the last text, but the very last."""
        part = self._part(whole)
        return [
            self._part_event("response.output_text.done", text=whole.text, logprobs=part["logprobs"]),
            self._part_event("response.content_part.done", part=part),
            self._event("response.output_item.done", output_index=0, item=self.item(whole)),
        ]

    def last(self, body: dict[str, Any]) -> bytes:
        return self._event(f"response.{body['status']}", response=body)

    def failed(self, error: errors.ApiError) -> bytes:
        told = {"code": error.code or "server_error", "message": error.message}
        return self._event("response.failed", response=self._object("failed", []) | {"error": told})

    def _part(self, whole: Delta) -> dict[str, Any]:
        return text_part("output_text", whole.text) | {"logprobs": entries(self._answer.model, whole.reported)}

    def _object(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._answer.id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "model": self._answer.model.name,
            "output": output,
            "usage": None,
            **self._echoed,
        }

    def _usage(self) -> dict[str, Any]:
        answer = self._answer
        return {
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": answer.cached_tokens},
            "output_tokens": answer.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        }

    def _part_event(self, kind: str, **fields: Any) -> bytes:
        return self._event(kind, item_id=self.item_id, output_index=0, content_index=0, **fields)

    def _event(self, kind: str, **fields: Any) -> bytes:
        content = {"type": kind, "sequence_number": self._sequence, **fields}
        self._sequence += 1
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return f"event: {kind}\ndata: {text}\n\n".encode()
