"""Keys and transactions. Keys are text, values bytes; a prefix ends in `/`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from autoglm_etcd.connection import Connection
from autoglm_etcd.messages import message

_EQUAL: Final = 0  # Compare.CompareResult
_CREATE, _MOD, _VALUE, _LEASE = 1, 2, 3, 4  # Compare.CompareTarget
_PAGE: Final = 500  # keys of one answer


@dataclass(frozen=True, kw_only=True)
class KeyValue:
    """`revision` is of its last change: a number that only grows, over all keys, so it serves as a fencing token."""

    key: str
    value: bytes
    revision: int
    created: int
    """The revision that made it."""
    version: int
    """Changes since it was made, the first of which is 1."""
    lease: int
    """0 for none."""

    @classmethod
    def read(cls, kv: Any) -> "KeyValue":
        return cls(
            key=kv.key.decode(),
            value=kv.value,
            revision=kv.mod_revision,
            created=kv.create_revision,
            version=kv.version,
            lease=kv.lease,
        )


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All keys of a prefix as they were at `revision`."""

    items: tuple[KeyValue, ...]
    revision: int


@dataclass(frozen=True, kw_only=True)
class Transaction:
    succeeded: bool
    revision: int
    """Of the store after it, so of what it wrote."""


def prefix_end(prefix: str) -> bytes:
    """The first key after all that begin with `prefix`."""
    end = bytearray(prefix.encode())
    end[-1] += 1  # UTF-8 has no byte 0xff
    return bytes(end)


def absent(key: str) -> Any:
    """Holds while there is no such key."""
    return message("Compare")(result=_EQUAL, target=_CREATE, key=key.encode(), create_revision=0)


def unchanged(key: str, revision: int) -> Any:
    """Holds while the key's last change is this one."""
    return message("Compare")(result=_EQUAL, target=_MOD, key=key.encode(), mod_revision=revision)


def made_at(key: str, revision: int) -> Any:
    """Holds while the key is the one that was made at this revision, whatever it was changed to."""
    return message("Compare")(result=_EQUAL, target=_CREATE, key=key.encode(), create_revision=revision)


def equals(key: str, value: bytes) -> Any:
    return message("Compare")(result=_EQUAL, target=_VALUE, key=key.encode(), value=value)


def put(key: str, value: bytes, lease: int = 0) -> Any:
    """A part of a transaction."""
    return message("RequestOp")(request_put=message("PutRequest")(key=key.encode(), value=value, lease=lease))


def delete(key: str) -> Any:
    """A part of a transaction."""
    return message("RequestOp")(request_delete_range=message("DeleteRangeRequest")(key=key.encode()))


class Keys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> KeyValue | None:
        """What a quorum holds now. Raises EtcdError."""
        found = self._connection.call("KV/Range", key=key.encode()).kvs
        return KeyValue.read(found[0]) if found else None

    def list(self, prefix: str) -> Listing:
        """Raises EtcdError."""
        items: list[KeyValue] = []
        start, end, revision = prefix.encode(), prefix_end(prefix), 0
        while True:
            page = self._connection.call("KV/Range", key=start, range_end=end, limit=_PAGE, revision=revision)
            revision = revision or page.header.revision
            items += map(KeyValue.read, page.kvs)
            if not page.more:
                return Listing(items=tuple(items), revision=revision)
            start = page.kvs[-1].key + b"\0"

    def put(self, key: str, value: bytes, lease: int = 0) -> int:
        """The revision of the change. Raises EtcdError."""
        done = self._connection.call("KV/Put", key=key.encode(), value=value, lease=lease)
        return int(done.header.revision)

    def delete(self, key: str, *, prefix: bool = False) -> int:
        """How many were there. Raises EtcdError."""
        end = prefix_end(key) if prefix else b""
        return int(self._connection.call("KV/DeleteRange", key=key.encode(), range_end=end).deleted)

    def transact(self, when: Sequence[Any], then: Sequence[Any], otherwise: Sequence[Any] = ()) -> Transaction:
        """All of `then` where all of `when` holds, else all of `otherwise`. Raises EtcdError."""
        done = self._connection.call("KV/Txn", compare=when, success=then, failure=otherwise)
        return Transaction(succeeded=done.succeeded, revision=done.header.revision)

    def compact(self, revision: int) -> None:
        """Forget what was before. Raises EtcdError."""
        self._connection.call("KV/Compact", revision=revision, physical=True)
