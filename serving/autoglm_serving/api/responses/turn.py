"""One request of the Responses API and the history it continues, as the chat it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autoglm_serving.api import errors
from autoglm_serving.api.caller import Caller
from autoglm_serving.api.messages import ChatMessage
from autoglm_serving.api.models import ServedModel
from autoglm_serving.api.order import Order, make_order
from autoglm_serving.api.responses.items import ItemReference, MessageItem, as_chat
from autoglm_serving.api.responses.records import MAX_ITEMS, Item, Records
from autoglm_serving.api.responses.schema import ResponsesRequest
from autoglm_serving.api.schema import ChatCompletionRequest
from autoglm_serving.api.service import Limits

RENAMED = {"messages": "input", "max_tokens": "max_output_tokens", "response_format": "text.format"}
"""A chat's fields, which the errors of its order name, and what they are called here."""

TOO_MUCH = frozenset({"context_length_exceeded", "too_many_images"})
"""Errors that a shorter history may mend."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """`history` are the ids before this turn, `input_ids` those of its input; `new` are the items not stored yet."""

    history: tuple[str, ...]
    input_ids: tuple[str, ...]
    new: tuple[Item, ...]
    earlier: tuple[Item, ...]
    """The items of the history."""
    now: tuple[Item, ...]
    """The items of the input."""


async def begin(asked: ResponsesRequest, records: Records) -> Turn:
    """Raises ApiError."""
    history: tuple[str, ...] = ()
    if asked.previous_response_id is not None:
        history = (await records.response(asked.previous_response_id)).history
    elif asked.conversation_id is not None:
        history = (await records.conversation(asked.conversation_id)).item_ids
    given = asked.input if asked.input is not None else []
    inputs = [MessageItem(role="user", content=given)] if isinstance(given, str) else given
    if len(history) + len(inputs) >= MAX_ITEMS:
        raise errors.invalid(
            f"The history would have more than the {MAX_ITEMS} items allowed; begin a new one.",
            "input",
            "conversation_too_large",
        )
    new, input_ids = resolve(inputs)
    made = {item["id"]: item for item in new}
    stored = [item_id for item_id in (*history, *input_ids) if item_id not in made]
    known = made | dict(zip(stored, await records.items(stored), strict=True))
    return Turn(
        history=history,
        input_ids=input_ids,
        new=new,
        earlier=tuple(known[item_id] for item_id in history),
        now=tuple(known[item_id] for item_id in input_ids),
    )


def resolve(inputs: Sequence[MessageItem | ItemReference]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """The new items, and the ids of all."""
    new: list[Item] = []
    ids: list[str] = []
    for item in inputs:
        if isinstance(item, ItemReference):
            ids.append(item.id)
        else:
            new.append(item.kept())
            ids.append(new[-1]["id"])
    return tuple(new), tuple(ids)


def make_turn_order(model: ServedModel, asked: ResponsesRequest, turn: Turn, caller: Caller, limits: Limits) -> Order:
    """With truncation "auto", the oldest items are left out until the rest fits. Raises ApiError, DeadlineExceeded."""
    earlier = [as_chat(item) for item in turn.earlier]
    now = [as_chat(item) for item in turn.now]
    left_out = 0
    while True:
        try:
            return make_order(model, _chat(asked, [*earlier[left_out:], *now]), caller, limits)
        except errors.ApiError as error:
            if asked.truncation != "auto" or error.code not in TOO_MUCH or left_out >= len(earlier):
                raise _renamed(error) from None
        left_out = max(1, 2 * left_out)


def _chat(asked: ResponsesRequest, messages: list[ChatMessage]) -> ChatCompletionRequest:
    if asked.instructions is not None:
        messages = [ChatMessage(role="system", content=asked.instructions), *messages]
    if not messages:
        raise errors.invalid("input: there is nothing to answer.", "input")
    options = asked.text.format if asked.text else None
    fields: dict[str, Any] = {
        name: getattr(asked, name) for name in ChatCompletionRequest.model_fields if hasattr(asked, name)
    }
    return ChatCompletionRequest.model_construct(
        **fields
        | {
            "messages": messages,
            "max_tokens": asked.max_output_tokens,
            "response_format": options and options.as_response_format(),
        }
    )


def _renamed(error: errors.ApiError) -> errors.ApiError:
    head = (error.param or "").partition(".")[0]
    if head in RENAMED and error.param:
        error.message = error.message.replace(error.param, RENAMED[head], 1)
        error.param = RENAMED[head]
    return error
