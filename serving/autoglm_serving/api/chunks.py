"""The objects that an answer is sent as."""

import json
from typing import Any

from autoglm_serving.api.answer import Answer, Delta

DONE = b"data: [DONE]\n\n"


class Envelope:
    """What every object of one answer shares: id, time, model."""

    def __init__(self, answer_id: str, created: int, model: str) -> None:
        self._id = answer_id
        self._created = created
        self._model = model

    def completion(self, answer: Answer, text: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
        return self._object("chat.completion", [choice]) | {"usage": answer.usage()}

    def role(self) -> bytes:
        """The first chunk: who speaks, and no text yet."""
        return self._chunk({"role": "assistant", "content": ""}, None)

    def delta(self, delta: Delta) -> bytes:
        return self._chunk({"content": delta.text}, delta.finish_reason)

    def usage(self, answer: Answer) -> bytes:
        """The last chunk before [DONE], with no choices."""
        return event(self._object("chat.completion.chunk", []) | {"usage": answer.usage()})

    def _chunk(self, delta: dict[str, str], finish_reason: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return event(self._object("chat.completion.chunk", [choice]))

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }


def event(content: dict[str, Any]) -> bytes:
    """A server-sent event. JSON has no line breaks of its own, so one `data:` line holds it."""
    return b"data: " + json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
