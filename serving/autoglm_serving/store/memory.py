"""Conversations of a server that has no Redis: they end with it."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from autoglm_serving.store.base import Guard, StoreLimits, TooLarge


class _Record(NamedTuple):
    content: bytes
    expires: float


@dataclass
class _Shelf:
    """One owner's records, the one not used for longest first."""

    records: OrderedDict[str, _Record] = field(default_factory=OrderedDict)
    bytes: int = 0

    def put(self, record_id: str, record: _Record) -> None:
        self.drop(record_id)
        self.records[record_id] = record
        self.bytes += len(record.content)

    def drop(self, record_id: str) -> bool:
        record = self.records.pop(record_id, None)
        self.bytes -= len(record.content) if record else 0
        return record is not None

    def drop_oldest(self) -> None:
        self.drop(next(iter(self.records)))

    def drop_expired(self, now: float) -> None:
        while self.records and next(iter(self.records.values())).expires <= now:
            self.drop_oldest()


class MemoryStore:
    """A Store. For the event loop's thread."""

    def __init__(self, limits: StoreLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._shelves: dict[str, _Shelf] = {}

    async def get(self, owner: str, record_ids: Sequence[str]) -> list[bytes | None]:
        shelf = self._shelf(owner)
        return [self._use(shelf, record_id) for record_id in record_ids]

    async def put(self, owner: str, records: Mapping[str, bytes], guard: Guard | None = None) -> bool:
        size = sum(map(len, records.values()))
        most = min(self._limits.owner_bytes, self._limits.all_bytes)
        if size > most:
            raise TooLarge(size, most)
        shelf = self._shelf(owner)
        if guard is not None:
            kept = shelf.records.get(guard.record_id)
            if kept is None or kept.content != guard.content:
                return False
        for record_id, content in records.items():
            shelf.put(record_id, _Record(content, self._clock() + self._limits.ttl))
        self._shelves[owner] = shelf
        self._make_room(shelf)
        return True

    async def delete(self, owner: str, record_ids: Sequence[str]) -> int:
        shelf = self._shelf(owner)
        return sum(shelf.drop(record_id) for record_id in record_ids)

    async def check(self) -> None:
        """Memory is always there."""

    async def close(self) -> None:
        self._shelves.clear()

    def _shelf(self, owner: str) -> _Shelf:
        """The owner's, without what has expired; one that is empty is not kept."""
        shelf = self._shelves.get(owner, _Shelf())
        shelf.drop_expired(self._clock())
        if not shelf.records:
            self._shelves.pop(owner, None)
        return shelf

    def _use(self, shelf: _Shelf, record_id: str) -> bytes | None:
        record = shelf.records.get(record_id)
        if record is None:
            return None
        shelf.put(record_id, record._replace(expires=self._clock() + self._limits.ttl))
        return record.content

    def _make_room(self, shelf: _Shelf) -> None:
        while shelf.bytes > self._limits.owner_bytes:
            shelf.drop_oldest()
        if sum(one.bytes for one in self._shelves.values()) <= self._limits.all_bytes:
            return
        for one in self._shelves.values():
            one.drop_expired(self._clock())
        while sum(one.bytes for one in self._shelves.values()) > self._limits.all_bytes:
            max(self._shelves.values(), key=lambda one: one.bytes).drop_oldest()
        self._shelves = {owner: one for owner, one in self._shelves.items() if one.records}
