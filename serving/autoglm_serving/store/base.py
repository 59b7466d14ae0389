"""What a store offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class StoreLimits:
    """`ttl` is in seconds since a record's last use."""

    ttl: float = 86_400.0
    owner_bytes: int = 64 * MIB
    """Of one owner's records; beyond it, those not used for longest are dropped."""
    all_bytes: int = 512 * MIB
    """Of a store in memory; beyond it, the owner who holds most loses first."""


class StoreUnavailable(Exception):
    """The store can't be reached; nothing was changed, or all of it."""


class TooLarge(Exception):
    """More than one owner may keep."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"{size} bytes are more than the {most} that one key may keep")


class Guard(NamedTuple):
    """Records are only written while this one still holds these bytes."""

    record_id: str
    content: bytes


class Store(Protocol):
    """An owner sees no other's records. Every method raises StoreUnavailable."""

    async def get(self, owner: str, record_ids: Sequence[str]) -> list[bytes | None]:
        """Records in order, None where there is none. Each one's time to expire begins anew."""

    async def put(self, owner: str, records: Mapping[str, bytes], guard: Guard | None = None) -> bool:
        """Write all or none. False, with nothing written, when the guard's record has changed. Raises TooLarge."""

    async def delete(self, owner: str, record_ids: Sequence[str]) -> int:
        """How many there were."""

    async def check(self) -> None:
        """Whether it can be reached now."""

    async def close(self) -> None: ...
