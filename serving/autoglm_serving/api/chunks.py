"""The objects that a chat's answers are sent as."""

import json
from collections.abc import Iterable
from typing import Any

from autoglm_serving.api.answer import Answer, Delta
from autoglm_serving.api.logprobs import entries

DONE = b"data: [DONE]\n\n"


class Envelope:
    """What every object of one request's answers shares: id, time, model."""

    def __init__(self, answer: Answer, created: int) -> None:
        self._answer = answer
        self._created = created

    def completion(self, answers: Iterable[Delta]) -> dict[str, Any]:
        choices = [
            {
                "index": whole.index,
                "message": {"role": "assistant", "content": whole.text},
                "logprobs": self._logprobs(whole),
                "finish_reason": whole.finish_reason,
            }
            for whole in answers
        ]
        return self._object("chat.completion", choices) | {"usage": usage(self._answer)}

    def role(self, index: int) -> bytes:
        """The first chunk of an answer: who speaks, and no text yet."""
        return self._chunk(index, {"role": "assistant", "content": ""}, None, None)

    def delta(self, delta: Delta) -> bytes:
        return self._chunk(delta.index, {"content": delta.text}, delta.finish_reason, self._logprobs(delta))

    def usage(self) -> bytes:
        """The last chunk before [DONE], with no choices."""
        return event(self._object("chat.completion.chunk", []) | {"usage": usage(self._answer)})

    def _logprobs(self, delta: Delta) -> dict[str, Any] | None:
        return {"content": entries(self._answer.model, delta.reported)} if delta.reported else None

    def _chunk(
        self, index: int, delta: dict[str, str], finish_reason: str | None, logprobs: dict[str, Any] | None
    ) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        return event(self._object("chat.completion.chunk", [choice]))

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._answer.id,
            "object": kind,
            "created": self._created,
            "model": self._answer.model.name,
            "choices": choices,
        }


def usage(answer: Answer) -> dict[str, Any]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }


def event(content: dict[str, Any]) -> bytes:
    """A server-sent event. JSON has no line breaks of its own, so one `data:` line holds it."""
    return b"data: " + json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
