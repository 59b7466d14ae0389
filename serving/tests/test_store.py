"""Both stores keep the same promises: expiry, sizes, owners that never meet, changes that are whole."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis_server import RedisServer, running_redis

from autoglm_serving.store.base import Guard, Store, StoreLimits, StoreUnavailable, TooLarge
from autoglm_serving.store.memory import MemoryStore
from autoglm_serving.store.redis import RedisStore


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stores:
    """Makes stores of one kind; each scenario runs on an event loop of its own."""

    url: str | None
    clock: Clock = field(default_factory=Clock)

    def make(self, **limits: Any) -> Store:
        given = StoreLimits(**limits)
        return MemoryStore(given, self.clock) if self.url is None else RedisStore(self.url, given, self.clock)

    def run(self, scenario: Callable[[Store], Awaitable[None]], **limits: Any) -> None:
        async def whole() -> None:
            store = self.make(**limits)
            try:
                await scenario(store)
            finally:
                await store.close()

        asyncio.run(whole())


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return Stores(None)
    server: RedisServer = request.getfixturevalue("redis")
    with Redis.from_url(server.url) as client:
        client.flushdb()
    return Stores(server.url)


def test_what_was_put_is_there_until_it_is_deleted(stores: Stores):
    async def scenario(store: Store) -> None:
        assert await store.get("a", ["x"]) == [None]
        assert await store.put("a", {"x": b"1", "y": b"\x00\xff"})
        assert await store.get("a", ["y", "none", "x"]) == [b"\x00\xff", None, b"1"]
        assert await store.put("a", {"x": b"2"})
        assert await store.delete("a", ["x", "none"]) == 1
        assert await store.get("a", ["x", "y"]) == [None, b"\x00\xff"]
        assert await store.get("a", []) == []
        await store.check()

    stores.run(scenario)


def test_owners_never_meet(stores: Stores):
    async def scenario(store: Store) -> None:
        await store.put("a", {"x": b"a's"})
        await store.put("", {"x": b"nobody's"})
        assert await store.get("b", ["x"]) == [None]
        assert await store.delete("b", ["x"]) == 0
        assert not await store.put("b", {"y": b""}, Guard("x", b"a's"))
        assert await store.get("a", ["x"]) == [b"a's"]
        assert await store.get("", ["x"]) == [b"nobody's"]

    stores.run(scenario)


def test_a_guard_lets_one_of_two_writers_through(stores: Stores):
    async def scenario(store: Store) -> None:
        await store.put("a", {"x": b"old"})
        guard = Guard("x", b"old")
        assert await store.put("a", {"x": b"first", "item1": b""}, guard)
        assert not await store.put("a", {"x": b"second", "item2": b""}, guard)
        assert await store.get("a", ["x", "item1", "item2"]) == [b"first", b"", None]
        assert not await store.put("a", {"item3": b""}, Guard("gone", b""))

    stores.run(scenario)


def test_beyond_its_size_an_owner_loses_what_was_not_used_for_longest(stores: Stores):
    async def scenario(store: Store) -> None:
        for number in range(3):
            stores.clock.now += 1
            await store.put("a", {f"r{number}": b"x" * 30})
        stores.clock.now += 1
        await store.get("a", ["r0"])
        stores.clock.now += 1
        await store.put("a", {"r3": b"x" * 30})
        assert [found is None for found in await store.get("a", ["r0", "r1", "r2", "r3"])] == [
            False,
            True,
            False,
            False,
        ]
        await store.put("b", {"r": b"x" * 100})
        assert await store.get("a", ["r0"]) != [None]
        # What is replaced or deleted no longer counts.
        await store.put("a", {"r0": b"x" * 10})
        await store.delete("a", ["r2"])
        await store.put("a", {"r4": b"x" * 60})
        assert None not in await store.get("a", ["r0", "r3", "r4"])

    stores.run(scenario, owner_bytes=100)


def test_more_than_an_owner_may_have_is_refused_and_nothing_is_lost(stores: Stores):
    async def scenario(store: Store) -> None:
        await store.put("a", {"x": b"1"})
        with pytest.raises(TooLarge, match="101 bytes are more than the 100"):
            await store.put("a", {"y": b"x" * 101})
        assert await store.get("a", ["x"]) == [b"1"]

    stores.run(scenario, owner_bytes=100)


def test_records_expire_after_their_last_use():
    stores = Stores(None)

    async def scenario(store: Store) -> None:
        await store.put("a", {"x": b"1", "y": b"2"})
        stores.clock.now += 6
        assert await store.get("a", ["x"]) == [b"1"]
        stores.clock.now += 6
        assert await store.get("a", ["x", "y"]) == [b"1", None]
        stores.clock.now += 11
        assert await store.get("a", ["x"]) == [None]

    stores.run(scenario, ttl=10)


def test_records_in_redis_expire_there(redis: RedisServer):
    """By Redis's own clock, so that they go when no server is left to clean up."""

    async def scenario(store: Store) -> None:
        await store.put("e", {"x": b"1", "y": b"2"})
        for _ in range(4):
            await asyncio.sleep(0.4)
            assert await store.get("e", ["x"]) == [b"1"]
        assert await store.get("e", ["y"]) == [None]
        await asyncio.sleep(1.2)
        assert await store.get("e", ["x"]) == [None]

    Stores(redis.url).run(scenario, ttl=1)


def test_memory_is_bounded_over_all_owners():
    async def scenario(store: Store) -> None:
        await store.put("large", {f"r{number}": b"x" * 40 for number in range(2)})
        for number in range(5):
            await store.put(f"small{number}", {"r": b"x" * 10})
        assert await store.get("large", ["r0", "r1"]) == [None, b"x" * 40]
        assert await store.get("small0", ["r"]) == [b"x" * 10]

    Stores(None).run(scenario, owner_bytes=90, all_bytes=100)


def test_a_redis_that_is_gone_is_unavailable_and_its_address_is_not_told(tmp_path: Path):
    with running_redis(tmp_path) as server:
        url = server.url

    async def scenario(store: Store) -> None:
        for attempt in (store.get("a", ["x"]), store.put("a", {"x": b""}), store.delete("a", ["x"]), store.check()):
            with pytest.raises(StoreUnavailable) as found:
                await attempt
            assert "127.0.0.1" not in str(found.value)

    Stores(url).run(scenario)


def test_a_redis_with_a_password(tmp_path: Path):
    async def scenario(store: Store) -> None:
        await store.put("a", {"x": b"1"})
        assert await store.get("a", ["x"]) == [b"1"]

    async def refused(store: Store) -> None:
        with pytest.raises(StoreUnavailable):
            await store.check()

    with running_redis(tmp_path, "--requirepass", "secret") as server:
        Stores(f"redis://:secret@127.0.0.1:{server.port}/0").run(scenario)
        Stores(server.url).run(refused)
