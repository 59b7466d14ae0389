"""Members and their upkeep: who is there, who leads, alarms, defragmentation, snapshots, users."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from autoglm_etcd.connection import Connection, EtcdError, Refused
from autoglm_etcd.keys import prefix_end
from autoglm_etcd.messages import message

NOSPACE: Final = 1  # AlarmType
CORRUPT: Final = 2
_GET, _DEACTIVATE = 0, 2  # AlarmRequest.AlarmAction
_READWRITE: Final = 2  # Permission.Type
_DEFRAGMENTING: Final = 300.0  # seconds; 8 GiB take minutes on a slow disk
_SNAPSHOT: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Member:
    """`name` is empty while it has not started yet."""

    id: int
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    learner: bool


@dataclass(frozen=True, kw_only=True)
class Status:
    """Sizes in bytes."""

    id: int
    version: str
    leader: int
    revision: int
    applied: int
    """Raft index; a member that lags far behind should not be waited for by the others."""
    size: int
    used: int
    quota: int
    learner: bool

    @property
    def leads(self) -> bool:
        return self.id == self.leader


class Cluster:
    """Each method raises EtcdError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def members(self, *, linearizable: bool = True) -> list[Member]:
        """Not linearizable: what one member knows, with or without a quorum."""
        return [
            _member(found) for found in self._connection.call("Cluster/MemberList", linearizable=linearizable).members
        ]

    def add(self, peer_url: str, *, learner: bool) -> Member:
        return _member(self._connection.call("Cluster/MemberAdd", peerURLs=[peer_url], isLearner=learner).member)

    def promote(self, member: int) -> None:
        self._connection.call("Cluster/MemberPromote", ID=member)

    def remove(self, member: int) -> None:
        self._connection.call("Cluster/MemberRemove", ID=member)

    def status(self, endpoint: str) -> Status:
        found = self._connection.call("Maintenance/Status", endpoint=endpoint)
        return Status(
            id=found.header.member_id,
            version=found.version,
            leader=found.leader,
            revision=found.header.revision,
            applied=found.raftAppliedIndex,
            size=found.dbSize,
            used=found.dbSizeInUse,
            quota=found.dbSizeQuota,
            learner=found.isLearner,
        )

    def statuses(self, endpoints: Iterable[str]) -> dict[str, Status]:
        """Of the members that answer."""
        found = {}
        for endpoint in endpoints:
            try:
                found[endpoint] = self.status(endpoint)
            except EtcdError:
                continue
        return found

    def healthy(self, endpoint: str) -> bool:
        """Whether the member has a leader and answers a read that needs the others."""
        try:
            status = self.status(endpoint)
            self._connection.call("KV/Range", endpoint=endpoint, key=b"health")
        except Refused as error:
            return "permission denied" in str(error)  # it asked the others who this client is
        except EtcdError:
            return False
        return status.leader != 0 and not status.learner

    def alarms(self) -> list[tuple[int, int]]:
        """Member and NOSPACE or CORRUPT."""
        found = self._connection.call("Maintenance/Alarm", action=_GET)
        return [(alarm.memberID, alarm.alarm) for alarm in found.alarms]

    def disarm(self, member: int, alarm: int) -> None:
        self._connection.call("Maintenance/Alarm", action=_DEACTIVATE, memberID=member, alarm=alarm)

    def defragment(self, endpoint: str) -> None:
        """The member answers nobody meanwhile."""
        self._connection.call("Maintenance/Defragment", endpoint=endpoint, timeout=_DEFRAGMENTING)

    def move_leader(self, leader: str, to: int) -> None:
        """`leader` is its endpoint."""
        self._connection.call("Maintenance/MoveLeader", endpoint=leader, targetID=to)

    def hash(self, endpoint: str, revision: int) -> int:
        """Of the keys at a revision: the same on each member, unless one is corrupt."""
        return int(self._connection.call("Maintenance/HashKV", endpoint=endpoint, revision=revision).hash)

    def snapshot(self, endpoint: str) -> Iterator[bytes]:
        """The member's database in pieces; its last 32 bytes are the SHA-256 of the rest. Raises EtcdError, also when
        that does not hold."""
        digest, tail = hashlib.sha256(), b""
        for response in self._connection.download("Maintenance/Snapshot", endpoint=endpoint, timeout=_SNAPSHOT):
            held = tail + response.blob
            digest.update(held[:-32])
            tail = held[-32:]
            yield response.blob
        if digest.digest() != tail:
            raise EtcdError("the snapshot is not whole: its SHA-256 is not the one at its end")


class Users:
    """Who may do what. Repeating a call changes nothing. Each method raises EtcdError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enabled(self) -> bool:
        return bool(self._connection.call("Auth/AuthStatus").enabled)

    def enable(self) -> None:
        """Needs a user `root` with the role `root`."""
        self._connection.call("Auth/AuthEnable")

    def add(self, user: str, role: str, prefixes: tuple[str, ...] = ()) -> None:
        """A user known by its certificate's common name, with a role that may read and write these prefixes."""
        self._once("Auth/RoleAdd", name=role)
        for prefix in prefixes:
            allowed = message("Permission")(permType=_READWRITE, key=prefix.encode(), range_end=prefix_end(prefix))
            self._once("Auth/RoleGrantPermission", name=role, perm=allowed)
        self._once("Auth/UserAdd", name=user, options=message("UserAddOptions")(no_password=True))
        self._once("Auth/UserGrantRole", user=user, role=role)

    def _once(self, method: str, **fields: Any) -> None:
        try:
            self._connection.call(method, **fields)
        except Refused as error:
            if "already exists" not in str(error) and "already granted" not in str(error):
                raise


def _member(found: Any) -> Member:
    return Member(
        id=found.ID,
        name=found.name,
        peer_urls=tuple(found.peerURLs),
        client_urls=tuple(found.clientURLs),
        learner=found.isLearner,
    )
