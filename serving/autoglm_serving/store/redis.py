"""Conversations that outlive a server and that several servers share.

Each owner has a key a record, an index of the last uses and a table of sizes, all in one slot of a cluster. A script
makes each change whole: a server that dies amid it leaves nothing half-written.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from autoglm_serving.store.base import Guard, StoreLimits, StoreUnavailable, TooLarge

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 3.0
TRIES = 2

NOBODY = "nobody"
"""In place of the owner of requests without a key."""

_COMMON = """
local index, sizes, prefix = KEYS[1], KEYS[2], ARGV[1]
local now, ttl = tonumber(ARGV[2]), tonumber(ARGV[3])
local function drop(id)
  redis.call('ZREM', index, id)
  local size = redis.call('HGET', sizes, id)
  if size then
    redis.call('HDEL', sizes, id)
    redis.call('HINCRBY', sizes, 'total', -size)
  end
  return redis.call('DEL', prefix .. id)
end
"""

_GET = (
    _COMMON
    + """
local found = {}
for i = 4, #ARGV do
  local content = redis.call('GET', prefix .. ARGV[i])
  if content then
    redis.call('PEXPIRE', prefix .. ARGV[i], ttl)
    redis.call('ZADD', index, 'XX', now, ARGV[i])
  end
  found[#found + 1] = content
end
redis.call('PEXPIRE', index, ttl)
redis.call('PEXPIRE', sizes, ttl)
return found
"""
)

_PUT = (
    _COMMON
    + """
local most, guard = tonumber(ARGV[4]), ARGV[5]
if guard ~= '' and redis.call('GET', prefix .. guard) ~= ARGV[6] then
  return 0
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', now - ttl)) do
  drop(id)
end
for i = 7, #ARGV, 2 do
  drop(ARGV[i])
  redis.call('SET', prefix .. ARGV[i], ARGV[i + 1], 'PX', ttl)
  redis.call('ZADD', index, now, ARGV[i])
  redis.call('HSET', sizes, ARGV[i], #ARGV[i + 1])
  redis.call('HINCRBY', sizes, 'total', #ARGV[i + 1])
end
while tonumber(redis.call('HGET', sizes, 'total')) > most do
  drop(redis.call('ZRANGE', index, 0, 0)[1])
end
redis.call('PEXPIRE', index, ttl)
redis.call('PEXPIRE', sizes, ttl)
return 1
"""
)

_DELETE = (
    _COMMON
    + """
local gone = 0
for i = 4, #ARGV do
  gone = gone + drop(ARGV[i])
end
return gone
"""
)


class RedisStore:
    """A Store. `clock` gives seconds since the epoch, which all servers of one Redis share."""

    def __init__(self, url: str, limits: StoreLimits, clock: Callable[[], float] = time.time) -> None:
        """Connects when first used. `url` is redis://, rediss:// or unix://. Raises ValueError for another."""
        self._limits = limits
        self._clock = clock
        self._redis = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), TRIES),
        )
        self._get = self._redis.register_script(_GET)
        self._put = self._redis.register_script(_PUT)
        self._delete = self._redis.register_script(_DELETE)

    async def get(self, owner: str, record_ids: Sequence[str]) -> list[bytes | None]:
        found: list[Any] = await self._run(self._get, owner, *record_ids)
        return [content if isinstance(content, bytes) else None for content in found]

    async def put(self, owner: str, records: Mapping[str, bytes], guard: Guard | None = None) -> bool:
        size = sum(map(len, records.values()))
        if size > self._limits.owner_bytes:
            raise TooLarge(size, self._limits.owner_bytes)
        pairs = [part for record in records.items() for part in record]
        guarded = guard or Guard("", b"")
        return bool(await self._run(self._put, owner, self._limits.owner_bytes, *guarded, *pairs))

    async def delete(self, owner: str, record_ids: Sequence[str]) -> int:
        return int(await self._run(self._delete, owner, *record_ids))

    async def check(self) -> None:
        await _reached(self._redis.ping())

    async def close(self) -> None:
        await self._redis.aclose()

    async def _run(self, script: Any, owner: str, *arguments: Any) -> Any:
        # In braces: all keys of an owner are in one slot of a cluster. Empty ones would not be a tag.
        prefix = f"autoglm:{{{owner or NOBODY}}}:"
        times = (int(self._clock() * 1000), int(self._limits.ttl * 1000))
        keys = [f"{prefix}index", f"{prefix}sizes"]
        return await _reached(script(keys=keys, args=[f"{prefix}record:", *times, *arguments]))


async def _reached(answer: Awaitable[Any]) -> Any:
    """The exception's text may hold the address, so only its kind is told."""
    try:
        return await answer
    except (RedisError, OSError) as error:
        raise StoreUnavailable(type(error).__name__) from error
