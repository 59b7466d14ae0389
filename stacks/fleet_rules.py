"""What must hold between the members of a fleet."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING

from components import cloud_regions
from stacks.cloud import CloudParts
from stacks.fleet import FleetSpec, cidrs, faces_the_internet, network
from stacks.problems import Path, Problem
from stacks.schema import TencentcloudRegion

if TYPE_CHECKING:
    from stacks.schema import RegionSpec

Regions = Mapping[str, "RegionSpec"]


def broken(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """Every broken rule, given the members' region files."""
    return [problem for rule in _RULES for problem in rule(spec, regions)]


def unknown_stack(name: str, known: Sequence[str]) -> Problem:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write it, or name one of {', '.join(known)}"
    return Problem(path=("members", name), reason=f"there is no stacks/{name}.yaml: {hint}")


def a_fleet(name: str) -> Problem:
    return Problem(path=("members", name), reason="it is a fleet itself: name the stacks of regions")


def _roles_are_members(spec: FleetSpec, _: Regions) -> list[Problem]:
    known = ", ".join(spec.members)
    return [
        Problem(path=("recovery", role), value=name, reason=f"it is not a member: name one of {known}")
        for role, name in (("primary", spec.recovery.primary), ("standby", spec.recovery.standby))
        if name not in spec.members
    ]


