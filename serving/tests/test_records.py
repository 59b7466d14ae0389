"""Turns that meet in the store between another's reading and writing."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from autoglm_serving.api.errors import ApiError
from autoglm_serving.api.responses.items import MessageItem
from autoglm_serving.api.responses.records import TRIES, Item, Records
from autoglm_serving.store.base import Guard, StoreLimits
from autoglm_serving.store.memory import MemoryStore


class SlowStore(MemoryStore):
    """Others come in after each read."""

    async def get(self, owner: str, record_ids: Sequence[str]) -> list[bytes | None]:
        found = await super().get(owner, record_ids)
        await asyncio.sleep(0)
        return found


class ForgetfulStore(MemoryStore):
    """Writes, and loses the answer the first time, as a connection that breaks does."""

    lost = 0

    async def put(self, owner: str, records: Mapping[str, bytes], guard: Guard | None = None) -> bool:
        done = await super().put(owner, records, guard)
        if guard is None or self.lost:
            return done
        self.lost = 1
        return await super().put(owner, records, guard)


def item(text: str) -> Item:
    return MessageItem(role="user", content=text).kept()


def records(store: MemoryStore) -> Records:
    return Records(store, "ann", max_bytes=10_000)


def test_turns_that_meet_are_all_kept_once():
    async def scenario() -> list[str]:
        kept = records(SlowStore(StoreLimits()))
        conversation = await kept.create_conversation([], [], {})
        await asyncio.gather(*(kept.append(conversation.id, [], [item(str(n))]) for n in range(TRIES - 1)))
        found = await kept.items((await kept.conversation(conversation.id)).item_ids)
        return [one["content"][0]["text"] for one in found]

    assert sorted(asyncio.run(scenario())) == [str(number) for number in range(TRIES - 1)]


def test_a_write_whose_answer_was_lost_is_not_made_twice():
    async def scenario() -> int:
        kept = records(ForgetfulStore(StoreLimits()))
        conversation = await kept.create_conversation([], [], {})
        await kept.append(conversation.id, [], [item("once")])
        return len((await kept.conversation(conversation.id)).item_ids)

    assert asyncio.run(scenario()) == 1


def test_a_conversation_has_a_most_and_a_hole_is_no_history():
    async def scenario() -> None:
        store = MemoryStore(StoreLimits())
        kept = records(store)
        first, second = item("first"), item("second")
        conversation = await kept.create_conversation([first, second], [first["id"], second["id"]], {})
        with pytest.raises(ApiError) as found:
            await kept.append(conversation.id, [f"msg_{number}" for number in range(1023)], [])
        assert found.value.code == "conversation_too_large"
        await store.delete("ann", [first["id"]])
        with pytest.raises(ApiError) as found:
            await kept.items(conversation.item_ids)
        assert found.value.status == 404

    asyncio.run(scenario())
