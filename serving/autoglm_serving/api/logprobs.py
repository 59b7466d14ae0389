"""Tokens and their log probabilities as OpenAI's clients read them."""

from collections.abc import Iterable
from typing import Any

from autoglm_serving.api.answer import Reported
from autoglm_serving.api.models import ServedModel

LEAST = -9999.0
"""JSON has no minus infinity, which is what a token that a guide forbids has; OpenAI's documents name this value."""


def entries(model: ServedModel, reported: Iterable[Reported]) -> list[dict[str, Any]]:
    return [
        _entry(model, one.token_id, one.logprob.chosen)
        | {"top_logprobs": [_entry(model, token_id, logprob) for token_id, logprob in one.logprob.top]}
        for one in reported
    ]


def _entry(model: ServedModel, token_id: int, logprob: float) -> dict[str, Any]:
    """`bytes` are the token's own: its text shows bytes that are no whole character as U+FFFD."""
    text = model.prompts.decode([token_id])
    own = text.encode() if model.grammars is None else model.grammars.token_bytes(token_id)
    return {"token": text or own.decode(errors="replace"), "logprob": max(logprob, LEAST), "bytes": list(own)}
