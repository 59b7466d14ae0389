"""The fleet's catalogue in etcd as a server sees it: what to hold, what is active; and what it tells of itself."""

import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from autoglm_catalogue import fleet, records
from autoglm_catalogue.records import Replica, Standing, State
from autoglm_catalogue.traffic import Traffic
from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keys import KeyValue, Listing
from autoglm_etcd.watch import Change, Watch
from autoglm_serving import logs
from autoglm_serving.lifecycle.catalogue import Candidate, CatalogueError, Wanted
from autoglm_serving.lifecycle.reporter import Reporter
from autoglm_serving.lifecycle.state import VersionStatus
from autoglm_serving.lifecycle.version import Version, VersionError

_PAUSE: Final = 5.0  # seconds before a watch that was refused is tried again: rights may be given meanwhile


class FleetCatalogue:
    """A Catalogue of one model. Its versions are folders that this server sees, so nothing is fetched here."""

    def __init__(self, connection: Connection, model: str, traffic: Callable[[], Mapping[str, Traffic]]) -> None:
        """Raises ValueError for a name that can't be a key."""
        self._connection, self._model, self._base = connection, model, records.base(model)
        self._reporter = Reporter(connection, model, f"{socket.gethostname()}-{os.getpid()}", self._compared)
        self._traffic, self._rolling = traffic, False
        self._lock = threading.Lock()
        self._items: dict[str, KeyValue] | None = None
        self._failures: set[tuple[str, int]] | None = None
        self._rollbacks = 0
        self._watch: Watch | None = None
        self._closed = threading.Event()
        self._told: set[str] = set()

    def open(self, changed: Callable[[], None]) -> None:
        self._reporter.start()
        threading.Thread(target=self._follow, args=(changed,), name="catalogue", daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        if self._watch is not None:
            self._watch.close()
        self._reporter.close()

    def wanted(self) -> Mapping[str, Wanted]:
        with self._lock:
            items = None if self._items is None else list(self._items.values())
        if items is None:
            raise CatalogueError("etcd has not answered yet")
        try:
            found = fleet.read(self._model, items)
        except records.RecordError as error:
            raise CatalogueError(str(error)) from error
        self._count(found)
        rollout, active = found.rollout, found.active
        self._rolling = rollout is not None
        names = [name for name in (rollout and rollout.version, rollout and rollout.previous) if name]
        beside = [one for name in names if (one := self._candidate(found, name)) is not None]
        chosen = self._candidate(found, active.version) if active else None
        candidates = {one.version: one for one in ([*beside, chosen] if chosen else beside)}
        trial = next((one.version for one in beside if rollout and str(one.version) == rollout.version), None)
        return {
            self._model: Wanted(
                candidates=tuple(candidates.values()),
                chosen=chosen.version if chosen else None,
                trial=trial,
                beside=frozenset(one.version for one in beside),
                rollbacks=self._rollbacks,
            )
        }

    def publish(self, statuses: Sequence[VersionStatus]) -> None:
        self._reporter.tell(Replica(versions={status.version: _standing(status) for status in statuses}))

    def _compared(self) -> Mapping[str, Traffic]:
        """Nothing is written from second to second while there is nothing to compare."""
        return self._traffic() if self._rolling else {}

    def _candidate(self, found: fleet.Fleet, name: str) -> Candidate | None:
        """None for a version that is failed: what is active is never that."""
        record = found.versions.get(name)
        if record is None or record.state is State.FAILED:
            return None
        try:
            version = Version.parse(name)
        except VersionError as error:
            self._tell(f"version {name} of the catalogue is left out: {error}")
            return None
        return Candidate(
            model=self._model,
            version=version,
            location=record.source,
            fingerprint=f"{record.attempt}.{record.sha256}",
            sha256=record.sha256,
        )

    def _count(self, found: fleet.Fleet) -> None:
        """Each attempt that failed since this server began is one rollback."""
        failed = {(name, one.attempt) for name, one in found.versions.items() if one.state is State.FAILED}
        if self._failures is not None:
            self._rollbacks += len(failed - self._failures)
        self._failures = failed

    def _follow(self, changed: Callable[[], None]) -> None:
        while not self._closed.is_set():
            self._watch = Watch(self._connection, self._base, on_trouble=self._trouble)
            if self._closed.is_set():
                return
            try:
                for event in self._watch:
                    with self._lock:
                        self._items = _after(self._items, event)
                    changed()
            except EtcdError as error:
                self._trouble(str(error))
            self._closed.wait(_PAUSE)

    def _trouble(self, reason: str) -> None:
        logs.warning("model catalogue can't be followed now; what is served stays", error=reason)

    def _tell(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            logs.warning("model catalogue", message=message)


def _after(items: dict[str, KeyValue] | None, event: Listing | Change) -> dict[str, KeyValue]:
    if isinstance(event, Listing):
        return {item.key: item for item in event.items}
    made = dict(items or {})
    if event.value is None:
        made.pop(event.key, None)
    else:
        made[event.key] = event.value
    return made


def _standing(status: VersionStatus) -> Standing:
    return Standing(
        state=str(status.state), reason=status.reason, attempt=int(status.fingerprint.partition(".")[0] or 0)
    )
