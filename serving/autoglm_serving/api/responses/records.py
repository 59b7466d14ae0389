"""Responses, conversations and their items in the store.

Items are records of their own, written once; a response or a conversation has the ids of its history. So a turn writes
what is new and no more, and responses that continue the same one share its items.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autoglm_serving.api import errors
from autoglm_serving.api.responses.items import new_id
from autoglm_serving.store.base import Guard, Store, StoreUnavailable, TooLarge

MAX_ITEMS = 1024
"""Of one conversation. A chat has at most as many messages."""

TRIES = 8
"""To append to a conversation while others do."""

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StoredResponse:
    """`body` is the API's object. `history` has the ids of all items up to its own output, `input_ids` of its input."""

    body: dict[str, Any]
    input_ids: tuple[str, ...]
    history: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    id: str
    created_at: int
    metadata: dict[str, str]
    item_ids: tuple[str, ...]


class Records:
    """One owner's. Every method raises ApiError: 404 for what is not there, or is another's; 503 without the store."""

    def __init__(self, store: Store, owner: str, *, max_bytes: int) -> None:
        """`max_bytes` bounds the items of one conversation."""
        self._store = store
        self._owner = owner
        self._max_bytes = max_bytes

    async def check(self) -> None:
        try:
            await self._store.check()
        except StoreUnavailable as error:
            raise _unreachable(error) from error

    async def response(self, response_id: str) -> StoredResponse:
        found = await self._one(response_id, "resp")
        return StoredResponse(body=found["body"], input_ids=tuple(found["input_ids"]), history=tuple(found["history"]))

    async def conversation(self, conversation_id: str) -> Conversation:
        return _conversation(conversation_id, await self._one(conversation_id, "conv"))

    async def items(self, item_ids: Sequence[str]) -> list[Item]:
        """Raises ApiError, 404, when one of them has expired: a history with a hole is another history."""
        found = await self._read(item_ids)
        if None in found:
            raise _gone(item_ids[found.index(None)])
        items = [content for content in found if content is not None]
        size = sum(map(len, items))
        if size > self._max_bytes:
            raise errors.invalid(
                f"The conversation has {size} bytes, more than the {self._max_bytes} allowed; begin a new one, or"
                " send smaller images.",
                None,
                "conversation_too_large",
            )
        return [json.loads(content) for content in items]

    async def add_items(self, new: Sequence[Item]) -> None:
        """Items that nothing refers to yet."""
        if new:
            await self._write(_written(new))

    async def add_response(self, stored: StoredResponse, new: Sequence[Item]) -> None:
        content = {"body": stored.body, "input_ids": stored.input_ids, "history": stored.history}
        await self._write(_written(new) | {stored.body["id"]: _bytes(content)})

    async def create_conversation(
        self, new: Sequence[Item], item_ids: Sequence[str], metadata: dict[str, str]
    ) -> Conversation:
        made = Conversation(
            id=new_id("conv"),
            created_at=int(time.time()),
            metadata=metadata,
            item_ids=tuple(item_ids),
        )
        await self._write(_written(new) | {made.id: _bytes(_fields(made))})
        return made

    async def change(
        self, conversation_id: str, *, metadata: dict[str, str] | None = None, without: str | None = None
    ) -> Conversation:
        """With other metadata, or without one of its items."""

        def changed(old: Conversation) -> Conversation:
            kept = tuple(item_id for item_id in old.item_ids if item_id != without)
            return replace(old, metadata=old.metadata if metadata is None else metadata, item_ids=kept)

        return await self._replace(conversation_id, changed, {})

    async def delete(self, record_id: str, kind: str) -> None:
        """Its items stay until they expire: others may continue from them."""
        await self._one(record_id, kind)
        try:
            await self._store.delete(self._owner, [record_id])
        except StoreUnavailable as error:
            raise _unreachable(error) from error

    async def append(self, conversation_id: str, item_ids: Sequence[str], new: Sequence[Item]) -> None:
        """End a conversation with items that are stored, then with new ones, all at once."""
        added = (*item_ids, *(item["id"] for item in new))

        def longer(old: Conversation) -> Conversation:
            # An answer of the store that got lost makes the write happen twice.
            fresh = tuple(item_id for item_id in added if item_id not in old.item_ids)
            if len(old.item_ids) + len(fresh) > MAX_ITEMS:
                raise errors.invalid(
                    f"The conversation would have {len(old.item_ids) + len(fresh)} items, more than the {MAX_ITEMS}"
                    " allowed; begin a new one.",
                    "conversation",
                    "conversation_too_large",
                )
            return replace(old, item_ids=old.item_ids + fresh)

        await self._replace(conversation_id, longer, _written(new))

    async def _replace(self, conversation_id: str, change: Any, written: Mapping[str, bytes]) -> Conversation:
        """Read, change, write if nobody else has; again if somebody has."""
        for _ in range(TRIES):
            (old,) = await self._read([conversation_id])
            if old is None or not conversation_id.startswith("conv_"):
                raise _gone(conversation_id)
            new: Conversation = change(_conversation(conversation_id, json.loads(old)))
            if await self._write({**written, conversation_id: _bytes(_fields(new))}, Guard(conversation_id, old)):
                return new
        raise errors.conflict(f"The conversation {conversation_id} is being changed by others; try again.")

    async def _one(self, record_id: str, kind: str) -> dict[str, Any]:
        (content,) = await self._read([record_id])
        if content is None or not record_id.startswith(f"{kind}_"):
            raise _gone(record_id)
        found: dict[str, Any] = json.loads(content)
        return found

    async def _read(self, record_ids: Sequence[str]) -> list[bytes | None]:
        if not record_ids:
            return []
        try:
            return await self._store.get(self._owner, record_ids)
        except StoreUnavailable as error:
            raise _unreachable(error) from error

    async def _write(self, written: Mapping[str, bytes], guard: Guard | None = None) -> bool:
        try:
            return await self._store.put(self._owner, written, guard)
        except StoreUnavailable as error:
            raise _unreachable(error) from error
        except TooLarge as error:
            raise errors.invalid(f"input: {error}.", "input", "conversation_too_large") from None


def _conversation(conversation_id: str, fields: dict[str, Any]) -> Conversation:
    return Conversation(
        id=conversation_id,
        created_at=fields["created_at"],
        metadata=fields["metadata"],
        item_ids=tuple(fields["item_ids"]),
    )


def _fields(conversation: Conversation) -> dict[str, Any]:
    return {
        "created_at": conversation.created_at,
        "metadata": conversation.metadata,
        "item_ids": conversation.item_ids,
    }


def _written(items: Sequence[Item]) -> dict[str, bytes]:
    return {item["id"]: _bytes(item) for item in items}


def _bytes(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _gone(record_id: str) -> errors.ApiError:
    message = f"There is no {record_id[:128]!r}: it was never stored, was deleted, has expired, or is another key's."
    return errors.ApiError(404, message, code="not_found")


def _unreachable(error: StoreUnavailable) -> errors.ApiError:
    message = f"The conversations can't be reached now ({error}); send the request again, or with store false."
    return errors.ApiError(503, message, code="store_unavailable", retry_after=errors.RETRY_AFTER_SECONDS)
