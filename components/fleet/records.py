"""How clients find a fleet: the names and weights of its DNS records. Pure.

    host.zone            failover: PRIMARY while any member with a weight is healthy, else SECONDARY, the standby
     ├─ active.host.zone   weighted: members by weight, the healthy ones
     └─ member.host.zone   one a member: its load balancer's name or address

A group of records has one type, and clouds name their balancers differently (AWS by a host, the others by an address),
so both groups are CNAMEs to the members' own names.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Names:
    """Fully qualified, without the last dot."""

    entry: str
    active: str
    members: Mapping[str, str]


def names(host: str, zone: str, members: tuple[str, ...]) -> Names:
    entry = f"{host}.{zone}"
    return Names(entry=entry, active=f"active.{entry}", members={name: f"{name}.{entry}" for name in members})


def active(weights: Mapping[str, int]) -> tuple[str, ...]:
    """The members that get clients while all are healthy."""
    return tuple(name for name, weight in weights.items() if weight > 0)
