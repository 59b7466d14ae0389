"""What a cluster needs now and then: learners made members, one member defragmented at a time, alarms cleared.

Each function does one round and says what it did. Pure choices stand apart from the calls, so that they can be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from autoglm_etcd.cluster import NOSPACE, Cluster, Status
from autoglm_etcd.connection import EtcdError
from autoglm_etcd.keeper.shape import Shape
from autoglm_etcd.keys import Keys

_FRAGMENTED: Final = 0.5  # share of a database that is free: then half of its file is given back
_WORTH: Final = 64 * 1024 * 1024  # bytes; below, a defragmentation frees less than it disturbs
_KEPT: Final = (1000, 0)  # revisions that a watch may still go on from; none where that does not make room
_ROOM: Final = 0.9  # share of the quota; an alarm taken back above it would be raised again by the next writes


@dataclass(frozen=True, kw_only=True)
class Policy:
    """When a member's file is worth defragmenting: `fragmented` is the free share, `worth` the free bytes."""

    fragmented: float = _FRAGMENTED
    worth: int = _WORTH

    def due(self, status: Status) -> bool:
        free = status.size - status.used
        return free >= self.worth and free >= self.fragmented * status.size


def promote(cluster: Cluster) -> list[str]:
    """Learners that hold what the leader holds get their vote; etcd refuses the others, until next time."""
    done = []
    for member in cluster.members():
        if member.learner and member.name:
            try:
                cluster.promote(member.id)
            except EtcdError:
                continue
            done.append(f"{member.name} has a vote now")
    return done


def dismiss(cluster: Cluster, shape: Shape) -> list[str]:
    """A member that the cluster was made smaller by leaves it, one a round and only while all others answer: as long as
    it is counted, it is missed in every quorum. Raises EtcdError."""
    urls = {shape.peer_url(name) for name in shape.members}
    extra = [member for member in cluster.members() if not urls.intersection(member.peer_urls)]
    endpoints = tuple(shape.client_url(name) for name in shape.members)
    if not extra or not all(cluster.healthy(endpoint) for endpoint in endpoints):
        return []
    cluster.remove(extra[-1].id)
    return [f"{extra[-1].name or extra[-1].peer_urls[0]} is no member any more"]


def next_to_defragment(found: Mapping[str, Status], size: int, policy: Policy) -> str | None:
    """The endpoint whose turn it is: followers before the leader. None while any member is missing or only learns, as
    the one that is defragmented answers nobody, and another must not be away at the same time."""
    if len(found) < size or any(status.learner or status.leader == 0 for status in found.values()):
        return None
    due = [endpoint for endpoint, status in found.items() if policy.due(status)]
    return min(due, key=lambda endpoint: (found[endpoint].leads, endpoint), default=None)


def defragment(cluster: Cluster, endpoints: tuple[str, ...], policy: Policy) -> list[str]:
    """One member, if one is due. A leader gives its place up first. Raises EtcdError."""
    found = cluster.statuses(endpoints)
    chosen = next_to_defragment(found, len(endpoints), policy)
    if chosen is None:
        return []
    if found[chosen].leads and len(found) > 1:
        heir = max((status for status in found.values() if not status.leads), key=lambda status: status.applied)
        cluster.move_leader(chosen, heir.id)
        return [f"{chosen} gave the lead up, to be defragmented"]
    cluster.defragment(chosen)
    after = cluster.status(chosen)
    return [f"{chosen} defragmented: {found[chosen].size} -> {after.size} bytes"]


def make_space(cluster: Cluster, keys: Keys, endpoints: tuple[str, ...]) -> list[str]:
    """Where NOSPACE is raised (writes are refused then): old revisions and free pages are given up, and the alarm is
    taken back where that was enough. Raises EtcdError."""
    alarmed = [member for member, alarm in cluster.alarms() if alarm == NOSPACE]
    if not alarmed:
        return []
    found = cluster.statuses(endpoints)
    for kept in _KEPT:
        _compact(keys, max(status.revision for status in found.values()) - kept)
        for endpoint in sorted(found, key=lambda endpoint: found[endpoint].leads):
            cluster.defragment(endpoint)
        found = cluster.statuses(endpoints)
        if all(status.size <= _ROOM * status.quota for status in found.values()):
            for member in alarmed:
                cluster.disarm(member, NOSPACE)
            largest = max(status.size for status in found.values())
            return [f"NOSPACE: cleared, the largest member has {largest} bytes now"]
    return [f"NOSPACE: what is held is more than {_ROOM:.0%} of the quota: delete keys or raise etcd.volume"]


def _compact(keys: Keys, revision: int) -> None:
    if revision < 1:
        return
    try:
        keys.compact(revision)
    except EtcdError as error:
        if "compacted" not in str(error):
            raise
