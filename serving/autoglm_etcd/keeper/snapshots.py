"""Snapshots in a bucket or on a volume: taken whole, named by revision and time, verified, kept for a while."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import obstore
from obstore.store import ObjectStore

from autoglm_etcd.cluster import Cluster
from autoglm_etcd.connection import EtcdError

BUMP: Final = 1_000_000_000
"""How far a restore lets the store's revision jump, at least: no number that was seen is given twice, so watches list
anew, and a revision stays a fencing token (https://etcd.io/docs/v3.6/op-guide/recovery/)."""
_NAME: Final = re.compile(r"(?P<time>\d{8}T\d{6}Z)-revision-(?P<revision>\d+)\.db")
_TIME: Final = "%Y%m%dT%H%M%SZ"
_DIGEST: Final = ".sha256"
_LAG: Final = 1000  # Raft entries: what a healthy follower may be behind for a moment
_PART: Final = 8 * 1024 * 1024  # bytes; S3 takes parts of 5 MiB and more


class SnapshotError(Exception):
    """A snapshot that is not there, or not what was taken: its name, what is wrong with it and what to use instead."""


@dataclass(frozen=True, order=True)
class Snapshot:
    """`taken` in UTC; `revision` is the store's, at least."""

    taken: datetime
    revision: int

    @property
    def name(self) -> str:
        return f"{self.taken.strftime(_TIME)}-revision-{self.revision}.db"

    @property
    def life(self) -> int:
        """The cluster's how many-th: each restore begins another."""
        return self.revision // BUMP

    @classmethod
    def parse(cls, name: str) -> "Snapshot | None":
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        return cls(datetime.strptime(match["time"], _TIME).replace(tzinfo=UTC), int(match["revision"]))


def life(there: Iterable[Snapshot]) -> int:
    """The latest one that these snapshots know of; -1 when there is none."""
    return max((snapshot.life for snapshot in there), default=-1)


class Snapshots:
    """The snapshots of one cluster: all that lies in the store, under the prefix that the store was opened with."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def take(self, cluster: Cluster, endpoint: str, revision: int, now: datetime) -> Snapshot:
        """From the member at `endpoint`: best a follower, which has time. Its digest is written last, and a snapshot
        without one does not count. Raises EtcdError."""
        snapshot = Snapshot(now.astimezone(UTC).replace(microsecond=0), revision)
        digest = hashlib.sha256()
        with obstore.open_writer(self._store, snapshot.name, buffer_size=_PART) as file:
            for piece in cluster.snapshot(endpoint):
                digest.update(piece)
                file.write(piece)
        obstore.put(self._store, snapshot.name + _DIGEST, f"{digest.hexdigest()}  {snapshot.name}\n".encode())
        return snapshot

    def whole(self) -> list[Snapshot]:
        """Those that are whole, the oldest first."""
        names = {str(entry["path"]) for page in obstore.list(self._store) for entry in page}
        found = (Snapshot.parse(name) for name in names if name + _DIGEST in names)
        return sorted(snapshot for snapshot in found if snapshot)

    def prune(self, keep: timedelta, now: datetime) -> list[Snapshot]:
        """Removes what is older than `keep`, and never the latest one; returns what was removed."""
        old = [snapshot for snapshot in self.whole()[:-1] if snapshot.taken < now - keep]
        for snapshot in old:
            # The digest first: what is left of an interrupted removal does not count.
            obstore.delete(self._store, [snapshot.name + _DIGEST])
            obstore.delete(self._store, [snapshot.name])
        return old

    def fetch(self, name: str, target: Path) -> Snapshot:
        """Into a file, whole or not at all; `latest` is the newest. Raises SnapshotError."""
        there = self.whole()
        chosen = there[-1] if name == "latest" and there else Snapshot.parse(name)
        if chosen not in there:
            known = ", ".join(snapshot.name for snapshot in there[-3:]) or "none"
            raise SnapshotError(f"snapshot {name!r} is not there; the latest are: {known}")
        expected = bytes(obstore.get(self._store, chosen.name + _DIGEST).bytes()).decode().split()[0]
        digest = hashlib.sha256()
        part = target.with_name(f".{target.name}.part")
        with part.open("wb") as file:
            for piece in self._pieces(chosen):
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != expected:
            part.unlink()
            raise SnapshotError(
                f"snapshot {chosen.name} is damaged: its SHA-256 is {digest.hexdigest()}, not {expected}; use another"
            )
        part.rename(target)
        return chosen

    def _pieces(self, snapshot: Snapshot) -> Iterator[bytes]:
        for piece in obstore.get(self._store, snapshot.name).stream(min_chunk_size=_PART):
            yield bytes(piece)


def source(cluster: Cluster, endpoints: tuple[str, ...]) -> tuple[str, int]:
    """Which member to take a snapshot of, and its revision: a follower that has all the leader has, if there is one.

    Raises EtcdError.
    """
    answers = cluster.statuses(endpoints)
    if not answers:
        raise EtcdError(f"no member answers: {', '.join(endpoints)}")
    ahead = max(status.applied for status in answers.values())
    followers = [endpoint for endpoint, status in answers.items() if not (status.leads or status.learner)]
    current = [endpoint for endpoint in followers if ahead - answers[endpoint].applied < _LAG]
    chosen = (current or [endpoint for endpoint, status in answers.items() if status.leads] or [*answers])[0]
    return chosen, answers[chosen].revision
