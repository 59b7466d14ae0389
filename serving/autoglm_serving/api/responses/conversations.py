"""What is stored: responses to be read again or deleted, conversations and their items."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from autoglm_serving.api import errors
from autoglm_serving.api.desk import Desk
from autoglm_serving.api.responses.lists import listed, page_ids
from autoglm_serving.api.responses.records import Conversation, Item, Records
from autoglm_serving.api.responses.schema import ConversationRequest, ItemsRequest
from autoglm_serving.api.responses.turn import resolve

B = TypeVar("B", bound=BaseModel)


class Stored:
    """Each method is a route's; raises ApiError."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def response(self, request: Request, response_id: str) -> dict[str, Any]:
        return (await self._records(request).response(response_id)).body

    async def delete_response(self, request: Request, response_id: str) -> dict[str, Any]:
        await self._records(request).delete(response_id, "resp")
        return {"id": response_id, "object": "response", "deleted": True}

    async def input_items(self, request: Request, response_id: str) -> dict[str, Any]:
        records = self._records(request)
        return await _page(records, (await records.response(response_id)).input_ids, request)

    async def create_conversation(self, request: Request) -> dict[str, Any]:
        asked = await self._asked(ConversationRequest, request)
        new, item_ids = resolve(asked.items or [])
        records = self._records(request)
        await records.items([item_id for item_id in item_ids if item_id not in {item["id"] for item in new}])
        return _shown(await records.create_conversation(new, item_ids, asked.metadata or {}))

    async def conversation(self, request: Request, conversation_id: str) -> dict[str, Any]:
        return _shown(await self._records(request).conversation(conversation_id))

    async def change_conversation(self, request: Request, conversation_id: str) -> dict[str, Any]:
        asked = await self._asked(ConversationRequest, request)
        records = self._records(request)
        return _shown(await records.change(conversation_id, metadata=asked.metadata or {}))

    async def delete_conversation(self, request: Request, conversation_id: str) -> dict[str, Any]:
        await self._records(request).delete(conversation_id, "conv")
        return {"id": conversation_id, "object": "conversation.deleted", "deleted": True}

    async def items(self, request: Request, conversation_id: str) -> dict[str, Any]:
        records = self._records(request)
        return await _page(records, (await records.conversation(conversation_id)).item_ids, request)

    async def add_items(self, request: Request, conversation_id: str) -> dict[str, Any]:
        asked = await self._asked(ItemsRequest, request)
        new, item_ids = resolve(asked.items)
        records = self._records(request)
        known = {item["id"]: item for item in new}
        stored = [item_id for item_id in item_ids if item_id not in known]
        known |= dict(zip(stored, await records.items(stored), strict=True))
        await records.add_items(new)
        await records.append(conversation_id, item_ids, [])
        return listed([known[item_id] for item_id in item_ids], more=False)

    async def item(self, request: Request, conversation_id: str, item_id: str) -> dict[str, Any]:
        records = self._records(request)
        _check_member(await records.conversation(conversation_id), item_id)
        (found,) = await records.items([item_id])
        return found

    async def delete_item(self, request: Request, conversation_id: str, item_id: str) -> dict[str, Any]:
        records = self._records(request)
        _check_member(await records.conversation(conversation_id), item_id)
        return _shown(await records.change(conversation_id, without=item_id))

    def _records(self, request: Request) -> Records:
        return self._desk.records(self._desk.caller(request))

    async def _asked(self, kind: type[B], request: Request) -> B:
        async with self._desk.preparation.place() as place:
            return errors.parsed(kind, await place.read(request))


async def _page(records: Records, item_ids: Sequence[str], request: Request) -> dict[str, Any]:
    wanted, more = page_ids(item_ids, request.query_params)
    found: list[Item] = await records.items(wanted)
    return listed(found, more)


def _check_member(conversation: Conversation, item_id: str) -> None:
    if item_id not in conversation.item_ids:
        message = f"There is no item {item_id[:128]!r} in the conversation {conversation.id}."
        raise errors.ApiError(404, message, code="not_found")


def _shown(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "object": "conversation",
        "created_at": conversation.created_at,
        "metadata": conversation.metadata,
    }