def _standby_is_another(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """Not the primary itself, and not a second stack in the very region that it would stand in for."""
    roles = spec.recovery
    path: Path = ("recovery", "standby")
    if roles.primary == roles.standby:
        return [
            Problem(path=path, value=roles.standby, reason="it is the primary, which fails with itself: name another")
        ]
    primary, standby = (_place(regions.get(name)) for name in (roles.primary, roles.standby))
    if primary is None or primary != standby:
        return []
    reason = f"it is in {primary[1]}, as the primary is, and fails with it: name a member in another region"
    return [Problem(path=path, value=roles.standby, reason=reason)]


def _copies_are_elsewhere(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """What the primary stores must outlive its region: the region's own file says where the copy is. A bucket that
    exists may have one that no file knows of."""
    name = spec.recovery.primary
    primary = regions.get(name)
    if not isinstance(primary, CloudParts) or primary.storage.bucket:
        return []
    copy = primary.storage.replica_region
    fix = f"set storage.replicaRegion in stacks/{name}.yaml to another region of the cloud"
    path: Path = ("recovery", "primary")
    if copy is None:
        return [Problem(path=path, value=name, reason=f"its bucket has no copy in another region: {fix}")]
    if copy == primary.region:
        return [Problem(path=path, value=name, reason=f"its bucket's copy is in {copy}, the region it protects: {fix}")]
    return []


def _time_is_enough(spec: FleetSpec, _: Regions) -> list[Problem]:
    """Clients go on calling a dead member until its check has failed often enough and their resolver asks again."""
    health, ttl, asked = spec.health, spec.dns.ttl_seconds, spec.recovery.rto_seconds
    detection = health.interval_seconds * health.failure_threshold
    if asked >= detection + ttl:
        return []
    reason = (
        f"failover takes up to {detection + ttl} s ({health.failure_threshold} checks {health.interval_seconds} s "
        f"apart, then {ttl} s of dns.ttlSeconds): ask for that much or more, or lower these"
    )
    return [Problem(path=("recovery", "rtoSeconds"), value=str(asked), reason=reason)]


def _ranges_are_apart(spec: FleetSpec, regions: Regions) -> list[Problem]:
    blocks = cidrs(spec, regions)
    return [
        Problem(
            path=("members", second),
            value=str(blocks[second]),
            reason=f"it overlaps {first}'s {blocks[first]}, so no route could tell them apart: give one another range",
        )
        for first, second in combinations(blocks, 2)
        if blocks[first].overlaps(blocks[second])
    ]


def _one_side_of_the_border(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """https://www.alibabacloud.com/help/en/vpn: "VPN Gateway does not support cross-border connections"."""
    sides = {name: _mainland(region) for name, region in regions.items()}
    inside, outside = ([name for name, side in sides.items() if side is kind] for kind in (True, False))
    if not inside or not outside:
        return []
    reason = (
        f"{', '.join(inside)} in mainland China and {', '.join(outside)} outside it: the clouds' VPNs and peerings may "
        "not cross the border without a licensed carrier: write a fleet for each side"
    )
    return [Problem(path=("members",), reason=reason)]


def _mainland(region: "RegionSpec") -> bool | None:
    """None where it is not known: a rack, or a region that the table does not have."""
    if not isinstance(region, CloudParts):
        return None
    found = cloud_regions.find(region.provider, region.region)
    return found.mainland if found else None


def _sites_where_they_belong(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """A cloud's stack exports its addresses; nothing could tell those of a rack but this file."""
    problems = []
    for name, member in spec.members.items():
        path: Path = ("members", name, "site")
        cloud = isinstance(regions.get(name), CloudParts)
        if cloud and member.site:
            problems.append(Problem(path=path, reason="the stack exports its own network: leave site out"))
        if not cloud and member.site is None:
            problems.append(Problem(path=path, reason="it is a private region: add site with its cidr and gateway"))
    return problems


def _sites_are_called_from_outside(spec: FleetSpec, _: Regions) -> list[Problem]:
    """A VPN needs a public address of the rack's device; clients, one of its gateway."""
    problems = []
    for name, member in spec.members.items():
        if member.site is None:
            continue
        path: Path = ("members", name, "site")
        gateway = member.site.gateway
        if not gateway.is_global:
            reason = "it is no public address, so no cloud could build a tunnel to it: give the IPsec device's"
            problems.append(Problem(path=(*path, "gateway"), value=str(gateway), reason=reason))
        if _serves(spec, name) and member.site.address is None:
            reason = "clients are sent to it, so it needs an address: add one, or give it neither weight nor role"
            problems.append(Problem(path=(*path, "address"), reason=reason))
    return problems


def _servers_face_the_internet(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """Clients and Route 53's checks come from there, over HTTPS on 443."""
    fix = (
        "make gateway.exposure a LoadBalancer with a certificate, and not internal, or give it neither weight nor role"
    )
    return [
        Problem(
            path=("members", name),
            reason=f"clients are sent to it, but it answers none from the internet on 443: {fix}",
        )
        for name, region in regions.items()
        if isinstance(region, CloudParts) and _serves(spec, name) and not faces_the_internet(region)
    ]


def _serves(spec: FleetSpec, name: str) -> bool:
    return spec.members[name].weight > 0 or name in (spec.recovery.primary, spec.recovery.standby)


def _someone_serves(spec: FleetSpec, _: Regions) -> list[Problem]:
    if any(member.weight > 0 for member in spec.members.values()):
        return []
    reason = "every weight is 0, so nobody would serve: give recovery.primary a weight, as 100"
    return [Problem(path=("members",), reason=reason)]


def _ports_once(spec: FleetSpec, _: Regions) -> list[Problem]:
    ports = [443, *(asked.port for asked in spec.ports)]
    return [
        Problem(path=("ports", index - 1, "port"), value=str(port), reason="it is open already: leave it out")
        for index, port in enumerate(ports)
        if port in ports[:index]
    ]


def _ports_where_rules_are_single(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """Tencent Cloud's region holds its group's rules as one set, to which a fleet can't add."""
    fixed = [name for name, region in regions.items() if isinstance(region, TencentcloudRegion)]
    if not spec.ports or not fixed:
        return []
    reason = f"on Tencent Cloud ({', '.join(fixed)}) nothing can cross but 443: leave ports out"
    return [Problem(path=("ports",), reason=reason)]


def _regions_let_each_other_in(spec: FleetSpec, regions: Regions) -> list[Problem]:
    """A fleet opens nothing that the region's own file doesn't: both sides consent."""
    blocks = cidrs(spec, regions)
    return [
        Problem(
            path=("members", name),
            reason=f"its region lets {other} in nowhere: add {block} to network.peers in stacks/{name}.yaml",
        )
        for name, region in regions.items()
        for other, block in blocks.items()
        if other != name and isinstance(region, CloudParts) and not _lets_in(region, block)
    ]


def _lets_in(region: CloudParts, block: IPv4Network) -> bool:
    return any(block.subnet_of(peer) for peer in network(region).peers)


def _place(region: "RegionSpec | None") -> tuple[str, str] | None:
    return (region.provider, region.region) if isinstance(region, CloudParts) else None


_RULES: tuple[Callable[[FleetSpec, Regions], list[Problem]], ...] = (
    _roles_are_members,
    _standby_is_another,
    _copies_are_elsewhere,
    _time_is_enough,
    _ranges_are_apart,
    _one_side_of_the_border,
    _sites_where_they_belong,
    _sites_are_called_from_outside,
    _servers_face_the_internet,
    _someone_serves,
    _ports_once,
    _ports_where_rules_are_single,
    _regions_let_each_other_in,
)
