"""The keeper's rounds: what is due is done, one thing after the other, and its figures are shown to Prometheus."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from obstore.exceptions import BaseError as StoreError
from prometheus_client import CollectorRegistry, Counter, Gauge

from autoglm_etcd.cluster import Cluster, Users
from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keeper import certificates, upkeep
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keeper.snapshots import BUMP, Snapshots, life, source
from autoglm_etcd.keys import Keys

ROUND: Final = 30.0  # seconds between two rounds
EAGER: Final = 3.0  # until the cluster is whole: members may wait for the keeper to give them their vote
ADMINISTRATOR: Final = "root"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Duties:
    """`users` maps a certificate's common name to the prefixes that it may read and write."""

    users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    snapshot_every: timedelta = timedelta(hours=1)
    snapshots_kept: timedelta = timedelta(days=7)
    policy: upkeep.Policy = field(default_factory=upkeep.Policy)


class Metrics:
    """Names as Prometheus has them; etcd's own figures come from its members."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.snapshot = Gauge(
            "etcd_keeper_last_snapshot_timestamp_seconds", "Of the latest whole one.", registry=registry
        )
        self.round = Gauge("etcd_keeper_last_round_timestamp_seconds", "Of a round without failure.", registry=registry)
        self.failures = Counter("etcd_keeper_failures", "Duties that failed.", ("duty",), registry=registry)
        self.alarms = Gauge("etcd_keeper_alarms", "Alarms that members have raised.", registry=registry)
        self.certificates = Gauge(
            "etcd_keeper_certificate_expiry_timestamp_seconds", "Of a member's.", ("member",), registry=registry
        )


class Keeper:
    """`founded` is called once the cluster is whole. A duty that fails is told and counted, and tried next round."""

    def __init__(
        self,
        connection: Connection,
        shape: Shape,
        duties: Duties,
        snapshots: Snapshots | None,
        metrics: Metrics,
        *,
        founded: Callable[[], None],
        say: Say,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection, self._shape, self._duties = connection, shape, duties
        self._cluster, self._keys, self._users = Cluster(connection), Keys(connection), Users(connection)
        self._snapshots, self._metrics, self._tell_founded = snapshots, metrics, founded
        self._say, self._now = say, now
        self._is_founded = self._has_users = False

    def run(self, wait: Callable[[float], bool]) -> None:
        """Until `wait` (seconds, from a threading.Event) says that it is over."""
        while True:
            self.round()
            if wait(self._pause):
                return

    @property
    def _pause(self) -> float:
        return ROUND if self._is_founded else EAGER

    def round(self) -> None:
        duties: dict[str, Callable[[], Iterable[str]]] = {
            "founded": self._founded,
            "votes": lambda: upkeep.promote(self._cluster),
            "members": lambda: upkeep.dismiss(self._cluster, self._shape),
            "users": self._admit,
            "alarms": self._alarms,
            "defragmentation": self._defragment,
            "snapshots": self._snapshot,
            "certificates": self._certificates,
        }
        whole = True
        for name, duty in duties.items():
            try:
                for line in duty():
                    self._say(line)
            except (EtcdError, StoreError, OSError) as error:
                whole = False
                self._metrics.failures.labels(duty=name).inc()
                self._say(f"{name}: failed, and tried again in {self._pause:.0f} s: {error}")
        if whole:
            self._metrics.round.set(time.time())

    def _founded(self) -> list[str]:
        if self._is_founded or len(self._cluster.members()) < self._shape.size:
            return []
        if not all(self._cluster.healthy(endpoint) for endpoint in self._connection.endpoints):
            return []
        self._tell_founded()
        self._is_founded = True
        return ["the cluster is whole"]

    def _admit(self) -> list[str]:
        """Not before it is founded: with users, a member that joins needs a quorum that knows them."""
        if self._has_users or not self._is_founded or not self._duties.users:
            return []
        self._users.add(ADMINISTRATOR, ADMINISTRATOR)
        for user, prefixes in self._duties.users.items():
            self._users.add(user, user, prefixes)
        if not self._users.enabled():
            self._users.enable()
        self._has_users = True
        return [f"users: {', '.join([ADMINISTRATOR, *self._duties.users])}"]

    def _alarms(self) -> list[str]:
        done = upkeep.make_space(self._cluster, self._keys, self._connection.endpoints)
        self._metrics.alarms.set(len(self._cluster.alarms()))
        return done

    def _defragment(self) -> list[str]:
        return upkeep.defragment(self._cluster, self._connection.endpoints, self._duties.policy)

    def _snapshot(self) -> list[str]:
        if self._snapshots is None:
            return []
        there, now, done = self._snapshots.whole(), self._now(), []
        endpoint, revision = source(self._cluster, self._connection.endpoints)
        # One of a cluster that was restored is due at once: the next restore must know how far its revisions went.
        if revision // BUMP > life(there) or now - there[-1].taken >= self._duties.snapshot_every:
            there.append(self._snapshots.take(self._cluster, endpoint, revision, now))
            done.append(f"snapshot {there[-1].name}")
        self._metrics.snapshot.set(there[-1].taken.timestamp())
        return done + [
            f"snapshot {old.name}: removed" for old in self._snapshots.prune(self._duties.snapshots_kept, now)
        ]

    def _certificates(self) -> list[str]:
        if credentials := self._connection.credentials:
            for endpoint in self._connection.endpoints:
                if ends := certificates.expiry(endpoint, credentials):
                    self._metrics.certificates.labels(member=urlsplit(endpoint).hostname).set(ends)
        return []
