"""Which members of a fleet are joined to which, and how. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from components.fleet.args import Via


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two members. `near` asks for a peering, in the order of the file."""

    near: str
    far: str
    via: Via

    @property
    def name(self) -> str:
        return f"{self.near}-{self.far}"


def pairs(clouds: Mapping[str, str | None]) -> tuple[Pair, ...]:
    """Everyone with everyone. `clouds`: each member's, None for a rack.

    Members of one cloud are peered; others get a VPN. Two racks are joined by their owner, not by a cloud.
    """
    return tuple(
        Pair(near=near, far=far, via=Via.PEERING if clouds[near] == clouds[far] else Via.VPN)
        for near, far in combinations(clouds, 2)
        if clouds[near] is not None or clouds[far] is not None
    )


def vpn_members(found: Sequence[Pair]) -> tuple[str, ...]:
    """Members that need a VPN gateway or an IPsec device, in a stable order."""
    ends = (end for pair in found if pair.via is Via.VPN for end in (pair.near, pair.far))
    return tuple(dict.fromkeys(ends))


def tunnels(near_legs: int, far_legs: int) -> int:
    """How many tunnels join two gateways with so many public addresses: each address is used, so none is a single
    point of failure where its cloud has two."""
    return max(near_legs, far_legs)
