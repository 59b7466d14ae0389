"""How a member starts: with what it has, as one of a new cluster, or into the one that is there.

A member that lost its disk must never start as one of a new cluster: it would vote again on what it had promised and
forgotten. So what decides is not its own folder alone, but whether the cluster has ever been whole, which the keeper
writes down once (`founded`), outside the members' disks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from autoglm_etcd.cluster import Cluster, Member
from autoglm_etcd.keeper.shape import Shape


class Start(StrEnum):
    KEPT = "kept"
    """Its folder holds a member of the cluster: go on with it."""
    NEW = "new"
    """Nobody has a member yet: all start one together."""
    JOIN = "join"
    """The cluster is there without it, or with a member of its name that has lost its disk."""
    REJOIN = "rejoin"
    """Its folder holds a member that the cluster has removed: it is worth nothing."""
    WAIT = "wait"
    """Nobody answers who could let it in."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known before the member starts. `members` is None while none of the others answers."""

    has_data: bool
    founded: bool
    members: Sequence[Member] | None


def decide(facts: Facts, peer_url: str) -> Start:
    known = None if facts.members is None else any(peer_url in member.peer_urls for member in facts.members)
    if facts.has_data:
        return Start.REJOIN if known is False else Start.KEPT
    if facts.members is not None:
        return Start.JOIN
    return Start.WAIT if facts.founded else Start.NEW


def enter(cluster: Cluster, shape: Shape, name: str) -> str:
    """Take the place of a member of this name that has lost its disk, and return `--initial-cluster`.

    It comes in as a learner, which has no vote until it holds what the others hold: the keeper promotes it then. A
    second time, after a crash, changes nothing. Raises EtcdError where there is no quorum, or only since seconds ago.
    """
    peer_url = shape.peer_url(name)
    entries = [member for member in cluster.members() if peer_url in member.peer_urls]
    for member in entries:
        if member.name:  # it has run, with a disk that is gone
            cluster.remove(member.id)
    if all(member.name for member in entries):
        cluster.add(peer_url, learner=True)
    names = {shape.peer_url(member): member for member in shape.members}  # one that has not started tells no name
    found = {names.get(url, member.name): url for member in cluster.members() for url in member.peer_urls[:1]}
    return initial_cluster(found)


def initial_cluster(members: dict[str, str]) -> str:
    """`name=peer URL`, as the flag takes them."""
    return ",".join(f"{name}={url}" for name, url in sorted(members.items()))
