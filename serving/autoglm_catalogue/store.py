"""A rollout's reads and transactions. Each of them holds only while this program does, and its region is promoted.

All may be done twice without harm, so a time without etcd (an election, a lost member) is waited out.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from autoglm_catalogue import fleet, promotion, records
from autoglm_catalogue.fleet import Fleet
from autoglm_catalogue.records import Active, Rollout, State, VersionRecord
from autoglm_etcd.connection import Connection, EtcdError, Refused
from autoglm_etcd.keys import Keys, absent, made_at, put, unchanged
from autoglm_etcd.lease import Lease

T = TypeVar("T")
_PATIENCE: Final = 10.0  # seconds; less than the lease has
_PAUSE: Final = 0.5


class Store:
    """Each method raises EtcdError; those that write say whether it was done."""

    def __init__(self, connection: Connection, model: str, fence: promotion.Promotion) -> None:
        """Raises ValueError for what can't be a model's name."""
        self._keys = Keys(connection)
        self._model, self._base = model, records.base(model)
        self._fence = promotion.holds(fence.token)
        self._token = 0
        self._lease = 0

    def read(self) -> Fleet:
        """Raises RecordError."""
        return _patiently(lambda: fleet.ask(self._model, self._keys))

    def take(self, rollout: Rollout, lease: Lease) -> bool:
        """Become the one that rolls out; not while another is, nor when another region is promoted."""
        key, value = f"{self._base}rollout", records.write(rollout)
        _patiently(lambda: self._keys.transact([absent(key), self._fence], [put(key, value, lease.id)]))
        held = _patiently(lambda: self._keys.get(key))
        if held is None or held.lease != lease.id:
            return False
        self._token, self._lease = held.created, lease.id
        return True

    def declare(self, version: str, record: VersionRecord) -> bool:
        return self._write([], [self._version(version, record)])

    def weigh(self, rollout: Rollout) -> bool:
        return self._write([], [put(f"{self._base}rollout", records.write(rollout), self._lease)])

    def switch(self, seen: Fleet, version: str, ready: Sequence[str]) -> bool:
        """In one transaction: only while these replicas are alive and as they were seen, and the active version is."""
        key = f"{self._base}active"
        previous = seen.active.version if seen.active else ""
        conditions = [unchanged(key, seen.revisions[key]) if seen.active else absent(key)]
        for name in ready:
            replica = records.replica(self._model, name)
            conditions.append(unchanged(replica, seen.revisions[replica]))
        changes = [
            put(key, records.write(Active(version=version, previous=previous))),
            self._version(version, replace(seen.versions[version], state=State.READY, reason="")),
            put(
                f"{self._base}rollout",
                records.write(Rollout(version=version, previous=previous)),
                self._lease,
            ),
        ]
        return self._write(conditions, changes)

    def retire(self, seen: Fleet, version: str, reason: str) -> bool:
        if version not in seen.versions:
            return True
        record = replace(seen.versions[version], state=State.RETIRED, reason=reason)
        return self._write([], [self._version(version, record)])

    def give_up(self, seen: Fleet, version: str, reason: str) -> bool:
        """Back to the version before, if this one is active already; and it is failed, in the same transaction."""
        changes = []
        if version in seen.versions:
            record = replace(seen.versions[version], state=State.FAILED, reason=reason)
            changes.append(self._version(version, record))
        if seen.active and seen.active.version == version and seen.active.previous:
            changes.append(put(f"{self._base}active", records.write(Active(version=seen.active.previous))))
        return self._write([], changes)

    def _version(self, version: str, record: VersionRecord) -> Any:
        return put(f"{self._base}versions/{version}", records.write(record))

    def _write(self, conditions: Sequence[Any], changes: Sequence[Any]) -> bool:
        mine = [made_at(f"{self._base}rollout", self._token), self._fence]
        return _patiently(lambda: self._keys.transact([*mine, *conditions], changes)).succeeded


def _patiently(act: Callable[[], T]) -> T:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return act()
        except Refused:
            raise
        except EtcdError:
            if time.monotonic() > until:
                raise
        time.sleep(_PAUSE)
