"""What the clouds' parts of a fleet take: the same arguments in each, so that any two clouds can be joined."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pulumi

from components.types import FleetMember

Tags = Mapping[str, str]


class Via(StrEnum):
    """What joins two networks, and so what a route's next hop is."""

    PEERING = "peering"  # inside a cloud
    VPN = "vpn"  # between clouds, over the internet


@dataclass(frozen=True, kw_only=True)
class Port:
    """A TCP port that members reach each other on, and why, in words for the rules that open it."""

    number: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class End:
    """A member of the fleet, and the provider for its region and account."""

    name: str
    member: FleetMember
    provider: pulumi.ProviderResource


@dataclass(frozen=True, kw_only=True)
class PeeringArgs:
    """`near` asks, `far` accepts."""

    near: End
    far: End
    tags: Tags


@dataclass(frozen=True, kw_only=True)
class VpnGatewayArgs:
    """One a network, for all of its tunnels."""

    member: FleetMember
    tags: Tags


@dataclass(frozen=True, kw_only=True)
class VpnConnectionArgs:
    """Tunnels from a gateway to one other network.

    `gateway`: its id, and `own`: its public addresses, none for a cloud that gives them by connection. `peers`: the
    other's public addresses, one or two. `keys`: the pre-shared key of each tunnel, secret; tunnel i goes to peer i,
    or to the only one.
    """

    member: FleetMember
    gateway: pulumi.Input[str]
    own: tuple[pulumi.Output[str], ...]
    peer: str
    peers: tuple[pulumi.Input[str], ...]
    peer_cidr: str
    keys: tuple[pulumi.Output[str], ...]
    tags: Tags


@dataclass(frozen=True, kw_only=True)
class CrossingArgs:
    """What a member needs to reach `peer`, and to be reached: routes to its addresses over `hop`, rules for `ports`
    beside 443, on which a region lets in those whom its file names as network.peers."""

    member: FleetMember
    peer: str
    peer_cidr: str
    via: Via
    hop: pulumi.Input[str]
    ports: tuple[Port, ...]
    tags: Tags
